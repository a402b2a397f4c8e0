"""The nightly look at the model in service: what is usual stays quiet, what is not opens once."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from launchopt import jobs
from launchopt.audiences.models import InterestScore
from launchopt.audiences.watching import buyers_of_scored, spread_of_scores
from launchopt.operations.models import Alert, JobClock
from launchopt.operations.services import activate_model
from launchopt_ml.interest.protocol import Launch
from launchopt_ml.shop import instant
from launchopt_ml.spread import spread_of
from launchopt_workers import due
from launchopt_workers.watching import drift
from tests.support.launches import NOW, make_customers, make_product
from tests.support.models import METRICS, make_tested
from tests.support.shops import happened, score

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
CUSTOMERS = 100
SINCE = NOW - 30 * DAY


def usual_chances(rng, *, times=1.0):
    """For 30 days on sale."""
    return np.minimum(times * rng.gamma(0.5, 0.06, CUSTOMERS), 0.9).tolist()


def metrics_then():
    """As a test of 60 products with such chances would have left."""
    rng = np.random.default_rng(0)
    chances = np.array([usual_chances(rng) for _ in range(60)]).T
    new_at = np.full(60, np.datetime64("NaT", "us"))
    launch = Launch(SimpleNamespace(new_at=new_at), instant("2026-01-01"), 30.0)
    return METRICS | {"scores": spread_of(launch, chances)}


@pytest.fixture
def customers():
    return make_customers(CUSTOMERS)


@pytest.fixture
def active():
    made = make_tested(at=NOW - 20 * DAY, metrics=metrics_then())
    return activate_model(version=made, now=NOW - 20 * DAY)


def launched(customers, active, *, times=1.0, count=8, buy=None, as_of=NOW - 29 * DAY, seed=1):
    """Products scored as of an instant, and how many customers bought each in the days after."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        product = make_product(f"N{seed}-{number}", launched_at=as_of)
        chances = usual_chances(rng, times=times)
        score(product, customers, chances=chances, as_of=as_of, days=30, model=active)
        if buy:
            chosen = rng.choice(CUSTOMERS, buy, replace=False)
            at = as_of + 2 * DAY
            happened([customers[n] for n in chosen], "purchase", at=at, product=product)


def watch(now=NOW):
    return drift.watch(now=now)


def open_codes():
    return set(Alert.objects.filter(resolved_at=None).values_list("code", flat=True))


class TestSpread:
    def test_agrees_with_the_classes_that_the_test_kept(self, customers, active):
        launched(customers, active, count=3, as_of=NOW)
        kept = active.metrics["scores"]
        rows = InterestScore.objects.values_list("probability", flat=True)
        daily = np.array(list(rows)) / 30
        by_hand = np.bincount(np.searchsorted(kept["edges"], daily, side="right"), minlength=10)
        found = spread_of_scores(edges=kept["edges"], since=SINCE, until=NOW + DAY)
        assert list(found.counts) == by_hand.tolist()
        assert found.products == 3

    def test_a_launch_later_in_the_horizon_counts_by_its_days_on_sale(self, customers, active):
        product = make_product("LATE", launched_at=NOW + 20 * DAY)
        score(product, customers[:1], chances=[0.1], as_of=NOW, days=30, model=active)
        found = spread_of_scores(edges=[0.005, 0.02], since=SINCE, until=NOW + DAY)
        assert found.counts == (0, 1, 0)  # 0.1 over 10 days, not over 30

    def test_old_scores_do_not_count(self, customers, active):
        launched(customers, active, as_of=NOW - 40 * DAY)
        assert spread_of_scores(edges=[0.1], since=SINCE, until=NOW).products == 0


class TestBuyers:
    def test_are_predicted_for_the_time_that_has_passed(self, customers, active):
        product = make_product("HALF", launched_at=NOW - 15 * DAY)
        score(product, customers, chances=[0.19] * CUSTOMERS, as_of=NOW - 15 * DAY, days=30,
              model=active)  # fmt: skip
        happened(customers[:7], "purchase", at=NOW - 3 * DAY, product=product)
        happened(customers[7:9], "purchase", at=NOW + DAY, product=product)
        found = buyers_of_scored(since=NOW - 100 * DAY, until=NOW)
        assert found.predicted == pytest.approx(CUSTOMERS * (1 - 0.81**0.5))
        assert (found.products, found.actual) == (1, 7)

    def test_each_counts_once_and_only_while_the_prediction_holds(self, customers, active):
        at = NOW - 60 * DAY
        product = make_product("OVER", launched_at=at)
        score(product, customers[:10], chances=[0.5] * 10, as_of=at, days=30, model=active)
        for _ in range(2):
            happened(customers[:1], "purchase", at=at + DAY, product=product)
        happened(customers[1:2], "purchase", at=at + 31 * DAY, product=product)
        happened(customers[50:51], "purchase", at=at + DAY, product=product)  # was not scored
        found = buyers_of_scored(since=NOW - 100 * DAY, until=NOW)
        assert (found.predicted, found.actual) == (pytest.approx(5.0), 1)

    def test_a_launch_of_yesterday_says_nothing_yet(self, customers, active):
        launched(customers, active, as_of=NOW - DAY)
        assert buyers_of_scored(since=NOW - 100 * DAY, until=NOW).products == 0


class TestWatch:
    def test_what_is_usual_opens_nothing(self, customers, active):
        launched(customers, active, buy=3)
        found = watch()
        assert found["score_drift"]["state"] == "steady"
        assert found["buyers_drift"]["state"] == "steady"
        assert open_codes() == set()

    def test_scores_spread_otherwise_open_an_alert_once(self, customers, active):
        launched(customers, active, times=6.0)
        watch()
        found = watch(NOW + DAY)
        assert found["score_drift"]["index"] > found["score_drift"]["limit"]
        alert = Alert.objects.get(code="score_drift")
        assert alert.subject == "model:interest"
        assert alert.opened_at == NOW
        assert "train again" in alert.message

    def test_it_resolves_by_itself(self, customers, active):
        launched(customers, active, times=6.0)
        watch()
        InterestScore.objects.all().delete()
        launched(customers, active, as_of=NOW - 8 * DAY, seed=2)
        watch(NOW + DAY)
        assert Alert.objects.get(code="score_drift").resolved_at == NOW + DAY

    def test_a_launch_of_its_own_kind_is_no_drift(self, customers, active):
        """Products differ: the limit allows for what so few of them do by chance."""
        rng = np.random.default_rng(3)
        counts = np.array([rng.dirichlet(np.full(10, 0.2)) * CUSTOMERS for _ in range(60)])
        scores = active.metrics["scores"] | {"products": counts.astype(int).tolist()}
        active.metrics |= {"scores": scores}
        active.save()
        launched(customers, active, count=5)
        assert watch()["score_drift"]["limit"] > 0.25

    def test_far_more_buyers_than_predicted_open_an_alert(self, customers, active):
        launched(customers, active, buy=40)
        assert watch()["buyers_drift"]["state"] == "drift"
        assert open_codes() == {"buyers_drift"}

    def test_too_little_to_go_by_changes_nothing(self, customers, active):
        launched(customers, active, times=6.0)
        watch()
        InterestScore.objects.all().delete()
        launched(customers, active, count=1, seed=2)
        assert watch(NOW + DAY)["score_drift"]["state"] == "unknown"
        assert "score_drift" in open_codes()

    def test_limits_are_settings(self, customers, active, settings):
        launched(customers, active, times=6.0)
        settings.LAUNCHOPT = {**settings.LAUNCHOPT, "DRIFT_SCORE_INDEX": 50.0}
        assert watch()["score_drift"]["state"] == "steady"

    def test_without_a_model_there_is_nothing_to_watch(self):
        assert watch() == {"model_version": None}


def test_falls_due_nightly(customers, active):
    launched(customers, active, times=6.0)
    [done] = due.run_due(until=NOW, now=NOW, only=[jobs.WATCH_DRIFT])
    assert done.result["score_drift"]["state"] == "drift"
    assert JobClock.objects.get(job=jobs.WATCH_DRIFT.name).last_run_at == NOW
    assert due.run_due(until=NOW + DAY / 2, now=NOW, only=[jobs.WATCH_DRIFT]) == []
