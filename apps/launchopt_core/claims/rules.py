"""What may not be said whatever the facts are: law, stereotypes, personal data, injected orders."""

from __future__ import annotations

import re
from typing import NamedTuple

# The most frequent ones; before a title of courtesy they begin a name.
SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶余潘杜戴夏"
    "钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)


class Rule(NamedTuple):
    """A pattern that may not occur, and why."""

    name: str
    pattern: re.Pattern[str]
    detail: str


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


RULES = (
    Rule(
        "advertising_law",
        _words(
            r"最(?:佳|好|优|强|大|高|低|新|先进|高级|便宜|低价|顶级|安全|专业|权威|有效|受欢迎|"
            r"流行|时尚|划算)",
            r"国家级|世界级|宇宙级|全球级|顶级|顶尖|极品|终极|极致|至尊",
            r"第一(?:品牌|名|选择)|(?:全国|全网|世界|行业|销量|销售|品质|质量|口碑|人气|排名|"
            r"中国|全球|亚洲)[\u4e00-\u9fff]{0,3}第一"
            r"|NO\.?\s?1|唯一|独一无二|绝无仅有|史无前例|空前绝后|万能|首选",
            r"特供|专供|国家领导人|驰名商标|免检|祖传秘方|包治百病|根治|治愈|疗效|药到病除|抗癌|"
            r"防癌|无副作用|永不反弹|百分百有效",
        ),
        "Advertising law forbids it.",
    ),
    Rule(
        "health_claim",
        _words(
            r"\b(?:cures?|heals?|miracle|anti-?cancer|no side effects?|weight[- ]loss|"
            r"lose weight)\b",
            r"\b(?:prevents?|treats?) (?:cancer|disease|illness|acne|eczema|arthritis|diabetes|"
            r"insomnia|anxiety|depression|pain|colds?|flu)\b",
            r"\b(?:boosts?|strengthens?|supports?) (?:your |the )?(?:immun\w*|metabolism|libido|"
            r"fertility|circulation)|\bdetox\w*|\bburns? (?:body )?fat\b|\banti-?age?ing\b|"
            r"\b(?:reduces?|removes?|erases?|relieves?|fights?) (?:the )?(?:wrinkles?|"
            r"cellulite|stress|"
            r"anxiety|pain|inflammation|blood pressure|migraines?)\b|\bwrinkles (?:reduced|gone)|"
            r"\bmedicinal\b|\bclinical results?\b",
            r"预防[\u4e00-\u9fff]{2}|防(?:近视|驼背|脱发|蛀牙)|矫正|"
            r"(?:缓解|改善|消除|告别|远离)[\u4e00-\u9fff]{0,3}(?:痛|疼|疲劳|失眠|便秘|咳|炎|痒|过敏|头屑|脱发|"
            r"近视|湿气|鼻塞)|[祛去](?:痘|斑|皱|湿|火|屑)|止[痒血汗]|养发|"
            r"降三高|三高人群|养肝|护肝|补肾|壮骨|(?:增强|提高|提升)[\u4e00-\u9fff]{0,2}免疫|抗衰老?|"
            r"延缓衰老|活血|化瘀|止痛|止咳|祛湿|安神助眠|治好|排毒养颜|防癌",
            r"治疗|治病|药用|消炎|杀菌消毒率|减肥|瘦身|祛斑|生发|防脱|降血[压糖脂]|排毒|壮阳|丰胸",
        ),
        "A shop may not promise what a medicine does.",
    ),
    Rule(
        "stereotype",
        _words(
            r"\b(?:real|proper) (?:men|women|man|woman)\b|\bman[- ]?ly\b|\bgirls? (?:can't|cannot|"
            r"don't|love pink)\b|\bboys don't\b|\bwom[ae]n (?:belong|should|can't|cannot|love to "
            r"(?:cook|clean|shop|gossip))\b|\bmen (?:can't|cannot|should|never)\b",
            r"\b(?:housewi(?:fe|ves)|spinster|old maid|bimbo|sissy|tomboy|fat people|ugly|"
            r"too fat|too "
            r"old|at your age|even (?:grandma|granny|women|girls|mum|your mother))\b|"
            r"\blike a girl\b|"
            r"\b(?:ghetto|exotic (?:women|beauty)|oriental (?:women|beauty)|third[- ]world|gypsy|"
            r"crippled?|retarded|lame people|white skin|fair skin is)\b",
            r"女人(?:就)?(?:该|应该|就要|必须|不能|天生)|男人(?:就)?(?:该|应该|就要|必须|不能|"
            r"天生)|女孩子?就|男孩子?就|家庭主妇|剩女|黄脸婆|娘炮|"
            r"屌丝|大妈|老太婆|土鳖|乡巴佬|穷人|胖子|肥婆|矮子|丑女|残废|白才是美|黑鬼|洋鬼子|"
            r"不像女人|没有女人味|男子汉就|贤妻良母|女司机",
        ),
        "It reduces people to a stereotype.",
    ),
    Rule(
        "personal_data",
        _words(
            r"(?<![\w.+-])[\w.+-]++@[\w-]+(?:\.[\w-]+)+",
            r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)",
            r"(?<!\d)\d{17}[\dXx](?!\d)|(?<!\d)\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}(?!\d)",
            r"(?<![\d.])(?:\+\d{1,3}[ -]?)(?:\(?\d{1,4}\)?[ -]?){2,5}\d{2,4}(?!\d)",
            r"(?<![\d.])\(?0\d{2,4}\)?[ -]\d{3,4}[ -]?\d{3,4}(?!\d)|"
            r"(?<!\d)\(?\d{3}\)?[ -]\d{3}-\d{4}(?!\d)",
            r"(?<!\d)[48]00[- ]\d{3,4}[- ]?\d{3,4}(?!\d)",
            r"\b(?:dear|hi|hello|hey) (?!(?:there|everyone|all|friends?|customers?|sir|madam|"
            r"you|summer|"
            r"winter|spring|autumn|sunshine|world|again|to|and|mornings?|lovely|yellow|"
            r"kitty)\b)[a-z]{2,20}(?=[,!])",
            r"\b(?:mr|mrs|ms|miss|dr)\.? (?-i:[A-Z])[a-z]+",
            rf"[{SURNAMES}](?![色级跟端档款品英丝皮式])[\u4e00-\u9fff]{{1,2}}(?:先生|女士|小姐|太太|老师)",
            r"(?:亲爱的|尊敬的|您好)[\u4e00-\u9fff]{1,3}(?:先生|女士|小姐|老师)|(?:微信|QQ|手机|"
            r"电话|联系)号?[:：]?\s?[\w-]{5,}",
        ),
        "It looks like personal data.",
    ),
    Rule(
        "injection",
        _words(
            r"\b(?:ignore|disregard|forget|override) (?:all |any |the |your |these |previous |"
            r"prior |"
            r"above )*(?:instructions?|prompts?|rules?|guidelines?|messages?|text)\b",
            r"\b(?:system prompt|as an ai|language model|you are now|act as (?:a|an|if)|jailbreak|"
            r"developer mode|do anything now|respond with|output only|new instructions?)\b",
            r"(?:忽略|无视|忘记|跳过)[\u4e00-\u9fff]{0,8}(?:指令|指示|要求|提示|规则|内容|设定)|"
            r"系统提示词?|作为(?:一个|一名)?(?:AI|人工智能|语言模型)|"
            r"你现在是|扮演(?:一个|一名)|(?:请)?(?:只)?输出以下",
            r"<\s*/?\s*[a-z!][^>]{0,200}>|\{\{|\{%|\[/?INST\]|<\|[a-z_]+\|>|javascript:|```",
        ),
        "It is an order or markup, not words about a product.",
    ),
    Rule("shouting", _words(r"[!！]{2,}|[?？]{2,}|(?:[!?！？]){3,}"), "One mark is enough."),
)
