"""Metrics that must not suffer: non-inferiority of each, and no shipping past a broken one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from launchopt_core.errors import InvalidRate
from launchopt_core.inference.methods import Reading
from launchopt_core.inference.verdicts import Code, Conclusion

STOPPED = {Code.BROKEN, Code.TOO_EARLY}


def guarded(
    conclusions: Sequence[Conclusion],
    *,
    groups: Sequence[str],
    metrics: Sequence[str],
    variants: Sequence[str],
    reading: Reading,
    limits: Mapping[str, float],
) -> list[Conclusion]:
    """Conclusions of comparisons, those of guardrails among them, in the same order.

    A limit is a share of the control's mean: -0.02 for a metric that may not fall by more than 2 %,
    0.05 for one that may not rise by more than 5 %. It holds where the whole relative interval
    keeps within it, is broken where the whole interval lies beyond, and is unproven between
    (Blackwelder, 1982, Controlled Clinical Trials 3). A variant ships once all its guardrails hold.
    """
    _check(limits, metrics)
    told = list(conclusions)
    worst: dict[tuple[str, str], Conclusion] = {}
    for index, metric in enumerate(metrics):
        if metric in limits and told[index].code not in STOPPED:
            limit = limits[metric]
            low, high = float(reading.relative_low[index]), float(reading.relative_high[index])
            told[index] = _state(low, high, limit, name=metric)
        if metric in limits and told[index].code is not Code.HOLDS:
            worst.setdefault((groups[index], variants[index]), told[index])
    for index, conclusion in enumerate(told):
        against = worst.get((groups[index], variants[index]))
        if conclusion.code is Code.SHIP and against is not None:
            told[index] = replace(
                against, sentence=f"do not ship {variants[index]} yet: {against.sentence}"
            )
    return told


def _state(low: float, high: float, limit: float, *, name: str) -> Conclusion:
    """Turned so that a fall is what is feared."""
    floor, ceiling = (low, high) if limit <= 0 else (-high, -low)
    way, most = ("fall", -limit) if limit <= 0 else ("rise", limit)
    words = f"{way} by more than {100 * most:.2g} %"
    if floor > -most:
        return Conclusion(Code.HOLDS, f"guardrail {name} holds: it does not {words}")
    if ceiling < -most:
        return Conclusion(Code.BREACHED, f"guardrail {name} is broken: it does {words}")
    return Conclusion(Code.UNPROVEN, f"guardrail {name} is unproven: it may {words}")


def _check(limits: Mapping[str, float], metrics: Sequence[str]) -> None:
    for name, limit in limits.items():
        if name not in metrics:
            known = ", ".join(dict.fromkeys(metrics))
            raise InvalidRate(f"There is no metric {name!r} to guard; there are {known}.")
        if not -1 < limit < 10:
            raise InvalidRate(f"The limit of {name} is a share such as -0.02, not {limit}.")
