"""Audiences with weights of their own: changed, learned, undone, and never taken for an effect."""

from __future__ import annotations

import numpy as np
import pytest

from launchopt.audiences.models import Audience, AudienceMember
from launchopt.experiments import results, services
from launchopt.experiments.arrivals import arms_by_audience
from launchopt.experiments.models import Assignment, Experiment
from launchopt.experiments.selectors import weights_in_force
from tests.experiments.conftest import DAY, NOW, Shop

WEIGHTS = {"holdout": 0.2, "a": 0.4, "b": 0.4}
MORE_B = {"holdout": 0.2, "a": 0.1, "b": 0.7}


def audience(name: str, customers: list[int]) -> Audience:
    found = Audience.objects.create(name=name, size=len(customers), created_at=NOW)
    AudienceMember.objects.bulk_create(
        AudienceMember(audience=found, customer_id=customer) for customer in customers
    )
    return found


def change(experiment: Experiment, of: Audience | None, *, days: int, weights=MORE_B) -> None:
    services.change_weights(
        experiment=experiment, weights=weights, audience=of, now=NOW + days * DAY
    )


class TestPhases:
    def test_one_of_an_audience_leaves_the_others_as_they_are(self, shop: Shop):
        experiment, young = shop.experiment(weights=WEIGHTS), audience("Young", [])
        change(experiment, young, days=1)
        assert weights_in_force(experiment, audience=young.pk) == pytest.approx(MORE_B)
        assert weights_in_force(experiment) == pytest.approx(WEIGHTS)
        assert experiment.variants.get(name="b").weight == pytest.approx(0.4)

    def test_one_for_everybody_ends_those_of_audiences(self, shop: Shop):
        experiment, young = shop.experiment(weights=WEIGHTS), audience("Young", [])
        change(experiment, young, days=1)
        even = {"holdout": 0.4, "a": 0.3, "b": 0.3}
        change(experiment, None, days=2, weights=even)
        assert weights_in_force(experiment, audience=young.pk) == pytest.approx(even)


class TestUndo:
    def test_audiences_changed_together_go_back_together(self, shop: Shop):
        experiment = shop.experiment(weights=WEIGHTS)
        young, old = audience("Young", []), audience("Old", [])
        for of in (young, old):
            change(experiment, of, days=1)
        services.undo_weights(experiment=experiment, by="ana", now=NOW + 2 * DAY)
        for of in (young, old):
            assert weights_in_force(experiment, audience=of.pk) == pytest.approx(WEIGHTS)

    def test_a_change_for_everybody_gives_audiences_theirs_back(self, shop: Shop):
        experiment, young = shop.experiment(weights=WEIGHTS), audience("Young", [])
        change(experiment, young, days=1)
        change(experiment, None, days=2, weights={"holdout": 0.4, "a": 0.3, "b": 0.3})
        services.undo_weights(experiment=experiment, by="ana", now=NOW + 3 * DAY)
        assert weights_in_force(experiment) == pytest.approx(WEIGHTS)
        assert weights_in_force(experiment, audience=young.pk) == pytest.approx(MORE_B)


class TestLearning:
    @pytest.fixture
    def split(self, shop: Shop) -> tuple[Experiment, list[Audience]]:
        """The young buy when shown `a`, the old when shown `b`; everybody else buys nothing."""
        experiment, people = shop.experiment(weights=WEIGHTS), shop.customers(1000)
        audiences = [audience("Young", people[:500]), audience("Old", people[500:])]
        assigned = services.assign(experiment=experiment, customer_ids=people, now=NOW)
        for own, likes in ((people[:500], "a"), (people[500:], "b")):
            shop.purchases([c for c in own if assigned[c].variant == likes][:60])
        return experiment, audiences

    def learn(self, experiment: Experiment, audiences: list[Audience]) -> None:
        services.learn_weights(
            experiment=experiment,
            audiences=audiences,
            now=NOW + 2 * DAY,
            rng=np.random.default_rng(1),
        )

    def test_gives_each_audience_what_works_there(self, split):
        experiment, (young, old) = split
        self.learn(experiment, [young, old])
        assert weights_in_force(experiment, audience=young.pk)["a"] > 0.7
        assert weights_in_force(experiment, audience=old.pk)["b"] > 0.7
        for of in (young, old):
            assert weights_in_force(experiment, audience=of.pk)["holdout"] == pytest.approx(0.2)

    def test_an_audience_of_nobody_goes_with_the_rest(self, split):
        experiment, (young, _) = split
        nobody = audience("Nobody", [])
        arms = arms_by_audience(experiment, audiences=[young.pk, nobody.pk], until=NOW + 2 * DAY)[
            nobody.pk
        ]
        assert (arms["a"].trials, arms["b"].trials) == (0, 0)
        means = {
            name: arm.drawn(np.random.default_rng(1), 2000).mean() for name, arm in arms.items()
        }
        assert means["a"] > 5 * means["b"]

    def test_a_proposal_waits_for_each_audience(self, split):
        experiment, audiences = split
        found = services.propose_weights(
            experiment=experiment,
            audiences=audiences,
            now=NOW + 2 * DAY,
            rng=np.random.default_rng(1),
        )
        assert {proposal.audience for proposal in found} == set(audiences)
        services.decide_proposal(proposal=found[0], accept=True, by="ana", now=NOW + 3 * DAY)
        own, other = (weights_in_force(experiment, audience=a.pk)["a"] for a in audiences)
        assert own > 0.7
        assert other == pytest.approx(0.4)


class TestResults:
    def test_weights_that_follow_how_much_audiences_buy_fake_no_effect(self, shop: Shop):
        """Nothing works, but the audience that buys half of the time mostly gets `a`."""
        experiment = shop.experiment(weights={"holdout": 0.2, "a": 0.4, "b": 0.4})
        shares = {"Eager": {"holdout": 0.2, "a": 0.7, "b": 0.1}}
        shares["Cool"] = {"holdout": 0.2, "a": 0.1, "b": 0.7}
        variants = {variant.name: variant for variant in experiment.variants.all()}
        for phase, (name, buy) in enumerate((("Eager", 0.5), ("Cool", 0.1)), start=2):
            change(experiment, audience(name, []), days=0, weights=shares[name])
            for variant, share in shares[name].items():
                own = shop.customers(round(1000 * share), prefix=f"{name}{variant}")
                Assignment.objects.bulk_create(
                    Assignment(
                        experiment=experiment,
                        customer_id=customer,
                        variant=variants[variant],
                        phase=phase,
                        assigned_at=NOW,
                    )
                    for customer in own
                )
                shop.purchases(own[: round(buy * len(own))])
        found = {row["variant"]: row for row in results.results(experiment)["results"]}
        for row in found.values():
            assert row["effect"] == pytest.approx(0, abs=1e-9)
            assert row["interval"][0] < 0 < row["interval"][1]
