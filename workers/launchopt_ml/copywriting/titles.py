"""Product titles as people write them: plain text, sensible capitals, short where they must be."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable

LONGEST_READ = 4_000  # code points of any field that are looked at


def word_set(words: str) -> frozenset[str]:
    """The words of a list written with spaces between them."""
    return frozenset(words.split())


SMALL_WORDS = word_set("a an and as at but by for from in of on or nor per the to vs via with w")
KEPT_CAPITALS = word_set(
    "led usb tv dvd cd diy uk usa us eu vip xl xxl xs bbq lcd hd hdmi gps pc pvc mdf abc ad bc "
    "ii iii iv vi vii viii rfid nfc wifi uv ac dc id pu eva tpu aa aaa"
)
WRITTEN_OUT = {"asstd": "Assorted", "asst": "Assorted"}
UNITS = word_set("cm mm m kg g ml l cl in ft oz lb pc pcs w v mah gb tb")
SAFE_TO_DROP = word_set(
    "red green blue white black pink yellow purple orange grey gray brown ivory cream gold "
    "silver small medium large mini big little pair of set pack assorted new"
)
TAG = re.compile(r"</?[A-Za-z!][^<>]{0,500}>")
UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn")  # control, format (bidi, zero width), surrogate, unassigned
HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")


def plain_text(raw: str, *, longest: int = LONGEST_READ) -> str:
    """Text without markup, control characters and runs of spaces; line ends become spaces.

    >>> plain_text("  Mug <b>red</b>&nbsp;&amp; white\\n")
    'Mug red & white'
    """
    text = TAG.sub(" ", html.unescape(raw[:longest]))
    text = unicodedata.normalize("NFC", text)
    kept = (c if unicodedata.category(c) not in UNSEEN else " " for c in text)
    return " ".join("".join(kept).split())


def readable_title(raw: str, *, longest: int = 120) -> str:
    """A title fit for running text; capitals become words.

    >>> readable_title("WHITE HANGING HEART T-LIGHT HOLDER")
    'White Hanging Heart T-Light Holder'
    >>> readable_title("SET OF 6 LED LAMPS, 25X24X12CM")
    'Set of 6 LED Lamps, 25x24x12cm'
    """
    title = re.sub(r"\s+([,;:!?])\s*|(,)(?=[^\W\d])", r"\1\2 ", plain_text(raw)).strip(
        " .,;:!?。，；：！？、"
    )
    if len(re.findall(r'(?<!\d)"', title)) % 2:  # 7" is seven inches, any other is left over
        title = " ".join(re.sub(r'(?<!\d)"', " ", title).split())
    if title.count("(") != title.count(")"):
        title = title.partition("(")[0].rstrip(" -/,") or title.replace("(", " ").strip()
    if not any(character.isalnum() for character in title):
        return ""
    return shortened(recased(title), fits=lambda text: len(text) <= longest)


def recased(text: str) -> str:
    """Text in capitals as a title in mixed case; other text as it is."""
    letters = [c for c in text if c.isalpha() and c.upper() != c.lower()]
    if len(letters) < 3 or sum(c.isupper() for c in letters) < 0.7 * len(letters):
        return text
    words = re.sub(r"(?<=[A-Z] )W/? (?=[A-Z])", "WITH ", text).split(" ")
    return " ".join(_recased_word(word, is_first=i == 0) for i, word in enumerate(words))


def _recased_word(word: str, *, is_first: bool) -> str:
    if "/" in word.strip("/") and not re.match(r"\d", word):
        return "/".join(_recased_word(part, is_first=True) for part in word.split("/"))
    bare = word.strip("()[],.;:!?\"'").lower()
    if bare in KEPT_CAPITALS:
        return word
    if bare in WRITTEN_OUT:
        return WRITTEN_OUT[bare]
    if re.search(r"\d", bare):
        return _recased_number(word, bare)
    if bare in SMALL_WORDS and not is_first:
        return word.lower()
    return re.sub(r"(?<![A-Za-z'’])[a-z]", lambda m: m.group().upper(), word.lower())


def _recased_number(word: str, bare: str) -> str:
    """A word with digits in it: 25x24x12cm and 30cmx30cm in lower case, Set3 as a name."""
    if re.fullmatch(r"[\d.,x×*/-]+[a-z]*", bare):
        unit = re.sub(r"[\d.,×*/-]", "", bare).strip("x")
        return word.lower() if unit in UNITS or "x" in bare else word
    if re.fullmatch(r"(?:\d+[a-z]{0,2}x)+\d+[a-z]{0,2}", bare):
        return word.lower()
    if re.fullmatch(r"[a-z]{3,}\d{1,2}", bare):
        return word.capitalize()
    return re.sub(r"(?<=['’])S\b", "s", word)


def shortened(title: str, *, fits: Callable[[str], bool]) -> str:
    """The title, shortened where it must be so that what is left is still true and whole.

    A bracket goes first, then a phrase behind 'with', 'in', 'for', then colours and sizes in
    front; when nothing else helps it is cut between words and ends in an ellipsis.
    """
    for candidate in _shorter_forms(title):
        if fits(candidate):
            return candidate
    return _cut(title, fits=fits)


def _shorter_forms(title: str) -> list[str]:
    forms = [title]
    forms.append(re.sub(r"\s*[(\[（【][^()\[\]（）【】]*[)\]）】]\s*$", "", forms[-1]))
    forms.append(re.sub(r"\s(?:with|in|for|w)\s(?:(?!without|no\b).)+$", "", forms[-1], flags=re.I))
    words = forms[-1].split(" ")
    while len(words) > 2 and words[0].lower() in SAFE_TO_DROP and not words[0][0].isdigit():
        words = words[1:]
        if words[0].lower() not in SMALL_WORDS and not words[0][0].isdigit():
            forms.append(" ".join(words))
    return [form for form in forms if len(form) >= 3 or form == title]


def _cut(text: str, *, fits: Callable[[str], bool]) -> str:
    low, high = 0, min(len(text), 1_000)
    while low < high:  # the longest start that fits with its ellipsis
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(text[:middle] + "…") else (low, middle - 1)
    start = text[:low]
    if low < len(text) and _is_inside_word(text, low):
        whole = re.sub(r"[^\s\u3400-\u9fff]+$", "", start).rstrip()
        start = whole if len(whole) >= low // 3 and whole else start
    start = _without_joiners(start)
    while start and unicodedata.combining(text[len(start) : len(start) + 1] or " "):
        start = start[:-1]
    return f"{start}…" if start else ""


def _is_inside_word(text: str, at: int) -> bool:
    before, after = text[at - 1 : at], text[at : at + 1]
    return not (before.isspace() or after.isspace() or HAN.match(before) or HAN.match(after))


def _without_joiners(start: str) -> str:
    start = start.rstrip(" ,.;:-/&+('\"（，、")
    words = start.split(" ")
    while len(words) > 1 and words[-1].lower() in SMALL_WORDS:
        words = words[:-1]
    return " ".join(words).rstrip(" ,.;:-/&+('\"")
