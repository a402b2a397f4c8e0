"""How a shop wants its words to sound, and the spans that sound otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from launchopt_core.claims.values import Facts, Refusal

TONES = ("plain", "warm", "lively")
FEWEST_WORDS = 12  # a grade of fewer words than these says nothing
HAN_FOR_A_GRADE = 5  # characters a sentence may have for each grade: 60 at grade 12
OLD_FROM, YOUNG_TO = 55, 24  # years

_SENTENCE = re.compile(r"[^.!?;。！？；]+[.!?;。！？；]*")
_HAN = re.compile(r"[\u3400-\u9fff]")
_STIFF = (
    r"\b(?:hereby|herein|aforementioned|aforesaid|pursuant|henceforth|heretofore|utili[sz]e[sd]?|"
    r"commence[sd]?)\b|兹|特此|谨此|贵方|敬启"
)
_SLANG = r"\b(?:omg|lol|gonna|wanna|dude|bro|insane|epic|lit)\b|绝绝子|yyds|冲鸭|咱就是说|家人们"
_HYPE = (
    r"[!！]|\b(?:wow|yay|hey|ta-da|psst|guys|folks|awesome|amazing|incredible|fabulous|gorgeous)\b|"
    r"哇|宝宝们|姐妹们|叮咚|太赞|嘿"
)
_OF_TONE = {
    "plain": (f"{_SLANG}|{_HYPE}|{_STIFF}", 0),
    "warm": (f"{_SLANG}|{_STIFF}", 1),
    "lively": (_STIFF, 2),
}  # what does not belong, and how many exclamation marks a part may have
_WORDS_OF = {
    "female": r"\b(?:ladies|lady|girls?|gals?|wom[ae]n|mums?|moms?|mothers?|girly|feminine)\b|"
    r"女生|女士|姐妹|妈妈|女神|仙女|少女|辣妈|主妇|女人|女孩|女性",
    "male": r"\b(?:guys?|lads?|m[ae]n|dads?|fathers?|gentlem[ae]n|blokes?|manly|masculine)\b|"
    r"男生|男士|爸爸|男神|型男|爷们|男人|男孩|男性|兄弟",
    "old": r"\b(?:seniors?|elderly|pensioners?|retire\w*|grand(?:ma|pa|mother|father|parent)s?|"
    r"golden years|still young)\b|老人|老年|长辈|爷爷|奶奶|大爷|大妈|退休|银发|"
    r"一把年纪",
    "young": r"\b(?:teens?|teenagers?|kids?|youngsters?|students?)\b|"
    r"学生党|小朋友|少年|年轻人|小年轻",
}


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How a text may sound and to whom it speaks. What is empty asks nothing.

    ``reading_level`` is a school grade (Flesch-Kincaid in English; in Chinese five characters of a
    sentence for each grade). ``gender`` and ``age_band`` are those of the persona that it is
    written for: a text must not tell readers what is believed about them.
    """

    tone: str = ""
    reading_level: int = 0
    allows_emojis: bool = True
    gender: str = ""
    age_band: str = ""


ANY_MANNER = Manner()


def unmannered(part: str, text: str, *, facts: Facts, manner: Manner) -> Iterator[Refusal]:
    """The spans of a part that do not keep to the manner."""
    known = " ".join(value for _, value in facts.sources()).casefold()
    yield from _off_tone(part, text, known=known, tone=manner.tone)
    yield from _too_hard(part, text, known=known, level=manner.reading_level)
    yield from _presuming(part, text, known=known, manner=manner)


def grade_of(text: str, *, known: str = "") -> float:
    """The school grade of English words by Kincaid et al., 1975; names that are known are left out.

    >>> round(grade_of("The cat sat on the mat. It was a good mat."))
    -1
    """
    words = [word for word in re.findall(r"[A-Za-z']+", text) if word.casefold() not in known]
    sentences = len(re.findall(r"[^.!?;]*[A-Za-z][^.!?;]*", text)) or 1
    if not words:
        return 0.0
    return 0.39 * len(words) / sentences + 11.8 * sum(map(_syllables, words)) / len(words) - 15.59


def _off_tone(part: str, text: str, *, known: str, tone: str) -> Iterator[Refusal]:
    if not tone:
        return
    foreign, marks = _OF_TONE[tone]
    for match in re.finditer(foreign, text, re.IGNORECASE):
        if match.group().casefold() not in known:
            yield _refusal(part, text, match.span(), "tone", f"It does not sound {tone}.")
    exclaimed = [match.span() for match in re.finditer(r"[!！]", text)]
    if marks and len(exclaimed) > marks:
        span = (exclaimed[marks][0], exclaimed[-1][1])
        yield _refusal(part, text, span, "tone", f"At most {marks} exclamation marks here.")


def _too_hard(part: str, text: str, *, known: str, level: int) -> Iterator[Refusal]:
    if not level:
        return
    for match in _SENTENCE.finditer(text):
        sentence = match.group()
        han = len(_HAN.findall(sentence))
        is_long = len(re.findall(r"[A-Za-z']+", sentence)) >= FEWEST_WORDS
        if han > level * HAN_FOR_A_GRADE or (is_long and grade_of(sentence, known=known) > level):
            yield _refusal(
                part, text, match.span(), "reading_level", f"Harder to read than grade {level}."
            )


def _presuming(part: str, text: str, *, known: str, manner: Manner) -> Iterator[Refusal]:
    for trait in filter(None, (manner.gender.casefold(), _age_of(manner.age_band))):
        for match in re.finditer(_WORDS_OF.get(trait, r"(?!)"), text, re.IGNORECASE):
            if match.group().casefold() not in known:
                detail = "It tells readers what is believed about them."
                yield _refusal(part, text, match.span(), "persona", detail)


def _age_of(band: str) -> str:
    """Old, young or neither: of a band such as 18-24 or 65+."""
    years = [int(number) for number in re.findall(r"\d+", band)]
    if not years:
        return ""
    return "old" if years[0] >= OLD_FROM else "young" if years[-1] <= YOUNG_TO else ""


def _syllables(word: str) -> int:
    groups = re.findall(r"[aeiouy]+", word.casefold())
    return max(len(groups) - word.casefold().endswith("e"), 1)


def _refusal(part: str, text: str, span: tuple[int, int], rule: str, detail: str) -> Refusal:
    start, end = span
    return Refusal(part=part, start=start, end=end, text=text[start:end], rule=rule, detail=detail)
