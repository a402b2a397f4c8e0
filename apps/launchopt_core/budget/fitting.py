"""Hill curves from what was spent and what came of it, by group: small groups lean on the others.

The mean response of a row is a baseline, which comes without spend, and a hill of its spend; its
variance is in proportion to the mean (quasi-Poisson). Each group's parameters have a normal prior
whose centre and width are learned from all groups (empirical Bayes by EM, with Laplace's
approximation: Gelman et al., Bayesian Data Analysis, 2013, ch. 5 and 13).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from launchopt_core.budget.curves import Hill
from launchopt_core.errors import InvalidRate, TooFewObservations

Floats = NDArray[np.float64]

# Parameters: log response at the reference spend, log(half / reference), log shape, log baseline.
WEAK = np.array([3.0, 1.0, 0.4, 2.0])  # prior widths where all rows are one group
NARROW, WIDE = np.array([0.02, 0.02, 0.02, 0.02]), np.array([2.0, 0.8, 0.3, 1.5])
BASELINE = 0.1  # of the mean response, to begin with
EM_STEPS, SCORING_STEPS = 12, 60
FEWEST = 8  # rows with spend, in all
NORMAL = 1.959963984540054  # two-sided 95 %
TOLD_AT = (0.1, 0.25, 0.5, 0.75, 1.0)  # of the highest spend


class Told(NamedTuple):
    """The response to a spend, without the baseline, and its 95 % interval."""

    spend: float
    response: float
    low: float
    high: float


@dataclass(frozen=True)
class Fitted:
    """A group's curve, with 95 % intervals of its parameters and of its responses."""

    curve: Hill
    baseline: float  # the mean response of a row without spend
    intervals: Mapping[str, tuple[float, float]]
    responses: tuple[Told, ...]
    rows: int


class Rows(NamedTuple):
    """What was spent and what came of it, (rows,) each."""

    spend: Floats
    response: Floats


class _Estimate(NamedTuple):
    centre: Floats  # (4,)
    covariance: Floats  # (4, 4)


def fit_hills(groups: Mapping[str, Rows]) -> dict[str, Fitted]:
    """A curve for each group. Raises TooFewObservations, or InvalidRate for negative values."""
    every = Rows(
        np.concatenate([rows.spend for rows in groups.values()] or [np.zeros(0)]),
        np.concatenate([rows.response for rows in groups.values()] or [np.zeros(0)]),
    )
    _check(every)
    reference = float(np.median(every.spend[every.spend > 0]))
    start = _start(every)
    pooled = _estimate(every, reference, start, WEAK, dispersion=1.0)
    dispersion = _dispersion(every, reference, pooled.centre)
    centre, width, used = pooled.centre, WIDE, WIDE
    estimates: list[_Estimate] = []
    for _ in range(EM_STEPS):
        used = width
        estimates = [
            _estimate(rows, reference, centre, width, dispersion=dispersion)
            for rows in groups.values()
        ]
        centre, width = _learned(estimates)
    estimates = _with_doubt(estimates, np.diag(1 / used**2))
    return {
        name: _fitted(rows, reference, estimate)
        for (name, rows), estimate in zip(groups.items(), estimates, strict=True)
    }


def _check(rows: Rows) -> None:
    for name, values in zip(("spend", "response"), rows, strict=True):
        if not (np.isfinite(values) & (values >= 0)).all():
            raise InvalidRate(f"Every {name} must be a finite number of 0 or more.")
    if (rows.spend > 0).sum() < FEWEST or not rows.response.any():
        raise TooFewObservations(
            f"A curve needs at least {FEWEST} rows with spend, and some response."
        )


def _start(rows: Rows) -> Floats:
    mean = float(rows.response.mean())
    return np.array([np.log(mean), np.log(2.0), 0.0, np.log(mean * BASELINE)])


def _means(spend: Floats, reference: float, theta: Floats) -> tuple[Floats, Floats]:
    """Mean responses, (rows,), and their slopes in the parameters, (rows, 4)."""
    level, half, shape = np.exp(theta[0]), np.exp(theta[1]), np.exp(theta[2])
    with np.errstate(divide="ignore"):
        log_spend = np.maximum(np.log(spend / reference), -60.0)
    power, knee = np.exp(shape * log_spend), np.exp(shape * np.log(half))
    # The hill that passes through the level at the reference: level * s^k (1 + h^k) / (s^k + h^k).
    hill = np.where(spend > 0, level * power * (1 + knee) / (power + knee), 0.0)
    by_knee = hill * (knee / (1 + knee) - knee / (power + knee))
    by_shape = hill * shape * log_spend * knee / (power + knee) + by_knee * np.log(knee)
    base = np.full_like(hill, np.exp(theta[3]))
    slopes = np.stack([hill, by_knee * shape, by_shape, base], axis=1)
    return hill + base, slopes


def _estimate(
    rows: Rows, reference: float, centre: Floats, width: Floats, *, dispersion: float
) -> _Estimate:
    """The posterior's mode by Fisher scoring with halved steps, and its curvature there."""
    precision = np.diag(1 / width**2)

    def loss(theta: Floats) -> float:
        mean, _ = _means(rows.spend, reference, theta)
        off = theta - centre
        fit = (mean - rows.response * np.log(mean)).sum() / dispersion
        return float(fit + off @ precision @ off / 2)

    theta, now = centre.copy(), loss(centre)
    for _ in range(SCORING_STEPS):
        mean, slopes = _means(rows.spend, reference, theta)
        slope = slopes.T @ (1 - rows.response / mean) / dispersion + precision @ (theta - centre)
        curvature = (slopes / mean[:, None]).T @ slopes / dispersion + precision
        step = np.clip(np.linalg.solve(curvature, slope), -1.0, 1.0)
        while (after := loss(theta - step)) > now and np.abs(step).max() > 1e-9:
            step = step / 2
        theta, gained, now = theta - step, now - after, min(now, after)
        if gained < 1e-9:
            break
    _, slopes = _means(rows.spend, reference, theta)
    mean, _ = _means(rows.spend, reference, theta)
    curvature = (slopes / mean[:, None]).T @ slopes / dispersion + precision
    return _Estimate(theta, np.asarray(np.linalg.inv(curvature), dtype=np.float64))


def _dispersion(rows: Rows, reference: float, theta: Floats) -> float:
    """Pearson's: how much more the rows vary than Poisson counts would; at least a little."""
    mean, _ = _means(rows.spend, reference, theta)
    free = max(len(mean) - len(theta), 1)
    return max(float(((rows.response - mean) ** 2 / mean).sum() / free), 1e-3)


def _learned(estimates: list[_Estimate]) -> tuple[Floats, Floats]:
    """The prior's centre and width that the groups speak for (one step of EM)."""
    centres = np.array([estimate.centre for estimate in estimates])
    spread = np.array([np.diag(estimate.covariance) for estimate in estimates])
    centre = centres.mean(axis=0)
    width = np.sqrt(((centres - centre) ** 2 + spread).mean(axis=0))
    return centre, np.clip(width, NARROW, WIDE)


def _with_doubt(estimates: list[_Estimate], precision: Floats) -> list[_Estimate]:
    """The same, unsure also of the prior's centre, on which small groups lean."""
    known = sum(precision - precision @ each.covariance @ precision for each in estimates)
    doubt = np.linalg.inv(known + np.diag(1 / WEAK**2))
    leans = [each.covariance @ precision for each in estimates]
    return [
        each._replace(covariance=each.covariance + lean @ doubt @ lean.T)
        for each, lean in zip(estimates, leans, strict=True)
    ]


def _fitted(rows: Rows, reference: float, estimate: _Estimate) -> Fitted:
    def logs(theta: Floats) -> Floats:
        """log scale, log half, log shape, log baseline."""
        level, half, shape, base = theta
        scale = level + np.log1p(np.exp(np.exp(shape) * half))
        return np.array([scale, half + np.log(reference), shape, base])

    values = np.exp(logs(estimate.centre))
    off = NORMAL * np.sqrt(_variance(_slopes(logs, estimate.centre), estimate.covariance))
    names = ("scale", "half", "shape", "baseline")
    ends = {
        name: (float(value * np.exp(-wide)), float(value * np.exp(wide)))
        for name, value, wide in zip(names, values, off, strict=True)
    }
    low, high = float(rows.spend.min()), float(rows.spend.max())
    scale, half, shape = (float(value) for value in values[:3])
    curve = Hill(scale, half, shape, fitted_on=(low, high))
    told = _told(np.array(TOLD_AT) * high, reference, estimate) if high > 0 else ()
    return Fitted(curve, float(values[3]), ends, told, len(rows.spend))


def _told(spend: Floats, reference: float, estimate: _Estimate) -> tuple[Told, ...]:
    """Responses with intervals on the log scale, so that none is below 0."""
    mean, slopes = _means(spend, reference, estimate.centre)
    hill = mean - slopes[:, 3]
    wide = NORMAL * np.sqrt(_variance(slopes[:, :3] / hill[:, None], estimate.covariance[:3, :3]))
    rows = zip(spend, hill, hill * np.exp(-wide), hill * np.exp(wide), strict=True)
    return tuple(Told(*(float(value) for value in row)) for row in rows)


def _variance(slopes: Floats, covariance: Floats) -> Floats:
    return np.asarray(np.einsum("ij,jk,ik->i", slopes, covariance, slopes))


def _slopes(function: Callable[[Floats], Floats], theta: Floats) -> Floats:
    step = 1e-5
    return np.stack(
        [
            (function(theta + step * unit) - function(theta - step * unit)) / (2 * step)
            for unit in np.eye(len(theta))
        ],
        axis=1,
    )
