"""Products: saved many at once, scored when new, and their changes told to the apps above."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchopt import jobs
from launchopt.catalog.models import Category, Product
from launchopt.catalog.services import (
    change_product,
    ensure_placeholders,
    keep_product,
    retire_products,
    save_products,
)
from launchopt.catalog.signals import products_changed
from launchopt.catalog.texts import hash_of_text, product_text
from launchopt.operations.errors import InvalidInput
from launchopt.operations.importing.cleaning import REASON

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
TEA = {"sku": "TEA", "title": "Tea", "category": "Kitchen", "price": "2.50", "currency": "gbp"}


@pytest.fixture
def sent(monkeypatch, django_capture_on_commit_callbacks):
    """The names of the jobs sent on commit by what is called within."""

    def run(action):
        with django_capture_on_commit_callbacks() as callbacks:
            action()
        found = [callback.args[0] for callback in callbacks if hasattr(callback, "args")]
        return [job.name for job in found if isinstance(job, jobs.Job)]

    return run


def save(*rows: dict[str, Any], now: datetime = NOW) -> tuple[int, int, list[str]]:
    outcome = save_products(list(rows), now=now)
    assert outcome.rejected is not None
    return outcome.accepted, outcome.updated, outcome.rejected[REASON].to_list()


@pytest.mark.django_db
class TestSaveProducts:
    def test_saves_every_field(self):
        full = TEA | {
            "description": "Green.",
            "brand": "Leaf",
            "url": "https://shop.example/tea",
            "image_url": "https://shop.example/tea.jpg",
            "language": "en",
            "stock": 7,
            "launched_at": "2026-03-01T00:00:00Z",
            "retired_at": "2026-09-01T00:00:00Z",
            "attributes": {"weight": 100, "organic": True},
        }
        save(full)
        tea = Product.objects.select_related("category").get()
        assert (tea.title, tea.category.name, tea.brand) == ("Tea", "Kitchen", "Leaf")
        assert (tea.price, tea.currency, tea.stock) == (Decimal("2.5"), "GBP", 7)
        assert tea.attributes == {"weight": 100, "organic": True}
        assert (tea.launched_at.month, tea.retired_at.month) == (3, 9)

    def test_changes_nothing_the_second_time(self, sent):
        assert save(TEA) == (1, 0, [])
        assert sent(lambda: save(TEA, now=LATER)) == []
        assert Product.objects.get().updated_at == NOW

    def test_a_new_product_is_scored_on_commit_once(self, sent):
        found = sent(lambda: save(TEA, TEA | {"sku": "MUG", "title": "Mug"}))
        assert found == [jobs.SCORE_NEW_PRODUCTS.name]

    def test_a_changed_text_is_scored_and_a_changed_price_is_not(self, sent):
        save(TEA)
        before = Product.objects.get().text_hash
        assert sent(lambda: save(TEA | {"price": 3})) == []
        assert Product.objects.get().text_hash == before
        assert sent(lambda: save(TEA | {"category": "Garden"})) == [jobs.SCORE_NEW_PRODUCTS.name]
        assert Product.objects.get().text_hash != before

    def test_tells_what_changed(self):
        save(TEA)
        heard: list[dict[int, list[str]]] = []

        def hear(*, changes, **_):
            heard.append(changes)

        products_changed.connect(hear)
        try:
            assert save(TEA | {"price": 3, "stock": 1}) == (1, 1, [])
            save(TEA | {"sku": "MUG"})
        finally:
            products_changed.disconnect(hear)
        assert heard == [{Product.objects.get(sku="TEA").pk: ["price", "stock"]}]

    def test_single_facts_join_those_that_are_there(self):
        save(TEA | {"attributes.material": "linen"})
        save(TEA | {"attributes.colour": "sage", "attributes.material": None})
        assert Product.objects.get().attributes == {"material": "linen", "colour": "sage"}

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"title": ""}, "title is missing"),
            ({"title": "x" * 2_000_000}, "title is longer than 1,000 characters"),
            (
                {"description": "x" * 20_000},
                "title and description are longer than 20,000 characters together",
            ),
            ({"price": "-0.01"}, "price is negative"),
            ({"currency": "£"}, "currency is no currency code of three letters"),
            ({"url": "javascript:alert(1)"}, "url is no http address"),
            ({"stock": "many"}, "stock is no whole number"),
            (
                {"launched_at": "2026-03-02T00:00:00Z", "retired_at": "2026-03-01T00:00:00Z"},
                "retired_at is not after launched_at",
            ),
        ],
    )
    def test_rejects_what_is_wrong(self, changes, reason):
        assert save(TEA | changes) == (0, 0, [reason])
        assert not Product.objects.exists()

    def test_a_placeholder_waits_for_its_text(self, sent):
        assert sent(lambda: ensure_placeholders(["TEA", "TEA"], now=NOW)) == []
        assert (Product.objects.get().is_placeholder, Product.objects.get().text_hash) == (True, "")
        assert save(TEA) == (1, 1, [])
        assert not Product.objects.get().is_placeholder
        assert Product.objects.get().text_hash

    def test_uses_a_fixed_number_of_queries(self, django_assert_max_num_queries):
        rows = [TEA | {"sku": f"P{n}", "category": f"C{n % 50}"} for n in range(500)]
        with django_assert_max_num_queries(16):
            assert save(*rows) == (500, 0, [])
        assert Category.objects.count() == 50


@pytest.mark.django_db
class TestOneProduct:
    def test_what_is_given_empty_is_emptied(self):
        save(TEA)
        change_product(Product.objects.get(), {"price": None, "category": None}, now=LATER)
        tea = Product.objects.get()
        assert (tea.price, tea.category, tea.title) == (None, None, "Tea")

    def test_its_sku_stays(self):
        save(TEA)
        with pytest.raises(InvalidInput, match="cannot be changed"):
            change_product(Product.objects.get(), {"sku": "MUG"}, now=LATER)

    def test_a_form_saves_like_everybody_else(self, sent):
        made = Product(sku="MUG", title="Mug")
        fields = ["sku", "title"]
        found = sent(lambda: keep_product(product=made, changed=fields, now=NOW))
        assert found == [jobs.SCORE_NEW_PRODUCTS.name]
        assert Product.objects.get().created_at == NOW

    def test_is_retired_from_an_instant_on(self):
        save(TEA)
        assert retire_products(["TEA", "?"], at=LATER, now=NOW) == 1
        assert retire_products(["TEA"], at=LATER, now=NOW) == 0
        assert not Product.objects.on_sale(LATER).exists()
        assert Product.objects.on_sale(NOW).exists()


class TestProductText:
    @given(st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=5), max_size=5))
    def test_does_not_depend_on_the_order_of_facts(self, facts):
        turned = dict(reversed(list(facts.items())))
        texts = [
            product_text(title="Tea", description="", category="", brand="", attributes=a)
            for a in (facts, turned)
        ]
        assert hash_of_text(texts[0]) == hash_of_text(texts[1])
