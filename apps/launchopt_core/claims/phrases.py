"""Claims in words: superlatives, comparisons, guarantees and offers, English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterator

from launchopt_core.claims.values import ClaimKind

_ENGLISH: dict[ClaimKind, tuple[str, ...]] = {
    ClaimKind.SUPERLATIVE: (
        r"(?:very )?best",
        r"(?:fin|great|high|low|larg|bigg|small|tini|cheap|fast|quick|strong|soft|light|new|old|"
        r"bright|safe|simpl|easi|healthi|pur|rich|smart|thinn|tough|warm|long|short|rar|nic|"
        r"pretti|lovel|clean|clear|cool|deep|hard|heavi|hott|sharp|smooth|sweet|wid|young)est",
        r"most (?!(?:of|people|days)\b)[a-z]+",
        r"number one|no\. ?1|#1|nr\. ?1|top[- ](?:rated|selling|quality|notch)",
        r"world[- ](?:class|leading|famous)|market[- ]leading|leading|award[- ]winning",
        r"unbeatable|unrivalled|unrivaled|unmatched|unparalleled|ultimate|perfect|supreme",
        r"one of a kind|the only|never before|like no other|revolutionary|unique",
    ),
    ClaimKind.COMPARISON: (
        r"(?:better|worse|cheaper|faster|stronger|softer|lighter|longer|safer|healthier|"
        r"larger|bigger|smaller|brighter|[a-z]{3,}er) than",
        r"(?:more|less) [a-z]+ than",
        r"compared (?:to|with)|unlike (?:other|any)|outperforms?|beats|superior to",
        r"(?:twice|double|triple|half) (?:as|the)",
    ),
    ClaimKind.GUARANTEE: (
        r"guarantee[sd]?|warrant(?:y|ies)|money[- ]back|risk[- ]free|refund(?:s|ed|able)?",
        r"lifetime|always works|never fails|no questions asked|free returns?",
        r"(?:clinically|scientifically) (?:proven|tested)|certified|proven",
        r"promise[sd]?",
    ),
    ClaimKind.OFFER: (
        r"free (?:shipping|delivery|gift|sample|postage)|for free|free of charge",
        r"discount(?:s|ed)?|on sale|half price|clearance|bargain|save (?=[£€$¥\d])",
        r"limited (?:time|offer|edition)|while stocks last|last chance|today only|hurry",
        r"buy one,? get one",
    ),
}
_CHINESE: dict[ClaimKind, tuple[str, ...]] = {
    ClaimKind.SUPERLATIVE: (
        r"最(?!近|后|初|终)[\u4e00-\u9fff]",
        r"第一|唯一|顶级|极致|极品|国家级|世界级|独一无二|无与伦比|首选|冠军|史上|全网|绝无仅有",
        r"领先|王牌|完美|万能",
    ),
    ClaimKind.COMPARISON: (
        r"比[\u4e00-\u9fff]{1,12}?更",
        r"优于|胜过|超越|媲美|远超|不输|强于|好过|翻倍",
    ),
    ClaimKind.GUARANTEE: (
        r"保证|保障|保修|质保|包退|包换|退款|无理由|假一赔|承诺|终身|绝对|无效退|认证|零风险",
    ),
    ClaimKind.OFFER: (
        r"包邮|免运费|免费|赠送|买一送一|半价|打折|折扣|优惠|特价|促销|限时|限量|秒杀|清仓|立减|满减",
    ),
}
PHRASES = {
    kind: re.compile(
        r"\b(?:" + "|".join(_ENGLISH[kind]) + r")(?![A-Za-z])|(?:" + "|".join(_CHINESE[kind]) + ")",
        re.IGNORECASE,
    )
    for kind in _ENGLISH
}


def phrases_in(text: str) -> Iterator[tuple[int, int, ClaimKind]]:
    """The claims in words of a text, as (start, end, kind).

    >>> list(phrases_in("The best mug, 质保"))
    [(4, 8, <ClaimKind.SUPERLATIVE: 'superlative'>), (14, 16, <ClaimKind.GUARANTEE: 'guarantee'>)]
    """
    for kind, pattern in PHRASES.items():
        for match in pattern.finditer(text):
            yield match.start(), match.end(), kind
