"""`evaluate_policy --launch`: another policy judged by a launch's own decisions, and promoted."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from launchopt.audiences.models import Audience, Customer, Event
from launchopt.campaigns.models import Creative, Decision, Launch, Placement
from launchopt.experiments.models import Assignment
from launchopt.experiments.selectors import weights_in_force
from launchopt.operations.models import AuditEntry
from tests.support.launches import HOUR, NOW, make_audience, make_customers, make_running

pytestmark = pytest.mark.django_db
ALL_B = "variant,probability\nb,1\n"


def played(*, customers: int, b_buys: float, a_buys: float) -> Launch:
    """A running launch: a tenth held out, the others shown `a` or `b` twice, and who bought."""
    people = make_customers(customers)
    launch = make_running(make_audience(people), hours=48)
    assert launch.experiment is not None
    variants = {variant.name: variant for variant in launch.experiment.variants.all()}
    words = {c.variant: c for c in Creative.objects.filter(launch=launch)}
    placement, _ = Placement.objects.get_or_create(name="home", defaults={"channel": "onsite"})
    campaign = launch.campaigns.get()
    names = [*["holdout"] * 2, *["a", "b"] * 9] * (customers // 20)
    by_variant: dict[str, list[Customer]] = {"a": [], "b": [], "holdout": []}
    for customer, name in zip(people, names, strict=True):
        by_variant[name].append(customer)
    Assignment.objects.bulk_create(
        Assignment(
            experiment=launch.experiment,
            customer=customer,
            variant=variants[name],
            phase=1,
            assigned_at=NOW,
        )
        for name, some in by_variant.items()
        for customer in some
    )
    Decision.objects.bulk_create(
        Decision(
            customer=customer,
            placement=placement,
            channel="onsite",
            launch=launch,
            campaign=campaign,
            creative=words[name],
            variant=name,
            phase=1,
            reason="shown",
            propensity=0.45,
            policy_version="1",
            state=Decision.State.CONFIRMED,
            decided_at=NOW + time * HOUR,
        )
        for name in ("a", "b")
        for customer in by_variant[name]
        for time in (1, 2)
    )
    for name, share in (("a", a_buys), ("b", b_buys)):
        buy(launch, by_variant[name][: round(share * len(by_variant[name]))])
    return launch


def buy(launch: Launch, customers: list[Customer]) -> None:
    at = NOW + 5 * HOUR
    Event.objects.bulk_create(
        Event(
            message_id=uuid.uuid4(),
            customer=customer,
            product=launch.product,
            kind="purchase",
            occurred_at=at,
            received_at=at,
        )
        for customer in customers
    )


def evaluated(launch: Launch, policy: Path, *arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command(
        "evaluate_policy", "--launch", str(launch.pk), "--policy", str(policy), "--json",
        *arguments, stdout=out,
    )  # fmt: skip
    return json.loads(out.getvalue())


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.csv"
    path.write_text(ALL_B)
    return path


class TestLaunchLog:
    def test_each_customer_counts_once_and_the_held_out_not_at_all(self, policy: Path):
        launch = played(customers=600, b_buys=0.3, a_buys=0.1)
        report = evaluated(launch, policy)
        # 270 of 540 were shown b, each with the chance of one half
        assert report["effective_sample_size"] == 270
        assert report["snips"]["value"] == pytest.approx(0.3)
        assert report["on_policy_value"] == pytest.approx((81 + 27) / 540)

    def test_clicks_are_a_reward_too(self, policy: Path):
        launch = played(customers=600, b_buys=0.0, a_buys=0.0)
        decision = Decision.objects.filter(launch=launch, variant="b").first()
        assert decision is not None
        Event.objects.create(
            message_id=uuid.uuid4(), customer=decision.customer, product=launch.product,
            kind="click", decision_id=decision.pk, occurred_at=NOW + 2 * HOUR,
            received_at=NOW + timedelta(hours=2),
        )  # fmt: skip
        report = evaluated(launch, policy, "--reward", "clicked")
        assert report["snips"]["value"] == pytest.approx(1 / 270)

    def test_a_policy_may_look_at_the_audience(self, tmp_path: Path):
        path = tmp_path / "by_audience.csv"
        path.write_text("variant,audience,probability\nb,The likeliest,1\n")
        launch = played(customers=600, b_buys=0.3, a_buys=0.1)
        report = evaluated(launch, path, "--features", "audience")
        assert report["doubly_robust"]["value"] == pytest.approx(0.3, abs=0.01)

    @pytest.mark.parametrize(
        ("arguments", "fault"),
        [
            (["--reward", "joy"], "--reward of a launch is one of"),
            (["--features", "weather"], "no 'weather'"),
        ],
    )
    def test_what_the_log_does_not_have_is_named(self, policy: Path, arguments, fault):
        launch = played(customers=100, b_buys=0.1, a_buys=0.1)
        with pytest.raises(CommandError, match=fault):
            evaluated(launch, policy, *arguments)

    def test_a_launch_that_showed_nothing_has_no_log(self, policy: Path):
        launch = make_running(make_audience(make_customers(10)))
        with pytest.raises(CommandError, match="shown nothing yet"):
            evaluated(launch, policy)

    def test_either_a_file_or_a_launch(self, policy: Path):
        with pytest.raises(CommandError, match="not both"):
            call_command("evaluate_policy", "--policy", str(policy))


class TestPromotion:
    def test_a_policy_that_the_log_speaks_for_takes_over(self, policy: Path):
        launch = played(customers=600, b_buys=0.3, a_buys=0.1)
        report = evaluated(launch, policy, "--promote", "--by", "eve")
        weights = weights_in_force(launch.experiment)
        assert weights["holdout"] == pytest.approx(0.1)
        assert weights["b"] > 0.8 > 0.04 < weights["a"]  # the floor stays, to judge the next
        assert report["promoted"] == [
            {"audience": None, "phase": 2, "weights": pytest.approx(weights)}
        ]
        assert AuditEntry.objects.filter(action="change_weights", actor="eve").exists()

    def test_a_small_effective_sample_is_refused(self, policy: Path):
        launch = played(customers=400, b_buys=0.9, a_buys=0.1)
        before = weights_in_force(launch.experiment)
        with pytest.raises(CommandError, match="effective sample is too small: 180 rows"):
            evaluated(launch, policy, "--promote")
        assert weights_in_force(launch.experiment) == before

    def test_what_is_not_shown_to_earn_more_is_refused(self, policy: Path):
        launch = played(customers=600, b_buys=0.1, a_buys=0.1)
        with pytest.raises(CommandError, match="not shown to earn more"):
            evaluated(launch, policy, "--promote")

    def test_a_policy_by_what_shares_cannot_follow_is_refused(self, tmp_path: Path):
        path = tmp_path / "by_channel.csv"
        path.write_text("variant,channel,probability\nb,onsite,1\n")
        launch = played(customers=600, b_buys=0.3, a_buys=0.1)
        with pytest.raises(CommandError, match="same for everybody, or for an audience"):
            evaluated(launch, path, "--features", "channel", "--promote")


class TestPromotionByAudience:
    @pytest.fixture
    def by_audience(self, tmp_path: Path) -> Path:
        path = tmp_path / "by_audience.csv"
        path.write_text("variant,audience,probability\nb,The likeliest,1\nb,The few,1\n")
        return path

    def with_the_few(self, launch: Launch, *, customers: int) -> Audience:
        """Another audience of the launch, of the first so many who were shown something."""
        few = Audience.objects.create(name="The few", created_at=NOW)
        campaign = launch.campaigns.get()
        campaign.pk, campaign.audience = uuid.uuid4(), few
        campaign._state.adding = True
        campaign.save()
        shown = list(Decision.objects.filter(launch=launch).values_list("customer", flat=True))
        some = sorted(set(shown))[:customers]
        Decision.objects.filter(launch=launch, customer__in=some).update(campaign=campaign)
        return few

    def test_each_is_judged_by_its_own_rows(self, by_audience: Path):
        launch = played(customers=700, b_buys=0.3, a_buys=0.1)
        few = self.with_the_few(launch, customers=100)
        report = evaluated(launch, by_audience, "--features", "audience", "--promote")
        found = report["by_audience"]
        assert found["The likeliest"]["effective_sample_size"] == 265
        assert found["The likeliest"]["promotion"]["allowed"]
        assert "too small: 50 rows" in found["The few"]["promotion"]["reason"]
        likeliest = launch.campaigns.exclude(audience=few).get().audience_id
        weights = weights_in_force(launch.experiment, audience=likeliest)
        assert weights["holdout"] == pytest.approx(0.1)
        assert weights["b"] > 0.8
        assert weights_in_force(launch.experiment, audience=few.pk)["b"] == pytest.approx(0.45)
        assert [each["audience"] for each in report["promoted"]] == ["The likeliest"]

    def test_it_is_refused_where_every_sample_is_too_small(self, by_audience: Path):
        launch = played(customers=400, b_buys=0.9, a_buys=0.1)
        self.with_the_few(launch, customers=100)
        with pytest.raises(CommandError, match=r"of The few, .* too small: 50 rows"):
            evaluated(launch, by_audience, "--features", "audience", "--promote")
        assert launch.experiment.phases.count() == 1

    def test_an_audience_that_is_not_the_launchs_is_named(self, by_audience: Path):
        launch = played(customers=600, b_buys=0.3, a_buys=0.1)
        with pytest.raises(CommandError, match="no audience 'The few'"):
            evaluated(launch, by_audience, "--features", "audience", "--promote")
