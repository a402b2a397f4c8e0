"""Reasons of recommendations say what they rest on, in English and Chinese."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchopt_core.reasons import (
    DEEDS,
    SOURCES,
    Grounds,
    interest_sentence,
    phrases_of,
    sentence,
)


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


def _reason(factor, log_odds, *skus):
    return {"factor": factor, "log_odds": log_odds} | ({"skus": list(skus)} if skus else {})


FACTORS = (
    "similar_products",
    "bought_together",
    "novelty",
    "recency",
    "activity",
    "price_fit",
    "same_category",
    "product",
)
SHOP = {f"S{n}": f"⟦{n}⟧" for n in range(12)}  # titles that no phrase holds by chance
SKUS = st.lists(st.sampled_from(sorted(SHOP)), max_size=3, unique=True)
STRENGTH = st.floats(-5, 5).filter(bool)
REASONS = st.lists(
    st.builds(lambda f, v, s: _reason(f, v, *s), st.sampled_from(FACTORS), STRENGTH, SKUS),
    max_size=len(FACTORS),
    unique_by=lambda reason: reason["factor"],
)


class TestInterestSentence:
    def test_tells_the_strongest_that_a_shopper_may_be_told(self):
        reasons = [
            _reason("recency", 3.0),
            _reason("bought_together", 2.0, "S1", "S2", "S3"),
            _reason("similar_products", 1.0, "S4"),
            _reason("same_category", 0.5, "S5"),
        ]
        said = interest_sentence(reasons, titles=SHOP, language="en")
        assert said == (
            "Because you bought ⟦1⟧ and ⟦2⟧: often bought together with things like this. "
            "Because you bought ⟦4⟧: this is similar."
        )

    def test_says_nothing_of_the_customer_where_nothing_can_be_told(self):
        reasons = [_reason("activity", 3.0), _reason("similar_products", -1.0, "S1")]
        assert interest_sentence(reasons, titles=SHOP, language="en") == "From our range."

    @given(REASONS, st.sampled_from(["en", "zh-Hans"]))
    def test_names_nothing_outside_the_factors_that_spoke_for_it(self, reasons, language):
        said = interest_sentence(reasons, titles=SHOP, language=language)
        words = phrases_of(language)
        named = {sku for sku, title in SHOP.items() if title in said}
        spoke = [one for one in reasons if one["log_odds"] > 0 and one["factor"] in words.factors]
        assert named <= {sku for one in spoke for sku in one.get("skus", [])}
        assert _without_phrases(said, [one["factor"] for one in spoke], words) == ""


def _without_phrases(said, factors, words):
    """What is left once each of these factors' sentences is taken away."""
    for factor in factors:
        before, after = words.factors[factor].split("{deed}")
        said = re.sub(re.escape(before) + "[^.。：:]*" + re.escape(after), "", said)
    return said.replace(words.other, "").strip()
