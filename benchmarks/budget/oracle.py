"""Brute force for tiny budget problems: every split, or a grid and a climb. It shares no code."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Problem = dict[str, Any]

GRID = {1: 4001, 2: 601, 3: 81, 4: 27, 5: 14}  # amounts tried of each cell
CLIMBS = 12  # the best of the grid from which the climb starts
MANY = 2**40


def response(curve: dict[str, Any], spend: Floats) -> Floats:
    """A curve of the contract at spends in units of money."""
    if curve["kind"] == "hill":
        power = spend ** curve["shape"]
        return curve["scale"] * power / (power + curve["half"] ** curve["shape"])
    if curve["kind"] == "sorted":
        best_first = sorted(curve["probabilities"], reverse=True)
        reached = np.arange(len(best_first) + 1) * float(curve["cost_each"])
        return np.interp(spend, reached, np.concatenate([[0], np.cumsum(best_first)]))
    spends = [0.0] + [float(s) for s, _ in curve["points"]]
    return np.interp(spend, spends, [0.0] + [r for _, r in curve["points"]])


def constraints_of(problem: Problem) -> list[str]:
    """The names of all constraints."""
    own = [
        f"{holder['id']}.{rule}"
        for holder in problem["cells"]
        for rule in ("floor", "ceiling", "pin", "minimum_if_used")
        if rule in holder
    ]
    shared = [
        f"{group['name']}.{rule}"
        for group in problem["groups"]
        for rule in ("floor", "ceiling")
        if rule in group
    ]
    return ["total", *own, *shared]


def kept(problem: Problem, splits: Ints, names: set[str], *, unit: float) -> NDArray[np.bool_]:
    """Which splits, (splits, cells) in the smallest unit, keep the constraints of these names."""
    held = {"total": splits.sum(axis=1)} | {
        cell["id"]: splits[:, i] for i, cell in enumerate(problem["cells"])
    }
    limits: dict[str, Any] = {"total": {"ceiling": problem["total"]}}
    for group in problem["groups"]:
        inside = [
            i
            for i, cell in enumerate(problem["cells"])
            if all(cell[key] == value for key, value in group["where"].items())
        ]
        held[group["name"]] = splits[:, inside].sum(axis=1)
        limits[group["name"]] = group
    limits |= {cell["id"]: cell for cell in problem["cells"]}
    good = np.ones(len(splits), dtype=bool)
    for name in names:
        subject, _, rule = name.rpartition(".") if name != "total" else ("total", "", "ceiling")
        amount = round(float(limits[subject][rule]) / unit)
        good &= RULES[rule](held[subject], amount)
    return good


RULES = {
    "floor": lambda spent, amount: spent >= amount,
    "ceiling": lambda spent, amount: spent <= amount,
    "pin": lambda spent, amount: spent == amount,
    "minimum_if_used": lambda spent, amount: (spent == 0) | (spent >= amount),
}


def worth(problem: Problem, splits: Ints, *, unit: float) -> Floats:
    """What each split brings, (splits,)."""
    return sum(
        response(cell["curve"], splits[:, i] * unit) for i, cell in enumerate(problem["cells"])
    )  # type: ignore[return-value]


def every_split(cells: int, most: int) -> Ints:
    """All amounts from 0 to `most` in each cell, (splits, cells)."""
    axes = np.meshgrid(*[np.arange(most + 1)] * cells, indexing="ij")
    return np.stack([axis.ravel() for axis in axes], axis=1)


def is_feasible(problem: Problem, names: set[str], *, most: int) -> bool:
    """Whether some split of whole units up to `most` in each cell keeps these constraints."""
    return bool(kept(problem, every_split(len(problem["cells"]), most), names, unit=1.0).any())


def best_of_all(problem: Problem) -> float | None:
    """The best response over every split in whole units; None where none keeps all."""
    splits = every_split(len(problem["cells"]), round(float(problem["total"])))
    splits = splits[kept(problem, splits, set(constraints_of(problem)), unit=1.0)]
    return float(worth(problem, splits, unit=1.0).max()) if len(splits) else None


def best_of_grid(problem: Problem, *, unit: float) -> float | None:
    """The best response found on a grid, then by a climb to the cent; a bound from below."""
    total = round(float(problem["total"]) / unit)
    cells, names = problem["cells"], set(constraints_of(problem))
    axes = [_amounts(cell, total, GRID[len(cells)], unit=unit) for cell in cells]
    splits = np.array(list(product(*axes))) if len(cells) > 5 else _mesh(axes)
    splits = splits[kept(problem, splits, names, unit=unit)]
    if not len(splits):
        return None
    order = np.argsort(-worth(problem, splits, unit=unit))
    starts = _apart(splits[order], total)
    return max(_climbed(problem, start, total, names, unit=unit) for start in starts)


def _amounts(cell: dict[str, Any], total: int, count: int, *, unit: float) -> Ints:
    special = [round(float(cell[r]) / unit) for r in ("floor", "ceiling", "pin", "minimum_if_used")
               if r in cell]  # fmt: skip
    if cell["curve"]["kind"] == "points":
        special += [round(float(s) / unit) for s, _ in cell["curve"]["points"]]
    grid = np.concatenate([np.linspace(0, total, count).round(), special])
    return np.unique(np.clip(grid, 0, total)).astype(np.int64)


def _mesh(axes: list[Ints]) -> Ints:
    return np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing="ij")], axis=1)


def _apart(splits: Ints, total: int) -> list[Ints]:
    """The best splits that differ from each other."""
    chosen: list[Ints] = []
    for split in splits[:4000]:
        if all(np.abs(split - other).sum() > total / 20 for other in chosen):
            chosen.append(split)
        if len(chosen) == CLIMBS:
            break
    return chosen


def _climbed(problem: Problem, start: Ints, total: int, names: set[str], *, unit: float) -> float:
    """Move money between cells, and in and out of the unspent, by ever smaller steps."""
    count = len(start)
    moves = [np.eye(count, dtype=np.int64)[i] for i in range(count)]
    moves += [moves[i] - moves[j] for i in range(count) for j in range(count) if i != j]
    moves += [-move for move in moves[:count]]
    at, step = start.copy(), max(total // 8, 1)
    best = float(worth(problem, at[None], unit=unit)[0])
    while step >= 1:
        tried = at + step * np.array(moves)
        tried = tried[(tried >= 0).all(axis=1)]
        tried = tried[kept(problem, tried, names, unit=unit)]
        gains = worth(problem, tried, unit=unit) if len(tried) else np.array([-np.inf])
        if gains.max() > best + 1e-12:
            at, best = tried[gains.argmax()], float(gains.max())
        else:
            step //= 2
    return best
