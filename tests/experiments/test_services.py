"""Experiments: registered once, assigned once, and moved by nobody."""

from __future__ import annotations

import uuid
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from launchopt.audiences.models import Customer
from launchopt.audiences.services import identify_customer
from launchopt.experiments import selectors, services
from launchopt.experiments.metrics import ensure_metrics
from launchopt.experiments.models import Assignment, Experiment, Metric, Proposal, Result
from launchopt.operations.errors import Conflict, InvalidInput, NotFound
from launchopt.operations.models import AuditEntry
from tests.experiments.conftest import DAY, NOW, Shop, counted


def variants_of(assigned: dict[int, services.Assigned]) -> dict[int, str]:
    return {customer: found.variant for customer, found in assigned.items()}


class TestRegisterExperiment:
    def test_writes_down_what_is_compared_before_it_starts(self, shop: Shop):
        launch = uuid.uuid4()
        experiment = services.register_experiment(
            name="Lamp",
            weights={"holdout": 1, "warm": 6, "bright": 3},
            now=NOW,
            subject_id=launch,
            minimum_detectable_effect=0.01,
            planned_sample_size=5000,
        )
        assert experiment.status == Experiment.Status.DRAFT
        assert selectors.experiment_of(launch) == experiment
        assert selectors.control_of(experiment).name == "holdout"
        assert selectors.weights_in_force(experiment) == {
            "holdout": 0.1,
            "warm": 0.6,
            "bright": 0.3,
        }

    @pytest.mark.parametrize(
        ("weights", "pointer"),
        [
            ({"holdout": 1}, "/weights"),
            ({"a": 1, "b": 1}, "/control"),
            ({"holdout": 0, "a": 0}, "/weights"),
            ({"holdout": 0, "a": 1}, "/weights"),
            ({"holdout": 1, "a": -1}, "/weights"),
        ],
    )
    def test_refuses_to_compare_nothing(self, shop: Shop, weights, pointer):
        with pytest.raises(InvalidInput) as refused:
            services.register_experiment(name="x", weights=weights, now=NOW)
        assert refused.value.errors[0].pointer == pointer

    def test_refuses_an_end_before_its_start(self, shop: Shop):
        with pytest.raises(InvalidInput, match="before it starts"):
            shop.experiment(starts_at=NOW, ends_at=NOW)

    def test_refuses_a_metric_that_does_not_exist(self, shop: Shop):
        with pytest.raises(InvalidInput, match="no metric 'joy'"):
            shop.experiment(metric="joy")

    def test_keeps_a_definition_that_a_person_changed(self, shop: Shop):
        ensure_metrics()
        Metric.objects.filter(name="conversion").update(definition="Our own words.")
        ensure_metrics()
        assert Metric.objects.get(name="conversion").definition == "Our own words."


class TestStatus:
    def test_starts_once(self, shop: Shop):
        with pytest.raises(Conflict, match="running"):
            services.start_experiment(experiment=shop.experiment(), now=NOW)

    def test_stops_with_its_outcomes(self, shop: Shop):
        experiment = shop.experiment(ends_at=NOW + 9 * DAY)
        services.stop_experiment(experiment=experiment, now=NOW + DAY)
        experiment.refresh_from_db()
        assert (experiment.status, experiment.ends_at) == ("stopped", NOW + DAY)

    def test_refuses_to_start_after_its_end(self, shop: Shop):
        experiment = services.register_experiment(
            name="x", weights={"holdout": 1, "a": 1}, now=NOW, ends_at=NOW + DAY
        )
        with pytest.raises(Conflict, match="after its end"):
            services.start_experiment(experiment=experiment, now=NOW + DAY)


class TestAssign:
    def test_draws_each_variant_by_its_weight(self, shop: Shop):
        experiment = shop.experiment(weights={"holdout": 1, "bright": 3, "warm": 6})
        assigned = services.assign(
            experiment=experiment, customer_ids=shop.customers(3000), now=NOW
        )
        drawn = Counter(variants_of(assigned).values())
        observed = [drawn[name] for name in ("holdout", "bright", "warm")]
        assert stats.chisquare(observed, [300, 900, 1800]).pvalue > 0.001

    def test_asking_again_gives_the_same_answer(self, shop: Shop):
        experiment, customers = shop.experiment(), shop.customers(200)
        first = services.assign(experiment=experiment, customer_ids=customers, now=NOW)
        again = services.assign(experiment=experiment, customer_ids=customers, now=NOW + DAY)
        assert first == again
        assert Assignment.objects.count() == 200

    def test_new_weights_move_nobody(self, shop: Shop):
        experiment, customers = shop.experiment(), shop.customers(300)
        before = services.assign(experiment=experiment, customer_ids=customers[:150], now=NOW)
        services.change_weights(
            experiment=experiment, weights={"holdout": 0.01, "warm": 0.99}, now=NOW
        )
        after = services.assign(experiment=experiment, customer_ids=customers, now=NOW)
        assert {key: after[key] for key in customers[:150]} == before
        assert {after[key].phase for key in customers[150:]} == {2}
        assert Counter(after[key].variant for key in customers[150:])["warm"] > 130

    def test_takes_the_same_statements_for_many_customers(
        self, shop: Shop, django_assert_max_num_queries
    ):
        experiment, customers = shop.experiment(), shop.customers(2000)
        with django_assert_max_num_queries(9):
            services.assign(experiment=experiment, customer_ids=customers, now=NOW)
        with django_assert_max_num_queries(1):
            services.assign(experiment=experiment, customer_ids=customers, now=NOW)

    def test_a_visitor_who_logs_in_stays_where_they_were(self, shop: Shop):
        experiment = shop.experiment()
        visitors = shop.customers(30, prefix="visitor")
        known = shop.customers(30, prefix="known")
        before = variants_of(services.assign(experiment=experiment, customer_ids=visitors, now=NOW))
        for visitor, customer in zip(visitors, known, strict=True):
            Customer.objects.filter(pk=visitor).update(merged_into=customer)
        after = variants_of(services.assign(experiment=experiment, customer_ids=known, now=NOW))
        assert [after[c] for c in known] == [before[v] for v in visitors]

    def test_logging_in_takes_the_variant_along(self, shop: Shop):
        experiment = shop.experiment()
        both = shop.customers(1, prefix="visitor") + shop.customers(1, prefix="known")
        before = services.assign(experiment=experiment, customer_ids=both[:1], now=NOW)
        identify_customer(anonymous_id="visitor0", customer="known0", now=NOW)
        assert selectors.assignments_of(experiment, both) == {both[1]: (before[both[0]].variant, 1)}
        assert counted(experiment) == 1

    def test_logging_in_leaves_a_customers_own_variant(self, shop: Shop):
        experiment = shop.experiment()
        both = shop.customers(1, prefix="visitor") + shop.customers(1, prefix="known")
        before = services.assign(experiment=experiment, customer_ids=both, now=NOW)
        identify_customer(anonymous_id="visitor0", customer="known0", now=NOW)
        after = services.assign(experiment=experiment, customer_ids=both[1:], now=NOW)
        assert after[both[1]] == before[both[1]]
        assert counted(experiment) == 1

    def test_a_stopped_experiment_takes_in_nobody_new(self, shop: Shop):
        experiment, customers = shop.experiment(), shop.customers(2)
        services.assign(experiment=experiment, customer_ids=customers[:1], now=NOW)
        services.stop_experiment(experiment=experiment, now=NOW + DAY)
        kept = services.assign(experiment=experiment, customer_ids=customers[:1], now=NOW)
        assert set(kept) == {customers[0]}
        with pytest.raises(Conflict, match="no new customers"):
            services.assign(experiment=experiment, customer_ids=customers, now=NOW)

    def test_refuses_customers_that_do_not_exist(self, shop: Shop):
        with pytest.raises(NotFound):
            services.assign(experiment=shop.experiment(), customer_ids=[987_654_321], now=NOW)


class TestChangeWeights:
    def test_opens_a_phase_and_leaves_a_trail(self, shop: Shop):
        experiment = shop.experiment()
        phase = services.change_weights(
            experiment=experiment,
            weights={"holdout": 1, "warm": 4},
            now=NOW + DAY,
            reason="More light",
            by="mara",
        )
        assert (phase.number, phase.weights) == (2, {"holdout": 0.2, "warm": 0.8})
        entry = AuditEntry.objects.get(action="change_weights")
        assert (entry.actor, entry.before["warm"], entry.after["warm"]) == ("mara", 0.5, 0.8)

    @pytest.mark.parametrize("weights", [{"holdout": 1}, {"holdout": 1, "warm": 1, "cold": 1}])
    def test_refuses_other_variants_than_registered(self, shop: Shop, weights):
        with pytest.raises(InvalidInput):
            services.change_weights(experiment=shop.experiment(), weights=weights, now=NOW)

    def test_refuses_once_it_has_stopped(self, shop: Shop):
        experiment = shop.experiment()
        services.stop_experiment(experiment=experiment, now=NOW + DAY)
        with pytest.raises(Conflict):
            services.change_weights(
                experiment=experiment, weights={"holdout": 1, "warm": 4}, now=NOW
            )


class TestLearnWeights:
    def learned(self, shop: Shop, buyers: dict[str, int]) -> Experiment:
        experiment = shop.experiment(weights={"holdout": 0.2, "a": 0.4, "b": 0.4})
        assigned = services.assign(
            experiment=experiment, customer_ids=shop.customers(1000), now=NOW
        )
        for name, count in buyers.items():
            members = [c for c, found in assigned.items() if found.variant == name]
            shop.purchases(members[:count])
        services.learn_weights(
            experiment=experiment, now=NOW + 2 * DAY, rng=np.random.default_rng(1)
        )
        return experiment

    def test_gives_the_better_variant_more_and_leaves_the_control_its_share(self, shop: Shop):
        weights = selectors.weights_in_force(self.learned(shop, {"a": 10, "b": 80}))
        assert weights["holdout"] == pytest.approx(0.2)
        assert weights["b"] > 0.7
        assert weights["a"] >= 0.05 * 0.8 - 1e-9
        assert sum(weights.values()) == pytest.approx(1)

    def test_opens_no_phase_where_there_is_nothing_to_choose(self, shop: Shop):
        experiment = shop.experiment()
        services.assign(experiment=experiment, customer_ids=shop.customers(50), now=NOW)
        phases = services.learn_weights(
            experiment=experiment, now=NOW + DAY, rng=np.random.default_rng(1)
        )
        assert phases == []
        assert experiment.phases.count() == 1

    def test_says_what_it_learned_from(self, shop: Shop):
        phase = self.learned(shop, {"b": 80}).phases.get(number=2)
        assert "80 of" in phase.reason


class TestExclusionGroups:
    def test_share_no_customer(self, shop: Shop):
        customers = shop.customers(600)
        half = {"exclusion_group": "prices", "group_share": 0.5}
        first, second = (shop.experiment(**half) for _ in range(2))
        assigned = [
            set(services.assign(experiment=each, customer_ids=customers, now=NOW))
            for each in (first, second)
        ]
        assert not assigned[0] & assigned[1]
        assert assigned[0] | assigned[1] == set(customers)
        assert 240 < len(assigned[0]) < 360

    def test_have_no_more_than_all_customers(self, shop: Shop):
        shop.experiment(exclusion_group="prices", group_share=0.7)
        with pytest.raises(Conflict, match="no slice of 40% left"):
            shop.experiment(exclusion_group="prices", group_share=0.4)

    def test_get_back_the_slice_of_one_that_stopped(self, shop: Shop):
        first = shop.experiment(exclusion_group="prices", group_share=0.7)
        services.stop_experiment(experiment=first, now=NOW + DAY)
        second = shop.experiment(exclusion_group="prices", group_share=0.8)
        assert (second.slice_from, second.slice_until) == (0.0, 0.8)

    def test_of_different_names_do_not_know_each_other(self, shop: Shop):
        shop.experiment(exclusion_group="prices")
        assert shop.experiment(exclusion_group="words").slice_until == 1.0


class TestProposeWeights:
    def experiment(self, shop: Shop) -> Experiment:
        experiment = shop.experiment(weights={"holdout": 0.2, "a": 0.4, "b": 0.4})
        assigned = services.assign(experiment=experiment, customer_ids=shop.customers(400), now=NOW)
        shop.purchases([c for c, found in assigned.items() if found.variant == "b"][:60])
        return experiment

    def proposal(self, experiment: Experiment, *, seed: int = 1, days: int = 2) -> Proposal:
        (proposal,) = services.propose_weights(
            experiment=experiment, now=NOW + days * DAY, rng=np.random.default_rng(seed)
        )
        return proposal

    def test_changes_nothing_until_a_person_says_yes(self, shop: Shop):
        experiment = self.experiment(shop)
        proposal = self.proposal(experiment)
        assert selectors.weights_in_force(experiment)["b"] == 0.4
        services.decide_proposal(proposal=proposal, accept=True, by="ana", now=NOW + 3 * DAY)
        weights = selectors.weights_in_force(experiment)
        assert weights == pytest.approx(proposal.weights)
        assert weights["b"] > 0.7
        assert AuditEntry.objects.get(action="change_weights").actor == "ana"

    def test_a_no_leaves_the_weights(self, shop: Shop):
        experiment = self.experiment(shop)
        services.decide_proposal(
            proposal=self.proposal(experiment), accept=False, by="ana", now=NOW + 3 * DAY
        )
        assert experiment.phases.count() == 1

    def test_is_decided_once(self, shop: Shop):
        proposal = self.proposal(self.experiment(shop))
        services.decide_proposal(proposal=proposal, accept=False, by="ana", now=NOW + 3 * DAY)
        with pytest.raises(Conflict, match="already"):
            services.decide_proposal(proposal=proposal, accept=True, by="bo", now=NOW + 3 * DAY)

    def test_a_newer_one_takes_the_place_of_the_one_that_waits(self, shop: Shop):
        experiment = self.experiment(shop)
        self.proposal(experiment)
        newer = self.proposal(experiment, seed=2, days=3)
        assert list(experiment.proposals.all()) == [newer]


class TestUndoWeights:
    def test_goes_back_to_the_weights_before_and_moves_nobody(self, shop: Shop):
        experiment = shop.experiment()
        services.change_weights(
            experiment=experiment, weights={"holdout": 0.1, "warm": 0.9}, now=NOW + DAY
        )
        (phase,) = services.undo_weights(experiment=experiment, by="ana", now=NOW + 2 * DAY)
        assert phase.weights == {"holdout": 0.5, "warm": 0.5}
        assert phase.number == 3
        assert "phase 1" in phase.reason

    def test_has_nothing_to_undo_as_registered(self, shop: Shop):
        with pytest.raises(Conflict, match="nothing to undo"):
            services.undo_weights(experiment=shop.experiment(), by="ana", now=NOW)


class TestRecordResults:
    def test_keeps_what_was_known_at_an_instant_and_repeats_without_doubling(self, shop: Shop):
        experiment = shop.experiment()
        assigned = services.assign(experiment=experiment, customer_ids=shop.customers(400), now=NOW)
        warm = [c for c, found in assigned.items() if found.variant == "warm"]
        shop.purchases(warm[:60])
        for _ in range(2):
            services.record_results(experiment=experiment, until=NOW + 2 * DAY)
        result = Result.objects.get()
        assert (result.variant.name, result.n, result.verdict) == ("warm", len(warm), "ship warm")
        assert result.interval_low > 0
