"""What many places buy at a price: each as much as makes its last cent worth it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from launchopt_core.budget.curves import Bends, Curve, Hill
from launchopt_core.budget.problem import Box
from launchopt_core.budget.runs import inflection_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

STEPS = 40  # of Newton's method at most
SAME = 1e-8  # a step so small ends the search: the response is off by its square


@dataclass
class Hills:
    """Hill curves in cents, and where each may stand."""

    scale: Floats
    half: Floats
    shape: Floats
    least: Floats  # the least where used
    high: Floats
    bend: Floats  # below it the curve is convex
    may_rest: Flags  # at 0, where `least` is above 0
    _power: Floats  # shape * log(spend / half) at the last price, from which Newton goes on

    @classmethod
    def of(cls, curves: Sequence[Hill], box: Box, at: Ints, *, cent: float) -> "Hills":
        """Lay out the hills at these places of the box."""
        table = np.array([(c.scale, c.half, c.shape) for c in curves]).reshape(-1, 3)
        bend = np.array([inflection_of(c) for c in curves]) / cent
        least = np.maximum(box.low, box.minimum)[at].astype(float)
        return cls(
            table[:, 0],
            table[:, 1] / cent,
            table[:, 2],
            least,
            box.high[at].astype(float),
            bend,
            box.minimum[at] > 0,
            np.zeros(len(at)),
        )

    def value(self, spend: Floats) -> Floats:
        """The responses to spends in cents."""
        with np.errstate(divide="ignore"):
            power = self.shape * np.log(spend / self.half)
        return np.asarray(self.scale / (1.0 + np.exp(np.minimum(-power, 700.0))))

    def bought_at(self, price: Floats) -> Floats:
        """The spends that are best at these prices for a cent."""
        start = np.clip(np.maximum(self.least, self.bend), None, self.high)
        spend = np.clip(self._stationary(price), start, self.high)
        spend = np.where(price <= 0, self.high, spend)
        if not self.has_jumps():
            return spend
        for other, allowed in ((self.least, True), (np.zeros_like(spend), self.may_rest)):
            better = self.value(other) - price * other > self.value(spend) - price * spend
            spend = np.where(better & allowed, other, spend)
        return spend

    def has_jumps(self) -> bool:
        """Whether some place may not stand anywhere between its least and its most."""
        is_bent = (self.bend > self.least) & (self.high > self.least)
        return bool(self.may_rest.any() or is_bent.any())

    def _stationary(self, price: Floats) -> Floats:
        """Where the slope is the price, on the concave side: Newton on v = shape*log(s / half).

        log(slope) is concave in v there, so Newton comes from the right and never passes the root.
        """
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            aim = np.log(price * self.half / (self.scale * self.shape))
        aim = np.where(price > 0, aim, -700.0)
        tilt = (self.shape - 1) / self.shape  # (0, 1) for an S, 0 or less where concave
        peak = np.where(tilt > 0, logit(np.clip(tilt, 1e-12, 1 - 1e-12) / 2), -700.0)
        reachable = np.isfinite(aim) & (aim < tilt * peak - 2 * np.logaddexp(0.0, peak))
        at = np.flatnonzero(reachable)
        v = np.maximum(self._power, peak + 1e-3)
        for _ in range(STEPS):
            v[at], step = _newton(v[at], tilt[at], peak[at], aim[at])
            at = at[np.abs(step) > SAME]
            if not len(at):
                break
        self._power = v
        return np.where(reachable, self.half * np.exp(v / self.shape), 0.0)


def _newton(v: Floats, tilt: Floats, peak: Floats, aim: Floats) -> tuple[Floats, Floats]:
    """One step towards the root of tilt * v - 2 * log(1 + exp(v)) = aim, and how far it went."""
    grown = np.exp(-np.abs(v))
    rise = np.where(v > 0, 1.0, grown) / (1.0 + grown)
    miss = tilt * v - 2 * (np.maximum(v, 0.0) + np.log1p(grown)) - aim
    after = np.clip(v - miss / np.minimum(tilt - 2 * rise, -1e-9), peak + 1e-9, 600.0)
    return after, after - v


@dataclass
class Lines:
    """Concave hulls of curves that are straight between points, all in one table of pieces."""

    start: Floats  # (places,)
    first: Floats  # (places,) the response at the start
    place: Ints  # (pieces,)
    width: Floats  # (pieces,) cents
    slope: Floats  # (pieces,) falling within a place
    curves: list[Bends]
    is_hull: bool  # whether some curve lies below its hull

    @classmethod
    def of(cls, curves: Sequence[Curve], box: Box, at: Ints, *, cent: Decimal) -> "Lines":
        """The hulls over what the places may hold."""
        bends = [curve.bends(cent) for curve in curves]
        hulls = [_hull_of(bend, box, int(i)) for bend, i in zip(bends, at, strict=True)]
        empty = np.zeros(0)
        sizes = [len(spend) - 1 for spend, _, _ in hulls]
        width = np.concatenate([empty, *(np.diff(spend) for spend, _, _ in hulls)])
        rise = np.concatenate([empty, *(np.diff(response) for _, response, _ in hulls)])
        return cls(
            np.array([spend[0] for spend, _, _ in hulls]),
            np.array([response[0] for _, response, _ in hulls]),
            np.repeat(np.arange(len(hulls)), sizes),
            width,
            rise / width,
            bends,
            any(lies_below for _, _, lies_below in hulls),
        )

    def value(self, spend: Floats) -> Floats:
        """The responses to spends in cents, by the curves themselves."""
        pairs = zip(self.curves, spend, strict=True)
        return np.array([np.interp(at, bends.spend, bends.response) for bends, at in pairs])

    def bought_at(self, price: Floats) -> Floats:
        """The corners that are best at these prices for a cent."""
        taken = self.width * (self.slope > price[self.place])
        return self.start + np.bincount(self.place, weights=taken, minlength=len(self.start))


def _hull_of(bends: Bends, box: Box, at: int) -> tuple[Floats, Floats, bool]:
    low, high, minimum = (float(part[at]) for part in (box.low, box.high, box.minimum))
    least = max(low, minimum)
    inside = bends.spend[(bends.spend > least) & (bends.spend < high)]
    spend = np.unique(np.concatenate([[low, least], inside, [high]]))
    response = bends.at(spend)
    kept: list[int] = []
    for i in range(len(spend)):
        while len(kept) > 1 and _turns_up(spend, response, kept[-2], kept[-1], i):
            kept.pop()
        kept.append(i)
    return spend[kept], response[kept], len(kept) < len(spend) or minimum > 0


def _turns_up(spend: Floats, response: Floats, a: int, b: int, c: int) -> bool:
    left = (response[b] - response[a]) * (spend[c] - spend[b])
    right = (response[c] - response[b]) * (spend[b] - spend[a])
    return bool(right > left * (1 + 1e-12) + 1e-300)


class Market:
    """All places: what they buy at prices, and what that brings."""

    def __init__(self, curves: Sequence[Curve | Hill], box: Box, *, cent: Decimal) -> None:
        is_hill = np.array([isinstance(curve, Hill) for curve in curves])
        self.count = len(curves)
        self._at_hills, self._at_lines = np.flatnonzero(is_hill), np.flatnonzero(~is_hill)
        hills = [curve for curve in curves if isinstance(curve, Hill)]
        lines = [curve for curve in curves if not isinstance(curve, Hill)]
        self._hills = Hills.of(hills, box, self._at_hills, cent=float(cent))
        self._lines = Lines.of(lines, box, self._at_lines, cent=cent)

    def bought_at(self, price: Floats) -> Floats:
        """Spends in cents, (places,), best at prices for a cent, (places,)."""
        spend = np.zeros(self.count)
        spend[self._at_hills] = self._hills.bought_at(price[self._at_hills])
        spend[self._at_lines] = self._lines.bought_at(price[self._at_lines])
        return spend

    def value(self, spend: Floats) -> Floats:
        """Responses, (places,)."""
        response = np.zeros(self.count)
        response[self._at_hills] = self._hills.value(spend[self._at_hills])
        response[self._at_lines] = self._lines.value(spend[self._at_lines])
        return response

    def has_jumps(self) -> bool:
        """Whether some curve is not concave over what its place may hold."""
        return self._lines.is_hull or self._hills.has_jumps()


def kinds_of(count: int, members: Sequence[Ints]) -> Ints:
    """A number for each place, the same for places that the same groups hold."""
    marks = np.random.default_rng(0).integers(1, 2**62, size=len(members), dtype=np.int64)
    mixed = np.zeros(count, np.int64)
    for mark, part in zip(marks, members, strict=True):
        mixed[part] ^= mark
    return np.unique(mixed, return_inverse=True)[1]
