"""Why an entry stands in a list, in a sentence that is true of this customer (en, zh-Hans)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

SOURCES = ("content", "co_purchase", "popularity", "interest", "exploration")
# What a customer did with a product, as a reason may say it; the later word is the stronger.
DEEDS = ("view", "share", "comment", "review", "rating", "favourite", "cart", "like", "purchase")
LONGEST_TITLE = 120
# Of a score's factors, so many are told to a shopper, and of each so many products.
MOST_TOLD = 2
MOST_NAMED = 2


@dataclass(frozen=True)
class Phrases:
    """The sentences of one language. `{names}` are titles as the shop writes them."""

    deeds: Mapping[str, str]  # what the customer did with what is named
    itself: Mapping[str, str]  # what the customer did with the product itself
    together: str
    alike: str
    popular: str
    fresh: str
    new_and_alike: str
    other: str
    factors: Mapping[str, str]  # of interest, by what was bought
    one: str  # name
    both: str  # names
    it: str
    these: str
    space: str  # between two sentences


ENGLISH = Phrases(
    deeds={
        "view": "looked at {names}",
        "share": "shared {names}",
        "comment": "commented on {names}",
        "review": "reviewed {names}",
        "rating": "rated {names}",
        "favourite": "saved {names}",
        "cart": "put {names} in your cart",
        "like": "liked {names}",
        "purchase": "bought {names}",
    },
    itself={
        "view": "You looked at it.",
        "share": "You shared it.",
        "comment": "You commented on it.",
        "review": "You reviewed it.",
        "rating": "You rated it.",
        "favourite": "You saved it.",
        "cart": "You put it in your cart.",
        "like": "You liked it.",
    },
    together="Because you {deed}: customers who bought {these} also bought this.",
    alike="Because you {deed}: this is similar.",
    popular="Popular with other customers.",
    fresh="New in the shop.",
    new_and_alike="New in the shop. Because you {deed}: this is similar.",
    other="From our range.",
    factors={
        "similar_products": "Because you {deed}: this is similar.",
        "bought_together": "Because you {deed}: often bought together with things like this.",
        "same_category": "Because you {deed}: this is of the same category.",
        "novelty": "Because you {deed} while new: this is new, too.",
    },
    one="{}",
    both="{} and {}",
    it="it",
    these="these",
    space=" ",
)
CHINESE = Phrases(
    deeds={
        "view": "看过{names}",
        "share": "分享过{names}",
        "comment": "评论过{names}",
        "review": "评价过{names}",
        "rating": "打分过{names}",
        "favourite": "收藏过{names}",
        "cart": "加购过{names}",
        "like": "喜欢{names}",
        "purchase": "买过{names}",
    },
    itself={
        "view": "您看过这件商品。",
        "share": "您分享过这件商品。",
        "comment": "您评论过这件商品。",
        "review": "您评价过这件商品。",
        "rating": "您为这件商品打过分。",
        "favourite": "您收藏过这件商品。",
        "cart": "您加购过这件商品。",
        "like": "您喜欢这件商品。",
    },
    together="因为您{deed}：买过{these}的顾客也买了这件商品。",
    alike="因为您{deed}：这件商品与之相似。",
    popular="很受其他顾客欢迎。",
    fresh="新品上架。",
    new_and_alike="新品上架。因为您{deed}：这件商品与之相似。",
    other="来自本店商品。",
    factors={
        "similar_products": "因为您{deed}：这件商品与之相似。",
        "bought_together": "因为您{deed}：常与同类商品一起购买。",
        "same_category": "因为您{deed}：这件商品属于同一类别。",
        "novelty": "因为新品上市时您{deed}：这也是新品。",
    },
    one="“{}”",
    both="{}和{}",
    it="它",
    these="它们",
    space="",
)


@dataclass(frozen=True)
class Grounds:
    """What an entry rests on."""

    source: str  # of SOURCES: what counted most
    titles: Sequence[str] = ()  # of the customer's own products that spoke for it
    deed: str = ""  # of DEEDS: what was done with all of them
    is_itself: bool = False  # the product named is the entry itself
    is_fresh: bool = False  # it went on sale lately, and nobody has bought it yet


def phrases_of(language: str) -> Phrases:
    """Chinese for zh and its variants, else English."""
    return CHINESE if language.lower().startswith("zh") else ENGLISH


def sentence(grounds: Grounds, *, language: str) -> str:
    """The reason in words.

    >>> sentence(Grounds("co_purchase", ["Cup", "Plate"], "purchase"), language="en")
    'Because you bought Cup and Plate: customers who bought these also bought this.'
    >>> sentence(Grounds("popularity"), language="zh-Hans")
    '很受其他顾客欢迎。'
    """
    words = phrases_of(language)
    if grounds.titles:
        return _about_own(grounds, words)
    if grounds.is_fresh:
        return words.fresh
    return words.popular if grounds.source == "popularity" else words.other


def interest_sentence(
    reasons: Sequence[Mapping[str, Any]], *, titles: Mapping[str, str], language: str
) -> str:
    """Why a customer may want a product, told to the customer.

    Of the factors of the score, in the order given, the first that spoke for it and rest on
    products that the customer bought. `titles` are those products', by sku. How active or how
    late a customer is, and how well others like it, is for the shop to see, not to be told: where
    no factor can be told, the sentence says nothing of the customer.

    >>> reasons = [{"factor": "activity", "log_odds": 2.0},
    ...            {"factor": "similar_products", "log_odds": 1.2, "skus": ["A"]},
    ...            {"factor": "same_category", "log_odds": -0.3, "skus": ["A"]}]
    >>> interest_sentence(reasons, titles={"A": "Red cup"}, language="en")
    'Because you bought Red cup: this is similar.'
    """
    words = phrases_of(language)
    told = (_factor_told(one, words, titles) for one in reasons if one["log_odds"] > 0)
    return words.space.join(islice(filter(None, told), MOST_TOLD)) or words.other


def _factor_told(reason: Mapping[str, Any], words: Phrases, titles: Mapping[str, str]) -> str:
    """A factor in words; empty where it names nothing that was bought."""
    named = [titles[sku] for sku in reason.get("skus", ()) if titles.get(sku, "").strip()]
    if not named or reason["factor"] not in words.factors:
        return ""
    deed = words.deeds["purchase"].replace("{names}", _listed(named[:MOST_NAMED], words))
    return words.factors[reason["factor"]].format(deed=deed)


def _listed(titles: Sequence[str], words: Phrases) -> str:
    """One title or two."""
    names = [words.one.format(shortened(title)) for title in titles]
    return words.both.format(*names) if len(names) > 1 else names[0]


def _about_own(grounds: Grounds, words: Phrases) -> str:
    if grounds.is_itself and grounds.deed in words.itself:
        return words.itself[grounds.deed]
    told = words.deeds[grounds.deed].replace("{names}", _listed(grounds.titles, words))
    if grounds.source == "co_purchase":
        these = words.these if len(grounds.titles) > 1 else words.it
        return words.together.format(deed=told, these=these)
    return (words.new_and_alike if grounds.is_fresh else words.alike).format(deed=told)


def shortened(title: str) -> str:
    """A title without stray spaces, cut where it would fill the reason.

    >>> shortened("  RED   CUP ")
    'RED CUP'
    """
    title = " ".join(title.split())
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…"
