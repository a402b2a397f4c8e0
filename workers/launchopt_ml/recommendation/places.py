"""Where the entries of a list stand: those with a score of their own, and those that were drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NOTHING = -1


def slots_of(count: int, *, every: int) -> int:
    """How many of `count` places are for what is drawn: the last of each `every`; 0 for none."""
    return count // every if every else 0


def placed(
    ranked: NDArray[np.bool_], taken: NDArray[np.bool_], *, count: int, every: int
) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """(rows, count) twice: which of the ranked and which of the drawn stands at each place.

    `ranked` (rows, r) and `taken` (rows, t) are true where there is an entry, best first. A drawn
    one takes the last place of each `every`; where none is left a ranked one stands there, and
    where none of those is left the drawn ones close up. NOTHING where the other, or nobody, stands.

    >>> ranked, drawn = placed(np.ones((1, 5), bool), np.ones((1, 1), bool), count=4, every=2)
    >>> ranked.tolist(), drawn.tolist()
    ([[0, -1, 1, 2]], [[-1, 0, -1, -1]])
    """
    turn = np.zeros(count, dtype=bool)
    if every:
        turn[every - 1 :: every] = True
    has_ranked, has_taken = _running(ranked), _running(taken)
    by_rank = np.full((len(ranked), count), NOTHING)
    by_draw = np.full((len(ranked), count), NOTHING)
    used_rank, used_draw = np.zeros(len(ranked), int), np.zeros(len(ranked), int)
    rows = np.arange(len(ranked))
    for place in range(count):
        more_rank = used_rank < has_ranked[0]
        more_draw = used_draw < np.minimum(has_taken[0], slots_of(count, every=every))
        draws = more_draw & (turn[place] | ~more_rank)
        ranks = more_rank & ~draws
        by_draw[draws, place] = has_taken[1][rows[draws], used_draw[draws]]
        by_rank[ranks, place] = has_ranked[1][rows[ranks], used_rank[ranks]]
        used_draw, used_rank = used_draw + draws, used_rank + ranks
    return by_rank, by_draw


def _running(some: NDArray[np.bool_]) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """How many are true in each row, and their places first."""
    return some.sum(axis=1), np.argsort(~some, axis=1, kind="stable")
