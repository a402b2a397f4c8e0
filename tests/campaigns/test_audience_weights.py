"""Decisions draw a customer's variant with the weights of the audience that they belong to."""

from __future__ import annotations

import uuid
from collections import Counter

import pytest

from launchopt.audiences.models import Audience
from launchopt.campaigns.models import Launch
from launchopt.experiments.services import change_weights
from tests.support.launches import (
    HOUR,
    NOW,
    ask,
    make_audience,
    make_customers,
    make_running,
    write_words,
)

pytestmark = pytest.mark.django_db
ONLY_B = {"holdout": 0.1, "a": 0.0, "b": 0.9}


def with_second_audience(launch: Launch, audience: Audience) -> None:
    campaign = launch.campaigns.get()
    campaign.pk, campaign.audience = uuid.uuid4(), audience
    campaign._state.adding = True
    campaign.save()
    write_words(launch, audience)


def test_a_new_weight_of_one_audience_holds_with_the_next_decision_there_alone():
    customers = make_customers(160)
    launch = make_running(make_audience(customers[:80]), budget="500.00")
    second = make_audience(customers[80:])
    with_second_audience(launch, second)
    ask(customers[0], at=NOW + HOUR)  # a board is kept before the weights change
    change_weights(experiment=launch.experiment, weights=ONLY_B, audience=second, now=NOW + HOUR)
    first = [ask(customer, at=NOW + 2 * HOUR) for customer in customers[:80]]
    others = [ask(customer, at=NOW + 2 * HOUR) for customer in customers[80:]]
    assert set(Counter(d.variant for d in first)) == {"a", "b", "holdout"}
    assert set(Counter(d.variant for d in others)) == {"b", "holdout"}
    assert {d.phase for d in first} == {1}
    assert {d.phase for d in others} == {2}
    shown = [d for d in others if d.variant == "b"]
    assert {c["share"] for d in shown for c in d.candidates if c["variant"] == "b"} == {0.9}
