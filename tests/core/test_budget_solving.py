"""Budget problems of every kind: as good as brute force, every word kept, conflicts named."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.budget import problems
from benchmarks.budget.__main__ import check
from launchopt_core.budget import (
    Group,
    Hill,
    Infeasible,
    Place,
    Points,
    Problem,
    Sorted,
    beyond_data,
    solve,
)
from launchopt_core.budget.reading import InvalidProblem, parse, problem_of
from launchopt_core.errors import ImpossibleInput, InvalidAmount

D = Decimal
WARM = {"channel": "email", "audience": "warm"}


def plan_of(*places, total="10.00", groups=(), currency="GBP"):
    return solve(Problem(total=D(total), currency=currency, places=places, groups=groups))


def hill(name, scale=9.0, half=5.0, shape=1.0, **limits):
    limits = {rule: D(amount) for rule, amount in limits.items()}
    return Place(id=name, curve=Hill(scale, half, shape), where=WARM, **limits)


def conflict_of(*places, **options):
    with pytest.raises(Infeasible) as raised:
        plan_of(*places, **options)
    return sorted(raised.value.conflict)


class TestAgainstBruteForce:
    def test_sixty_problems_of_every_kind(self):
        rng = np.random.default_rng(20)
        made = [
            problems.tiny(rng, most=3) if n % 4 else problems.fine(rng, most=3) for n in range(60)
        ]
        verdicts = [check(problem) for problem in made]
        assert set(verdicts) == {"optimal", "infeasible"}

    @settings(max_examples=25, deadline=None)
    @given(seed=st.integers(0, 2**32))
    def test_every_word_is_kept(self, seed):
        verdict = check(problems.tiny(np.random.default_rng(seed), most=3))
        assert verdict in ("optimal", "infeasible")

    @settings(max_examples=15, deadline=None)
    @given(seed=st.integers(0, 2**32), more=st.integers(1, 5))
    def test_more_money_never_brings_less(self, seed, more):
        made = problems.tiny(np.random.default_rng(seed), most=3)
        richer = made | {"total": str(int(made["total"]) + more)}
        try:
            poor = solve(problem_of(made))
        except Infeasible:
            return
        assert solve(problem_of(richer)).expected_response >= poor.expected_response * (1 - 1e-4)


class TestManyPlaces:
    def test_concave_places_come_within_a_thousandth_of_the_bound(self):
        made = problems.large(
            np.random.default_rng(3), channels=4, audiences=6, hours=20, groups=20
        )
        plan = solve(problem_of(made))
        assert plan.expected_response >= 0.999 * plan.upper_bound
        assert plan.spent + plan.unspent == D(made["total"])
        for group in made["groups"]:
            ((key, value),) = group["where"].items()
            held = sum(plan.cells[c["id"]] for c in made["cells"] if c[key] == value)
            assert D(group.get("floor", "0")) <= held <= D(group.get("ceiling", made["total"]))
        for cell in made["cells"]:
            amount = plan.cells[cell["id"]]
            assert D(cell.get("floor", "0")) <= amount <= D(cell.get("ceiling", made["total"]))

    def test_curves_with_jumps_keep_their_minimum_and_tell_the_gap(self):
        rng = np.random.default_rng(4)
        places = [
            hill(f"p{i}", scale=rng.uniform(1, 9), half=rng.uniform(5, 50),
                 shape=rng.uniform(0.6, 3), minimum_if_used="4.00")
            for i in range(300)
        ]  # fmt: skip
        plan = plan_of(*places, total="2000.00")
        assert 0.99 * plan.upper_bound <= plan.expected_response <= plan.upper_bound
        assert all(amount == 0 or amount >= 4 for amount in plan.cells.values())
        assert plan.spent + plan.unspent == 2000

    def test_names_the_conflict_among_many(self):
        places = [hill(f"p{i}", floor="0.01") for i in range(400)]
        places[7] = hill("p7", floor="3.00")
        places[9] = hill("p9", floor="4.00")
        cap = Group(name="cap", where={"channel": "email"}, ceiling=D("6.50"))
        assert conflict_of(*places, groups=[cap]) == ["cap.ceiling", "p7.floor", "p9.floor"]
        everything = [hill(f"p{i}", floor="0.01") for i in range(400)]
        assert len(conflict_of(*everything, total="2.00")) == 202

    def test_without_any_money_they_are_all_empty(self):
        plan = plan_of(*(hill(str(n)) for n in range(300)), total="0.00", groups=[CEILING])
        assert plan.spent == 0
        assert plan.expected_response == pytest.approx(0)


CEILING = Group(name="all", where={"channel": "x"}, ceiling=Decimal(5))


class TestWhatIsBought:
    def test_what_would_buy_nothing_stays_unspent(self):
        curve = Sorted([0.5, 0.2, 0.0], D("1.00"))
        plan = plan_of(Place(id="a", curve=curve))
        assert (plan.spent, plan.unspent, plan.expected_response) == (D("2.00"), D("8.00"), 0.7)

    def test_points_that_fall_are_left_at_their_height(self):
        curve = Points([(D(2), 4.0), (D(6), 1.0)])
        assert plan_of(Place(id="a", curve=curve)).cells == {"a": D("2.00")}

    def test_points_that_rise_late_are_bought_whole_or_not_at_all(self):
        late = Points([(D(6), 1.0), (D(8), 9.0)])
        plan = plan_of(Place(id="late", curve=late), Place(id="b", curve=Sorted([0.4] * 9, D(1))))
        assert plan.cells == {"late": D("8.00"), "b": D("2.00")}

    def test_two_steep_s_curves_get_all_in_one(self):
        plan = plan_of(hill("a", half=8, shape=6), hill("b", half=8, shape=6))
        assert sorted(plan.cells.values()) == [0, 10]

    def test_yen_have_no_decimals_and_dinars_three(self):
        assert plan_of(hill("a"), hill("b"), total="7", currency="JPY").spent == 7
        dinars = plan_of(hill("a"), hill("b"), total="0.003", currency="KWD")
        assert dinars.spent == D("0.003")
        with pytest.raises(InvalidAmount, match=r"a.floor: 1.5 has more decimals than JPY"):
            plan_of(hill("a", floor="1.5"), total="7", currency="JPY")

    def test_groups_that_overlap_in_odd_rings_have_no_whole_cents(self):
        ring = [
            Place(id="a", curve=Hill(1, 1, 1), where={"channel": "x", "hour": 1}),
            Place(id="b", curve=Hill(1, 1, 1), where={"channel": "x", "audience": "y"}),
            Place(id="c", curve=Hill(1, 1, 1), where={"audience": "y", "hour": 1}),
        ]
        one = {"floor": D("0.01"), "ceiling": D("0.01")}
        groups = [
            Group(name=key, where={key: value}, **one)
            for key, value in (("channel", "x"), ("audience", "y"), ("hour", "1"))
        ]
        assert len(conflict_of(*ring, groups=groups)) == 6


class TestConflicts:
    @pytest.mark.parametrize(
        ("limits", "conflict"),
        [
            ({"floor": "3", "ceiling": "2"}, ["a.ceiling", "a.floor"]),
            ({"pin": "3", "ceiling": "2"}, ["a.ceiling", "a.pin"]),
            ({"pin": "3", "minimum_if_used": "4"}, ["a.minimum_if_used", "a.pin"]),
            ({"floor": "11"}, ["a.floor", "total"]),
            ({"floor": "1", "ceiling": "2", "minimum_if_used": "3"},
             ["a.ceiling", "a.floor", "a.minimum_if_used"]),
        ],
    )  # fmt: skip
    def test_of_one_cell(self, limits, conflict):
        assert conflict_of(hill("a", **limits), hill("b", floor="1")) == conflict

    def test_of_a_group_with_minimum_spends(self):
        places = [hill("a", minimum_if_used="6"), hill("b", minimum_if_used="7")]
        group = Group(name="G", where={"audience": "warm"}, floor=D(2), ceiling=D(5))
        assert conflict_of(*places, groups=[group]) == [
            "G.ceiling", "G.floor", "a.minimum_if_used", "b.minimum_if_used",
        ]  # fmt: skip

    def test_a_floor_of_nobody(self):
        group = Group(name="G", where={"channel": "radio"}, floor=D(1))
        assert conflict_of(hill("a"), groups=[group]) == ["G.floor"]
        assert conflict_of(groups=[group]) == ["G.floor"]


class TestBadInput:
    CELL = '{"id": "a", "curve": {"kind": "hill", "scale": 1, "half": 1, "shape": 1}}'

    @pytest.mark.parametrize(
        ("cell", "words"),
        [
            ('{"id": "a", "curve": {"kind": "log"}}', "a: there is no curve of the kind 'log'"),
            ('{"id": "a", "curve": {"kind": "hill", "scale": 1}}', "a: a hill curve needs half"),
            ('{"id": "a", "curve": {"kind": "hill", "scale": 1, "half": 0, "shape": 1}}', "a: "),
            ('{"id": "a", "curve": {"kind": "points", "points": [[2, 1], [1, 2]]}}', "a: .* rise"),
            ('{"id": "a", "curve": {"kind": "sorted", "probabilities": [2], "cost_each": 1}}',
             "a: "),
            (CELL[:-1] + ', "floor": "-1"}', "a.floor: -1 is no amount"),
            (CELL[:-1] + ', "floor": "x"}', "a.floor: 'x' is no amount"),
            (CELL[:-1] + ', "flor": "1"}', "cell a has no 'flor'"),
            (CELL[:-1] + ', "pin": NaN}', "NaN is no number"),
            (CELL + ", " + CELL, "Two cells are called 'a'"),
            ("7", "cell number 1 must be an object"),
        ],
    )  # fmt: skip
    def test_names_the_cell(self, cell, words):
        with pytest.raises(ImpossibleInput, match=words):
            parse(f'{{"total": "10.00", "currency": "GBP", "cells": [{cell}]}}')

    def test_names_the_group(self):
        group = '{"name": "G", "where": {"season": "x"}}'
        with pytest.raises(InvalidProblem, match=r"G.where has no 'season'"):
            parse(f'{{"total": 1, "currency": "GBP", "cells": [], "groups": [{group}]}}')

    @pytest.mark.parametrize("text", ["", "[]", '{"total": 1}', '{"currency": "GBP"}'])
    def test_refuses_what_is_no_problem(self, text):
        with pytest.raises(ImpossibleInput):
            parse(text)


class TestBeyondTheData:
    def test_tells_the_share_of_the_spend_that_no_data_covers(self):
        place = Place(id="a", curve=Hill(9, 5, 1, fitted_on=(0.0, 4.0)))
        problem = Problem(total=D("10.00"), currency="GBP", places=[place])
        assert beyond_data(problem, solve(problem)) == (0.6, ["a"])

    def test_is_silent_where_no_curve_tells(self):
        problem = Problem(total=D("10.00"), currency="GBP", places=[hill("a")])
        assert beyond_data(problem, solve(problem)) is None
