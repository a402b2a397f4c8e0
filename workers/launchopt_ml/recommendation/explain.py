"""Which of a customer's own products spoke most for an entry, and what was done with them."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

NAMED = 2  # products that a reason names at most
LOUD = 0.5  # of the loudest voice: what is quieter is not named
NOBODY = -1


def loudest(
    voices: sp.csr_matrix, *, deeds: sp.csr_matrix
) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
    """(entries, NAMED) products with the largest voices, and (entries,) the deed done with them.

    `voices` and `deeds` (entries, products); a deed is 1 + its position in `tastes.DEEDS`. All
    products named for an entry share the deed of the loudest one, so that one verb is true of all.
    """
    named = np.full((voices.shape[0], NAMED), NOBODY, dtype=np.int32)
    deed = np.full(voices.shape[0], NOBODY, dtype=np.int8)
    entry, product, value = _by_voice(voices)
    if not len(entry):
        return named, deed
    done = np.asarray(deeds[entry, product]).ravel().astype(np.int64) - 1
    first = np.searchsorted(entry, entry)  # where the entry's loudest stands
    kept = (value >= LOUD * value[first]) & (done == done[first])
    entry, product, done = entry[kept], product[kept], done[kept]
    place = np.arange(len(entry)) - np.searchsorted(entry, entry)
    some = place < NAMED
    named[entry[some], place[some]] = product[some]
    deed[entry] = done
    return named, deed


def _by_voice(
    voices: sp.csr_matrix,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Entries in order, within each the loudest product first, ties by position."""
    cells = sp.coo_matrix(voices)
    some = cells.data > 0
    entry, product, value = cells.row[some], cells.col[some], cells.data[some]
    order = np.lexsort((product, -value, entry))
    return entry[order].astype(np.int64), product[order].astype(np.int64), value[order]
