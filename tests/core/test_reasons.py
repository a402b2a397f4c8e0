"""Reasons of recommendations say what they rest on, in English and Chinese."""

import pytest

from launchopt_core.reasons import DEEDS, SOURCES, Grounds, sentence


class TestSentence:
    @pytest.mark.parametrize(
        ("grounds", "language", "words"),
        [
            (Grounds("content", ["A"], "like"), "en", "Because you liked A: this is similar."),
            (
                Grounds("content", ["A"], "cart", is_itself=True),
                "en",
                "You put it in your cart.",
            ),
            (Grounds("interest", is_fresh=True), "en-GB", "New in the shop."),
            (
                Grounds("content", ["A"], "purchase", is_fresh=True),
                "en",
                "New in the shop. Because you bought A: this is similar.",
            ),
            (
                Grounds("co_purchase", ["茶杯", "茶壶"], "purchase"),
                "zh-Hans",
                "因为您买过“茶杯”和“茶壶”：买过它们的顾客也买了这件商品。",
            ),
        ],
    )
    def test_says_what_it_rests_on(self, grounds, language, words):
        assert sentence(grounds, language=language) == words

    @pytest.mark.parametrize("language", ["en", "zh-Hans"])
    @pytest.mark.parametrize("deed", DEEDS)
    def test_has_words_for_every_deed(self, language, deed):
        for source in SOURCES:
            said = sentence(Grounds(source, ["{x}"], deed), language=language)
            assert "{x}" in said

    def test_a_title_that_would_fill_it_is_cut(self):
        said = sentence(Grounds("content", ["long " * 300] * 2, "view"), language="en")
        assert len(said) < 500
