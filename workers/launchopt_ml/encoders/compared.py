"""What an encoder gains in speed and size, and what it costs in the quality of predictions."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from launchopt_ml.backtest import Trial, backtest
from launchopt_ml.encoder import Encoder
from launchopt_ml.interest.model import LaunchInterest
from launchopt_ml.interest.protocol import Launch, Session
from launchopt_ml.shop import Products, Shop

QUALITY = ("map", "ndcg_at_10", "auc", "lift_at_10")
NEIGHBOURS = 10
MOST_ROWS = 2000  # whose neighbours are compared
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Timing:
    """How fast an encoder read, and how often as fast as the whole one in the same rounds."""

    texts_per_second: float
    ratio: float

    def as_dict(self) -> dict[str, float]:
        """Rounded."""
        return {
            "texts_per_second": round(self.texts_per_second, 1),
            "times_as_fast": round(self.ratio, 3),
        }


def timings(
    encoders: Mapping[str, Encoder],
    texts: Sequence[str],
    *,
    against: str,
    rounds: int = 5,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Timing]:
    """Each encoder in each round, the first another one each time; medians over the rounds."""
    names = list(encoders)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for encoder in encoders.values():
        encoder.encode(texts[:8])
    for turn in range(rounds):
        for place in range(len(names)):
            name = names[(turn + place) % len(names)]
            start = clock()
            encoders[name].encode(texts)
            seconds[name].append(clock() - start)
    whole = np.array(seconds[against])
    return {
        name: Timing(len(texts) / float(np.median(took)), float(np.median(whole / np.array(took))))
        for name, took in seconds.items()
    }


def likeness(vectors: Vectors, *, whole: Vectors) -> dict[str, float]:
    """How near each text stays to its vector by the whole encoder, and who its neighbours are.

    Where the widths differ only the neighbours can be compared.
    """
    found = {"neighbours_kept": round(_neighbours_kept(vectors, whole), 4)}
    if vectors.shape != whole.shape:
        return found
    cosine = (vectors * whole).sum(1)
    lowest = float(cosine.min()) if len(cosine) else 1.0
    mean = float(cosine.mean()) if len(cosine) else 1.0
    return {"cosine": round(mean, 5), "lowest_cosine": round(lowest, 5)} | found


def _neighbours_kept(vectors: Vectors, whole: Vectors) -> float:
    """The share of the nearest texts, by the whole encoder, that are the nearest still."""
    step = max(len(vectors) // MOST_ROWS, 1)
    count = min(NEIGHBOURS, len(vectors[::step]) - 1)
    if count < 1:
        return 1.0
    mine, theirs = (_nearest(rows[::step], count=count) for rows in (vectors, whole))
    return float(np.mean([np.isin(a, b).mean() for a, b in zip(mine, theirs, strict=True)]))


def _nearest(rows: Vectors, *, count: int) -> NDArray[np.integer]:
    cosine = rows @ rows.T
    np.fill_diagonal(cosine, -2)
    return np.argpartition(-cosine, count - 1, axis=1)[:, :count]


class ReadBy:
    """The interest model, over texts that another encoder has read."""

    name: ClassVar[str] = "read-by"

    def __init__(self, vectors: Mapping[str, Vectors]) -> None:
        self._vectors, self._model = vectors, LaunchInterest()

    def fit(self, shop: Shop, *, as_of: np.datetime64, seed: int = 0) -> Self:
        """Learn from what was known before `as_of`."""
        self._model.fit(self._read(shop), as_of=as_of, seed=seed)
        return self

    def prepare(self, shop: Shop, launch: Launch) -> Session:
        """Ready to score."""
        new = replace(launch, products=self._products(launch.products))
        return self._model.prepare(self._read(shop), new)

    def _read(self, shop: Shop) -> Shop:
        return replace(shop, products=self._products(shop.products))

    def _products(self, products: Products) -> Products:
        rows = [self._vectors[sku] for sku in products.sku.tolist()]
        return replace(products, embedding=np.array(rows, dtype=np.float32))


def costs(
    shop: Shop,
    vectors: Mapping[str, Vectors],
    trials: Sequence[Trial],
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """The backtest of the shop as it was read, and of each other reading of its products.

    `vectors` are (products, width) in the order of the shop's. Each reading's `difference` is
    its measures less those of the shop as it is, paired over the same products.
    """
    names = {name: f"read by {name}" for name in vectors}
    rivals = {
        names[name]: _reading(dict(zip(shop.products.sku.tolist(), rows, strict=True)))
        for name, rows in vectors.items()
    }
    report = backtest(
        shop, trials, models={"model": LaunchInterest}, rivals=rivals, progress=progress
    )
    facts = {key: report[key] for key in ("customers", "products", "buyers")}
    return {
        **facts,
        "cutoffs": [one["cutoff"] for one in report["cutoffs"]],
        "whole": {measure: report["model"][measure] for measure in QUALITY},
        "by": {
            name: {
                **{measure: report[rival][measure] for measure in QUALITY},
                "difference": {m: _turned(report["rivals"][rival][m]) for m in QUALITY},
            }
            for name, rival in names.items()
        },
    }


def is_gain(difference: Mapping[str, Any]) -> bool:
    """Whether MAP rose, by an interval that lies above nothing."""
    return bool(difference["map"]["interval"][0] > 0)


def _reading(vectors: Mapping[str, Vectors]) -> Callable[[], ReadBy]:
    return lambda: ReadBy(vectors)


def _turned(difference: Mapping[str, Any]) -> dict[str, Any]:
    """One less another, as the other less the one."""
    low, high = difference["interval"]
    return {"estimate": -difference["estimate"], "interval": [-high, -low]}
