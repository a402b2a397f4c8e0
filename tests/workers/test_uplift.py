"""Uplift from the shop's own launches, and from imported ones that chance decided."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from launchopt import jobs
from launchopt.audiences.models import Customer, Event
from launchopt.campaigns.models import Decision, Launch, Placement
from launchopt.experiments.models import Assignment, Experiment
from launchopt.operations.models import ModelVersion
from launchopt.operations.runs import Work
from launchopt.operations.schedules import SCHEDULES
from launchopt_workers.uplift.asking import NoUplift, PlannedUplift, uplift_for
from launchopt_workers.uplift.reading import observed, past_windows
from launchopt_workers.uplift.tasks import train_uplift
from tests.support.launches import (
    HOUR,
    NOW,
    make_audience,
    make_customers,
    make_launch,
    make_product,
)
from tests.support.shops import happened

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LATER = NOW + 60 * DAY


def known_shop(count: int) -> list[Customer]:
    """Customers who all looked at something a month before."""
    customers = make_customers(count)
    other = make_product("OLD-1", title="OLD BOWL")
    happened(customers, "view", product=other, at=NOW - 30 * DAY)
    return customers


def past_launch(customers: list[Customer], *, moved: int = 20, sku: str = "MUG-1") -> Launch:
    """Finished; every second customer was left alone; `moved` of the others bought it."""
    launch = make_launch(make_audience(customers), product=make_product(sku), hours=48)
    experiment = launch.experiment
    assert experiment is not None
    variants = {variant.name: variant for variant in experiment.variants.all()}
    experiment.phases.update(weights={"holdout": 0.5, "a": 0.5, "b": 0.0})
    held, treated = customers[::2], customers[1::2]
    Assignment.objects.bulk_create(
        Assignment(
            experiment=experiment,
            customer=customer,
            variant=variants["holdout" if customer in held else "a"],
            phase=1,
            assigned_at=NOW,
        )
        for customer in customers
    )
    Decision.objects.bulk_create(
        contact(launch, customer, at=NOW + HOUR) for customer in treated for _ in range(2)
    )
    happened(treated[:moved], "purchase", product=launch.product, at=NOW + 3 * HOUR)
    happened(held[:2], "purchase", product=launch.product, at=NOW + 3 * HOUR)
    happened(held[2:40], "purchase", product=launch.product, at=NOW + 49 * HOUR)  # after its end
    Experiment.objects.filter(pk=experiment.pk).update(
        starts_at=NOW, ends_at=NOW + 48 * HOUR, status=Experiment.Status.STOPPED
    )
    Launch.objects.filter(pk=launch.pk).update(
        status=Launch.Status.FINISHED, started_at=NOW, finished_at=NOW + 48 * HOUR
    )
    return launch


def night(at: datetime) -> dict[str, Any]:
    return train_uplift(Work(None, clock=lambda: at), as_of=at.isoformat())


def contact(launch: Launch, customer: Customer, *, at: datetime) -> Decision:
    placement, _ = Placement.objects.get_or_create(name="home", defaults={"channel": "onsite"})
    return Decision(
        customer=customer,
        placement=placement,
        channel="onsite",
        launch=launch,
        variant="a",
        phase=1,
        reason="shown",
        propensity=0.5,
        policy_version="1",
        state=Decision.State.CONFIRMED,
        decided_at=at,
    )


class TestOwnLaunches:
    def test_count_purchases_from_the_assignment_to_the_end(self):
        launch = past_launch(known_shop(120))
        (window,) = past_windows(before=LATER)
        seen = observed(window)
        assert window.launch == launch
        assert seen.bought[seen.treated].sum() == 20
        assert seen.bought[~seen.treated].sum() == 2
        assert seen.contacts == 2
        assert set(seen.share) == {0.5}

    def test_are_not_known_before_they_are_over(self):
        past_launch(known_shop(120))
        assert past_windows(before=NOW + 47 * HOUR) == []

    def test_tell_a_new_launch_what_a_contact_adds(self):
        customers = known_shop(400)
        past_launch(customers, moved=60)
        new = make_product("MUG-2")
        found = uplift_for(product_id=new.pk, as_of=LATER)
        assert isinstance(found, PlannedUplift)
        assert found.per_contact.keys() == {customer.pk for customer in customers}
        # 60 of 200 against 2 of 200, by two contacts each
        assert found.figure["value"] == pytest.approx(0.145, abs=0.03)
        assert found.figure["source"] == "analog"
        assert "1 past launch that left customers out by chance" in found.figure["detail"]

    def test_a_version_that_knows_them_all_is_used_again(self):
        past_launch(known_shop(400), moved=60)
        new = make_product("MUG-2")
        first = uplift_for(product_id=new.pk, as_of=LATER)
        again = uplift_for(product_id=new.pk, as_of=LATER + DAY)
        assert isinstance(first, PlannedUplift)
        assert isinstance(again, PlannedUplift)
        assert first.model_version == again.model_version
        assert ModelVersion.objects.get(name="uplift").status == "active"

    def test_without_an_effect_beyond_chance_nothing_is_promised(self):
        past_launch(known_shop(400), moved=3)
        found = uplift_for(product_id=make_product("MUG-2").pk, as_of=LATER)
        assert isinstance(found, NoUplift)
        assert "fewest" in found.reason

    def test_customers_are_told_apart_where_as_many_are_driven_away_as_moved(self):
        """On the mean a contact adds nothing; yet it is known whom to speak to."""
        customers = known_shop(800)
        fond = set(customers[400:])
        happened(sorted(fond, key=lambda c: c.pk), "favourite", product=make_product("OLD-2"),
                 at=NOW - 20 * DAY)  # fmt: skip
        launch = past_launch(customers, moved=0)
        held, treated = customers[::2], customers[1::2]
        moved = [customer for customer in treated if customer in fond][:90]
        driven_away = [customer for customer in held if customer not in fond][40:130]
        happened([*moved, *driven_away], "purchase", product=launch.product, at=NOW + 3 * HOUR)
        found = uplift_for(product_id=make_product("MUG-2").pk, as_of=NOW + 49 * HOUR)
        assert isinstance(found, PlannedUplift)
        assert min(found.per_contact[customer.pk] for customer in moved) > 0.1
        assert min(found.per_contact.values()) == 0

    def test_without_a_past_launch_the_reason_is_said(self):
        known_shop(10)
        found = uplift_for(product_id=make_product("MUG-2").pk, as_of=LATER)
        assert found == NoUplift(
            "No past launch left customers out by chance, so nobody knows yet what a contact adds."
        )


class TestNight:
    def test_learns_what_a_plan_then_uses_and_only_once(self):
        past_launch(known_shop(400), moved=60)
        first, again = night(LATER), night(LATER + DAY)
        assert first["learned"]
        assert not again["learned"]
        assert again["model_version"] == first["model_version"]
        found = uplift_for(product_id=make_product("MUG-2").pk, as_of=LATER + 2 * DAY)
        assert isinstance(found, PlannedUplift)
        assert found.model_version == first["model_version"]

    def test_without_a_past_launch_says_why_and_fails_nothing(self):
        known_shop(10)
        told = night(LATER)
        assert not told["learned"]
        assert "left customers out by chance" in told["reason"]

    def test_stands_in_the_schedules(self):
        assert jobs.TRAIN_UPLIFT in {schedule.job for schedule in SCHEDULES}


class TestImportedLaunches:
    def shown(self, customers: list[Customer], *, is_randomised: bool) -> None:
        product = make_product("MUG-1")
        happened(customers[::2], "exposure", product=product, at=NOW + HOUR)
        Event.objects.filter(kind="exposure").update(is_randomised=is_randomised)
        other = make_product("BOWL-1")
        happened(customers[1::2][:150], "view", product=other, at=NOW + HOUR)
        happened(customers[::2][:50], "purchase", product=product, at=NOW + 2 * HOUR)
        happened(customers[1::2][:1], "purchase", product=product, at=NOW + 2 * HOUR)

    def test_compare_with_those_who_came_by_and_were_not_shown(self):
        self.shown(known_shop(400), is_randomised=True)
        (window,) = past_windows(before=LATER)
        seen = observed(window)
        assert (~seen.treated).sum() == 150
        assert seen.treated.sum() == 200
        assert seen.bought[seen.treated].mean() == 0.25
        found = uplift_for(product_id=make_product("MUG-2").pk, as_of=LATER)
        assert isinstance(found, PlannedUplift)
        assert np.mean(list(found.per_contact.values())) == pytest.approx(0.24, abs=0.05)

    def test_without_chance_nothing_is_learned(self):
        self.shown(known_shop(400), is_randomised=False)
        assert past_windows(before=LATER) == []

    def test_only_those_who_agreed_are_compared(self):
        self.shown(known_shop(400), is_randomised=True)
        silent = make_customers(50, consent=False, prefix="silent")
        happened(silent, "view", product=make_product("CUP-1"), at=NOW + HOUR)
        (window,) = past_windows(before=LATER)
        assert not {customer.pk for customer in silent} & set(observed(window).customers.tolist())


class TestCommand:
    def test_says_what_was_learned(self):
        past_launch(known_shop(400), moved=60)
        out = StringIO()
        call_command("train_uplift", as_of=LATER, stdout=out, stderr=StringIO())
        assert "past launches: 1" in out.getvalue()
        assert "additional buyers per contact: 0.14" in out.getvalue()

    def test_says_in_one_line_why_nothing_can_be_learned(self):
        with pytest.raises(CommandError, match="left customers out by chance"):
            call_command("train_uplift", stdout=StringIO(), stderr=StringIO())
