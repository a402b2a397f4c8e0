"""Budgets: never above the total, exact to the cent, and as good as trying everything."""

from decimal import Decimal
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launchopt_core.budget import (
    Cell,
    CellKey,
    Points,
    Sorted,
    allocate,
    hours_of_customers,
    split_over_hours,
)
from launchopt_core.errors import FloorsAboveBudget, InvalidAmount, InvalidRate

CENT = Decimal("0.01")

chances = st.lists(st.integers(0, 20).map(lambda n: n / 20), min_size=0, max_size=5)
costs = st.sampled_from(["0.003", "0.01", "0.015", "0.02", "0.05"]).map(Decimal)


def key(name: str, hour: int = 0) -> CellKey:
    return CellKey("email", name, hour)


@st.composite
def cells_of(draw):
    cells = []
    for number in range(draw(st.integers(1, 3))):
        floor = draw(st.integers(0, 3)) * CENT
        room = draw(st.one_of(st.none(), st.integers(0, 8)))
        ceiling = None if room is None else floor + room * CENT
        cells.append(Cell(key(str(number)), Sorted(draw(chances), draw(costs)), floor, ceiling))
    return cells


def response_of(cell: Cell, spend: Decimal) -> float:
    """The curve's own definition: each cost buys the next probability, linear between."""
    best_first = np.sort(np.asarray(cell.curve.probabilities))[::-1]
    bought = float(spend / cell.curve.cost_each)
    return float(np.interp(bought, np.arange(len(best_first) + 1), np.r_[0, best_first.cumsum()]))


def brute_force(total_cents: int, cells: list[Cell]) -> float:
    ranges = [
        range(
            int(cell.floor / CENT),
            min(total_cents, total_cents if cell.ceiling is None else int(cell.ceiling / CENT)) + 1,
        )
        for cell in cells
    ]
    splits = (split for split in product(*ranges) if sum(split) <= total_cents)
    return max(
        sum(response_of(cell, cents * CENT) for cell, cents in zip(cells, split, strict=True))
        for split in splits
    )


class TestAllocate:
    @settings(max_examples=150, deadline=None)
    @given(cells=cells_of(), extra=st.integers(0, 12))
    def test_is_as_good_as_trying_every_split(self, cells, extra):
        total = sum((cell.floor for cell in cells), Decimal(0)) + extra * CENT
        plan = allocate(total, cells, "GBP")
        spent_well = sum(response_of(cell, plan.cells[cell.key]) for cell in cells)
        assert plan.expected_response == pytest.approx(spent_well, abs=1e-9)
        assert spent_well == pytest.approx(brute_force(int(total / CENT), cells), abs=1e-9)

    @settings(max_examples=150, deadline=None)
    @given(cells=cells_of(), extra=st.integers(0, 10_000))
    def test_keeps_to_the_total_the_floors_and_the_ceilings(self, cells, extra):
        total = sum((cell.floor for cell in cells), Decimal(0)) + extra * CENT
        plan = allocate(total, cells, "GBP")
        assert sum(plan.cells.values()) == plan.spent
        assert plan.spent + plan.unspent == total
        assert plan.unspent >= 0
        for cell in cells:
            assert cell.floor <= plan.cells[cell.key]
            assert cell.ceiling is None or plan.cells[cell.key] <= cell.ceiling

    def test_leaves_unspent_what_would_buy_nothing(self):
        plan = allocate(Decimal("10.00"), [Cell(key("a"), Sorted([0.5, 0.0], CENT))], "GBP")
        assert (plan.spent, plan.unspent) == (Decimal("0.01"), Decimal("9.99"))
        assert plan.marginal_response == 0

    def test_spends_a_floor_even_where_it_buys_nothing(self):
        cell = Cell(key("a"), Sorted([0.5], CENT), floor=Decimal("1.00"))
        assert allocate(Decimal("2.00"), [cell], "GBP").spent == Decimal("1.00")

    def test_prefers_the_customers_who_will_want_it(self):
        warm = Cell(key("warm"), Sorted([0.3] * 10, CENT))
        cold = Cell(key("cold"), Sorted([0.1] * 10, CENT))
        plan = allocate(Decimal("0.15"), [cold, warm], "GBP")
        assert plan.cells[key("warm")] == Decimal("0.10")
        assert plan.cells[key("cold")] == Decimal("0.05")
        assert plan.marginal_response == pytest.approx(10.0)

    def test_counts_in_the_currencys_own_decimals(self):
        yen = allocate(Decimal("7"), [Cell(key("a"), Sorted([0.5] * 9, Decimal(2)))], "JPY")
        assert yen.cells[key("a")] == Decimal("7")
        with pytest.raises(InvalidAmount, match="more decimals"):
            allocate(Decimal("7.5"), [], "JPY")

    def test_reads_concave_points(self):
        curve = Points([(Decimal("1.00"), 10.0), (Decimal("3.00"), 14.0)])
        other = Cell(key("b"), Sorted([0.05] * 100, CENT))  # 5 for each pound
        plan = allocate(Decimal("2.00"), [Cell(key("a"), curve), other], "GBP")
        assert plan.cells == {key("a"): Decimal("1.00"), key("b"): Decimal("1.00")}
        assert plan.expected_response == pytest.approx(15.0)

    def test_an_empty_plan_spends_nothing(self):
        plan = allocate(Decimal("5.00"), [], "GBP")
        assert (plan.spent, plan.unspent, plan.expected_response) == (0, Decimal("5.00"), 0)

    def test_spends_all_of_a_real_plan(self):
        rng = np.random.default_rng(7)
        cells = [
            Cell(
                CellKey(f"c{c}", f"a{a}", h),
                Sorted(rng.random(30) * 0.1, Decimal("0.02") * (c + 1)),
            )
            for c, a, h in product(range(5), range(10), range(336))
        ]
        plan = allocate(Decimal("5000.00"), cells, "GBP")
        assert plan.spent == Decimal("5000.00")


class TestImpossibleBudgets:
    def test_refuses_floors_above_the_budget(self):
        cell = Cell(key("a"), Sorted([0.5], CENT), floor=Decimal("2.00"))
        with pytest.raises(FloorsAboveBudget):
            allocate(Decimal("1.00"), [cell], "GBP")

    def test_refuses_a_floor_above_its_ceiling(self):
        cell = Cell(key("a"), Sorted([0.5], CENT), floor=Decimal(2), ceiling=Decimal(1))
        with pytest.raises(InvalidAmount, match="floor"):
            allocate(Decimal("5.00"), [cell], "GBP")

    @pytest.mark.parametrize("total", ["-1", "NaN", "Infinity", "1e30"])
    def test_refuses_a_total_that_is_no_budget(self, total):
        with pytest.raises(InvalidAmount):
            allocate(Decimal(total), [], "GBP")

    def test_refuses_two_cells_in_one_place(self):
        cell = Cell(key("a"), Sorted([0.5], CENT))
        with pytest.raises(InvalidRate, match="same channel"):
            allocate(Decimal("1.00"), [cell, cell], "GBP")

    @pytest.mark.parametrize("chance", [-0.1, 1.1, float("nan")])
    def test_refuses_what_is_no_probability(self, chance):
        with pytest.raises(InvalidRate):
            Sorted([chance], CENT)

    @pytest.mark.parametrize("cost", ["0", "-1", "NaN"])
    def test_refuses_a_contact_that_costs_nothing(self, cost):
        with pytest.raises(InvalidAmount):
            Sorted([0.5], Decimal(cost))

    @pytest.mark.parametrize(
        "points",
        [[(Decimal(1), 1.0), (Decimal(2), 3.0)], [(Decimal(1), 1.0), (Decimal(2), 0.5)]],
    )
    def test_refuses_points_that_are_not_concave(self, points):
        with pytest.raises(InvalidRate, match="concave"):
            allocate(Decimal(5), [Cell(key("a"), Points(points))], "GBP")


class TestOneHourEach:
    @given(count=st.integers(0, 300), weights=st.lists(st.integers(0, 9), min_size=1, max_size=24))
    def test_nobody_is_counted_twice_or_lost(self, count, weights):
        weights = [*weights, 1]
        probabilities = np.linspace(0, 1, count)
        parts = split_over_hours(probabilities, weights)
        assert np.allclose(np.sort(np.concatenate(parts)), probabilities)
        assert all(len(part) == 0 for part, w in zip(parts, weights, strict=True) if w == 0)

    def test_hours_get_their_share_of_customers_and_of_the_best_ones(self):
        weights = np.array([1, 2, 3, 4])
        hours = hours_of_customers(10_000, weights)
        assert np.allclose(np.bincount(hours) / 10_000, weights / 10, atol=0.002)
        assert np.allclose(np.bincount(hours[:1000]) / 1000, weights / 10, atol=0.005)

    @pytest.mark.parametrize("weights", [[], [0, 0], [-1, 2], [float("nan")]])
    def test_refuses_weights_that_leave_no_hour(self, weights):
        with pytest.raises(InvalidRate):
            hours_of_customers(3, weights)
