"""Budget problems of every kind, made from a seed."""

from __future__ import annotations

from typing import Any

import numpy as np

Rng = np.random.Generator
Problem = dict[str, Any]


def tiny(rng: Rng, *, most: int = 5) -> Problem:
    """Two to five cells in yen, so few that every split can be tried; many cannot be kept."""
    cells = int(rng.integers(2, most + 1))
    total = int(rng.integers(3, 13))
    return _problem(rng, cells, total, currency="JPY", decimals=0)


def fine(rng: Rng, *, most: int = 5) -> Problem:
    """Two to five cells in pounds, to the cent."""
    cells = int(rng.integers(2, most + 1))
    total = float(np.round(rng.uniform(5, 5000), 2))
    return _problem(rng, cells, total, currency="GBP", decimals=2)


def large(
    rng: Rng, *, channels: int = 20, audiences: int = 50, hours: int = 168, groups: int = 90
) -> Problem:
    """Concave hill cells of every channel, audience and hour, with groups of each kind."""
    cells = []
    for c in range(channels):
        for a in range(audiences):
            for h in range(hours):
                curve = {
                    "kind": "hill",
                    "scale": float(rng.gamma(2.0, 3.0)),
                    "half": float(rng.uniform(5, 400)),
                    "shape": float(rng.uniform(0.5, 1.0)),
                }
                cells.append({"id": f"{c}/{a}/{h}", "channel": f"c{c}", "audience": f"a{a}",
                              "hour": h, "curve": curve})  # fmt: skip
    for index in rng.choice(len(cells), len(cells) // 20, replace=False):
        cells[index]["floor"] = f"{rng.uniform(0, 2):.2f}"
    for index in rng.choice(len(cells), len(cells) // 10, replace=False):
        cells[index]["ceiling"] = f"{rng.uniform(5, 60):.2f}"
    total = 10.0 * len(cells)
    return {"total": f"{total:.2f}", "currency": "GBP", "cells": cells,
            "groups": _large_groups(rng, total, channels, audiences, hours, groups)}  # fmt: skip


def _large_groups(
    rng: Rng, total: float, channels: int, audiences: int, hours: int, groups: int
) -> list[dict[str, Any]]:
    keys = [("channel", f"c{c}", total / channels) for c in range(channels)]
    keys += [("audience", f"a{a}", total / audiences) for a in range(audiences)]
    keys += [("hour", h, total / hours) for h in range(0, hours, max(1, hours // 20))]
    made = []
    for key, value, fair in keys[:groups]:
        group = {"name": f"{key} {value}", "where": {key: value}}
        if rng.random() < 0.5:
            group["floor"] = f"{fair * rng.uniform(0.4, 0.95):.2f}"
        if rng.random() < 0.6 or "floor" not in group:
            group["ceiling"] = f"{fair * rng.uniform(1.0, 1.4):.2f}"
        made.append(group)
    return made


def _problem(rng: Rng, count: int, total: float, *, currency: str, decimals: int) -> Problem:
    cells = [_cell(rng, i, total, decimals=decimals) for i in range(count)]
    groups = [_group(rng, i, total, decimals=decimals) for i in range(int(rng.integers(0, 3)))]
    return {"total": _money(total, decimals), "currency": currency, "cells": cells,
            "groups": groups}  # fmt: skip


def _cell(rng: Rng, index: int, total: float, *, decimals: int) -> dict[str, Any]:
    cell = {
        "id": f"cell {index}",
        "channel": str(rng.choice(["email", "sms"])),
        "audience": str(rng.choice(["warm", "cold"])),
        "hour": int(rng.integers(0, 2)),
        "curve": _curve(rng, total, decimals=decimals),
    }
    for rule, chance, share in (
        ("floor", 0.25, 0.3), ("ceiling", 0.35, 0.8), ("pin", 0.1, 0.4),
        ("minimum_if_used", 0.3, 0.5),
    ):  # fmt: skip
        if rng.random() < chance:
            cell[rule] = _money(rng.uniform(0, share) * total, decimals)
    return cell


def _curve(rng: Rng, total: float, *, decimals: int) -> dict[str, Any]:
    kind = rng.choice(["concave", "s", "sorted", "points"])
    if kind in ("concave", "s"):
        shape = rng.uniform(0.3, 1.0) if kind == "concave" else rng.uniform(1.1, 5.0)
        return {"kind": "hill", "scale": float(rng.uniform(0.5, 20)), "shape": float(shape),
                "half": float(rng.uniform(0.05, 1.2) * total)}  # fmt: skip
    if kind == "sorted":
        chances = rng.beta(1, 4, size=int(rng.integers(1, 40))).round(4).tolist()
        cost = max(total / len(chances) * rng.uniform(0.1, 1), 0.001)
        return {"kind": "sorted", "probabilities": chances, "cost_each": f"{cost:.4f}"}
    spends = np.unique(rng.uniform(0.02, 1.1, size=int(rng.integers(1, 6))).round(3)) * total
    spends = np.unique(np.maximum(spends.round(decimals), 10.0**-decimals))
    gains = rng.uniform(0, 10, size=len(spends))
    gains = np.sort(gains) if rng.random() < 0.8 else gains
    points = [[_money(s, decimals), float(g)] for s, g in zip(spends, gains, strict=True)]
    return {"kind": "points", "points": points}


def _group(rng: Rng, index: int, total: float, *, decimals: int) -> dict[str, Any]:
    key, value = [("channel", "email"), ("audience", "warm"), ("hour", 1), ("channel", "sms")][
        int(rng.integers(0, 4))
    ]
    group: dict[str, Any] = {"name": f"group {index}", "where": {key: value}}
    if rng.random() < 0.5:
        group["floor"] = _money(rng.uniform(0, 0.6) * total, decimals)
    if rng.random() < 0.7 or "floor" not in group:
        group["ceiling"] = _money(rng.uniform(0.1, 0.9) * total, decimals)
    return group


def _money(amount: float, decimals: int) -> str:
    return f"{amount:.{decimals}f}"
