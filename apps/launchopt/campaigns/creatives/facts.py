"""What a text may state, and for whom it is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from launchopt.audiences.models import Audience, Persona, Segment
from launchopt.campaigns.models import Launch
from launchopt.catalog.models import Product
from launchopt.conf import launchopt_settings
from launchopt_core.claims import Facts

NEW_FOR = timedelta(days=60)  # a product on sale for longer is not called new
MEMBERS_READ = 500  # the likeliest members of an audience tell what it is like
INTERESTS_KEPT = 8
SMALLEST_SHARE = 0.1  # of the members read; a rarer kind of shopper gets no words of its own


@dataclass(frozen=True, kw_only=True)
class Portrait:
    """What the members of an audience, or those of one kind, share. It holds no personal data."""

    segment: Segment | None = None
    interests: tuple[str, ...] = ()
    price_band: str = ""


def facts_of(launch: Launch) -> Facts:
    """What copy of a launch may state."""
    product = launch.product
    on_sale_since = product.launched_at
    is_new = on_sale_since is None or on_sale_since >= launch.starts_at - NEW_FOR
    return product_facts(product, is_new=is_new)


def product_facts(product: Product, *, is_new: bool = False) -> Facts:
    """A product's fields as facts."""
    shop = launchopt_settings()
    return Facts(
        title=product.title,
        description=product.description,
        category=product.category.name if product.category else "",
        brand=product.brand,
        price=product.price,
        currency=product.currency or shop.currency,
        attributes=product.attributes if isinstance(product.attributes, dict) else {},
        language=product.language or shop.language,
        brand_facts=tuple(shop.brand_facts),
        is_new=is_new,
    )


def facts_in(facts: Facts, *, language: str) -> Facts:
    """The same facts, to be told in a language."""
    return replace(facts, language=language)


def portraits_of(audience: Audience) -> list[Portrait]:
    """The whole audience, then its most frequent kinds of shoppers; in two queries at most."""
    personas = Persona.objects.filter(customer__memberships__audience=audience).order_by(
        "-customer__memberships__probability", "customer_id"
    )
    rows = list(personas.values("interests", "price_band", "segment")[:MEMBERS_READ])
    kinds = Counter(row["segment"] for row in rows if row["segment"])
    wanted = [
        pk
        for pk, count in kinds.most_common(launchopt_settings().copy_personas)
        if SMALLEST_SHARE * len(rows) <= count < len(rows)
    ]
    segments = Segment.objects.in_bulk(wanted) if wanted else {}
    of_kinds = [
        _portrait([row for row in rows if row["segment"] == pk], segments[pk])
        for pk in wanted
        if pk in segments
    ]
    return [_portrait(rows), *of_kinds]


def _portrait(rows: list[dict[str, Any]], segment: Segment | None = None) -> Portrait:
    bands = Counter(row["price_band"] for row in rows if row["price_band"])
    return Portrait(
        segment=segment,
        interests=tuple(_prevailing(row["interests"] for row in rows)),
        price_band=bands.most_common(1)[0][0] if bands else "",
    )


def _prevailing(interests: Iterable[list[dict[str, Any]]]) -> list[str]:
    weights: Counter[str] = Counter()
    for of_member in interests:
        for interest in of_member:
            weights[str(interest["name"])] += float(interest.get("weight", 1))  # type: ignore[assignment]
    return [name for name, _ in weights.most_common(INTERESTS_KEPT)]
