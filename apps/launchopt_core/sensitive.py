"""Words that a persona is never made from or named by: what nobody may infer from a purchase.

A list finds what it lists and nothing else. It is short on purpose: every word on it takes products
out of what personas are made from.
"""

import re
from collections.abc import Iterable

WORD = re.compile(r"[a-z]+")

# What Article 9 of the GDPR calls special categories, as goods for sale name them.
HEALTH = (
    "pregnancy pregnant maternity fertility ovulation menopause contraceptive condom diabetes "
    "diabetic insulin asthma inhaler incontinence wheelchair prosthesis orthopaedic orthopedic "
    "antidepressant depression dementia alzheimer cancer chemotherapy hiv stoma "
    "colostomy epilepsy autism adhd laxative viagra methadone"
)
BELIEF = (
    "bible quran koran torah talmud rosary crucifix baptism christening communion confirmation "
    "mitzvah menorah hanukkah kosher halal ramadan eid hijab niqab burka turban diwali puja "
    "atheist prayer gospel"
)
POLITICS = "socialist communist conservative republican democrat brexit maga trump biden abortion"
ORIGIN = "ethnic afro jewish muslim islamic christian catholic hindu sikh buddhist gypsy"
SEXUALITY = "lgbt lgbtq lgbtqia gay lesbian bisexual transgender queer pride erotic sex vibrator"
SPECIAL_CHINESE = (
    "孕妇 孕期 避孕 糖尿病 助听器 轮椅 抗癌 艾滋 抑郁 圣经 古兰经 清真 佛珠 十字架 "
    "同性恋 情趣 成人用品 穆斯林 基督教 天主教 佛教 道教"
)
PERSONAL = (
    "woman women womens lady ladies girl girls girly female feminine man men mens gentleman "
    "gentlemen boy boys male masculine unisex senior seniors teen teens teenager teenage adult "
    "adults pensioner mum mummy mother dad daddy father grandma grandpa granny husband wife "
    "child children childrens kid kids baby babies toddler toddlers boyfriend girlfriend"
)
PERSONAL_CHINESE = "女 男 老年 中年 青年 少年 妈妈 爸爸 奶奶 爷爷 老公 老婆 妻子 丈夫"

_SPECIAL = frozenset(" ".join((HEALTH, BELIEF, POLITICS, ORIGIN, SEXUALITY)).split())
_PERSONAL = frozenset(PERSONAL.split())
_SPECIAL_CHINESE = tuple(SPECIAL_CHINESE.split())
_PERSONAL_CHINESE = tuple(PERSONAL_CHINESE.split())


def is_special(*texts: str) -> bool:
    """Whether a product's words touch health, belief, politics, origin or sexuality.

    >>> is_special("Maternity jeans", "Clothes"), is_special("Red heart candle", "Home")
    (True, False)
    """
    return any(_holds(text, _SPECIAL, _SPECIAL_CHINESE) for text in texts)


def tells_a_person(term: str) -> bool:
    """Whether a term says of which age, gender or family its buyer might be.

    >>> tells_a_person("girls"), tells_a_person("men's"), tells_a_person("garden")
    (True, True, False)
    """
    return _holds(term, _PERSONAL, _PERSONAL_CHINESE)


def _holds(text: str, words: frozenset[str], parts: Iterable[str]) -> bool:
    found = set(WORD.findall(text.lower()))
    in_singular = {word.removesuffix("s") for word in found}
    return bool((found | in_singular) & words) or any(part in text for part in parts)
