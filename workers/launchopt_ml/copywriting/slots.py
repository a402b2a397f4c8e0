"""Facts as the words that fill a sentence: cleaned, re-cased, and absent where nothing is known."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from numpy.random import Generator

from launchopt_core.claims import ClaimKind, Facts, attribute_text, claims_in
from launchopt_core.errors import ImpossibleInput
from launchopt_core.money import quantise
from launchopt_ml.copywriting.chinese import GARMENT, GENERIC, kind_told_apart, told_detail
from launchopt_ml.copywriting.titles import HAN, plain_text, readable_title, recased, word_set
from launchopt_ml.copywriting.writer import Persona

SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$", "CNY": "¥", "JPY": "¥"}
KNOWN_ATTRIBUTES = {
    "colour": ("colour", "color", "颜色", "颜色分类"),
    "material": ("material", "fabric", "材质", "面料", "材料"),
    "size": ("size", "dimensions", "尺寸", "规格"),
    "pattern": ("pattern", "图案"),
    "style": ("style", "风格"),
    "feature": ("款式",),
}
TYPE_NAMES = ("type", "类型", "品类")
NAMELESS = "This product"
LONGEST_SHORT = 40  # code points of a category, a brand, an attribute
SOBER = re.compile(  # a sentence of a description that holds one of these is not quoted
    r"https?:|www\.|@|[{}<>\[\]|\\^=!！*#_]|\d[\d\s()+-]{6,}\d|\b(?:ignore|instructions?|prompts?|"
    r"disregard|system|assistant|password|click|buy|order now|call us)\b|"
    r"忽略|指令|提示词|点击|加微信",
    re.IGNORECASE,
)
NOT_QUOTED = {
    ClaimKind.SUPERLATIVE,
    ClaimKind.COMPARISON,
    ClaimKind.GUARANTEE,
    ClaimKind.OFFER,
    ClaimKind.PRICE,
    ClaimKind.PERCENTAGE,
}
PROPER = word_set(
    "christmas easter halloween valentine valentines english british french german italian "
    "japanese chinese american london paris"
)
NO_SINGULAR = word_set("jeans lens trousers scissors series news glasses tights sweets clothes")
# Interests that tell something intimate never choose an angle.
SENSITIVE = re.compile(
    r"health|medic|diet|weight|slim|pregnan|baby|matern|fertil|religio|church|christian|muslim|"
    r"jewish|islam|politic|sex|lingerie|gay|lesbian|queer|disab|mobility|hearing|incontinen|"
    r"alcohol|gambl|smok|debt|loan|plus size|anti[- ]?ag|menopaus|cancer|diabet|"
    r"健康|药|减肥|孕|母婴|宗教|佛|教会|政治|性|情趣|残|酒|烟|贷|大码|抗老|更年|糖尿",
    re.IGNORECASE,
)


def is_chinese(language: str) -> bool:
    """Whether a language code names Chinese: zh, zh-Hans, zh-CN, zh_Hans."""
    return language.lower().replace("_", "-").split("-")[0] == "zh"


def slots_of(facts: Facts, *, persona: Persona | None, nameless: str) -> dict[str, str]:
    """The words for each slot; a slot without a fact is absent. ``title`` is always there."""
    type_name = next(filter(None, (_attribute(facts, name) for name in TYPE_NAMES)), "")
    category = _category(facts.category) or type_name
    title = readable_title(facts.title) or category or _short(facts.brand) or nameless
    words = {
        "category": category,
        "brand": _short(facts.brand),
        "price": price_text(facts.price, facts.currency),
        "interest": interest_of(facts, persona),
        "new": "new" if facts.is_new else "",
    }
    for name in ("colour", "material"):
        words[name] = next((value for key, value in details_of(facts) if key == name), "")
    said = title.casefold()
    echoed = {n for n in ("category", "brand", "colour", "material") if words[n].casefold() in said}
    if title.startswith("这款") or GENERIC.fullmatch(title):
        echoed |= {"colour", "material"}  # they stand before the title, or not at all
    slots = {name: word for name, word in words.items() if word and name not in echoed}
    if interest := slots.get("interest"):
        slots["Interest"] = interest[0].upper() + interest[1:]
    return with_title(slots, title)


def qualified(slots: dict[str, str], *, facts: Facts, rng: Generator) -> dict[str, str]:
    """The slots, a Chinese title of a kind only (裙) told apart by attributes."""
    title = slots["title"]
    if not GENERIC.fullmatch(title):
        return slots
    values: dict[str, list[str]] = defaultdict(list)
    for name, value in details_of(facts):
        values[name] += value.split("、")
    return with_title(slots, kind_told_apart(title, values, rng=rng))


def with_title(slots: dict[str, str], title: str) -> dict[str, str]:
    """The slots with another title; ``the`` is the title within a sentence."""
    return slots | {"title": title, "the": _with_article(title)}


def _with_article(title: str) -> str:
    first, _, rest = title.partition(" ")
    if title == NAMELESS:
        return title[0].lower() + title[1:]
    if first.lower() in ("my", "your", "our", "his", "her", "their", "this", "these", "that"):
        return title
    if first.lower() in ("the", "a", "an") and rest:
        return f"the {rest}"
    return f"the {title}"


def price_text(price: Decimal | None, currency: str) -> str:
    """A price as people read it, '' where there is none.

    >>> price_text(Decimal("2.5"), "GBP"), price_text(Decimal("1200"), "JPY")
    ('£2.50', '¥1,200')
    """
    code = currency.strip().upper()
    if price is None or not code:
        return ""
    try:
        amount = quantise(price, code)
    except ImpossibleInput:
        return ""
    if amount <= 0 or amount != price:
        return ""
    symbol = SYMBOLS.get(code)
    return f"{symbol}{amount:,}" if symbol else f"{amount:,} {code}"


def details_of(facts: Facts) -> list[tuple[str, str]]:
    """The attributes that can be told, as (known name or the shop's own, value)."""
    known = {alias: name for name, aliases in KNOWN_ATTRIBUTES.items() for alias in aliases}
    chinese = is_chinese(facts.language)
    told: list[tuple[str, str]] = []
    for raw_name, raw_value in facts.attributes.items():
        name = plain_text(str(raw_name), longest=80).replace("_", " ")
        items = _items(raw_value)
        kind = known.get((GARMENT.sub("", name) if chinese else name).lower(), "")
        if chinese:
            name, items = told_detail(name, items, kind=kind or name)
            name = GARMENT.sub("", name)
            said = {each for _, earlier in told for each in earlier.split("、")}
            items = [item for item in items if item not in said]
        value = _listed(items, chinese)
        if value and name and len(name) <= 20 and name.lower() not in TYPE_NAMES:
            told.append((kind or name[:1].upper() + name[1:], value))
    return told


def quotable_sentences(facts: Facts, *, full_stop: str) -> list[str]:
    """Sentences of the description that can stand in an advertisement as they are.

    Left out: what repeats the title, what boasts, compares, promises or names a price (the price
    field does), addresses, and what reads like an instruction.
    """
    text = plain_text(facts.description)
    if text.casefold().strip(" .") == plain_text(facts.title).casefold().strip(" ."):
        return []
    sentences = re.split(r"(?<=[.?;])\s+|(?<=[。！？；])", text)
    cleaned = (_whole_sentence(sentence, full_stop) for sentence in sentences[:12])
    return [sentence for sentence in cleaned if sentence]


def _whole_sentence(sentence: str, full_stop: str) -> str:
    text = recased(sentence).strip(" ,;:-–•·.。；，")
    too_odd = not 12 <= len(text) * (2 if HAN.search(text) else 1) <= 200 or SOBER.search(text)
    if too_odd or not (text[0].isalnum()) or text.count("(") != text.count(")"):
        return ""
    boasts = {c.kind for c in claims_in({"text": text}, facts=Facts(title=""))} & NOT_QUOTED
    if boasts or text.count('"') % 2:
        return ""
    return text if text[-1] in "?？" else text[0].upper() + text[1:] + full_stop


def _items(raw: object) -> list[str]:
    """The values of an attribute as short texts; () where one of them cannot be told."""
    if isinstance(raw, (bool, dict)) or raw is None:
        return []
    items = [attribute_text(v) for v in raw] if isinstance(raw, (list, tuple)) else [str(raw)]
    if any(SOBER.search(item[:200]) for item in items):
        return []
    words = [_short(item) for item in items[:3]]
    return words if all(words) else []


def _listed(words: Sequence[str], chinese: bool) -> str:
    if chinese:
        return "、".join(words)
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _attribute(facts: Facts, name: str) -> str:
    return _short(attribute_text(facts.attributes.get(name)))


def _category(path: str) -> str:
    """The last step of a path such as Home > Kitchen > Mugs."""
    return _short(re.split(r"[>|»]", plain_text(path))[-1])


def _short(raw: str) -> str:
    text = recased(plain_text(raw, longest=400)).strip(" .,;:!?。，；：！？、")
    return text if len(text) <= LONGEST_SHORT and any(c.isalnum() for c in text) else ""


def interest_of(facts: Facts, persona: Persona | None) -> str:
    """The first interest that this product is about; one that it is not about says nothing true."""
    for raw in persona.interests if persona else ():
        interest = _short(raw)
        if not interest or SENSITIVE.search(interest) or re.search(r"[\d@/_]", interest):
            continue
        if len(interest) <= 24 and any(True for _ in _shared_words(interest, facts)):
            return interest if HAN.search(interest) else _as_adjunct(interest)
    return ""


def _shared_words(interest: str, facts: Facts) -> Iterator[str]:
    about = plain_text(f"{facts.title} {facts.category}", longest=2_000).casefold()
    if HAN.search(interest):
        yield from ([interest] if interest in about else [])
        return
    stems = {_singular(word) for word in re.findall(r"[^\W\d_]{3,}", about)}
    for word in re.findall(r"[^\W\d_]{3,}", interest.casefold()):
        if _singular(word) in stems:
            yield word


def _as_adjunct(interest: str) -> str:
    """Candles as in 'candle ideas': lower case and singular at its end."""
    words: Sequence[str] = interest.split(" ")
    kept = [word.title() if word.casefold() in PROPER else word.lower() for word in words]
    return " ".join([*kept[:-1], _singular(kept[-1])])


def _singular(word: str) -> str:
    lower = word.casefold()
    if lower.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if lower.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    is_plural = lower.endswith("s") and not lower.endswith(("ss", "us", "is", "as"))
    if is_plural and len(word) > 3 and lower not in NO_SINGULAR:
        return word[:-1]
    return word
