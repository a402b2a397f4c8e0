"""What nobody may conclude from a purchase is left out of personas."""

import pytest

from launchopt_core.personas import declared_words, key_terms
from launchopt_core.sensitive import is_special, tells_a_person


class TestIsSpecial:
    @pytest.mark.parametrize(
        "title",
        [
            "Maternity jeans",
            "BLOOD GLUCOSE TEST FOR DIABETICS, diabetic",
            "Prayer beads with rosary",
            "Pride flag",
            "孕妇连衣裙",
        ],
    )
    def test_finds_words_of_special_categories(self, title):
        assert is_special(title)

    @pytest.mark.parametrize("title", ["", "Red heart candle", "Christmas bauble", "陶瓷花瓶"])
    def test_leaves_other_goods_alone(self, title):
        assert not is_special(title)

    def test_finds_whole_words_only(self):
        assert not is_special("Essex cutlery", "Prideful lion")


class TestTellsAPerson:
    @pytest.mark.parametrize("term", ["girls", "Women's", "dad", "女装", "baby"])
    def test_finds_age_gender_and_family(self, term):
        assert tells_a_person(term)

    @pytest.mark.parametrize("term", ["garden", "mandarin", "showman's", "花瓶"])
    def test_leaves_other_words_alone(self, term):
        assert not tells_a_person(term)


class TestDeclaredWords:
    def test_keeps_no_word_of_a_special_category(self):
        assert declared_words("Garden, halal food；红茶") == ["garden", "红茶"]


class TestKeyTerms:
    def test_leaves_out_what_is_no_oftener_than_elsewhere(self):
        everyone = {"lamp": 10.0, "cup": 90.0}
        assert set(key_terms({"lamp": 5.0, "cup": 5.0}, everyone)) == {"lamp"}

    def test_of_everyone_there_are_none(self):
        everyone = {"lamp": 10.0, "cup": 90.0}
        assert key_terms(everyone, everyone) == {}

    def test_of_nobody_there_are_none(self):
        assert key_terms({}, {"lamp": 1.0}) == {}
