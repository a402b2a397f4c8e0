"""Launches paced over a week of traffic that nobody foretold: what is spent, and hour by hour.

    python -m benchmarks.pacing

Each launch plans money for at most two fifths of its forecast traffic, in hours of day and week;
what comes is half to one and a half of the forecast, with a noise of its own in each hour. Every
five minutes money is let out by `launchopt_core.pacing`, as `pace_launches` does it. In owned
channels a contact reserves its cost; one in ten is never seen and gives its money back half an hour
later. Paid channels tell of their spend fifteen minutes late, and for six hours of the week tell
nothing at all; they keep within what they were allowed last.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal

import numpy as np

from launchopt_core.pacing import HOUR, SpendPlan, allowed_when_told_late, money_to_let_out

START = datetime(2026, 5, 4, tzinfo=UTC)
DAYS, TICK, LAPSES_AFTER = 7, timedelta(minutes=5), 6  # ticks
TICKS_AN_HOUR = HOUR // TICK
COST, CENT = Decimal("0.02"), Decimal("0.01")
UNSEEN = 0.1
LATE, SILENT = 3, 6 * (HOUR // TICK)  # ticks
Spend = Callable[[SpendPlan, np.ndarray], tuple[Decimal, list[Decimal]]]


def main() -> int:
    """Print the worst of all launches; exit 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--launches", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    found = {
        name: _measure(spend, launches=options.launches, seed=options.seed)
        for name, spend in (("owned", _spend), ("paid_told_late", _spend_told_late))
    }
    print(json.dumps({"launches": options.launches} | found))
    return int(any(_is_missed(each) for each in found.values()))


def _measure(spend: Spend, *, launches: int, seed: int) -> dict[str, float]:
    found = [_launch(np.random.default_rng([seed, n]), spend) for n in range(launches)]
    over, under, hour = np.array(found).T
    return {
        "worst_overspend": float(over.max()),
        "worst_underspend": float(under.max()),
        "mean_underspend": float(under.mean()),
        "worst_hour_of_its_plan": float(hour.max()),
    }


def _is_missed(found: dict[str, float]) -> bool:
    over, under = found["worst_overspend"], found["worst_underspend"]
    return over > 0.005 or under > 0.05 or found["worst_hour_of_its_plan"] > 2


def _launch(rng: np.random.Generator, spend: Spend) -> tuple[float, float, float]:
    """What is spent above and below the plan, as shares of it, and the worst hour's multiple."""
    forecast = _forecast(rng)
    plan = _plan(forecast, share=float(rng.uniform(0.1, 0.4)))
    traffic = forecast * rng.uniform(0.5, 1.5) * rng.gamma(8, 1 / 8, size=len(forecast))
    spent, by_hour = spend(plan, rng.poisson(np.repeat(traffic, TICKS_AN_HOUR) / TICKS_AN_HOUR))
    most = max(
        float(money / amount) for money, amount in zip(by_hour, plan.amounts, strict=True) if amount
    )
    off = float(spent / plan.total) - 1
    return max(off, 0.0), max(-off, 0.0), most


def _forecast(rng: np.random.Generator) -> np.ndarray:
    """Visits by hour: few at night, most in the evening; other days, other heights."""
    clock = np.arange(24)
    day = 0.15 + np.exp(-((clock - rng.uniform(17, 21)) ** 2) / rng.uniform(20, 40))
    week = rng.uniform(0.7, 1.3, size=DAYS)
    return np.outer(week, day).ravel() * rng.uniform(500, 3000)


def _plan(forecast: np.ndarray, *, share: float) -> SpendPlan:
    hours = [
        (START + number * HOUR, (Decimal(visits * share) * COST).quantize(CENT))
        for number, visits in enumerate(forecast.tolist())
    ]
    return SpendPlan.of(hours)


def _spend(plan: SpendPlan, visits: np.ndarray) -> tuple[Decimal, list[Decimal]]:
    """What is spent in all, and by hour, as visitors come tick by tick."""
    rng = np.random.default_rng(int(visits.sum()))
    committed, returned = Decimal(0), [Decimal(0)] * (len(visits) + LAPSES_AFTER + 1)
    by_hour = [Decimal(0)] * len(plan.starts)
    for tick, count in enumerate(visits.tolist()):
        committed -= returned[tick]
        now, hour = START + tick * TICK, tick // TICKS_AN_HOUR
        allowed = money_to_let_out(
            plan, committed=committed, in_hour=by_hour[hour], now=now, period=TICK, contact=COST
        )
        shown = min(count, int((allowed / COST).to_integral_value(ROUND_DOWN)))
        unseen = COST * int(rng.binomial(shown, UNSEEN))
        committed += COST * shown
        by_hour[hour] += COST * shown
        returned[tick + LAPSES_AFTER] += unseen
    return committed - sum(returned[len(visits) :], Decimal(0)), by_hour


def _spend_told_late(plan: SpendPlan, visits: np.ndarray) -> tuple[Decimal, list[Decimal]]:
    """The same where a channel spends within what is allowed, and what is known of it is old."""
    silence = int(np.random.default_rng(int(visits.sum())).integers(len(visits)))
    by_hour, spent_by = [Decimal(0)] * len(plan.starts), [Decimal(0)]  # before each tick
    told = 0  # ticks
    for tick, count in enumerate(visits.tolist()):
        is_silent = silence <= tick < silence + SILENT
        told = told if is_silent else max(tick - LATE, told)
        hour = tick // TICKS_AN_HOUR
        allowed = allowed_when_told_late(
            plan,
            told_before_hour=spent_by[min(told, hour * TICKS_AN_HOUR)],
            now=START + tick * TICK,
            period=TICK,
        )
        left = max(allowed - spent_by[tick], Decimal(0))
        cost = COST * min(count, int((left / COST).to_integral_value(ROUND_DOWN)))
        by_hour[hour] += cost
        spent_by.append(spent_by[tick] + cost)
    return spent_by[-1], by_hour


if __name__ == "__main__":
    sys.exit(main())
