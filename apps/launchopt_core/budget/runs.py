"""A curve over the whole cents a place may hold, as concave runs, and lines that lie above them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from launchopt_core.budget.curves import Bends, Curve, Hill

Floats = NDArray[np.float64]
Value = Callable[[Floats], Floats]

FIRST_TOUCHES = 24  # points at which a run is touched before it is refined
CONVEX_PARTS = 6  # chords over the convex part of an S before it is refined
BENDS_KEPT = 40  # a run of straight pieces with no more bends than these is taken whole


@dataclass
class Run:
    """A stretch of spend, in cents, over which a curve is concave, or convex where `is_chord`."""

    low: float
    high: float
    value: Value
    slope: Value  # read where the run is smooth
    bends: Bends | None = None  # where the curve is straight between points
    is_chord: bool = False
    touches: set[float] = field(default_factory=set)

    def vertices(self) -> tuple[Floats, Floats]:
        """Spends and values, the straight lines between which lie nowhere below the curve."""
        if self.low == self.high or self.is_chord:
            ends = np.unique([self.low, self.high])
            return ends, self.value(ends)
        return self._hull() if self.bends is None else self._bent(self.bends)

    def refine(self, spend: float) -> list["Run"]:
        """The run, closer to the curve at `spend`; the convex part of an S is cut in two there."""
        near = float(np.clip(round(spend), self.low, self.high))
        if not self.is_chord:
            self.touches.add(near)
            return [self]
        if not self.low < near < self.high:
            near = float(round((self.low + self.high) / 2))
        if not self.low < near < self.high:
            return [self]
        return [
            Run(low, high, self.value, self.slope, is_chord=True)
            for low, high in ((self.low, near), (near, self.high))
        ]

    def _bent(self, bends: Bends) -> tuple[Floats, Floats]:
        inside = bends.spend[(bends.spend > self.low) & (bends.spend < self.high)]
        spend = np.unique(np.concatenate([[self.low], inside, [self.high]]))
        if len(spend) <= BENDS_KEPT:
            return spend, self.value(spend)
        value = self.value(spend)
        picked = set(np.linspace(0, len(spend) - 1, FIRST_TOUCHES).astype(int).tolist())
        for near in self.touches:
            after = int(np.searchsorted(spend, near))
            picked |= {max(after - 1, 0), min(after, len(spend) - 1)}
        at = np.array(sorted(picked))
        slope = np.diff(value) / np.diff(spend)
        left, right = slope[np.maximum(at - 1, 0)], slope[np.minimum(at, len(slope) - 1)]
        touch = np.repeat(spend[at], 2)
        return _under_lines(
            touch, np.repeat(value[at], 2), np.stack([left, right], axis=1).ravel(), run=self
        )

    def _hull(self) -> tuple[Floats, Floats]:
        """Tangents above a smooth run; its first cent is a chord, as its slope may be endless."""
        start = self.low + 1 if self.low == 0 else self.low
        if start >= self.high:
            ends = np.array([self.low, self.high])
            return ends, self.value(ends)
        grid = np.geomspace(max(start, 1.0), self.high, FIRST_TOUCHES)
        touch = np.unique(np.concatenate([[start], grid, [t for t in self.touches if t >= start]]))
        touch = touch[(touch >= start) & (touch <= self.high)]
        slope = np.minimum.accumulate(self.slope(touch))
        spend, value = _under_lines(touch, self.value(touch), slope, run=self, start=start)
        if start == self.low:
            return spend, value
        return np.append(self.low, spend), np.append(self.value(np.array([self.low])), value)


def _under_lines(
    touch: Floats, value: Floats, slope: Floats, *, run: Run, start: float | None = None
) -> tuple[Floats, Floats]:
    """The lowest of lines that touch a concave curve: its corners, with both ends of the run."""
    low = run.low if start is None else start
    fall = slope[:-1] - slope[1:]
    gap = value[1:] - value[:-1] + slope[:-1] * touch[:-1] - slope[1:] * touch[1:]
    meet = np.divide(gap, fall, out=touch[:-1].copy(), where=fall > 0)
    meet = np.clip(meet, touch[:-1], touch[1:])
    height = value[:-1] + slope[:-1] * (meet - touch[:-1])
    spend = np.concatenate([[low], meet, [run.high]])
    first = value[0] + slope[0] * (low - touch[0])
    last = value[-1] + slope[-1] * (run.high - touch[-1])
    response = np.concatenate([[first], height, [last]])
    spend, where = np.unique(spend, return_index=True)
    return spend, response[where]


def runs_of(curve: Curve | Hill, *, low: int, high: int, minimum: int, cent: Decimal) -> list[Run]:
    """The runs that cover all that a place may hold: `low` to `high`, or 0 and `minimum` up."""
    if minimum > 0 and low == 0:
        unused = _cover(curve, 0.0, 0.0, cent=cent)
        return [*unused, *_cover(curve, float(minimum), float(high), cent=cent)]
    return _cover(curve, float(low), float(high), cent=cent)


def _cover(curve: Curve | Hill, low: float, high: float, *, cent: Decimal) -> list[Run]:
    if isinstance(curve, Hill):
        return _cover_hill(curve, low, high, cent=cent)
    bends = curve.bends(cent)
    inner = bends.spend[1:-1]
    slope = np.diff(bends.response) / np.diff(bends.spend)
    # The curve is flat after its last point: a fall to there is a bend upwards as well.
    slope, inner = np.append(slope, 0.0), np.append(inner, bends.spend[-1:])
    if len(bends.spend) == 1:
        slope, inner = np.zeros(1), np.zeros(0)
    scale = max(float(np.abs(slope).max()), 1e-300)
    rises = inner[np.diff(slope) > 1e-9 * scale]
    edges = [low, *rises[(rises > low) & (rises < high)].tolist(), high]
    pairs = pairwise(edges) if high > low else [(low, high)]
    return [Run(a, b, bends.at, np.zeros_like, bends=bends) for a, b in pairs]


def _cover_hill(curve: Hill, low: float, high: float, *, cent: Decimal) -> list[Run]:
    value, slope = _smooth(curve, float(cent))
    bend = inflection_of(curve) / float(cent)
    if bend <= low or high <= low:
        return [Run(low, high, value, slope)]
    top = min(bend, high)
    edges = np.unique(np.round(np.linspace(low, top, CONVEX_PARTS + 1)))
    edges = np.unique(np.append(edges[(edges > low) & (edges < top)], [low, top]))
    chords = [Run(a, b, value, slope, is_chord=True) for a, b in pairwise(edges.tolist())]
    return [*chords, Run(top, high, value, slope)] if high > top else chords


def inflection_of(curve: Hill) -> float:
    """The spend at which an S turns from convex to concave; 0 where it is concave throughout."""
    if curve.shape <= 1:
        return 0.0
    return float(curve.half * ((curve.shape - 1) / (curve.shape + 1)) ** (1 / curve.shape))


def _smooth(curve: Hill, cent: float) -> tuple[Value, Value]:
    """A hill's response to cents and its slope for each cent."""

    def value(spend: Floats) -> Floats:
        return curve.at(np.asarray(spend) * cent)

    def slope(spend: Floats) -> Floats:
        share = value(spend) / curve.scale if curve.scale else np.zeros_like(spend)
        return np.asarray(curve.scale * curve.shape * share * (1 - share) / spend)

    return value, slope
