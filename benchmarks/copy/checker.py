"""Claims that a text invents, by a way of its own: it shares no code with the claim ledger.

Whatever a text says that sounds like a claim must stand in the facts, letter by letter or as the
same number. Lists are short and blunt on purpose: one word too many costs a look, none is free.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
ENGLISH_NUMBERS = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|"
    r"hundred|thousand|million|dozen|half|twice|double|triple|pair|second|third)\b",
    re.IGNORECASE,
)
CHINESE_NUMBER = re.compile(
    r"[一二两三四五六七八九十百千万]+(?:个|件|只|片|条|张|瓶|盒|种|倍|年|天|元|块|折|克|斤|米|寸|层|次|位)"
)
HARMLESS_NUMBERS = ("一个", "一次", "一天", "一件")  # an article, no count
ENGLISH_CLAIMS = (
    r"\w+est|best|most|least|only|unique|perfect\w*|ultimate|ideal\w*|finest|leading|top|premium|"
    r"luxur\w+|quality|superior|exclusive\w*|limited|famous|award\w*|certif\w+|approved|tested|"
    r"proven|guarant\w+|warrant\w+|free|discount\w*|sale|offer\w*|save\w*|saving\w*|cheap\w*|deal|"
    r"bargain|reduced|gift with|organic|vegan|sustainab\w+|recycl\w+|eco\w*|natural|handmade|"
    r"hand-?\w+ed|imported|original|authentic|genuine|real|pure|solid|durable|lasting|lifetime|"
    r"waterproof|safe|healthy?|cure\w*|better|more than|than|less than|never|always|forever|"
    r"every(?:one|body)|popular|favou?rite|loved|trusted|recommend\w*|expert\w*|since|"
    r"tradition\w*|delivery|shipping|return\w*|refund\w*|stock|available|today only|hurry|"
    r"last chance|ends|made in|from (?:italy|france|germany|japan|china|england|scotland|india)|"
    r"wood(?:en)?|oak|pine|metal|steel|glass|ceramic|porcelain|cotton|wool|silk|linen|leather|"
    r"plastic|paper|felt|enamel|silver|gold|zinc|iron|bamboo|wicker|velvet|acrylic"
)
CHINESE_CLAIMS = (
    "最|第一|唯一|首选|首款|顶级|极致|极品|完美|绝对|完全|永远|永久|保证|保障|质保|包邮|免费|赠|优惠|折扣|打折|促销|"
    "特价|限时|限量|抢|省钱|便宜|实惠|划算|超值|性价比|热销|爆款|畅销|销量|好评|口碑|人气|网红|明星|大牌|名牌|专家|"
    "设计师|大师|认证|专利|检测|获奖|奖|进口|原装|国产|正品|手工|纯|天然|有机|环保|健康|安全|无毒|防水|耐用|耐磨|"
    "不褪色|不变形|透气|保暖|显瘦|修身|百搭|舒适|柔软|亲肤|高档|高级|奢华|优质|品质|精致|经典|流行|潮流|时髦|比|更(?!多)|"
    "羊毛|羊绒|真丝|蚕丝|亚麻|纯棉|牛皮|真皮|皮革|牛仔布|雪纺|蕾丝|针织|不锈钢|实木|陶瓷|玻璃|意大利|法国|日本|韩国"
)
NEW_WORDS = re.compile(
    r"\b(?:new|newly|just (?:in|added|landed)|introducing|launch\w*|fresh\w*|arrival)\b|"
    r"新品|上新|新到|新上架|新增|新列入|刚刚上架|全新|新面孔|初次",
    re.IGNORECASE,
)
_ENGLISH = re.compile(rf"\b(?:{ENGLISH_CLAIMS})\b", re.IGNORECASE)
_CHINESE = re.compile(CHINESE_CLAIMS)


def invented(text: str, facts: Mapping[str, Any]) -> list[str]:
    """What a text claims that the facts (field -> text or number) do not say."""
    told = " ".join(f"{name} {value}" for name, value in facts.items() if name != "is_new")
    told = re.sub(r"\s+", " ", told).casefold()
    return [
        claim
        for claim in (*_claims(text), *_numbers(text, told))
        if not _says(told, claim.casefold())
    ] + [match.group() for match in NEW_WORDS.finditer(text) if not facts.get("is_new")
         and not _says(told, match.group().casefold())]  # fmt: skip


def _claims(text: str) -> Iterator[str]:
    yield from (match.group() for match in _ENGLISH.finditer(text))
    yield from (match.group() for match in _CHINESE.finditer(text))
    yield from (match.group() for match in ENGLISH_NUMBERS.finditer(text))
    yield from (
        match.group()
        for match in CHINESE_NUMBER.finditer(text)
        if match.group() not in HARMLESS_NUMBERS
    )


def _numbers(text: str, told: str) -> Iterator[str]:
    known = {_value(number) for number in NUMBER.findall(told)}
    yield from (number for number in NUMBER.findall(text) if _value(number) not in known)


def _value(number: str) -> Decimal:
    """A number as a value: a comma parts thousands, unless two digits follow it."""
    plain = re.sub(r",(?=\d{3}(?:\D|$))", "", number).replace(",", ".")
    whole, _, rest = plain.partition(".")
    return Decimal(f"{whole}.{rest.replace('.', '')}" if rest else whole).normalize()


def _says(told: str, claim: str) -> bool:
    edge = r"\b" if claim.isascii() else ""
    return bool(re.search(edge + re.escape(claim) + edge, told))
