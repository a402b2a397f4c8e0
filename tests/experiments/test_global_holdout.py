"""Customers held from all launches: never contacted, and what contacting the others caused."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from launchopt.audiences.models import Customer
from launchopt.checks import check_settings
from launchopt.experiments.holdout import global_effect, is_held_from_all_launches
from launchopt.experiments.models import Assignment
from launchopt.operations.errors import Conflict
from tests.experiments.conftest import DAY, NOW, Shop
from tests.support.launches import ask, make_audience, make_customers, make_running


@pytest.fixture
def a_fifth(settings) -> None:
    settings.LAUNCHOPT = {**settings.LAUNCHOPT, "GLOBAL_HOLDOUT": 0.2}


@pytest.mark.django_db
class TestDecisions:
    def test_show_them_nothing_and_leave_them_out_of_the_experiment(self, a_fifth):
        customers = make_customers(60)
        make_running(make_audience(customers), weights={"holdout": 1e-9, "a": 1.0}, budget="500.00")
        held = [c for c in customers if is_held_from_all_launches(c.external_id)]
        assert 0 < len(held) < 30
        for customer in customers:
            decision = ask(customer)
            expected = ("holdout", "holdout") if customer in held else ("shown", "a")
            assert (decision.reason, decision.variant) == expected
        assigned = set(Assignment.objects.values_list("customer", flat=True))
        assert assigned == {c.pk for c in customers} - {c.pk for c in held}

    def test_hold_nobody_by_default(self):
        assert not any(is_held_from_all_launches(f"c{n}") for n in range(1000))


class TestEffect:
    def test_is_what_the_others_bought_more(self, shop: Shop, a_fifth):
        ids = shop.customers(500)
        names = dict(Customer.objects.values_list("pk", "external_id"))
        others = [pk for pk in ids if not is_held_from_all_launches(names[pk])]
        held = [pk for pk in ids if is_held_from_all_launches(names[pk])]
        shop.purchases(others[: len(others) // 2])
        shop.purchases(held[: len(held) // 10])
        found = global_effect(since=NOW + DAY / 2, until=NOW + 3 * DAY)
        purchases, revenue = found["results"]
        assert (purchases["n"], purchases["control_n"]) == (len(others), len(held))
        expected = (len(others) // 2) / len(others) - (len(held) // 10) / len(held)
        assert purchases["effect"] == pytest.approx(expected)
        assert revenue["effect"] == pytest.approx(10 * expected)
        assert found["verdicts"][0]["verdict"] == "ship launches"
        assert found["sample_ratio"][0]["ok"]

    def test_does_not_count_who_came_later(self, shop: Shop, a_fifth):
        shop.customers(50)
        found = global_effect(since=NOW - DAY, until=NOW)
        assert found["results"][0]["n"] == 0
        assert found["results"][0]["effect"] is None

    def test_needs_somebody_held_out(self, db):
        with pytest.raises(Conflict, match="GLOBAL_HOLDOUT is 0"):
            global_effect(since=NOW, until=NOW + DAY)

    def test_is_told_by_a_command(self, shop: Shop, a_fifth):
        shop.customers(100)
        out = StringIO()
        asked = {"since": NOW + DAY / 2, "until": NOW + DAY}
        call_command("global_effect", **asked, json=True, stdout=out)
        assert json.loads(out.getvalue())["control"] == "holdout"
        with pytest.raises(CommandError, match="ends before it begins"):
            call_command("global_effect", since=NOW, until=NOW - DAY)


def test_a_share_that_is_none_is_named(settings):
    settings.LAUNCHOPT = {**settings.LAUNCHOPT, "GLOBAL_HOLDOUT": 1.5}
    assert "launchopt.E006" in {each.id for each in check_settings()}
