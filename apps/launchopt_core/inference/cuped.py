"""CUPED: what is known of a unit beforehand takes its share out of the noise.

Deng, Xu, Kohavi and Walker (2013), Improving the sensitivity of online controlled experiments by
utilizing pre-experiment data, WSDM. Theta is pooled over the pair that is compared.
"""

from __future__ import annotations

import numpy as np

from launchopt_core.inference.samples import Floats, Kind, Sample


def theta(control: Sample, treatment: Sample) -> Floats:
    """The slope of the value on the covariate over both groups' units; 0 where nothing helps.

    A ratio is not adjusted.
    """
    usable = control.covariate.is_there & treatment.covariate.is_there
    usable &= (control.kind != Kind.RATIO) & (treatment.kind != Kind.RATIO)
    if not usable.any():
        return np.zeros(control.count.shape)
    shared = _pooled(control, treatment, "cross")
    spread = _pooled(control, treatment, "covariate")
    usable &= (spread > 0) & (_pooled(control, treatment, "value") > 0)
    return np.divide(shared, spread, out=np.zeros(spread.shape), where=usable)


def adjusted_mean(sample: Sample, slope: Floats) -> Floats:
    """The mean less what the covariate explains of it."""
    return sample.mean - np.where(slope == 0, 0, slope * sample.covariate.mean)


def adjusted_variance(sample: Sample, slope: Floats) -> Floats:
    """The variance of a unit's value less what its covariate explains."""
    other = sample.covariate
    change = slope**2 * other.variance - 2 * slope * other.covariance
    return np.maximum(sample.variance + np.where(slope == 0, 0, change), 0)


def _pooled(control: Sample, treatment: Sample, what: str) -> Floats:
    """The sum of centred products over both groups' units together."""
    within = sum((s.count - 1) * _spread(s, what) for s in (control, treatment))
    one, other = _apart(control, treatment, what)
    weight = control.count * treatment.count / (control.count + treatment.count)
    return np.asarray(within + weight * one * other, dtype=np.float64)


def _spread(sample: Sample, what: str) -> Floats:
    if what == "value":
        return sample.variance
    return sample.covariate.covariance if what == "cross" else sample.covariate.variance


def _apart(control: Sample, treatment: Sample, what: str) -> tuple[Floats, Floats]:
    value = treatment.mean - control.mean
    covariate = treatment.covariate.mean - control.covariate.mean
    return {"value": (value, value), "covariate": (covariate, covariate)}.get(
        what, (value, covariate)
    )
