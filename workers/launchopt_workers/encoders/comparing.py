"""Encoders side by side: size, speed, likeness to the whole one, and what predictions lose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from launchopt.operations.models import ModelVersion
from launchopt.operations.runs import Work
from launchopt_ml.backtest import NothingToTest, Trial, can_test
from launchopt_ml.encoder import SentenceEncoder, encoder_from
from launchopt_ml.encoders.compared import costs, likeness, timings
from launchopt_ml.encoders.files import megabytes_of
from launchopt_ml.interest.episodes import Episode
from launchopt_ml.shop import Shop, days, instant
from launchopt_workers.encoders.versions import WHOLE, files_of, name_of
from launchopt_workers.prediction.contests import MOST_PAIRS
from launchopt_workers.prediction.shops import stored_shop

TIMED_TEXTS = 300
READ_AT_ONCE = 500
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Question:
    """The past launches that are asked about: everything from `as_of` on is unknown."""

    as_of: datetime
    horizon_days: float = 30.0
    cutoffs: int = 2
    min_buyers: int = 5

    @property
    def begins(self) -> datetime:
        """The earliest cutoff: what is compared may know nothing from here on."""
        return self.as_of - timedelta(days=self.horizon_days * self.cutoffs)

    def trials(self, shop: Shop) -> list[Trial]:
        """Those of the windows in which there were launches to judge by, the latest first."""
        windows = [
            Trial(
                Episode(instant(self.as_of) - days(self.horizon_days * back), self.horizon_days),
                self.min_buyers,
                most_pairs=MOST_PAIRS,
            )
            for back in range(1, self.cutoffs + 1)
        ]
        return [trial for trial in windows if can_test(shop, trial)]


@dataclass(frozen=True)
class Entrant:
    """An encoder under the name that the table gives it."""

    name: str
    encoder: SentenceEncoder
    megabytes: float
    version: ModelVersion | None = None

    @classmethod
    def read(
        cls, name: str, *, of: str, version: ModelVersion | None = None, dtype: str = ""
    ) -> Entrant:
        """Loaded from its files."""
        with files_of(of) as folder:
            loaded = encoder_from(folder, name=of, dtype=dtype)
            return cls(name, loaded, megabytes_of(folder), version)


def entrants(versions: Mapping[str, ModelVersion]) -> list[Entrant]:
    """What these versions hold, by the names of the table."""
    return [
        Entrant.read(name, of=name_of(version), version=version)
        for name, version in versions.items()
    ]


def compare(
    work: Work, others: Sequence[Entrant], *, of: str, question: Question
) -> dict[str, Any]:
    """The rows of the table, the whole encoder first; each version keeps its own row."""
    whole = Entrant.read(WHOLE, of=of, dtype="float32")
    everyone = [whole, *others]
    shop = stored_shop(before=question.as_of, encoder=of).shop
    vectors = _read(work, everyone, texts=shop.products.text.tolist())
    read = _with(shop, vectors.pop(WHOLE))
    rows = {one.name: {"megabytes": round(one.megabytes, 2)} for one in everyone}
    for name, found in vectors.items():
        rows[name] |= likeness(found, whole=read.products.embedding)
    work.report(done=0, step="time them in turn")
    for name, timing in _timed(everyone, read).items():
        rows[name] |= timing
    quality = _quality(work, read, vectors, question=question)
    for name, row in rows.items():
        row |= {"quality": quality.get("whole") if name == WHOLE else quality["by"].get(name)}
    for one in others:
        _keep(one, row=rows[one.name], whole=rows[WHOLE], quality=quality)
    facts = {key: value for key, value in quality.items() if key not in ("whole", "by")}
    return {"encoder": of, "products_read": len(shop.products), **facts, "encoders": rows}


def _with(shop: Shop, vectors: Vectors) -> Shop:
    return replace(shop, products=replace(shop.products, embedding=vectors))


def _read(work: Work, everyone: Sequence[Entrant], *, texts: list[str]) -> dict[str, Vectors]:
    """(texts, width) of each encoder."""
    work.expect(len(everyone) * len(texts))
    found: dict[str, Vectors] = {}
    for place, one in enumerate(everyone):
        blocks = []
        for start in range(0, len(texts), READ_AT_ONCE):
            done = place * len(texts) + start
            work.report(done=done, step=f"read the texts by {one.name}")
            blocks.append(one.encoder.encode(texts[start : start + READ_AT_ONCE]))
        empty = np.zeros((0, one.encoder.width), dtype=np.float32)
        found[one.name] = np.concatenate([empty, *blocks])
    return found


def _timed(everyone: Sequence[Entrant], shop: Shop) -> dict[str, dict[str, float]]:
    distinct = sorted({text for text in shop.products.text.tolist() if text})
    some = distinct[:: max(len(distinct) // TIMED_TEXTS, 1)]
    if not some:
        return {}
    found = timings({one.name: one.encoder for one in everyone}, some, against=WHOLE)
    return {name: timing.as_dict() for name, timing in found.items()}


def _quality(
    work: Work, shop: Shop, vectors: Mapping[str, Vectors], *, question: Question
) -> dict[str, Any]:
    """The backtest of each reading; in a shop without launches to judge by, why there is none."""
    trials = question.trials(shop)
    work.expect(len(trials) * (len(vectors) + 1))
    told = 0

    def tell(words: str) -> None:
        nonlocal told
        work.report(done=told, step=f"backtest: {words}")
        told += 1

    try:
        if not trials:
            raise NothingToTest("No launch before this instant had buyers enough to judge by.")
        return costs(shop, vectors, trials, progress=tell)
    except NothingToTest as nothing:
        return {"untested": str(nothing), "by": {}}


def _keep(
    one: Entrant, *, row: dict[str, Any], whole: dict[str, Any], quality: Mapping[str, Any]
) -> None:
    if one.version is None:
        return
    row["model_version"] = str(one.version.pk)
    facts = {key: quality[key] for key in ("cutoffs", "untested") if key in quality}
    one.version.metrics = {"encoder": row, "whole": whole, **facts}
    one.version.save(update_fields=["metrics"])
