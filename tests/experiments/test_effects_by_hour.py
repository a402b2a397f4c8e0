"""The effect by hour of the day: which purchases came of it, with all hours judged together."""

from __future__ import annotations

from datetime import timedelta

import pytest
from scipy import stats

from launchopt.experiments import services
from launchopt.experiments.models import Experiment, Metric
from launchopt.experiments.parts import effects_by_hour
from launchopt.experiments.results import launch_effect
from tests.experiments.conftest import DAY, NOW, Shop

HOUR = timedelta(hours=1)


def at(hour: int):
    """That hour, UTC, of the day after the start."""
    return NOW.replace(hour=0) + DAY + hour * HOUR


@pytest.fixture
def evening(shop: Shop) -> Experiment:
    """Both sides buy alike at 10; at 20 only the treated buy, half of them; one buys at 3."""
    experiment, people = shop.experiment(), shop.customers(400)
    shop.purchases(people[::3], occurred_at=NOW - 5 * DAY)  # what they did beforehand
    assigned = services.assign(experiment=experiment, customer_ids=people, now=NOW)
    sides = {
        name: [c for c in people if assigned[c].variant == name] for name in ("warm", "holdout")
    }
    for own in sides.values():
        shop.purchases(own[::10], occurred_at=at(10))
    shop.purchases(sides["warm"][::2], occurred_at=at(20))
    shop.purchases(sides["warm"][:1], occurred_at=at(3))
    return experiment


def told(experiment: Experiment, *, zone: str = "UTC") -> dict[int, dict]:
    return {row["hour"]: row for row in effects_by_hour(experiment, zone=zone)}


class TestEffectsByHour:
    def test_lie_where_the_purchases_that_it_caused_were_made(self, evening):
        found = told(evening)
        assert found[20]["effect"] == pytest.approx(0.5, abs=0.01)
        assert found[20]["interval"][0] > 0
        assert found[20]["adjusted_p_value"] < 0.001
        assert found[10]["effect"] == pytest.approx(0, abs=0.01)
        assert found[10]["interval"][0] < 0 < found[10]["interval"][1]

    def test_add_up_to_the_effect_of_the_whole_day(self, evening):
        found = told(evening)
        whole = launch_effect(evening)
        assert sum(row["effect"] for row in found.values()) == pytest.approx(whole["estimate"])
        assert {row["n"] for row in found.values()} == {whole["n"]}

    def test_are_not_judged_where_hardly_anybody_bought(self, evening):
        row = told(evening)[3]
        assert (row["buyers"], row["interval"], row["adjusted_p_value"]) == (1, None, None)
        assert row["effect"] > 0

    def test_go_by_the_clock_of_the_shop(self, evening):
        assert told(evening, zone="Asia/Shanghai")[4]["effect"] == pytest.approx(0.5, abs=0.01)

    def test_all_intervals_hold_together(self, evening):
        """Two hours are judged, each at half of the risk: of 5 % and of 10 %."""
        widths = []
        for evening.alpha in (0.05, 0.1):
            row = told(evening)[20]
            widths.append(row["interval"][1] - row["interval"][0])
        alike = stats.norm.isf(0.05 / 4) / stats.norm.isf(0.1 / 4)
        assert widths[0] / widths[1] == pytest.approx(alike, rel=0.005)
        assert row["p_value"] < row["adjusted_p_value"]

    def test_a_share_counts_each_customer_once_an_hour(self, evening):
        evening.primary_metric = Metric.objects.get(name="buyers")
        assert told(evening)[20]["mean"] == pytest.approx(0.5, abs=0.01)

    def test_nobody_assigned_gives_hours_without_anything(self, shop):
        found = told(shop.experiment())
        assert len(found) == 24
        assert {row["effect"] for row in found.values()} == {None}
