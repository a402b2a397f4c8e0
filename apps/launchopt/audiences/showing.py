"""What of a customer's list may be shown at an instant.

A list may be a day old, so what it names is checked whenever it is shown: sold out, retired, not on
sale yet, bought or disliked since is left out, and what is popular takes its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection

from launchopt.audiences.reason_lines import phrases_told
from launchopt.audiences.recommendations import General, strangers_list
from launchopt.audiences.themes import themes_of
from launchopt.conf import launchopt_settings
from launchopt_core.reasons import Grounds, sentence

POPULAR_DAYS = 30
NEW_DAYS = 90
NEW_EVERY = 5  # one entry of so many is new, as in the lists that the worker makes
POPULAR_SECONDS = 600
MOST_POPULAR = 200
FRESH = timedelta(days=10)  # lists are made every night
NOBODY = (None, "", None, None, None)
OURS = ("product_id", "category_id", "language")
HIDING = ("purchase", "like", "dislike")  # what can take a product out of a list

ON_SALE = (
    "(p.launched_at IS NULL OR p.launched_at <= %(at)s)"
    " AND (p.retired_at IS NULL OR p.retired_at > %(at)s)"
    " AND (p.stock IS NULL OR p.stock > 0)"
)
PRODUCT = "p.id, p.language, p.category_id, p.sku, p.title, p.url, p.image_url, p.price, p.currency"
# The latest purchases and opinions come with the list: the bound is a constant, so that the planner
# leaves out the partitions before it.
OWN = f"""
    SELECT c.id, c.language, r.as_of, done.products, done.kinds,
        r.score, r.source, r.propensity, r.reason, r.is_new, {PRODUCT}
    FROM launchopt_audiences_customer v
    JOIN launchopt_audiences_customer c ON c.id = COALESCE(v.merged_into_id, v.id)
    CROSS JOIN LATERAL (
        SELECT array_agg(e.product_id ORDER BY e.occurred_at) AS products,
            array_agg(e.kind ORDER BY e.occurred_at) AS kinds
        FROM launchopt_audiences_event e
        WHERE e.customer_id = c.id AND e.occurred_at >= %(since)s AND e.kind = ANY(%(kinds)s)
    ) done
    LEFT JOIN launchopt_audiences_recommendation r ON r.customer_id = c.id
    LEFT JOIN launchopt_catalog_product p ON p.id = r.product_id AND {ON_SALE}
    WHERE v.external_id = %(external_id)s
    ORDER BY r.rank"""  # noqa: S608 - made of our own words
OFFERED = f"""
    SELECT {PRODUCT} FROM launchopt_catalog_product p
    WHERE p.id = ANY(%(products)s) AND {ON_SALE}"""  # noqa: S608
EVER_DONE = """
    SELECT product_id, kind FROM launchopt_audiences_event
    WHERE customer_id = %(customer_id)s AND product_id = ANY(%(products)s)
        AND kind = ANY(%(kinds)s)
    ORDER BY occurred_at"""
BEST_SOLD = """
    SELECT product_id, count(DISTINCT customer_id) AS buyers FROM launchopt_audiences_event
    WHERE kind = 'purchase' AND occurred_at >= %(since)s
    GROUP BY product_id ORDER BY buyers DESC, product_id LIMIT %(most)s"""

NEWEST = """
    SELECT p.id FROM launchopt_catalog_product p
    WHERE COALESCE(p.launched_at, p.created_at) > %(since)s
        AND COALESCE(p.launched_at, p.created_at) <= %(at)s
        AND NOT EXISTS (
            SELECT FROM launchopt_audiences_event e
            WHERE e.product_id = p.id AND e.kind = 'purchase')
    ORDER BY COALESCE(p.launched_at, p.created_at) DESC, p.id LIMIT %(most)s"""


@dataclass(frozen=True)
class Shown:
    """What a customer sees now, and whether any of it comes from a list of their own."""

    customer: str
    is_personal: bool
    as_of: datetime | None  # when the own list was made
    recommendations: list[dict[str, Any]]
    themes: list[dict[str, Any]]  # title, reason and skus, in the order of the list

    def as_dict(self) -> dict[str, Any]:
        """Its fields, uncopied."""
        return dict(vars(self))


def shown_to(*, external_id: str, k: int, at: datetime) -> Shown:
    """At most `k` entries that may be shown at an instant, the customer's own list first.

    One query, unless the list is older than FRESH or must be filled up: for customers without a
    list, or never seen before, it is what is popular.
    """
    since = at - timedelta(days=launchopt_settings().late_event_days) - FRESH
    rows = _rows(OWN, external_id=external_id, at=at, since=since, kinds=list(HIDING))
    customer_id, language, as_of, products, kinds = rows[0][:5] if rows else NOBODY
    own = [_entry(row[10:], *row[5:10]) for row in rows if row[10] is not None]
    if own and as_of and as_of < at - FRESH:
        own = _never_hidden(own, customer_id=customer_id)
    else:
        own = _without(own, hidden_by(zip(products or [], kinds or [], strict=True)))
    shown = own[:k]
    if len(shown) < k:
        general = _popular(customer_id=customer_id, language=language, at=at)
        listed = {entry["sku"] for entry in own}
        shown += [entry for entry in general if entry["sku"] not in listed][: k - len(shown)]
    ranked = [_public(entry, rank=rank) for rank, entry in enumerate(shown, start=1)]
    told = [entry | {"language": language_of(language, entry["language"])} for entry in shown]
    return Shown(external_id, bool(own), as_of, ranked, themes_of(told))


def _entry(
    product: Sequence[Any],
    score: float,
    source: str,
    propensity: float | None,
    reason: str,
    is_new: bool,
) -> dict[str, Any]:
    product_id, language, category_id, sku, title, url, image_url, price, currency = product
    return {
        "product_id": product_id,
        "category_id": category_id,
        "language": language,
        "sku": sku,
        "title": title,
        "url": url,
        "image_url": image_url,
        "price": None if price is None else str(price),
        "currency": currency or launchopt_settings().currency,
        "score": score,
        "source": source,
        "propensity": propensity,
        "reason": reason,
        "is_new": is_new,
    }


def _public(entry: dict[str, Any], *, rank: int) -> dict[str, Any]:
    """The entry as it is told to others: with its rank, without what is for us alone."""
    return {"rank": rank} | {name: value for name, value in entry.items() if name not in OURS}


def hidden_by(events: Iterable[tuple[int, str]]) -> set[int]:
    """Products bought, or whose last word is a dislike; the events come oldest first.

    >>> hidden_by([(1, "purchase"), (2, "dislike"), (3, "dislike"), (3, "like")])
    {1, 2}
    """
    bought, last_word = set(), {}
    for product_id, kind in events:
        if kind == "purchase":
            bought.add(product_id)
        else:
            last_word[product_id] = kind
    return bought | {product_id for product_id, kind in last_word.items() if kind == "dislike"}


def _without(entries: list[dict[str, Any]], hidden: set[int]) -> list[dict[str, Any]]:
    return [entry for entry in entries if entry["product_id"] not in hidden]


def _never_hidden(entries: list[dict[str, Any]], *, customer_id: int) -> list[dict[str, Any]]:
    """The entries that nothing the customer ever did hides."""
    products = [entry["product_id"] for entry in entries]
    events = _rows(EVER_DONE, customer_id=customer_id, products=products, kinds=list(HIDING))
    return _without(entries, hidden_by(events))


def _popular(*, customer_id: int | None, language: str, at: datetime) -> list[dict[str, Any]]:
    """What is popular and may be shown, best first, without a personal reason."""
    general = strangers_list() or _before_any_list(at)
    rows = _rows(OFFERED, products=[entry.product_id for entry in general], at=at)
    offered = {row[0]: row for row in rows}
    entries = [
        _general_entry(entry, offered[entry.product_id], language=language)
        for entry in general
        if entry.product_id in offered
    ]
    if customer_id is None or not entries:
        return entries
    return _never_hidden(entries, customer_id=customer_id)


def _general_entry(general: General, product: Sequence[Any], *, language: str) -> dict[str, Any]:
    grounds = Grounds(general.source, is_fresh=general.is_fresh)
    spoken = language_of(language, product[1])
    reason = sentence(grounds, language=spoken, words=phrases_told(spoken))
    return _entry(
        product, general.score, general.source, general.propensity, reason, general.is_new
    )


def language_of(customer: str, product: str) -> str:
    """The customer's language, else the product's, else the shop's."""
    return customer or product or launchopt_settings().language


def _before_any_list(at: datetime) -> list[General]:
    """For a shop whose first lists are not made yet: what sells best, and what is new."""
    since = at - timedelta(days=NEW_DAYS)
    rows = _rows(NEWEST, since=since, at=at, most=MOST_POPULAR)
    new = [General(row[0], 0.0, "content", is_new=True, is_fresh=True) for row in rows]
    return interleaved(_best_sold(), new, every=NEW_EVERY)


def interleaved(known: list[General], new: list[General], *, every: int) -> list[General]:
    """One new entry at the end of so many, with the score of the one above; the rest follows."""
    result: list[General] = []
    known, new = list(known), list(new)
    while known or new:
        takes_new = new and (not known or len(result) % every == every - 1)
        entry = new.pop(0) if takes_new else known.pop(0)
        score = result[-1].score if takes_new and result else entry.score
        result.append(replace(entry, score=score))
    return result


def _best_sold() -> list[General]:
    """What most customers bought lately."""
    kept = cache.get_or_set("launchopt.best_sold", _count_best_sold, POPULAR_SECONDS)
    return [General(product_id, score, "popularity") for product_id, score in kept or []]


def _count_best_sold() -> list[tuple[int, float]]:
    """(product id, buyers as a share of the best's), over the last days that have events."""
    ((latest,),) = _rows("SELECT max(occurred_at) FROM launchopt_audiences_event")
    if latest is None:
        return []
    since = latest - timedelta(days=POPULAR_DAYS)
    rows = _rows(BEST_SOLD, since=since, most=MOST_POPULAR)
    return [(product_id, round(buyers / rows[0][1], 6)) for product_id, buyers in rows]


def _rows(sql: str, **arguments: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments)
        return list(cursor.fetchall())
