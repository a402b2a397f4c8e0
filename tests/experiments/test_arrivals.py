"""Conversions that are still to come do not count against the variant that waits for them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from launchopt.experiments import services
from launchopt.experiments.arrivals import arms_seen
from tests.experiments.conftest import DAY, NOW, Shop


def assigned(shop: Shop, experiment, count: int, *, at, prefix: str) -> dict[str, list[int]]:
    """So many customers more, by variant."""
    found = services.assign(
        experiment=experiment, customer_ids=shop.customers(count, prefix=prefix), now=at
    )
    by_variant: dict[str, list[int]] = {}
    for customer, place in found.items():
        by_variant.setdefault(place.variant, []).append(customer)
    return by_variant


class TestArmsSeen:
    def test_counts_who_converted_of_whom_could_have(self, shop: Shop):
        """Everybody buys after three days; those assigned yesterday cannot have bought yet."""
        experiment = shop.experiment(weights={"holdout": 1, "a": 1, "b": 1})
        old = assigned(shop, experiment, 300, at=NOW, prefix="old")
        shop.purchases(old["a"][:20], occurred_at=NOW + 3 * DAY)
        young = assigned(shop, experiment, 300, at=NOW + 9 * DAY, prefix="young")
        arms = arms_seen(experiment, until=NOW + 10 * DAY)
        assert set(arms) == {"a", "b"}
        assert arms["a"].successes == 20
        assert arms["a"].trials == pytest.approx(len(old["a"]))
        assert len(young["a"]) > 50

    def test_where_all_are_equally_old_everybody_counts(self, shop: Shop):
        experiment = shop.experiment(weights={"holdout": 1, "a": 1, "b": 1})
        members = assigned(shop, experiment, 300, at=NOW, prefix="c")
        shop.purchases(members["b"][:9], occurred_at=NOW + DAY)
        arms = arms_seen(experiment, until=NOW + 4 * DAY)
        assert (arms["b"].successes, arms["b"].trials) == (9, len(members["b"]))

    def test_before_anything_was_bought_nothing_is_known(self, shop: Shop):
        experiment = shop.experiment(weights={"holdout": 1, "a": 1, "b": 1})
        assigned(shop, experiment, 60, at=NOW, prefix="c")
        arms = arms_seen(experiment, until=NOW + DAY)
        assert {(arm.successes, arm.trials) for arm in arms.values()} == {(0, 0)}

    def test_takes_a_fixed_number_of_queries(self, shop: Shop):
        experiment = shop.experiment(weights={"holdout": 1, "a": 1, "b": 1})
        members = assigned(shop, experiment, 200, at=NOW, prefix="c")
        shop.purchases(members["a"][:30], occurred_at=NOW + DAY)
        with CaptureQueriesContext(connection) as queries:
            arms_seen(experiment, until=NOW + 4 * DAY)
        assert len(queries) <= 3
