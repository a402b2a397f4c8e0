"""What sold a year ago in the coming season speaks again, and nothing does where none was seen."""

from __future__ import annotations

import numpy as np
import pytest

from launchopt_ml.interest.facts import buyers_expected, buyers_lately
from launchopt_ml.interest.histories import Histories
from launchopt_ml.interest.season import Season, seasonal
from launchopt_ml.shop import PURCHASE, Customers, Events, Products, Shop, days, instant

START = instant("2023-01-01")
SCARF, MUG = 0, 1
WINTER = instant("2023-12-01")
CUSTOMERS = 20


def shop_of_seasons(*, years: float) -> Shop:
    """Everyone buys a mug every month, and a scarf on a day of December."""
    last = START + days(365 * years)
    mugs = [(who, MUG, START + days(5 + 30 * n)) for n in range(36) for who in range(CUSTOMERS)]
    scarves = [(who, SCARF, WINTER + days(365 * n)) for n in range(3) for who in range(CUSTOMERS)]
    rows = sorted((row for row in mugs + scarves if row[2] < last), key=lambda row: row[2])
    who, what, when = (np.array(column) for column in zip(*rows, strict=True))
    return Shop(
        Products(
            sku=np.array(["scarf", "mug"]),
            text=np.array(["a scarf", "a mug"], dtype=object),
            category=np.array(["", ""]),
            price=np.array([5.0, 5.0]),
            new_at=np.full(2, np.datetime64("NaT", "us")),
            embedding=np.eye(2, dtype=np.float32),
        ),
        Customers(np.array([f"C{n:02}" for n in range(CUSTOMERS)]), np.full(CUSTOMERS, START)),
        Events(
            customer=who.astype(np.int32),
            product=what.astype(np.int32),
            kind=np.full(len(who), PURCHASE, dtype=np.int8),
            quantity=np.ones(len(who), dtype=np.float32),
            price=np.full(len(who), 5, dtype=np.float32),
            time=when.astype("datetime64[us]"),
        ),
    )


def column(histories: Histories, sku: str) -> int:
    """Where the product stands; histories have products by sku."""
    return histories.shop.products.sku.tolist().index(sku)


class TestSeason:
    def test_is_the_coming_days_a_year_ago(self):
        shop = shop_of_seasons(years=2)
        season = Season.of(shop.events, as_of=instant("2024-11-15"), length=30)

        assert str(season.since)[:10] == "2023-11-02"
        assert str(season.until)[:10] == "2023-12-30"
        assert season.seen_days == pytest.approx(58)

    def test_counts_only_the_days_that_were_seen(self):
        shop = shop_of_seasons(years=1)
        first = shop.events.time[0]
        season = Season.of(shop.events, as_of=first + days(290), length=90)

        assert season.since == first
        assert season.seen_days == pytest.approx(90 + 14 - 75)

    def test_was_not_seen_in_a_young_shop(self):
        shop = shop_of_seasons(years=0.5)
        season = Season.of(shop.events, as_of=START + days(180), length=90)

        assert season.seen_days == 0
        assert not season.purchases(shop.events).any()

    def test_has_nothing_of_what_sells_all_year(self):
        shop = shop_of_seasons(years=2)
        as_of = instant("2024-11-15")
        events = shop.before(as_of).events
        lately = events.time >= as_of - days(60)
        share = seasonal(
            Season.of(events, as_of=as_of, length=90),
            events,
            lately=lately,
            length=60,
            products=2,
        )

        assert share[SCARF] == pytest.approx(1)
        assert share[MUG] < 0.2


class TestHistoriesInSeason:
    def test_hear_who_bought_a_winter_product_when_winter_comes_again(self):
        shop = shop_of_seasons(years=2)
        histories = Histories.of(shop, as_of=instant("2024-11-15"))
        scarf = column(histories, "scarf")

        assert histories.lately[:, scarf].toarray() == pytest.approx(np.ones((CUSTOMERS, 1)))
        assert histories.taste[:, scarf].toarray() == pytest.approx(np.ones((CUSTOMERS, 1)))

    def test_let_it_fade_before(self):
        shop = shop_of_seasons(years=2)
        histories = Histories.of(shop, as_of=instant("2024-06-15"))
        scarf = column(histories, "scarf")

        assert histories.lately[:, scarf].nnz == 0
        assert histories.taste[:, scarf].max() < 0.05

    def test_count_a_purchase_lately_once(self):
        shop = shop_of_seasons(years=2)
        histories = Histories.of(shop, as_of=instant("2024-11-15"))

        assert histories.lately.max() == 1


class TestBuyersExpected:
    def test_is_what_sold_in_the_season_if_that_was_more(self):
        histories = Histories.of(shop_of_seasons(years=2), as_of=instant("2024-11-15"))
        expected = buyers_expected(histories, horizon_days=90)
        lately = buyers_lately(histories, length=60)
        scarf, mug = column(histories, "scarf"), column(histories, "mug")

        assert lately[scarf] == 0
        assert expected[scarf] > 100  # of 1,000 customers a month
        assert expected[mug] == lately[mug]

    def test_is_what_sold_lately_where_no_such_season_was_seen(self):
        histories = Histories.of(shop_of_seasons(years=0.5), as_of=START + days(180))
        lately = buyers_lately(histories, length=60)

        assert (buyers_expected(histories, horizon_days=90) == lately).all()
