"""Every number of a text with its unit: prices, percentages, measures, counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from launchopt_core.claims.numerals import (
    CHINESE_LARGE,
    CHINESE_NUMBER,
    CHINESE_SCALES,
    ENGLISH_NUMBER,
    PRICE_IN_WORDS,
    chinese_value,
    english_value,
    spoken_price,
)
from launchopt_core.claims.units import CURRENCIES, MEASURE_WORDS, UNITS
from launchopt_core.claims.values import ClaimKind

# Atomic, so that a long row of digits is read once.
DIGITS = r"(?>\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?)"
_symbol = r"(?:US\$|[£€¥￥$])"
_money_word = "|".join(
    sorted((word for word in CURRENCIES if word.isalpha()), key=len, reverse=True)
)
_unit_word = "|".join(
    sorted((unit for unit in UNITS if unit not in ("in", "折", "倍", "日")), key=len, reverse=True)
)
NOT_TENTHS = "为功就长立熟人年本品分员果都绩语因见型套衣"  # 成 begins another word
# Alternatives of one expression, so that a number is read once, by the first that fits.
NUMBER = re.compile(
    rf"""
    (?P<symbol>{_symbol})\s?(?P<price>{DIGITS})
  | (?P<coins>(?:(?<![\d.]){DIGITS}|{CHINESE_NUMBER})[块元][零一二三四五六七八九\d]
      (?![\d个件只片套双条张支瓶盒斤]))
  | (?P<dimes>(?<![\d.]){DIGITS}|{CHINESE_NUMBER})[毛角](?:钱|(?=[，。！、]|$))
  | (?P<metres>[一二两三四五六七八九]|(?<!\d)\d)米(?P<tenth>[一二三四五六七八九]|\d)
      (?![\d零一二三四五六七八九十厘米个])
  | \b(?P<spoken>{PRICE_IN_WORDS})\b(?!-)
  | \b(?P<pounds>{ENGLISH_NUMBER})[ ](?P<pounds_money>{_money_word})
    [ ](?:and[ ])?(?P<pence>{ENGLISH_NUMBER})\b
    (?:[ ](?:pence|cents|p)\b)?
  | (?P<n_half>[一二两三四五六七八九十]|(?<!\d)\d{{1,2}})个?半(?P<n_half_unit>{_unit_word})
  | 半(?P<half_unit>{_unit_word})
  | \bhalf[ ]an?[ ](?P<half_english>{_unit_word})\b
  | \b(?:an?|one)[ ](?P<more_unit>{_unit_word})[ ]and[ ]a[ ]half\b
  | (?P<divisor>[二三四五六七八九十]|\d)分之(?P<dividend>[一二三四五六七八九]|\d)
  | (?<!\d)(?:(?P<whole>\d+)\s+)?(?P<over>\d{{1,2}})⁄(?P<under>\d{{1,2}})
    (?:[\s-]?(?P<part_unit>{_unit_word})(?![A-Za-z]))?
  | (?P<tenths>[一二三四五六七八九两]|(?<!\d)\d(?:\.\d)?)成(?P<half_tenth>半)?(?![{NOT_TENTHS}])
  | \b(?:a[ ])(?P<note>fiver|tenner)\b
  | 百分之(?P<hundredths>{CHINESE_NUMBER}|{DIGITS})
  | (?:(?<![A-Za-z0-9_.,])|(?<=\d[xX×*]))(?P<digits>{DIGITS})
    (?: \s?(?P<percent>%|per\ ?cent\b)
      | [\s-]?(?P<money>{_money_word})(?![A-Za-z])
      | [\s-]?(?P<spaced>{_unit_word}|倍|折|日)(?![A-Za-z])
      | (?P<large>[万亿千])(?:[多余])?(?P<large_money>元|块)?
      | (?P<glued>[A-Za-z"°]+) )?
  | \b(?P<english>{ENGLISH_NUMBER})(?P<and_half>[ ]and[ ]a[ ]half)?\b
    (?: [\s-](?P<english_percent>per\ ?cent)\b
      | [\s-](?P<english_money>{_money_word})\b
      | [\s-](?P<english_unit>{_unit_word})\b )?
  | (?P<chinese>{CHINESE_NUMBER})(?:
      (?P<chinese_money>{_money_word}) | (?P<chinese_unit>{_unit_word}|倍|折)
      | (?P<measure>[{"".join(MEASURE_WORDS)}]) )
  | (?P<bare>[一二两三四五六七八九][百千万][零一二三四五六七八九十百千万]{{1,10}})
    """,
    re.VERBOSE | re.IGNORECASE,
)
HALF = Decimal("0.5")
NEAR = 24  # code points that a chain such as 25x24x12cm may span


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A number where it stands. ``unit`` is a dimension's base, '' for a plain count."""

    start: int
    end: int
    value: Decimal
    unit: str = ""
    kind: ClaimKind = ClaimKind.NUMBER
    currencies: frozenset[str] = frozenset()

    def equals(self, other: Quantity) -> bool:
        """Whether both say the same: 1.8 m is 180 cm; $5 is 5 USD; 5 is not 5 cm."""
        if self.value != other.value or self.unit != other.unit or self.kind != other.kind:
            return False
        return not self.currencies or bool(self.currencies & other.currencies)


def quantities_in(text: str, *, idioms: bool = False) -> list[Quantity]:
    """The numbers of a text, in order, with offsets in code points.

    With `idioms` also those that in a text mostly count nothing, such as 一天.

    >>> [(str(q.value), q.unit, str(q.kind)) for q in quantities_in("A 1.8 m rug, 20% wool, £5")]
    [('1800.0', 'length', 'number'), ('20', '', 'percentage'), ('5', '', 'price')]
    """
    found = [q for match in NUMBER.finditer(text) for q in _read(match, idioms=idioms)]
    return _with_shared_units(text, found)


def _read(match: re.Match[str], *, idioms: bool) -> Iterator[Quantity]:
    part = {name: value for name, value in match.groupdict().items() if value}
    value = _value(part)
    if value is None or (not idioms and _is_idiom(match, part)):
        return
    money = next((part[name] for name in MONEY_GROUPS if name in part), None)
    unit, factor = ("length", Decimal(1)) if "metres" in part else _unit(part)
    yield Quantity(
        start=match.start(),
        end=match.end(),
        value=value * factor,
        unit=unit,
        kind=_kind(part, unit, money=money),
        currencies=CURRENCIES[money.lower()] if money else frozenset(),
    )


PERCENT_GROUPS = {"percent", "english_percent", "hundredths", "divisor", "tenths"}
MONEY_GROUPS = ("symbol", "money", "english_money", "chinese_money", "large_money",
                "pounds_money")  # fmt: skip
_IDIOM = re.compile(
    r"no two|(?:or|for|between) (?:two|three)(?=[.,;!?]|$)|two of (?:you|us|them)|nine to five|"
    r"(?:a|one) (?:hundred|thousand|million) (?:small|little|times|ways|words|"
    r"thanks|miles)|four seasons|"
    r"(?:first|last) one|five more minutes|seven days a week|24/7|"
    r"一年四季|一日三餐|两个人|两人世界|三两好友|三五好友|一家三口|一天到晚|二人世界|四季|半天",
    re.IGNORECASE,
)
_SINGLE = re.compile(r"一(?:天|年|日|周|秒|分钟|小时|星期|度|道|级|层|节|代|项)$")
_TERM = re.compile(
    r"保|质|退|换|修|送达|发货|续航|用|只需|仅需|见效|内|满|不到|超长|充电|快速|过期|待机"
)


def _is_idiom(match: re.Match[str], part: dict[str, str]) -> bool:
    """一年四季 counts nothing; 一天 does only where something is promised for it."""
    text, start, end = match.string, match.start(), match.end()
    if any(
        i.start() <= start < i.end() for i in _IDIOM.finditer(text, max(0, start - 8), end + 12)
    ):
        return True
    if "chinese" not in part or not _SINGLE.search(match.group()):
        return False
    return not _TERM.search(text[max(0, start - 5) : start] + text[end : end + 4])


def _kind(part: dict[str, str], unit: str, *, money: str | None) -> ClaimKind:
    if money or {"coins", "dimes", "spoken", "note"} & part.keys():
        return ClaimKind.PRICE
    if unit == "zhe" or PERCENT_GROUPS & part.keys():
        return ClaimKind.PERCENTAGE
    if unit == "month":
        return ClaimKind.DATE
    return ClaimKind.COMPARISON if unit == "times" else ClaimKind.NUMBER


def _value(part: dict[str, str]) -> Decimal | None:
    for name, read in READERS.items():
        if name in part:
            return read(part)
    value = _count(part.get("hundredths") or part.get("bare") or part["chinese"])
    return None if value == 1 and "measure" in part else value  # 一款, 一种 count nothing


def _english(part: dict[str, str]) -> Decimal | None:
    has_unit = any(name.startswith("english_") for name in part)
    value = english_value(part["english"])
    if value is not None and "and_half" in part:
        return value + HALF
    return None if value == 1 and not has_unit else value  # 'one' is mostly a pronoun


def _coins(part: dict[str, str]) -> Decimal:
    """九块九 is 9.9."""
    whole, coin = re.split("[块元]", part["coins"])
    return _count(whole) + _count(coin) / 10


def _pounds(pounds: str, pence: str) -> Decimal | None:
    """Thirty-four pounds fifty is 34.5."""
    whole, part = english_value(pounds), english_value(pence)
    return None if whole is None or part is None else whole + part / 100


def _fraction(part: dict[str, str]) -> Decimal:
    over, under = _count(part["dividend"]), _count(part["divisor"])
    return 100 * over / under if under else Decimal(0)


def _share(part: dict[str, str]) -> Decimal | None:
    """1 1⁄2 is 1.5."""
    under = Decimal(part["under"])
    return Decimal(part.get("whole", "0")) + Decimal(part["over"]) / under if under else None


def _tenths(part: dict[str, str]) -> Decimal:
    """三成半 is 35 %."""
    return 10 * (_count(part["tenths"]) + (HALF if "half_tenth" in part else 0))


def _count(written: str) -> Decimal:
    """A number in digits or in Chinese characters."""
    if written[0].isdigit():
        return Decimal(written.replace(",", ""))
    return chinese_value(written)


def _digits(part: dict[str, str]) -> Decimal:
    value = _count(part.get("price") or part["digits"])
    large = part.get("large")
    return value * {**CHINESE_SCALES, **CHINESE_LARGE}[large] if large else value


READERS: dict[str, Callable[[dict[str, str]], Decimal | None]] = {
    "price": _digits,
    "digits": _digits,
    "coins": _coins,
    "spoken": lambda part: spoken_price(part["spoken"]),
    "pounds": lambda part: _pounds(part["pounds"], part["pence"]),
    "half_unit": lambda _: HALF,
    "half_english": lambda _: HALF,
    "dimes": lambda part: _count(part["dimes"]) / 10,
    "metres": lambda part: 1000 * (_count(part["metres"]) + _count(part["tenth"]) / 10),
    "n_half": lambda part: _count(part["n_half"]) + HALF,
    "more_unit": lambda _: 1 + HALF,
    "divisor": _fraction,
    "under": _share,
    "tenths": _tenths,
    "note": lambda part: Decimal(5 if part["note"].lower() == "fiver" else 10),
    "english": _english,
}


def _unit(part: dict[str, str]) -> tuple[str, Decimal]:
    names = ("spaced", "glued", "english_unit", "chinese_unit", "half_unit", "half_english",
             "more_unit", "part_unit", "n_half_unit")  # fmt: skip
    written = next((part[name].lower() for name in names if name in part), "")
    if written == '"':
        written = "inch"
    if written in ("pc", "pcs", "x"):
        return "", Decimal(1)
    dimension, factor = UNITS.get(written, (written, "1"))
    return dimension, Decimal(factor)


def _with_shared_units(text: str, found: list[Quantity]) -> list[Quantity]:
    """25x24x12cm: the last number's unit is that of them all."""
    shared: list[Quantity] = []
    for quantity in reversed(found):
        after = shared[-1] if shared else None
        if after and after.unit and not quantity.unit and _chained(text, quantity, after):
            quantity = _in_unit_of(after, text, quantity)
        shared.append(quantity)
    return shared[::-1]


def _chained(text: str, left: Quantity, right: Quantity) -> bool:
    gap = text[left.end - 1 : right.start] if right.start - left.end < NEAR else ""
    return bool(re.fullmatch(r"[\dxX]\s?[xX×*]?\s?", gap)) and bool(re.search("[xX×*]", gap))


def _in_unit_of(after: Quantity, text: str, quantity: Quantity) -> Quantity:
    written = re.match(DIGITS, text[after.start : after.end])
    factor = after.value / Decimal(written.group().replace(",", "")) if written else Decimal(1)
    return Quantity(
        start=quantity.start, end=quantity.end, value=quantity.value * factor, unit=after.unit
    )
