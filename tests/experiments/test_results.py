"""Results: everybody assigned is counted, nothing before assignment is an effect."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from scipy import stats

from launchopt.audiences.models import Customer, Event, Persona, Segment
from launchopt.experiments import outcomes, results, services
from launchopt.experiments.guarding import guardrails_of, with_guardrails
from launchopt.experiments.models import Experiment, Metric
from launchopt.experiments.parts import effects_by_persona
from launchopt.operations.errors import InvalidInput
from launchopt_core.moments import Moments, PairedMoments
from tests.experiments.conftest import DAY, NOW, Shop, counted


def told(shop: Shop, count: int = 400, **options) -> tuple[Experiment, dict[str, list[int]]]:
    """An experiment with its customers by variant."""
    experiment = shop.experiment(**options)
    assigned = services.assign(experiment=experiment, customer_ids=shop.customers(count), now=NOW)
    by_variant: dict[str, list[int]] = {}
    for customer, found in assigned.items():
        by_variant.setdefault(found.variant, []).append(customer)
    return experiment, by_variant


class TestGroups:
    def test_counts_everybody_assigned_and_every_purchase_of_the_product(self, shop: Shop):
        experiment, members = told(shop)
        warm = members["warm"]
        shop.purchases([*warm[:5], warm[0], warm[0]])
        metric = experiment.primary_metric
        found = {g.variant: g for g in outcomes.groups(experiment, metric=metric)}
        assert found["warm"].moments == Moments(len(warm), Decimal(7), Decimal(9 + 4))
        assert found["warm"].buyers == 5
        assert found["holdout"].moments == Moments(len(members["holdout"]), 0, 0)

    @pytest.mark.parametrize(
        "fields",
        [
            {"occurred_at": NOW - DAY},
            {"occurred_at": NOW + 20 * DAY},
            {"kind": "view"},
            {"product": None, "kind": "search"},
        ],
    )
    def test_leaves_out_what_is_no_outcome(self, shop: Shop, fields):
        experiment, members = told(shop, ends_at=NOW + 14 * DAY)
        shop.purchases(members["warm"][:5], **fields)
        metric = experiment.primary_metric
        assert sum(g.buyers for g in outcomes.groups(experiment, metric=metric)) == 0

    def test_knows_nothing_from_until_on(self, shop: Shop):
        experiment, members = told(shop)
        shop.purchases(members["warm"][:3], occurred_at=NOW + DAY)
        shop.purchases(members["warm"][3:9], occurred_at=NOW + 2 * DAY)
        found = outcomes.groups(experiment, metric=experiment.primary_metric, until=NOW + 2 * DAY)
        assert sum(group.buyers for group in found) == 3

    def test_sales_of_another_product_do_not_count(self, shop: Shop):
        experiment, members = told(shop)
        shop.purchases(members["warm"][:5], product=shop.new_product("OTHER"))
        found = outcomes.groups(experiment, metric=experiment.primary_metric)
        assert sum(group.buyers for group in found) == 0

    def test_a_visitor_who_logged_in_is_counted_once(self, shop: Shop):
        experiment, members = told(shop, count=10)
        first, *others = [c for group in members.values() for c in group]
        Customer.objects.filter(pk=others[0]).update(merged_into=first)
        assert counted(experiment) == 9

    def test_one_huge_order_does_not_decide_the_revenue(self, shop: Shop):
        experiment, members = told(shop, count=4000)
        warm = members["warm"][:1500]
        shop.purchases(warm)
        Event.objects.filter(customer_id=warm[0]).update(quantity=80_995)
        revenue = Metric.objects.get(name="revenue")
        found = {g.variant: g for g in outcomes.groups(experiment, metric=revenue)}
        assert found["warm"].moments.sum == Decimal(15_000)

    def test_a_share_of_customers_counts_each_once(self, shop: Shop):
        experiment, members = told(shop, metric="buyers")
        shop.purchases(members["warm"][:4] * 3)
        found = {
            g.variant: g for g in outcomes.groups(experiment, metric=experiment.primary_metric)
        }
        assert found["warm"].moments.sum == 4

    def test_knows_what_customers_did_before_it_started(self, shop: Shop):
        experiment, members = told(shop)
        first, second = members["warm"][:2]
        other = shop.new_product("OTHER")
        for days in (1, 2, 89, 91):  # before; 91 days ago is too long ago
            shop.purchases([first], product=other, occurred_at=NOW - days * DAY)
        shop.purchases([second], product=other)  # after the start: another product's
        shop.purchases([first, first, second])
        metric = experiment.primary_metric
        (warm,) = (g for g in outcomes.groups(experiment, metric=metric) if g.variant == "warm")
        others = [(0, 0)] * (len(members["warm"]) - 2)
        assert warm.paired == PairedMoments.of([(2, 3), (1, 0), *others])


class TestResults:
    def test_is_welchs_comparison_of_the_customers(self, shop: Shop):
        experiment, members = told(shop)
        shop.purchases([*members["warm"][:40], *members["warm"][:6], *members["holdout"][:11]])
        (row,) = results.results(experiment)["results"]
        warm = [2] * 6 + [1] * 34 + [0] * (len(members["warm"]) - 40)
        held = [1] * 11 + [0] * (len(members["holdout"]) - 11)
        oracle = stats.ttest_ind(warm, held, equal_var=False)
        assert row["p_value"] == pytest.approx(oracle.pvalue)
        assert row["interval"] == pytest.approx(list(oracle.confidence_interval()))
        assert (row["variant"], row["n"]) == ("warm", len(warm))

    def test_has_the_shape_that_was_promised(self, shop: Shop):
        experiment, members = told(shop, weights={"holdout": 1, "a": 1, "b": 1})
        shop.purchases(members["a"][:30])
        report = results.results(experiment)
        assert set(report) == {"results", "sample_ratio", "verdicts", "control"}
        assert report["control"] == "holdout"
        assert [row["variant"] for row in report["results"]] == ["a", "b"]
        assert {"group", "metric", "variant", "n", "mean", "control_mean", "effect",
                "relative_effect", "standard_error", "interval", "p_value", "chance_to_win",
                "expected_loss"} <= set(report["results"][0])  # fmt: skip
        assert set(report["sample_ratio"][0]) == {"group", "p_value", "ok"}
        assert report["verdicts"][0] == {
            "group": "all",
            "metric": "conversion",
            "variant": "a",
            "verdict": "ship a",
        }

    def test_an_interval_that_includes_zero_is_inconclusive(self, shop: Shop):
        experiment, members = told(shop)
        shop.purchases([*members["warm"][:12], *members["holdout"][:11]])
        (verdict,) = results.results(experiment)["verdicts"]
        assert "inconclusive: the interval includes zero" in verdict["verdict"]

    def test_without_anybody_it_is_too_early_and_nothing_is_nan(self, shop: Shop):
        report = results.results(shop.experiment())
        assert report["verdicts"][0]["verdict"].startswith("too early")
        assert report["results"][0]["effect"] is None
        assert "NaN" not in json.dumps(report, allow_nan=False)

    def test_unequal_groups_stop_the_verdict(self, shop: Shop):
        experiment, members = told(shop)
        shop.purchases(members["warm"][:60])
        experiment.assignments.filter(customer__in=members["holdout"][:120]).delete()
        report = results.results(experiment)
        assert report["sample_ratio"][0]["ok"] is False
        assert report["verdicts"][0]["verdict"] == "broken: unequal groups"

    def test_a_variant_that_nobody_got_is_unequal_too(self, shop: Shop):
        experiment, members = told(shop, weights={"holdout": 1, "a": 1, "b": 1})
        experiment.assignments.filter(customer__in=members["b"]).delete()
        assert results.results(experiment)["sample_ratio"][0]["ok"] is False

    def test_changed_weights_are_no_unequal_groups_and_no_effect(self, shop: Shop):
        """Those who come early buy more; the variant gets most of those who come late."""
        experiment, members = told(shop, count=600)
        shop.purchases([c for group in members.values() for c in group[: len(group) // 2]])
        services.change_weights(
            experiment=experiment, weights={"holdout": 0.1, "warm": 0.9}, now=NOW
        )
        late = shop.customers(600, prefix="late")
        services.assign(experiment=experiment, customer_ids=late, now=NOW)
        report = results.results(experiment)
        assert report["sample_ratio"][0]["ok"] is True
        assert "inconclusive" in report["verdicts"][0]["verdict"]
        groups = outcomes.groups(experiment, metric=experiment.primary_metric)
        rates = {}
        for name in ("warm", "holdout"):
            own = [group.moments for group in groups if group.variant == name]
            rates[name] = float(sum(m.sum for m in own)) / sum(m.count for m in own)
        assert rates["warm"] < rates["holdout"] - 0.1

    def test_of_a_stopped_experiment_nobody_is_told_to_wait(self, shop: Shop):
        experiment, members = told(shop, ends_at=NOW + 14 * DAY)
        shop.purchases([*members["warm"][:18], *members["holdout"][:11]])
        until = NOW + 4 * DAY
        (running,) = results.results(experiment, until=until)["verdicts"]
        services.stop_experiment(experiment=experiment, now=until)
        (stopped,) = results.results(experiment, until=until)["verdicts"]
        assert running["verdict"].startswith("keep running")
        assert stopped["verdict"] == "inconclusive: the interval includes zero"

    def test_the_interval_for_every_look_is_the_wider_one(self, shop: Shop):
        experiment, members = told(shop)
        shop.purchases([*members["warm"][:40], *members["holdout"][:11]])
        (row,) = results.results(experiment)["results"]
        low, high = row["always_valid_interval"]
        assert low < row["interval"][0] < row["effect"] < row["interval"][1] < high

    def test_what_customers_bought_before_takes_out_noise(self, shop: Shop):
        experiment, members = told(shop)
        other = shop.new_product("OTHER")
        buyers = [*members["warm"][:60], *members["holdout"][:30]]
        shop.purchases(buyers)
        plain = results.launch_effect(experiment)
        assert plain["noise_removed"] == 0
        shop.purchases(buyers * 2, product=other, occurred_at=NOW - 5 * DAY)
        shop.purchases(members["holdout"][30:60], product=other, occurred_at=NOW - 5 * DAY)
        known = results.launch_effect(experiment)
        assert known["noise_removed"] > 0.5
        assert known["mean"] == plain["mean"]
        assert known["interval"][1] - known["interval"][0] < 0.8 * (
            plain["interval"][1] - plain["interval"][0]
        )


class TestLaunchEffect:
    def test_takes_all_variants_together(self, shop: Shop):
        experiment, members = told(shop, weights={"holdout": 1, "a": 1, "b": 1})
        shop.purchases([*members["a"][:30], *members["b"][:30]])
        effect = results.launch_effect(experiment)
        treated = len(members["a"]) + len(members["b"])
        assert effect["n"] == treated
        assert effect["estimate"] == pytest.approx(60 / treated)
        assert effect["verdict"] == "ship launch"
        assert effect["interval"][0] > 0


class TestPersonas:
    def portrayed(self, shop: Shop) -> tuple[Experiment, dict[str, list[int]]]:
        """Half of the customers like tea, half like coffee, as was known when they came in."""
        experiment, members = told(shop, count=800)
        for name, place in (("Tea", 0), ("Coffee", 1)):
            segment = Segment.objects.create(name=name, size=400, found_at=NOW, as_of=NOW)
            Persona.objects.bulk_create(
                Persona(
                    customer_id=customer, segment=segment, recency=3, frequency=3, monetary=3,
                    as_of=NOW,
                )
                for group in members.values()
                for customer in group[place::2]
            )  # fmt: skip
        services.place_customers()
        return experiment, members

    def test_shows_whom_the_launch_moved(self, shop: Shop):
        experiment, members = self.portrayed(shop)
        shop.purchases(members["warm"][0::2][:60])
        shop.purchases([*members["warm"][1::2][:10], *members["holdout"][1::2][:10]])
        found = effects_by_persona(experiment)
        assert found is not None
        rows = {row["persona"]: row for row in found["results"]}
        assert rows["Tea"]["verdict"] == "ship launch"
        assert rows["Coffee"]["code"] == "inconclusive"
        assert found["differ"]["p_value"] < 0.001
        assert rows["Coffee"]["adjusted_p_value"] >= rows["Coffee"]["p_value"]

    def test_a_customer_stays_what_they_were_when_they_came_in(self, shop: Shop):
        experiment, members = self.portrayed(shop)
        shop.purchases(members["warm"][0::2][:60])
        before = effects_by_persona(experiment)
        coffee = Segment.objects.get(name="Coffee")
        Persona.objects.filter(customer__in=members["warm"]).update(segment=coffee)
        assert services.place_customers() == 0
        assert effects_by_persona(experiment) == before

    def test_personas_that_are_alike_do_not_differ(self, shop: Shop):
        experiment, members = self.portrayed(shop)
        shop.purchases(members["warm"][:60])
        found = effects_by_persona(experiment)
        assert found is not None
        assert found["differ"]["p_value"] > 0.05

    def test_of_one_persona_there_is_nothing_to_tell(self, shop: Shop):
        experiment, _ = told(shop)
        assert effects_by_persona(experiment) is None


class TestGuardrails:
    LIMIT = {"shop-revenue": -0.2}

    def state(self, shop: Shop, *, loss: int) -> tuple[dict, dict]:
        """Everybody buys something else for 10; `loss` of the treated did not."""
        experiment, members = told(shop, count=1000, guardrails=self.LIMIT)
        other = shop.new_product("OTHER")
        shop.purchases([*members["holdout"], *members["warm"][loss:]], product=other)
        shop.purchases(members["warm"][:60])
        (guardrail,) = guardrails_of(experiment)
        return guardrail, with_guardrails(results.launch_effect(experiment), [guardrail])

    def test_one_that_holds_lets_it_ship(self, shop: Shop):
        guardrail, effect = self.state(shop, loss=0)
        assert guardrail["code"] == "holds"
        assert effect["verdict"] == "ship launch"

    def test_one_that_is_broken_does_not(self, shop: Shop):
        guardrail, effect = self.state(shop, loss=300)
        assert guardrail["code"] == "breached"
        assert effect["verdict"].startswith("do not ship yet: guardrail shop-revenue is broken")

    def test_is_registered_for_a_metric_that_there_is(self, shop: Shop):
        with pytest.raises(InvalidInput, match="no metric"):
            shop.experiment(guardrails={"joy": -0.1})
        with pytest.raises(InvalidInput, match="share such as"):
            shop.experiment(guardrails={"shop-revenue": -2})


class TestAA:
    def verdict(self, shop: Shop, buyers) -> str:
        experiment, customers = shop.experiment(is_aa=True), shop.customers(400)
        assigned = services.assign(experiment=experiment, customer_ids=customers, now=NOW)
        shop.purchases(buyers(assigned))
        (verdict,) = results.results(experiment)["verdicts"]
        return verdict["verdict"]

    def test_calls_equal_groups_alike(self, shop: Shop):
        assert self.verdict(shop, lambda assigned: list(assigned)[::4]) == results.ALIKE

    def test_calls_a_difference_a_fault(self, shop: Shop):
        def some_of_warm(assigned):
            return [c for c, found in assigned.items() if found.variant == "warm"][:100]

        assert self.verdict(shop, some_of_warm) == results.UNLIKE


class TestStoppingRule:
    def test_pays_for_looking_at_any_time_with_a_wider_interval(self, shop: Shop):
        customers = shop.customers(400)
        experiments = {}
        for rule in ("fixed", "sequential"):
            experiment = shop.experiment(stopping_rule=rule, salt="the same")
            services.assign(experiment=experiment, customer_ids=customers, now=NOW)
            experiments[rule] = experiment
        shop.purchases(customers[::4])
        spans = {}
        for rule, experiment in experiments.items():
            low, high = results.results(experiment)["results"][0]["interval"]
            spans[rule] = high - low
        assert spans["sequential"] > spans["fixed"]
