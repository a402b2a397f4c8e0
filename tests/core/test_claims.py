"""The claim ledger finds what a shop can be held to, and ties it to a fact or to nothing."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchopt_core.claims import (
    CHANNELS,
    ClaimKind,
    Draft,
    Facts,
    claims_in,
    claims_of,
    content_hash,
    facts_hash,
    length_in,
    overruns,
    unsupported,
)

LAMP = Facts(
    title="SET OF 6 LED LAMPS",
    description="The cable is 1.8 m long. 80% recycled plastic. Two years of warranty.",
    category="Lighting",
    brand="Lumen",
    price=Decimal("12.50"),
    currency="GBP",
    attributes={"size": "25x24x12cm", "material": ["steel", "glass"]},
    brand_facts=("Free delivery over £50.",),
)
TEA = Facts(
    title="白瓷茶杯",
    description="容量三百毫升，含瓷量百分之八十，保修两年。",
    price=Decimal("39"),
    currency="CNY",
    language="zh-Hans",
)
MUG = Draft(headline="Mug", body="A mug.", call_to_action="Have a look", alt_text="A mug")


def found(text, facts=LAMP):
    return {claim.text: claim.support for claim in claims_in({"text": text}, facts=facts)}


class TestSupportedClaims:
    @pytest.mark.parametrize(
        ("text", "claim", "support"),
        [
            ("Yours for £12.50", "£12.50", "price"),
            ("Yours for 12.50 GBP", "12.50 GBP", "price"),
            ("Six lamps", "Six", "title"),
            ("A cable of 180 cm", "180 cm", "description"),
            ("80 percent recycled", "80 percent", "description"),
            ("24 cm deep", "24 cm", "attributes.size"),
            ("0.25 m wide", "0.25 m", "attributes.size"),
            ("a warranty", "warranty", "description"),
            ("for 24 months", "24 months", "description"),
            ("free delivery over £50", "free delivery", "brand_facts.0"),
            ("free delivery over £50", "£50", "brand_facts.0"),
        ],
    )
    def test_names_the_fact_that_proves_it(self, text, claim, support):
        assert found(text)[claim] == support

    @pytest.mark.parametrize(
        ("text", "claim", "support"),
        [
            ("仅需39元", "39元", "price"),
            ("仅需三十九元", "三十九元", "price"),
            ("容量300毫升", "300毫升", "description"),
            ("容量0.3升", "0.3升", "description"),
            ("含瓷量80%", "80%", "description"),
            ("保修2年", "2年", "description"),
            ("保修24个月", "24个月", "description"),
        ],
    )
    def test_reads_chinese_digits_and_characters(self, text, claim, support):
        assert found(text, TEA)[claim] == support

    @pytest.mark.parametrize(
        ("text", "claim"),
        [
            ("只要390毛钱", "390毛钱"),
            ("只要1,200毛钱", "1,200毛钱"),
            ("只要٣٩块", "٣٩块"),
            ("٣块٢", "٣块٢"),
            ("٣分之٢", "٣分之٢"),
            ("٣成", "٣成"),
        ],
    )
    def test_reads_a_number_however_it_is_written(self, text, claim):
        assert claim in found(text, TEA)


class TestUnsupportedClaims:
    @pytest.mark.parametrize(
        ("text", "claim"),
        [
            ("Only £9.99", "£9.99"),
            ("Only €12.50", "€12.50"),
            ("twenty-five pounds", "twenty-five pounds"),
            ("Seven lamps", "Seven"),
            ("A cable of 1.8 cm", "1.8 cm"),
            ("90% recycled", "90%"),
            ("the brightest lamp", "brightest"),
            ("our most popular lamp", "most popular"),
            ("brighter than the sun", "brighter than the sun"),
            ("money-back", "money-back"),
            ("half price", "half price"),
        ],
    )
    def test_have_no_support(self, text, claim):
        assert found(text)[claim] is None

    @pytest.mark.parametrize(
        ("text", "claim"),
        [
            ("只要29元", "29元"),
            ("八折", "八折"),
            ("最好的茶杯", "最好"),
            ("销量第一", "第一"),
            ("比同类更薄", "比同类更"),
            ("七天无理由退货", "七天"),
            ("终身使用", "终身"),
            ("百分之九十", "百分之九十"),
            ("三个杯盖", "三个"),
        ],
    )
    def test_have_no_support_in_chinese(self, text, claim):
        assert found(text, TEA)[claim] is None

    def test_a_price_in_the_description_is_not_the_price(self):
        facts = replace(LAMP, description="Was £20.")
        assert found("Now £20", facts) == {"£20": None}

    def test_a_price_in_the_title_is_what_the_product_is_called(self):
        voucher = Facts(title="Gift voucher £100.00", price=Decimal("83.33"), currency="GBP")
        assert found("A voucher of £100", voucher) == {"£100": "title"}


class TestWhatIsNoClaim:
    @pytest.mark.parametrize(
        "text",
        [
            "One of those lamps that everyone likes.",
            "A guest in the forest has an interest in rest.",
            "Look at the details, and see what you think.",
            "一款百搭的茶杯，十分好看，最近上架。",
        ],
    )
    def test_plain_words_are_left_alone(self, text):
        assert found(text) == {}


class TestLedger:
    def test_tells_part_and_offsets_in_code_points(self):
        draft = replace(MUG, body="😀 the best mug")
        (claim,) = claims_of(draft, facts=Facts(title="Mug"))
        assert (claim.part, draft.body[claim.start : claim.end]) == ("body", "best")
        assert (claim.start, claim.kind) == (6, ClaimKind.SUPERLATIVE)
        assert unsupported([claim]) == (claim,)

    @given(st.text(max_size=300))
    def test_every_span_is_the_text_it_names(self, text):
        for claim in claims_in({"text": text}, facts=LAMP):
            assert claim.text == text[claim.start : claim.end] != ""

    @given(st.decimals("0.01", "99999", places=2))
    def test_only_the_true_price_is_supported(self, price):
        assert (found(f"£{price}") == {f"£{price}": "price"}) == (price == LAMP.price)

    def test_reads_two_megabytes_in_good_time(self):
        facts = replace(LAMP, title="1 best 三" * 400_000, description="9" * 2_000_000)
        assert found("£12.50", facts) == {"£12.50": "price"}


class TestContentHash:
    def test_one_changed_character_is_another_hash(self):
        hashes = {
            content_hash(replace(MUG, **{part: text + "."})) for part, text in MUG.parts().items()
        }
        assert len(hashes | {content_hash(MUG)}) == 5

    def test_moving_a_word_to_another_part_is_another_hash(self):
        one = replace(MUG, headline="a", body="bc")
        assert content_hash(one) != content_hash(replace(MUG, headline="ab", body="c"))

    def test_facts_with_another_price_have_another_hash(self):
        dearer = replace(LAMP, price=Decimal("13"))
        assert facts_hash(LAMP) != facts_hash(dearer)

    def test_a_price_written_with_more_zeros_is_the_same_fact(self):
        assert facts_hash(LAMP) == facts_hash(replace(LAMP, price=Decimal("12.5000")))


class TestLimits:
    def test_a_draft_that_fits_has_no_overrun(self):
        assert all(overruns(MUG, channel=channel) == () for channel in CHANNELS)

    def test_a_headline_too_long_is_named(self):
        (overrun,) = overruns(replace(MUG, headline="x" * 31), channel="google_search")
        assert str(overrun) == "The headline is 31 characters long; 30 are allowed."

    def test_a_text_message_outside_the_gsm_alphabet_has_seventy(self):
        assert overruns(replace(MUG, body="a" * 140), channel="sms") == ()
        (overrun,) = overruns(replace(MUG, body="茶" * 69), channel="sms")
        assert overrun.limit == 70

    def test_search_ads_count_wide_characters_twice(self):
        assert length_in("google_search", "茶杯 mug") == 8
