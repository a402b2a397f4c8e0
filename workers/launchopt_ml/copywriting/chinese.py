"""Chinese attributes as people say them: which values fit their name, and what may stand before a
title that names a kind only (裙)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from numpy.random import Generator

GENERIC = re.compile(r"[\u4e00-\u9fff]{1,2}")  # a title that names a kind only
GARMENT = re.compile(r"^[衣裙裤鞋]{1,2}(?=..)")  # 裙领型 is told as 领型
GARMENT_LENGTH = re.compile("[衣裙裤]长")
WITH_ZI = "裙裤鞋帽袜"  # kinds that stand alone as 裙子, and as 裙 behind a pattern or a material
_WORD = re.compile(r"[\u4e00-\u9fff]{2,4}")
_STYLED = ("风", "系", "版", "范")
_VAGUE = {"colour": ("纯色",), "pattern": ("线条", "文字", "其他", "其它", "图案")}
# What a fact of this name cannot be: how cloth was treated is no cloth.
_NO_MATERIAL = re.compile(r"水洗|磨毛|磨白|做旧|拼接|提花|镂空|破洞|环保|印花|刺绣")
# Patterns that make a compound: 格子裙 is Chinese, 植物裙 is not.
_PATTERN = re.compile(
    r".*(?:条纹|格子|格纹|波点|圆点|印花|刺绣|绣花|碎花|字母|卡通|撞色|拼色|纯色|蝴蝶结|豹纹|迷彩|渐变|扎染|千鸟格)"
)
_A_LENGTH = re.compile(r"[长短中九八七六五三分及迷]")
_ONE = re.compile(r"[\u4e00-\u9fff]")
_LETTER = re.compile(r"(?<![A-Za-z])[A-Za-z]{1,4}(?![A-Za-z])")


def told_detail(name: str, items: Sequence[str], *, kind: str) -> tuple[str, list[str]]:
    """The name and the values as they are told; a value that does not fit its name is left out.

    >>> told_detail("裙型", ["百褶", "A字"], kind="裙型")
    ('裙型', ['百褶裙', 'A字裙'])
    >>> told_detail("裙长", ["连衣裙"], kind="裙长"), told_detail("样式", ["衫"], kind="样式")
    (('款式', ['连衣裙']), ('样式', []))
    """
    values = [_LETTER.sub(lambda match: match[0].upper(), item) for item in items]
    if kind == "material":
        values = [value for value in values if not _NO_MATERIAL.fullmatch(value)]
    elif kind not in ("colour", "size"):
        values = [value for value in values if not _ONE.fullmatch(value)]
    vague = _VAGUE.get(kind, ())
    clear = [value for value in values if value not in vague]
    values = clear or values
    if name.endswith("型"):
        values = [_shape(name, value) for value in values]
    if GARMENT_LENGTH.fullmatch(name) and any(not _A_LENGTH.search(value) for value in values):
        return "款式", values
    return name, values


def _shape(name: str, value: str) -> str:
    """A shape as a noun: 百褶 of a 裙型 is 百褶裙, H of a 版型 is H型."""
    garment = name[0] if len(name) == 2 and name[0] in WITH_ZI else ""
    if garment and garment not in value and not value.endswith("型"):
        return value + garment
    return f"{value}型" if value.isascii() and len(value) == 1 else value


def kind_told_apart(title: str, values: Mapping[str, Sequence[str]], *, rng: Generator) -> str:
    """A title of a kind only with one or two attributes before it, in the order of Chinese.

    A colour or a material qualifies only where it is the only one. Without any: 这款裙子.
    """
    words = list(_qualifiers(title, values, rng=rng))
    chosen = sorted(rng.permutation(len(words))[: int(rng.integers(1, 3))].tolist())
    if not chosen:
        return f"这款{_alone(title)}"
    before = "".join(words[at][1] for at in chosen).replace("风格", "格")  # 风格 is a word
    is_compound = words[chosen[-1]][0] in ("pattern", "material")
    return before + (title if is_compound else _alone(title))


def _qualifiers(
    title: str, values: Mapping[str, Sequence[str]], *, rng: Generator
) -> Sequence[tuple[str, str]]:
    words: list[tuple[str, str]] = []
    for name in ("style", "colour", "pattern", "material"):
        given = values.get(name, ())
        if name in ("colour", "material") and len(given) > 1:
            continue
        fit = [value for value in given if _qualifies(name, value, title, *(w for _, w in words))]
        if fit:
            value = fit[int(rng.integers(len(fit)))]
            is_plain_style = name == "style" and not value.endswith(_STYLED)
            words.append((name, f"{value}风" if is_plain_style else value))
    return words


def _qualifies(name: str, value: str, *others: str) -> bool:
    if (
        not _WORD.fullmatch(value)
        or value == "环保"
        or (name == "pattern" and not _PATTERN.fullmatch(value))
    ):
        return False
    return not any(set(value) & set(other) for other in others)


def _alone(title: str) -> str:
    return f"{title}子" if title in WITH_ZI else title
