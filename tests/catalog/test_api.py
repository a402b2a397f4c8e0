"""Products over REST."""

from __future__ import annotations

import pytest
from django.utils import timezone

from launchopt.catalog.models import Product
from launchopt.catalog.services import ensure_placeholders

pytestmark = pytest.mark.django_db
TEA = {
    "sku": "TEA",
    "title": "Tea",
    "category": "Kitchen",
    "price": "2.50",
    "attributes": {"organic": True},
}


@pytest.fixture
def shop(client_of):
    return client_of("integration")


class TestProducts:
    def test_is_created_changed_and_shown(self, shop):
        assert shop.post("/api/v1/products/", TEA, format="json").status_code == 201
        changed = shop.patch("/api/v1/products/TEA/", {"price": "3.00"}, format="json")
        assert changed.json()["price"] == "3.0000"
        shown = shop.get("/api/v1/products/TEA/").json()
        assert (shown["category"], shown["attributes"]) == ("Kitchen", {"organic": True})

    def test_put_changes_what_is_given(self, shop):
        shop.post("/api/v1/products/", TEA, format="json")
        answer = shop.put("/api/v1/products/TEA/", TEA | {"title": "Green tea"}, format="json")
        assert answer.json()["title"] == "Green tea"

    def test_a_taken_sku_is_a_409(self, shop):
        shop.post("/api/v1/products/", TEA, format="json")
        assert shop.post("/api/v1/products/", TEA, format="json").status_code == 409

    def test_a_placeholder_is_filled_in(self, shop):
        ensure_placeholders(["TEA"], now=timezone.now())
        assert shop.post("/api/v1/products/", TEA, format="json").status_code == 201
        assert not Product.objects.get().is_placeholder

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"price": "-1"}, "/price"),
            ({"title": "x" * 2_000_000}, "/title"),
            ({"attributes": [1]}, "/attributes"),
            ({"attributes": {"a": {"b": 1}}}, "/attributes"),
            ({"colour": "red"}, "/colour"),
            ({"url": "javascript:alert(1)"}, "/url"),
            ({"currency": "££"}, "/currency"),
        ],
    )
    def test_what_is_wrong_is_pointed_at(self, shop, changes, pointer):
        answer = shop.post("/api/v1/products/", TEA | changes, format="json")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == pointer
        assert not Product.objects.exists()

    def test_are_found_by_words_category_and_page(self, shop):
        for sku, title in (("TEA", "Tea"), ("MUG", "Mug"), ("POT", "Teapot")):
            shop.post("/api/v1/products/", TEA | {"sku": sku, "title": title}, format="json")
        found = shop.get("/api/v1/products/?search=tea&category__name=Kitchen&page_size=1").json()
        assert (found["count"], [p["sku"] for p in found["results"]]) == (2, ["POT"])

    def test_an_unknown_sku_is_a_404(self, shop):
        assert shop.get("/api/v1/products/NO/").status_code == 404
        assert shop.patch("/api/v1/products/NO/", {"title": "x"}, format="json").status_code == 404

    def test_an_analyst_may_read_only(self, client_of):
        analyst = client_of("analyst")
        assert analyst.get("/api/v1/products/").status_code == 200
        assert analyst.post("/api/v1/products/", TEA, format="json").status_code == 403
