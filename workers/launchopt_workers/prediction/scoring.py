"""Score new products against every known customer, a step at a time, and keep the reasons."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from launchopt.audiences.interest import save_interest_scores
from launchopt.operations.models import ModelVersion
from launchopt.operations.runs import Work
from launchopt_ml.interest.episodes import Vantage
from launchopt_ml.interest.features import NAMES
from launchopt_ml.interest.model import LaunchInterest
from launchopt_ml.interest.protocol import Launch, Session, block_rows
from launchopt_ml.shop import instant
from launchopt_workers.prediction.reading import encoder_name, read_texts
from launchopt_workers.prediction.shops import StoredShop, stored_shop
from launchopt_workers.prediction.training import SEED
from launchopt_workers.prediction.versions import loaded, register, version_for

WITH_REASONS = 1_000  # likeliest customers of a product whose reasons are kept
PAIRS_IN_A_STEP = 100_000
MOST_IN_A_STEP = 20


def score(
    work: Work, *, product_ids: Sequence[int], as_of: datetime, horizon_days: int
) -> dict[str, Any]:
    """Scores of these products; a run that comes back goes on after its last finished step."""
    read_texts(work)
    work.report(done=0, step="read histories")
    stored = stored_shop(before=as_of, encoder=encoder_name())
    chosen = work.once("choose the model", lambda: _choose(work, stored, as_of=as_of))
    version = ModelVersion.objects.get(pk=chosen["model_version"])
    steps = list(_steps(sorted(product_ids), customers=len(stored.customer_ids)))
    work.expect(len(product_ids))
    scorer = Scorer(stored, version, as_of=as_of, horizon_days=horizon_days)
    scores = done = 0
    for ids in steps:
        work.report(done=done, step=_name(ids))
        scores += work.once(_name(ids), lambda ids=ids: {"scores": scorer.score(ids)})["scores"]
        done += len(ids)
    work.report(done=done)
    return {
        "model_version": str(version.pk),
        "products": len(product_ids),
        "customers": len(stored.customer_ids),
        "scores": scores,
    }


class Scorer:
    """One version against one shop as of an instant."""

    def __init__(
        self, stored: StoredShop, version: ModelVersion, *, as_of: datetime, horizon_days: int
    ) -> None:
        self.stored, self.version = stored, version
        self.as_of, self.horizon_days = as_of, horizon_days
        self.model: LaunchInterest = loaded(str(version.pk))

    def score(self, product_ids: list[int]) -> int:
        """Score some products and store the scores; returns how many."""
        places = self.stored.places_of(product_ids)
        products = self.stored.shop.products.take(places)
        launch = Launch(products, instant(self.as_of), float(self.horizon_days))
        session = self.model.prepare_from(self._vantage, launch)
        customer_ids = self.stored.ids_of_customers(session.customers)
        chances = _chances(session, products=len(products))
        frames = [
            frame_of(
                session, chances[:, column], customer_ids=customer_ids, column=column
            ).with_columns(product_id=pl.lit(int(self.stored.product_ids[place])))
            for column, place in enumerate(places)
        ]
        if not frames:
            return 0
        return save_interest_scores(
            pl.concat(frames),
            product_ids=product_ids,
            model_version_id=self.version.pk,
            as_of=self.as_of,
            horizon_days=self.horizon_days,
        )

    @cached_property
    def _vantage(self) -> Vantage:
        """Made once for all steps, and only if one of them is left to do."""
        return Vantage.of(self.stored.shop, as_of=instant(self.as_of))


def frame_of(
    session: Session,
    chance: NDArray[np.float32],
    *,
    customer_ids: NDArray[np.int64],
    column: int,
) -> pl.DataFrame:
    """Customers of one product, the likeliest first; ties by id. The first ones have reasons."""
    order = np.lexsort((customer_ids, -chance))
    top = order[:WITH_REASONS]
    reasons = [json.dumps(one) for one in session.reasons(product=column, customers=top)]
    return pl.DataFrame(
        {
            "customer_id": customer_ids[order],
            "probability": chance[order].astype(np.float64),
            "rank": np.arange(1, len(order) + 1),
            "reasons": pl.Series(reasons + [None] * (len(order) - len(top)), dtype=pl.String),
        }
    )


def _chances(session: Session, *, products: int) -> NDArray[np.float32]:
    """(customers, products), made in blocks of customers."""
    count = len(session.customers)
    blocks = block_rows(count, products=products, features=len(NAMES))
    empty = np.zeros((0, products), dtype=np.float32)
    return np.concatenate([empty, *(session.score(rows) for rows in blocks)])


def _choose(work: Work, stored: StoredShop, *, as_of: datetime) -> dict[str, Any]:
    """A version that knows nothing from `as_of` on; where there is none, it is trained now."""
    version = version_for(as_of)
    if version is None:
        work.report(step="learn from past launches")
        model = LaunchInterest().fit(stored.shop, as_of=instant(as_of), seed=SEED)
        version = register(model, data_until=as_of, run=work.run, now=work.clock())
    return {"model_version": str(version.pk)}


def _steps(product_ids: list[int], *, customers: int) -> Iterator[list[int]]:
    """Products by so many that a step takes seconds and holds PAIRS_IN_A_STEP in memory."""
    size = min(max(PAIRS_IN_A_STEP // max(customers, 1), 1), MOST_IN_A_STEP)
    return (product_ids[start : start + size] for start in range(0, len(product_ids), size))


def _name(product_ids: list[int]) -> str:
    return f"score products {product_ids[0]} to {product_ids[-1]}"
