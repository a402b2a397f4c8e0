"""The checker of `benchmarks.copy` sees what is invented, without the ledger's help."""

import pytest

from benchmarks.copy.checker import invented

MUG = {"title": "Blue Mug", "price": "7.50", "description": "Holds 300 ml.", "is_new": False}
CUP = {"title": "茶杯", "材质": "陶瓷", "is_new": False}


class TestInvented:
    @pytest.mark.parametrize(
        ("text", "claim"),
        [
            ("The best Blue Mug", "best"),
            ("Blue Mug for £7.40", "7.40"),
            ("Holds 500 ml.", "500"),
            ("A pure silk Blue Mug", "silk"),
            ("Two mugs", "Two"),
            ("Free delivery", "Free"),
            ("New: Blue Mug", "New"),
        ],
    )
    def test_names_what_the_facts_do_not_say(self, text, claim):
        assert claim in invented(text, MUG)

    @pytest.mark.parametrize(
        ("text", "claim"),
        [
            ("最好的茶杯", "最"),
            ("真丝茶杯", "真丝"),
            ("三个茶杯", "三个"),
            ("新品：茶杯", "新品"),
            ("比别人更好", "更"),
        ],
    )
    def test_reads_chinese(self, text, claim):
        assert claim in invented(text, CUP)

    @pytest.mark.parametrize(
        ("text", "facts"),
        [
            ("Meet the Blue Mug. Holds 300 ml. Yours for £7.50.", MUG),
            ("陶瓷茶杯，更多细节请看商品页。", CUP),
            ("New: Blue Mug", MUG | {"is_new": True}),
        ],
    )
    def test_leaves_alone_what_they_say(self, text, facts):
        assert invented(text, facts) == []
