"""Many questions asked at once: p-values as if each had been the only one."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from launchopt_core.inference.samples import Floats


class Correction(StrEnum):
    """None; Holm's, for the chance of any false alarm; Benjamini-Hochberg's, for their share."""

    NONE = "none"
    HOLM = "holm"
    BENJAMINI_HOCHBERG = "bh"


def adjusted(p_values: Floats, family: NDArray[np.integer], correction: Correction) -> Floats:
    """The p-values corrected within each family; NaN stays, and counts for nothing.

    Holm (1979, Scandinavian Journal of Statistics 6), Benjamini and Hochberg (1995, JRSS B 57).

    >>> adjusted(np.array([0.01, 0.04, 0.03]), np.zeros(3, int), Correction.HOLM)
    array([0.03, 0.06, 0.06])
    """
    if correction is Correction.NONE or p_values.size == 0:
        return p_values
    order = np.lexsort((p_values, family))  # by family, then by p-value, NaN last
    _, starts, sizes = np.unique(family[order], return_index=True, return_counts=True)
    row = np.repeat(np.arange(len(starts)), sizes)
    column = np.arange(len(order)) - starts[row]
    table = np.full((len(starts), sizes.max()), np.nan)  # (families, questions)
    table[row, column] = p_values[order]
    result = np.empty_like(p_values)
    result[order] = (_holm if correction is Correction.HOLM else _bh)(table)[row, column]
    return result


def _holm(table: Floats) -> Floats:
    asked = (~np.isnan(table)).sum(axis=1, keepdims=True)
    stepped = table * (asked - np.arange(table.shape[1]))
    return np.minimum(np.maximum.accumulate(stepped, axis=1), 1)


def _bh(table: Floats) -> Floats:
    asked = (~np.isnan(table)).sum(axis=1, keepdims=True)
    stepped = table * asked / np.arange(1, table.shape[1] + 1)
    lowest = np.fmin.accumulate(stepped[:, ::-1], axis=1)[:, ::-1]
    return np.where(np.isnan(table), np.nan, np.minimum(lowest, 1))
