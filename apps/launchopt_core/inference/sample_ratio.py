"""Whether groups have the sizes that their weights promised; else no result is to be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from launchopt_core.errors import NoPositiveWeight
from launchopt_core.inference.samples import Bools, Floats

SAMPLE_RATIO_ALPHA = 0.001  # so rare by chance that a fault is the better explanation


@dataclass(frozen=True)
class SampleRatio:
    """For each group of experiments' units, the p-value of its split and whether it may stand."""

    p_value: Floats
    ok: Bools


def sample_ratio(counts: ArrayLike, weights: ArrayLike) -> SampleRatio:
    """Pearson's chi-square of sizes (groups, variants) under weights of the same shape, or of one.

    p < 0.001 stops every verdict (Fabijan et al., 2019, Diagnosing sample ratio mismatch in online
    controlled experiments, KDD). Somebody in a variant without weight is a fault by itself.

    >>> sample_ratio([[5000, 5050], [5000, 5500]], [1, 1]).ok
    array([ True, False])
    """
    observed = np.atleast_2d(np.asarray(counts, dtype=float))
    shares = np.broadcast_to(np.asarray(weights, dtype=float), observed.shape)
    total = shares.sum(axis=1, keepdims=True)
    if not (np.isfinite(shares).all() and (shares >= 0).all() and (total > 0).all()):
        raise NoPositiveWeight(
            "Weights are 0 or more, and at least one variant needs a positive weight."
        )
    expected = shares / total * observed.sum(axis=1, keepdims=True)
    terms = np.divide(
        (observed - expected) ** 2, expected, out=np.zeros(observed.shape), where=expected > 0
    )
    degrees = (shares > 0).sum(axis=1) - 1
    p_value = np.where(degrees > 0, special.chdtrc(np.maximum(degrees, 1), terms.sum(axis=1)), 1.0)
    p_value = np.where(((shares == 0) & (observed > 0)).any(axis=1), 0.0, p_value)
    return SampleRatio(p_value, p_value >= SAMPLE_RATIO_ALPHA)
