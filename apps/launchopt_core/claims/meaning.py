"""When words of a fact prove words of a text: other forms of a word, or words that imply it."""

from __future__ import annotations

import re
from functools import lru_cache

from launchopt_core.claims.english import PLACES

WOODS = "wood|wooden|oak|walnut|pine|beech|teak|mahogany|birch|acacia|bamboo"
# What a text says -> what facts may say for it; expressions over lower-case text.
IMPLIED_BY = {
    "wooden": WOODS,
    "wood": WOODS,
    "aluminum": "alumini?um",
    "aluminium": "alumini?um",
    "handmade": "hand[- ]?(?:made|crafted|woven|knitted|sewn|carved|blown|thrown|stitched)",
    "warranty": "warrant(?:y|ies)|guarantee",
    "dishwasher safe": "dishwasher",
    "machine washable": "machine[- ]wash|washing machine",
    "waterproof": "waterproof|ipx?[678]",
    "water resistant": "water[- ]?(?:resistant|proof)|ipx?[4-8]",
    "真皮": "真皮|牛皮|羊皮",
    "纯棉": "纯棉|全棉|100[%％]棉|棉100[%％]|100[%％]纯棉|材质.?棉$",
    "全棉": "纯棉|全棉|100[%％]棉|棉100[%％]",
    "真丝": "真丝|桑蚕丝|蚕丝",
    "蚕丝": "真丝|桑蚕丝|蚕丝",
    "质保": "质保|保修",
    "保修": "质保|保修",
    "产自": "产自|产地|原产|出产",
    "原产": "产自|产地|原产|出产",
    "包邮": "包邮|免运费|免邮",
    "免运费": "包邮|免运费|免邮",
    "不锈钢": "不锈钢|304钢|316钢",
    "手工": "手工|手作|手绘|手织",
    "实木": "实木|原木",
}
_ENDINGS = re.compile(r"(?:ies|ied|ing|ed|es|s|ly|y|e)$")
_SHORTEST = 3  # letters that a word keeps when its ending goes
_DEMONYMS = {demonym: place for place, demonym in PLACES.items()}


@lru_cache(maxsize=4096)
def meaning_of(phrase: str) -> re.Pattern[str]:
    """An expression for the texts that say what a lower-case phrase says.

    >>> bool(meaning_of("guaranteed").search("a guarantee of two years"))
    True
    >>> bool(meaning_of("genuine leather").search("leather"))
    False
    """
    if phrase in IMPLIED_BY:
        return re.compile(IMPLIED_BY[phrase])
    last = phrase.split()[-1] if phrase.split() else phrase
    place = _DEMONYMS.get(last, last)
    if place in PLACES:
        return re.compile(rf"(?<![a-z])(?:{place}|{PLACES[place]})(?![a-z])")
    if not phrase.isascii():
        return re.compile(re.escape(phrase))
    words = [re.escape(word) for word in re.split(r"[- ]+", phrase)]
    words[-1] = _open_ended(words[-1])
    return re.compile(rf"(?<![a-z]){'[- ]?'.join(words)}(?![a-z])")


def _open_ended(word: str) -> str:
    stem = _ENDINGS.sub("", word)
    if len(stem) < _SHORTEST or not stem.isalpha():
        return word
    return rf"{stem}(?:{word[len(stem) :]}|ies|ied|ing|ed|es|s|ly|y|e)?"
