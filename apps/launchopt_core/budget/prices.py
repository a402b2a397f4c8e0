"""Prices for the constraints that many places share: the dual of the budget problem.

At any prices, what the places buy and what the constraints' slack is worth bound the response of
every plan (Everett, 1963, Generalized Lagrange multiplier method); the best prices are sought by
L-BFGS-B.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_array

from launchopt_core.budget.market import Market
from launchopt_core.budget.problem import Box

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ITERATIONS = 150
CHEAP = 1e-6  # of the mean response for a cent: what is not spent at this price is not worth it
NEAR = 1.2  # the first price need not be closer


@dataclass
class Prices:
    """The search: its state is the lowest bound seen, and the prices that gave it."""

    market: Market
    box: Box
    ceilings: csr_array  # (ceilings, places) the total first
    ceiling: Floats  # (ceilings,)
    floors: csr_array  # (floors, places)
    floor: Floats  # (floors,)
    bound: float = np.inf
    best: Floats = field(default_factory=lambda: np.zeros(0))

    @classmethod
    def of(cls, market: Market, box: Box, members: Sequence[Ints]) -> "Prices":
        """Lay out the rows that bind: the total and the groups that have bounds."""
        every = np.arange(market.count)
        capped = [g for g, high in enumerate(box.group_high) if high < box.total]
        floored = [g for g, low in enumerate(box.group_low) if low > 0]
        return cls(
            market,
            box,
            _rows([every, *(members[g] for g in capped)], market.count),
            np.array([box.total, *(box.group_high[g] for g in capped)], dtype=float),
            _rows([members[g] for g in floored], market.count),
            np.array([box.group_low[g] for g in floored], dtype=float),
        )

    def search(self) -> None:
        """Find prices whose bound is as low as can be."""
        first = self._price_of_total()
        scale = max(first, 1e-12)
        start = np.zeros(len(self.ceiling) + len(self.floor))
        start[0] = first / scale
        worth = max(abs(self._bound_at(start * scale)[0]), 1e-300)

        def bound(prices: Floats) -> tuple[float, Floats]:
            value, slack = self._bound_at(prices * scale)
            return value / worth, slack * scale / worth

        minimize(
            bound,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=[(0, None)] * len(start),
            options={"maxiter": ITERATIONS, "ftol": 1e-10, "gtol": 1e-9, "maxcor": 30},
        )

    def of_places(self, prices: Floats) -> Floats:
        """What a cent costs in each place, (places,)."""
        caps, floors = np.split(prices, [len(self.ceiling)])
        return np.asarray(self.ceilings.T @ caps - self.floors.T @ floors)

    def _bound_at(self, prices: Floats) -> tuple[float, Floats]:
        """The bound on every plan's response, and its slope in the prices: the slack."""
        caps, floors = np.split(prices, [len(self.ceiling)])
        price = self.of_places(prices)
        spend = self.market.bought_at(price)
        gained = float((self.market.value(spend) - price * spend).sum())
        bound = gained + float(caps @ self.ceiling - floors @ self.floor)
        if bound < self.bound:
            self.bound, self.best = bound, prices.copy()
        slack = np.concatenate(
            [self.ceiling - self.ceilings @ spend, self.floors @ spend - self.floor]
        )
        return bound, slack

    def _price_of_total(self) -> float:
        """The price at which the total alone is just spent."""

        def is_dear(price: float) -> bool:
            return bool(self.market.bought_at(ones * price).sum() <= self.box.total)

        ones = np.ones(self.market.count)
        even = np.minimum(self.box.high, max(self.box.total / self.market.count, 1.0))
        price = max(float(self.market.value(even).sum()) / max(self.box.total, 1.0), 1e-300)
        if is_dear(price * CHEAP):
            return 0.0
        low, high = price * CHEAP, price
        while not is_dear(high) and high < price / CHEAP:
            low, high = high, high * 8
        while high > NEAR * low:
            middle = (low * high) ** 0.5
            low, high = (low, middle) if is_dear(middle) else (middle, high)
        return high


def _rows(parts: Sequence[Ints], width: int) -> csr_array:
    column = np.concatenate([np.zeros(0, np.int64), *parts])
    row = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return csr_array((np.ones(len(column)), (row, column)), shape=(len(parts), width))
