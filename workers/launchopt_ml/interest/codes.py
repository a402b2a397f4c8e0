"""How near new products are to known ones in the order of their skus.

Many shops number what comes together one after the other: variants of one design, a season, a
supplier's delivery. Where skus mean nothing this says nothing, and the learner finds that out.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

REACH = 30  # places to either side
FADING = 4.0  # places over which a neighbour's say falls to a third
PART = re.compile(r"\d+|\D+")
Key: TypeAlias = list[tuple[int, int, str]]


def natural(sku: str) -> Key:
    """A key that sorts numbers within a sku by their size, before letters.

    >>> sorted(["A10", "A9", "7"], key=natural)
    ['7', 'A9', 'A10']
    """
    parts = PART.findall(sku)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]


def by_code(new: NDArray[np.str_], known: NDArray[np.str_]) -> sp.csr_matrix:
    """(new, known): how near each known sku is, counted in places of their order."""
    keys = [natural(sku) for sku in known.tolist()]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    in_order = [keys[place] for place in order]
    places = np.array([bisect_left(in_order, natural(sku)) for sku in new.tolist()], dtype=int)
    step = np.arange(-REACH, REACH)
    near = places[:, None] + step[None, :]  # (new, 2 REACH)
    inside = (near >= 0) & (near < len(order))
    row, column = np.nonzero(inside)
    distance = np.where(step < 0, -step - 1, step)[column]
    shape = (len(new), len(known))
    positions = np.array(order, dtype=int)[near[inside]]
    return sp.csr_matrix((np.exp(-distance / FADING), (row, positions)), shape=shape)
