"""Building the demo shop: by the real imports, once, and never over somebody else's shop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from launchopt.audiences.models import Consent, Customer, Event
from launchopt.catalog.models import Product
from launchopt_project.demo.market import DEMO, Market, make_market
from launchopt_project.demo.shop import AnotherShop, build_shop, check_home

SMALL = DEMO.smaller(shoppers=120, products=60)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def market() -> Market:
    return make_market(SMALL)


def quietly(title: str, work: Callable[[], Any]) -> Any:
    return work()


class TestBuildingTheShop:
    def test_imports_every_row(self, market: Market, tmp_path: Path):
        build_shop(market, folder=tmp_path, around=quietly)
        assert Product.objects.count() == len(market.products)
        assert Customer.objects.count() == len(market.shoppers)
        assert Event.objects.count() == len(market.events)
        agreed = Consent.objects.filter(purpose="marketing", is_granted=True).count()
        assert agreed == market.shoppers.consents.sum()

    def test_marks_its_past_exposures_as_left_to_chance(self, market: Market, tmp_path: Path):
        build_shop(market, folder=tmp_path, around=quietly)
        exposures = Event.objects.filter(kind="exposure")
        assert exposures.exists()
        assert not exposures.filter(is_randomised=False).exists()
        assert not exposures.exclude(decision_id=None).exists()

    def test_done_twice_changes_nothing(self, market: Market, tmp_path: Path):
        build_shop(market, folder=tmp_path, around=quietly)
        build_shop(market, folder=tmp_path, around=quietly)
        assert Event.objects.count() == len(market.events)


class TestTheHome:
    def test_is_free_when_it_is_empty(self, tmp_path: Path):
        assert check_home(SMALL, folder=tmp_path) is False

    def test_is_used_again_when_the_shop_stands(self, market: Market, tmp_path: Path):
        build_shop(market, folder=tmp_path, around=quietly)
        assert check_home(SMALL, folder=tmp_path) is True

    def test_is_left_alone_when_it_holds_a_shop_of_ones_own(self, market: Market, tmp_path: Path):
        build_shop(market, folder=tmp_path / "elsewhere", around=quietly)
        with pytest.raises(AnotherShop, match="LAUNCHOPT_HOME"):
            check_home(SMALL, folder=tmp_path)

    def test_is_refused_when_its_shop_was_built_with_other_parameters(
        self, market: Market, tmp_path: Path
    ):
        build_shop(market, folder=tmp_path, around=quietly)
        with pytest.raises(AnotherShop, match="other parameters"):
            check_home(replace(SMALL, seed=1), folder=tmp_path)
