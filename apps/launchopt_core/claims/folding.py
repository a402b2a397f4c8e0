"""A text as it reads: what only looks like a letter, hides in one or parts a word is made plain.

Claims are looked for in what a reader sees, and told where they stand in the text as it was sent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

_EMOJI = "\U0001f000-\U0001faff\u2600-\u27bf\u2b50\u2b55"
_HAN = "\u4e00-\u9fff"
# Letters of other alphabets, small capitals and signs that read like the letter beside them.
_LOOKALIKES = dict(
    zip(
        "аеорсухіїјѕԁԛһնոӏɡıɑеАВЕЗІЈКМНОРСТУХЅԌαεικνορτυχγΑΒΕΖΗΙΚΜΝΟΡΤΥΧʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢƬ",
        "aeopcyxiijsdqhunlgiaeABE3IJKMHOPCTYXSGaeikvoptuxyABEZHIKMNOPTYXbcdefghijklmnoprstuvwyzT",
        strict=True,
    )
)
# Traditional, financial and borrowed characters -> those by which claims are known.
_HAN_FORMS = dict(
    zip(
        "國級優獨證專質無標準價銷產萬億個兩頂極絕對終險賠換買贈檢測認獎榮譽進裝師絲純銀鋼銅鐵塊錢圓歲"
        "時鐘雙條張隻點領導網業內軍歐蘭韓義羅維亞約蘇雲東長風療癒藥減壓補腦腎氧殺癌寶貝選獲蠶絨亞實"
        "壹贰叁肆伍陆柒捌玖拾佰仟貳參陸蕞",
        "国级优独证专质无标准价销产万亿个两顶极绝对终险赔换买赠检测认奖荣誉进装师丝纯银钢铜铁块钱元岁"
        "时钟双条张只点领导网业内军欧兰韩义罗维亚约苏云东长风疗愈药减压补脑肾氧杀癌宝贝选获蚕绒亚实"
        "一二三四五六七八九十百千二三六最",
        strict=True,
    )
)
_PARTED = re.compile(r"(?<![A-Za-z])[A-Za-z]([ .*_~|/·-])[A-Za-z](?:\1[A-Za-z])+(?![A-Za-z])")
_BETWEEN = re.compile(
    rf"(?<=[{_HAN}])[\s·•.*_~|/^'\"`+{_EMOJI}-]+(?=[{_HAN}])|"
    rf"(?<=[A-Za-z])[{_EMOJI}*]+(?=[A-Za-z])"
)
_DIGIT_LETTERS = str.maketrans("013457@$€", "oieastase")
_DIGIT_LETTER = re.compile(r"(?<=[A-Za-z])[013457@$€]{1,2}(?=[A-Za-z]|\b)")


class Folded(NamedTuple):
    """A plain text, and where each of its characters stands in the text as it was sent."""

    text: str
    at: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A span of the plain text in the text as it was sent."""
        return self.at[start], self.at[end - 1] + 1 if end > start else self.at[start]


@lru_cache(maxsize=512)
def folded(text: str) -> Folded:
    """The plain text of a text.

    >>> folded("Ｂеst\\u200b at ½ kg, 國家級").text
    'Best at  1⁄2 kg, 国家级'
    """
    if text.isascii():
        return Folded(text, range(len(text)))
    pieces = [_plain(character) for character in text]
    at = [place for place, piece in enumerate(pieces) for _ in piece]
    return Folded("".join(pieces), at)


@lru_cache(maxsize=512)
def readings(text: str) -> tuple[Folded, ...]:
    """The plain text, and where words are parted or spelled with digits also the text without.

    >>> [reading.text for reading in readings("the b.e.s.t, 第 一")]
    ['the b.e.s.t, 第 一', 'the best, 第一']
    """
    plain = folded(text)
    joined = _joined(plain)
    return (plain,) if joined.text == plain.text else (plain, joined)


def spans_in(
    text: str, found: Callable[[str], Iterator[tuple[int, int]]]
) -> Iterator[tuple[int, int]]:
    """The spans that something finds in any reading, each told once, as they stand in the text."""
    seen = set()
    for reading in readings(text):
        for start, end in found(reading.text):
            span = reading.span(start, end)
            if span not in seen:
                seen.add(span)
                yield span


def _joined(plain: Folded) -> Folded:
    dropped = {
        at
        for pattern in (_PARTED, _BETWEEN)
        for match in pattern.finditer(plain.text)
        for at in range(*match.span())
        if pattern is _BETWEEN or not plain.text[at].isalpha()
    }
    kept = [at for at in range(len(plain.text)) if at not in dropped]
    text = "".join(plain.text[at] for at in kept) if dropped else plain.text
    spelled = _DIGIT_LETTER.sub(lambda match: match[0].translate(_DIGIT_LETTERS), text)
    return Folded(spelled, [plain.at[at] for at in kept] if dropped else plain.at)


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """What a character reads as; nothing where it cannot be seen or only decorates."""
    known = _LOOKALIKES.get(character) or _HAN_FORMS.get(character)
    if known:
        return known
    if character in "™®©" or unicodedata.category(character) in ("Cf", "Mn", "Me"):
        return ""
    if "\U0001f170" <= character <= "\U0001f189":  # negative squared letters
        return chr(ord("A") + ord(character) - 0x1F170)
    parts = unicodedata.normalize("NFKD", character)
    bare = "".join(part for part in parts if not unicodedata.combining(part))
    bare = unicodedata.normalize("NFC", bare or character)
    return f" {bare}" if "⁄" in bare else bare
