"""A snapshot is cut at an instant and leaks nothing of what follows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchopt_ml.shop import ShopOutOfOrder, UnknownKind, days, instant, kind_codes
from tests.ml.shops import START, shop_of_tastes, with_more_events

SHOP = shop_of_tastes(customers=30, products=20)


class TestBefore:
    @given(st.floats(min_value=0, max_value=300))
    def test_keeps_no_event_at_or_after_the_instant(self, day):
        cut = START + days(day)
        kept = SHOP.before(cut).events
        assert (kept.time < cut).all()
        assert len(kept) == (SHOP.events.time < cut).sum()

    @given(st.floats(min_value=1, max_value=200), st.integers(0, 9))
    def test_is_the_same_whatever_happens_later(self, day, seed):
        cut = START + days(day)
        changed = with_more_events(SHOP, after=cut, count=20, seed=seed)
        before, again = SHOP.before(cut), changed.before(cut)
        for kind in ("products", "customers", "events"):
            for name in vars(getattr(before, kind)):
                old, new = getattr(getattr(before, kind), name), getattr(getattr(again, kind), name)
                np.testing.assert_array_equal(old, new)

    def test_knows_only_products_on_sale_by_then(self):
        cut = START + days(60)
        assert set(SHOP.before(cut).products.sku) == set(SHOP.products.sku[SHOP.new_at < cut])

    def test_keeps_each_event_with_its_customer_and_product(self):
        late = SHOP.customers.joined_at.copy()
        late[:10] = START + days(500)
        shop = type(SHOP)(SHOP.products, type(SHOP.customers)(SHOP.customers.id, late), SHOP.events)
        cut = shop.before(START + days(40))
        count = len(cut.events)
        names = shop.customers.id[shop.events.customer[:count]]
        np.testing.assert_array_equal(cut.customers.id[cut.events.customer], names)
        skus = shop.products.sku[shop.events.product[:count]]
        np.testing.assert_array_equal(cut.products.sku[cut.events.product], skus)

    def test_a_customer_who_neither_joined_nor_did_anything_is_unknown(self):
        assert len(SHOP.before(START).customers) == 0


class TestShop:
    def test_refuses_events_out_of_order(self):
        backwards = SHOP.events.take(np.arange(len(SHOP.events))[::-1])
        with pytest.raises(ShopOutOfOrder, match="sorted by time"):
            type(SHOP)(SHOP.products, SHOP.customers, backwards)

    def test_refuses_columns_of_different_length(self):
        with pytest.raises(ShopOutOfOrder, match="differ in length"):
            type(SHOP.customers)(np.array(["a", "b"]), np.array([START]))

    def test_a_product_is_new_at_its_first_event_where_nothing_is_declared(self):
        undeclared = np.full(len(SHOP.products), np.datetime64("NaT", "us"))
        products = type(SHOP.products)(**{**vars(SHOP.products), "new_at": undeclared})
        shop = type(SHOP)(products, SHOP.customers, SHOP.events)
        first = SHOP.events.time[SHOP.events.product == 5].min()
        assert shop.new_at[5] == first


class TestKindCodes:
    def test_names_the_kind_it_does_not_know(self):
        with pytest.raises(UnknownKind, match="stolen"):
            kind_codes(["purchase", "stolen"])


class TestInstant:
    def test_turns_a_zone_into_utc(self):
        assert instant("2024-01-01T01:00:00+01:00") == START
