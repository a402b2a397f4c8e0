"""Why an entry stands in a list, in a sentence that is true of this customer (en, zh-Hans)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
    told_as: tuple[str, ...]  # how a line may say that the customer did it
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
    told_as=("you {deed}", "You {deed}"),
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
    told_as=("您{deed}",),
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


# The lines that a shop may word otherwise, by what they rest on; factors of interest have theirs.
OF_GROUNDS = ("together", "alike", "popular", "fresh", "new_and_alike", "other")
KINDS = (*OF_GROUNDS, *ENGLISH.factors)
SLOTS = ("{deed}", "{these}")
SHORTEST_LINE, LONGEST_LINE = 4, 160


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


def line_of(kind: str, *, language: str) -> str:
    """How the phrasebook words a line of KINDS, with its slots."""
    words = phrases_of(language)
    return str(getattr(words, kind)) if kind in OF_GROUNDS else words.factors[kind]


def with_lines(lines: Mapping[str, str], *, language: str) -> Phrases:
    """The sentences of a language, some of them worded as the shop has them."""
    words = phrases_of(language)
    own: dict[str, Any] = {kind: text for kind, text in lines.items() if kind in OF_GROUNDS}
    factors = {kind: lines.get(kind, text) for kind, text in words.factors.items()}
    return replace(words, factors=factors, **own)


def line_fault(text: str, *, kind: str, language: str) -> str:
    """What keeps a wording from being filled as the phrasebook's own is; '' where nothing does.

    >>> line_fault("As you {deed}: one more like it.", kind="alike", language="en")
    ''
    >>> line_fault("You may like it.", kind="alike", language="en")
    "it must say 'you {deed}' once"
    """
    plain, told_as = line_of(kind, language=language), phrases_of(language).told_as
    if not SHORTEST_LINE <= len(text) <= LONGEST_LINE:
        return f"it has {SHORTEST_LINE} to {LONGEST_LINE} characters"
    for slot in SLOTS:
        if plain.count(slot) != text.count(slot):
            said = told_as[0] if slot == "{deed}" else slot
            return f"it must say {said!r} {'once' if plain.count(slot) == 1 else 'never'}"
    if "{deed}" in plain and not any(told in text for told in told_as):
        return f"it must say {told_as[0]!r} once"
    rest = text.replace("{deed}", "").replace("{these}", "")
    return "it has braces that nothing fills" if "{" in rest or "}" in rest else ""


def filled_line(text: str, *, language: str) -> str:
    """A line as a shopper might read it, for who checks it or looks at it."""
    words = phrases_of(language)
    deed = words.deeds["purchase"].replace("{names}", words.one.format("…"))
    return text.replace("{deed}", deed).replace("{these}", words.it)


def sentence(grounds: Grounds, *, language: str, words: Phrases | None = None) -> str:
    """The reason in words: the phrasebook's, or those that are given for the language.

    >>> sentence(Grounds("co_purchase", ["Cup", "Plate"], "purchase"), language="en")
    'Because you bought Cup and Plate: customers who bought these also bought this.'
    >>> sentence(Grounds("popularity"), language="zh-Hans")
    '很受其他顾客欢迎。'
    """
    words = words or phrases_of(language)
    if grounds.titles:
        return _about_own(grounds, words)
    if grounds.is_fresh:
        return words.fresh
    return words.popular if grounds.source == "popularity" else words.other


def interest_sentence(
    reasons: Sequence[Mapping[str, Any]],
    *,
    titles: Mapping[str, str],
    language: str,
    words: Phrases | None = None,
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
    words = words or phrases_of(language)
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
