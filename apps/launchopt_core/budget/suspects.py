"""Among many constraints the few that can be in conflict, so that the search for it is short."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack, vstack

from launchopt_core.budget.market import kinds_of
from launchopt_core.budget.problem import UNLIMITED, Bound, Box, Layout, box_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

IN_FORCE = 1e-7  # a marginal above it says that the bound holds the program back


def suspects_of(layout: Layout) -> list[Bound]:
    """Constraints that contradict each other, all of them where no shorter list is found."""
    total = [bound for bound in layout.bounds if bound.rule == "total"]
    grouped = _by_subject(bound for bound in layout.bounds if bound.rule.startswith("group"))
    placed = _by_subject(
        bound for bound in layout.bounds if not bound.rule.startswith(("group", "total"))
    )
    for own in [*placed.values(), *grouped.values()]:
        if box_of(layout, total + own) is None:
            return total + own
    box = box_of(layout, layout.bounds)
    if box is None:
        return list(layout.bounds)
    crowd = _crowd(layout, box, placed, total=total, grouped=grouped)
    return crowd or _held_back(layout, box) or list(layout.bounds)


def reduced(layout: Layout, bounds: Iterable[Bound]) -> tuple[Layout, list[Bound]]:
    """The layout with the places and groups of these bounds, and one free place of each kind."""
    bounds = list(bounds)
    groups = sorted({b.subject for b in bounds if b.rule.startswith("group")})
    bound = sorted({b.subject for b in bounds if not b.rule.startswith(("group", "total"))})
    kinds = kinds_of(layout.count, [layout.members[g] for g in groups])
    free = np.setdiff1d(np.arange(layout.count), bound)
    chosen = np.union1d(bound, free[np.unique(kinds[free], return_index=True)[1]])
    members = tuple(
        np.flatnonzero(np.isin(chosen, layout.members[g])).astype(np.int64) for g in groups
    )
    moved = [_moved(b, groups, chosen) for b in bounds]
    return Layout(len(chosen), layout.total, tuple(moved), members), moved


def _moved(bound: Bound, groups: list[int], chosen: NDArray[np.int64]) -> Bound:
    if bound.rule == "total":
        return bound
    if bound.rule.startswith("group"):
        return bound._replace(subject=groups.index(bound.subject))
    return bound._replace(subject=int(np.searchsorted(chosen, bound.subject)))


def _by_subject(bounds: Iterable[Bound]) -> dict[int, list[Bound]]:
    found: dict[int, list[Bound]] = {}
    for bound in bounds:
        found.setdefault(bound.subject, []).append(bound)
    return found


def _crowd(
    layout: Layout,
    box: Box,
    placed: dict[int, list[Bound]],
    *,
    total: list[Bound],
    grouped: dict[int, list[Bound]],
) -> list[Bound]:
    """Floors that are together more than one ceiling, the largest first, as few as suffice."""
    parts = [(layout.members[g], own) for g, own in grouped.items()]
    for part, own in [*parts, (np.arange(layout.count), total)]:
        caps = [bound for bound in own if bound.rule in ("total", "group ceiling")]
        order = part[np.argsort(-box.low[part], kind="stable")]
        heaped = np.cumsum(box.low[order])
        if caps and len(heaped) and heaped[-1] > caps[0].cents:
            few = order[: int(np.argmax(heaped > caps[0].cents)) + 1].tolist()
            return caps + [bound for place in few for bound in placed[place]]
    return []


def _held_back(layout: Layout, box: Box) -> list[Bound]:
    """The bounds that a program which may break groups and total, at a price, still runs into.

    Their marginals are a certificate (Farkas) that these alone contradict each other.
    """
    count, parts = layout.count, [*layout.members, np.arange(layout.count)]
    rows = len(parts)
    row = np.repeat(np.arange(rows), [len(part) for part in parts])
    sums = csr_array((np.ones(len(row)), (row, np.concatenate(parts))), shape=(rows, count))
    unit = max(1.0, box.total / 1e5)
    high, low = np.append(box.group_high, box.total), np.append(box.group_low, 0)
    reach = np.stack(
        [np.append(box.low, [0] * 2 * rows), np.append(box.high, [UNLIMITED] * 2 * rows)]
    )
    solved = linprog(
        np.repeat([0.0, 1.0], [count, 2 * rows]),
        A_ub=hstack([vstack([sums, -sums]), -eye_array(2 * rows)]),
        b_ub=np.concatenate([high, -low]) / unit,
        bounds=reach.T / unit,
    )
    if solved.x is None:
        return []
    above, below = np.split(np.abs(solved.ineqlin.marginals) > IN_FORCE, 2)
    held = {
        "total": np.ones(1, dtype=bool),
        "group ceiling": above,
        "group floor": below,
        "floor": np.abs(solved.lower.marginals) > IN_FORCE,
        "ceiling": np.abs(solved.upper.marginals) > IN_FORCE,
    }
    held["minimum_if_used"] = held["floor"]
    held["pin"] = held["floor"] | held["ceiling"]
    return [bound for bound in layout.bounds if held[bound.rule][bound.subject]]
