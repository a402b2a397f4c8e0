"""What to do, in words: one plain sentence for each comparison."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import floor, isfinite, log10

import numpy as np
from numpy.typing import NDArray

from launchopt_core.inference.differences import Difference, Outcome
from launchopt_core.inference.methods import Reading
from launchopt_core.inference.samples import Bools, Floats

FEWEST_CUSTOMERS = 20  # in a group, below which no verdict is given
FEWEST_EVENTS = 10  # over both groups: the normal approximation of a rate needs some
MARGIN = 0.02  # of the control's mean: an effect that is smaller is none
MOST_PATIENCE = 10  # times the units so far; who needs more is told no number
INCLUDES_ZERO = "inconclusive: the interval includes zero"
TOO_FEW = "too few customers or conversions"


class Code(StrEnum):
    """The verdicts there are, the first that applies first."""

    BROKEN = "broken"
    TOO_EARLY = "too_early"
    SHIP = "ship"
    KEEP_CONTROL = "keep_control"
    NO_EFFECT = "no_effect"
    INCONCLUSIVE = "inconclusive"
    HOLDS = "holds"  # of a guardrail, as are the next two
    UNPROVEN = "unproven"
    BREACHED = "breached"


FIXED_WORDS = {
    Code.BROKEN: "broken: unequal groups",
    Code.TOO_EARLY: f"too early: {TOO_FEW}",
}


@dataclass(frozen=True)
class Conclusion:
    """A verdict as a code for programs and a sentence for people."""

    code: Code
    sentence: str


LAST_WORDS = {
    Code.TOO_EARLY: Conclusion(Code.INCONCLUSIVE, f"inconclusive: {TOO_FEW}"),
    Code.INCONCLUSIVE: Conclusion(Code.INCONCLUSIVE, INCLUDES_ZERO),
}


@dataclass(frozen=True)
class Evidence:
    """All that a verdict looks at; arrays of one shape."""

    control: Outcome
    treatment: Outcome
    events: Floats  # units of both groups that did anything; NaN where nobody counted
    difference: Difference
    reading: Reading
    is_conclusive: Bools  # after a correction, if there was one
    is_balanced: Bools  # the groups have the sizes that they should have
    margin: Floats  # an absolute effect that is too small to matter


def verdicts(
    evidence: Evidence,
    *,
    names: Sequence[str],
    control: str,
    days: float | None = None,
    is_over: bool = False,
) -> list[Conclusion]:
    """A conclusion for each comparison. Unequal groups come first: nothing on them can be trusted.

    `days` is how long the experiment has run; with it, what is missing is told in days. Of one
    that `is_over` nobody is told to wait.
    """
    told = _Told(evidence, control=control, days=days)
    found = [
        Conclusion(code, told.sentence(index, code, name))
        for index, (code, name) in enumerate(zip(_codes(evidence), names, strict=True))
    ]
    return [LAST_WORDS.get(each.code, each) for each in found] if is_over else found


def units_missing(evidence: Evidence) -> Floats:
    """How many more units make the interval leave out zero, or all that exceeds the margin.

    As if the estimate stood, and the interval shrank with the root of the units; infinite where
    it never would.
    """
    estimate, reach = np.abs(evidence.difference.estimate), _reach(evidence.reading)
    goal = np.fmax(estimate, evidence.margin - estimate)
    with np.errstate(divide="ignore", invalid="ignore"):
        missing = evidence.difference.units * ((reach / goal) ** 2 - 1)
    return np.where(np.isfinite(missing), np.maximum(missing, 0.0), np.inf)


def _codes(evidence: Evidence) -> Iterator[Code]:
    reading = evidence.reading
    rules = [
        (~evidence.is_balanced, Code.BROKEN),
        (_is_too_early(evidence), Code.TOO_EARLY),
        (evidence.is_conclusive & (reading.low > 0), Code.SHIP),
        (evidence.is_conclusive & (reading.high < 0), Code.KEEP_CONTROL),
        (_is_within_margin(evidence), Code.NO_EFFECT),
    ]
    order: NDArray[np.integer] = np.select(
        [rule for rule, _ in rules], list(range(len(rules))), default=len(rules)
    )
    codes = [*(code for _, code in rules), Code.INCONCLUSIVE]
    return (codes[number] for number in order.tolist())


def _is_too_early(evidence: Evidence) -> Bools:
    fewest = np.minimum(evidence.control.count, evidence.treatment.count)
    return (
        ~(fewest >= FEWEST_CUSTOMERS)
        | (evidence.events < FEWEST_EVENTS)
        | np.isnan(evidence.difference.standard_error)
    )


def _is_within_margin(evidence: Evidence) -> Bools:
    return (evidence.reading.low >= -evidence.margin) & (evidence.reading.high <= evidence.margin)


def _reach(reading: Reading) -> Floats:
    return (reading.high - reading.low) / 2


class _Told:
    """The sentences of one table of evidence."""

    def __init__(self, evidence: Evidence, *, control: str, days: float | None) -> None:
        self.control, self.days = control, days
        self.units = evidence.difference.units.tolist()
        self.margin = evidence.margin.tolist()
        self.missing = units_missing(evidence).tolist()
        with np.errstate(divide="ignore", invalid="ignore"):
            self.share = (evidence.margin / np.abs(evidence.difference.base)).tolist()

    def sentence(self, index: int, code: Code, name: str) -> str:
        if code is Code.SHIP:
            return f"ship {name}"
        if code is Code.KEEP_CONTROL:
            return f"keep {self.control}: {name} is worse"
        if code is Code.NO_EFFECT:
            return self._no_effect(index)
        return FIXED_WORDS.get(code) or self._keep_running(index)

    def _no_effect(self, index: int) -> str:
        share = self.share[index]
        told = f"{100 * share:.2g} %" if isfinite(share) else f"{self.margin[index]:.2g}"
        return f"no effect beyond {told}"

    def _keep_running(self, index: int) -> str:
        missing = self.missing[index]
        if not 0 < missing <= MOST_PATIENCE * self.units[index]:
            return INCLUDES_ZERO
        if self.days:
            days = max(round(missing / self.units[index] * self.days), 1)
            return f"keep running: about {_days(days)} more ({INCLUDES_ZERO})"
        return f"keep running: about {two_digits(missing):,} customers more ({INCLUDES_ZERO})"


def two_digits(value: float) -> int:
    """A number that does not pretend to be exact.

    >>> two_digits(12_345.6), two_digits(7.2)
    (12000, 7)
    """
    whole = max(round(value), 1)
    return int(round(whole, 1 - max(floor(log10(whole)), 1)))


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{two_digits(days):,} days"
