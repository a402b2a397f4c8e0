"""Tone, reading level, emojis and what is believed of a persona: refused with the span."""

import pytest

from launchopt_core.claims import Facts, Manner, check
from launchopt_core.claims.manners import grade_of

MUG = Facts(title="Blue Mug", description="A mug for mothers and children.")
HARD = (
    "Notwithstanding considerable international experimentation, manufacturers characteristically "
    "accommodate extraordinarily sophisticated requirements concerning functionality."
)
LONG = (
    "这只杯子放在桌上的时候总会让人想起从前在院子里喝茶聊天看书听雨的许多个安静而"
    "又缓慢的下午以及那些陪着我们一起走过很远很远的路的朋友们和他们说过的话"
)


def refused(text, *, facts=MUG, channel="onsite", **manner):
    found = check({"body": text}, facts=facts, channel=channel, manner=Manner(**manner))
    return [(refusal.text, refusal.rule) for refusal in found.refusals]


class TestTone:
    @pytest.mark.parametrize(
        ("tone", "text", "span"),
        [
            ("plain", "Wow, a blue mug.", "Wow"),
            ("plain", "A blue mug!", "!"),
            ("plain", "宝宝们，看看这只杯子。", "宝宝们"),
            ("warm", "This mug is insane.", "insane"),
            ("warm", "谨此奉上一只杯子。", "谨此"),
            ("lively", "We hereby show a mug.", "hereby"),
        ],
    )
    def test_names_the_words_that_do_not_belong(self, tone, text, span):
        assert refused(text, tone=tone) == [(span, "tone")]

    def test_a_warm_text_may_exclaim_once(self):
        assert refused("A mug! Look.", tone="warm") == []
        assert refused("A mug! Look! Yes.", tone="warm") == [("!", "tone")]

    def test_words_of_the_title_are_nobodys_tone(self):
        assert refused("Meet the Wow! Mug.", facts=Facts(title="Wow! Mug"), tone="plain") == []

    def test_without_a_tone_nothing_is_asked(self):
        assert refused("Wow, we hereby show a mug!") == []


class TestReadingLevel:
    def test_names_the_sentence_that_is_too_hard(self):
        assert refused(f"A mug. {HARD}", reading_level=12) == [(f" {HARD}", "reading_level")]

    def test_names_a_chinese_sentence_without_a_breath(self):
        assert len(LONG) > 60
        assert refused(LONG, reading_level=12) == [(LONG, "reading_level")]

    def test_plain_words_are_easy(self):
        easy = "Put it on the shelf by the door, so that you see it when you come home at night."
        assert refused(easy, reading_level=8) == []
        assert grade_of(easy) < 8 < grade_of(HARD)


class TestPersona:
    @pytest.mark.parametrize(
        ("text", "span", "persona"),
        [
            ("Ladies, look at this mug.", "Ladies", {"gender": "female"}),
            ("A mug for guys.", "guys", {"gender": "male"}),
            ("A mug for pensioners.", "pensioners", {"age_band": "65+"}),
            ("A mug for students.", "students", {"age_band": "18-24"}),
            ("姐妹们看过来。", "姐妹", {"gender": "female"}),
            ("退休生活，慢慢喝茶。", "退休", {"age_band": "55-64"}),
        ],
    )
    def test_a_text_does_not_tell_readers_what_is_believed_of_them(self, text, span, persona):
        assert refused(text, **persona) == [(span, "persona")]

    def test_what_the_product_says_itself_may_be_said(self):
        assert refused("A mug for mothers.", gender="female") == []

    def test_the_middle_of_life_has_no_words(self):
        assert refused("A mug for students and seniors.", age_band="35-44") == []


class TestEmojis:
    def test_a_shop_may_want_none(self):
        assert refused("A mug 😀", allows_emojis=True) == []
        assert refused("A mug 😀", allows_emojis=False) == [("😀", "emoji")]
