"""Numbers written in words, English and Chinese, as values."""

from __future__ import annotations

import re
from decimal import Decimal

_UNITS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen
""".split()  # noqa: SIM905 - a list of twenty literals reads worse
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
ENGLISH = {word: value for value, word in enumerate(_UNITS)} | {
    word: value * 10 for value, word in enumerate(_TENS, start=2)
}
ENGLISH_SCALES = {"hundred": 100, "dozen": 12, "thousand": 1_000, "million": 1_000_000}
CHINESE = dict(zip("零一二三四五六七八九", range(10), strict=True)) | {"〇": 0, "两": 2}
CHINESE_SCALES = {"十": 10, "百": 100, "千": 1_000}
CHINESE_LARGE = {"万": 10_000, "亿": 100_000_000}

_word = "|".join(sorted([*ENGLISH, *ENGLISH_SCALES], key=len, reverse=True))
ENGLISH_NUMBER = rf"(?:(?:half[ ])?an?[ ](?:{'|'.join(ENGLISH_SCALES)})|(?:{_word}))" + (
    rf"(?:(?:[ -]|,?[ ]and[ ])(?:{_word})){{0,12}}"
    rf"(?:[ ]point(?:[ -](?:{'|'.join(_UNITS[:10])})){{1,4}}(?![a-z]))?"
)
CHINESE_NUMBER = r"[零〇一二三四五六七八九两十百千万亿]{1,16}(?:点[零〇一二三四五六七八九]{1,6})?"


def english_value(words: str) -> Decimal | None:
    """The value of an English number in words, None where it is none.

    >>> english_value("two hundred and fifty"), english_value("twelve point four")
    (Decimal('250'), Decimal('12.4'))
    """
    whole, _, digits = words.lower().partition(" point ")
    if digits:
        fraction = "".join(str(ENGLISH[digit]) for digit in re.findall("[a-z]+", digits))
        value = english_value(whole)
        return None if value is None else value + Decimal(f"0.{fraction}")
    total, current, half = Decimal(0), Decimal(0), False
    for word in re.findall(r"[a-z]+", words.lower()):
        if word in ("and", "a", "an"):
            continue
        if word == "half":
            half = True
        elif word in ENGLISH:
            current += ENGLISH[word]
        elif word in ("thousand", "million"):
            total, current = total + (current or 1) * ENGLISH_SCALES[word], Decimal(0)
        elif word in ENGLISH_SCALES:
            current = (current or Decimal(1)) * ENGLISH_SCALES[word]
        else:
            return None
    return (total + current) / (2 if half else 1)


PRICE_IN_WORDS = (
    rf"(?:{'|'.join(_TENS)}|{'|'.join(_UNITS[1:])})(?:[ -](?:{'|'.join(_UNITS[1:10])}))?"
    rf"[ ](?:{'|'.join(_TENS)})(?:[ -](?:{'|'.join(_UNITS[1:10])}))?"
)


def spoken_price(words: str) -> Decimal | None:
    """A price as it is said, pounds then pence; None where the words are one number.

    >>> spoken_price("nineteen ninety-nine"), spoken_price("forty nine")
    (Decimal('19.99'), None)
    """
    numbers = [Decimal(ENGLISH[word]) for word in re.findall(r"[a-z]+", words.lower())]
    for split in range(1, len(numbers)):
        tens = numbers[split] >= 20 and numbers[split] % 10 == 0
        if tens and (split == 1 or numbers[0] >= 20):
            return sum(numbers[:split], Decimal(0)) + sum(numbers[split:], Decimal(0)) / 100
    return None


def chinese_value(text: str) -> Decimal:
    """The value of a Chinese number in characters.

    >>> chinese_value("二十五"), chinese_value("一千零八十"), chinese_value("三点五")
    (Decimal('25'), Decimal('1080'), Decimal('3.5'))
    """
    whole, _, fraction = text.partition("点")
    value = Decimal(_chinese_whole(whole))
    if fraction:
        value += Decimal("0." + "".join(str(CHINESE[digit]) for digit in fraction))
    return value


def _chinese_whole(text: str) -> int:
    if not any(c in CHINESE_SCALES or c in CHINESE_LARGE for c in text):
        return int("".join(str(CHINESE[c]) for c in text) or 0)
    total = section = digit = 0
    for character in text:
        if character in CHINESE:
            digit = CHINESE[character]
        elif character in CHINESE_SCALES:
            section, digit = section + (digit or 1) * CHINESE_SCALES[character], 0
        else:
            total, section, digit = (total + section + digit) * CHINESE_LARGE[character], 0, 0
    return total + section + digit
