"""Score new products against every known customer, a step at a time, and keep the reasons.

A large shop's customers are shared out in shards; what each finds is kept apart until all are
done, and is then ranked and stored product by product, as a small shop's is at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from launchopt import jobs
from launchopt.audiences.interest import (
    forget_abandoned_shards,
    forget_shards,
    keep_shard,
    shards_of,
)
from launchopt.conf import launchopt_settings
from launchopt.operations.errors import Conflict
from launchopt.operations.models import ModelVersion, Run
from launchopt.operations.runs import Work
from launchopt_ml.interest.model import LaunchInterest
from launchopt_ml.shop import instant
from launchopt_workers.prediction.reading import encoder_name, read_texts
from launchopt_workers.prediction.scorer import Order, Scorer
from launchopt_workers.prediction.sharding import done_by_all
from launchopt_workers.prediction.shops import StoredShop, stored_shop
from launchopt_workers.prediction.training import SEED
from launchopt_workers.prediction.versions import register, version_for

_at_hand: dict[Order, Scorer] = {}  # one at most: a large shop fills much of a worker's memory


def score(
    work: Work, *, product_ids: Sequence[int], as_of: datetime, horizon_days: int
) -> dict[str, Any]:
    """Scores of these products; a run that comes back goes on after its last finished step."""
    read_texts(work)
    work.report(done=0, step="read histories")
    stored = stored_shop(before=as_of, encoder=encoder_name())
    chosen = work.once("choose the model", lambda: _choose(work, stored, as_of=as_of))
    order = Order(chosen["model_version"], tuple(sorted(product_ids)), as_of, horizon_days)
    scorer = Scorer(stored, order)
    shards = work.once("share out the customers", lambda: {"bounds": _bounds(stored)})["bounds"]
    shared = work.run is not None and len(shards) > 1
    work.expect(len(product_ids) + (len(shards) if shared else 0))
    if shared:
        _at_hand.clear()
        _at_hand[order] = scorer
        _share(work, order, shards)
    scores = _finish(work, scorer, shards=len(shards) if shared else 0)
    return {
        "model_version": order.model_version,
        "products": len(product_ids),
        "customers": len(stored.customer_ids),
        "scores": scores,
    }


def score_shard(
    work: Work, *, order: Order, shared_by: str, shard: int, bounds: list[int | None]
) -> dict[str, Any]:
    """Probabilities of the customers whose ids lie within `bounds`, kept for the run's merging."""
    work.report(step="read histories")
    scorer = _scorer_for(order)
    mask = _within(scorer.customer_ids, bounds)
    work.expect(len(scorer.steps))
    for step, ids in enumerate(scorer.steps):
        work.report(done=step, step=_name(ids))

        def keep(step: int = step, ids: list[int] = ids) -> dict[str, Any]:
            found = scorer.chances(ids, customers=mask)
            return {"kept": keep_shard(run_id=shared_by, step=step, shard=shard, found=found)}

        work.once(_name(ids), keep)
    work.report(done=len(scorer.steps))
    _let_go(shared_by)
    return {"customers": int(mask.sum())}


def _finish(work: Work, scorer: Scorer, *, shards: int) -> int:
    """Rank and store, a step of products at a time; returns how many scores."""
    scores, done = 0, shards
    for step, ids in enumerate(scorer.steps):
        work.report(done=done, step=_name(ids))

        def finish(step: int = step, ids: list[int] = ids) -> dict[str, Any]:
            found = _merged(work, step, shards) if shards else scorer.chances(ids)
            return {"scores": scorer.save(ids, *found)}

        scores += work.once(_name(ids), finish)["scores"]
        done += len(ids)
    work.report(done=done)
    return scores


def _share(work: Work, order: Order, shards: list[list[int | None]]) -> None:
    assert work.run is not None, "only a run has shards"
    forget_abandoned_shards(now=work.clock())
    common = order.as_arguments() | {"shared_by": str(work.run.pk)}
    parts = [common | {"shard": n, "bounds": bounds} for n, bounds in enumerate(shards)]
    done_by_all(work, job=jobs.SCORE_SHARD, parts=parts)


def _merged(work: Work, step: int, shards: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """What all shards found for a step. Raises Conflict where some of it has gone."""
    assert work.run is not None, "only a run has shards"
    kept = shards_of(run_id=work.run.pk, step=step)
    if len(kept) != shards:
        raise Conflict("A part of the scores has been deleted; ask for new scores.")
    forget_shards(run_id=work.run.pk, step=step)
    ids, chances = zip(*(one for one in kept if len(one[0])), strict=True)
    return np.concatenate(ids), np.concatenate(chances, axis=1)


def _scorer_for(order: Order) -> Scorer:
    """The shop as it was read for the first shard of an order that this process took up."""
    if order not in _at_hand:
        _at_hand.clear()
        _at_hand[order] = Scorer(stored_shop(before=order.as_of, encoder=encoder_name()), order)
    return _at_hand[order]


def _let_go(run_id: str) -> None:
    """Free the memory once no shard of a run waits for a worker."""
    waiting = Run.objects.filter(job=jobs.SCORE_SHARD.name, state=Run.State.QUEUED)
    if not waiting.filter(arguments__shared_by=run_id).exists():
        _at_hand.clear()


def _bounds(stored: StoredShop) -> list[list[int | None]]:
    """Ranges [since, until) of customer ids by `scoring_shard`, open at both ends."""
    ids, size = np.sort(stored.customer_ids), launchopt_settings().scoring_shard
    cuts: list[int | None] = [None, *ids[size::size].tolist(), None]
    return [list(pair) for pair in pairwise(cuts)]


def _within(ids: NDArray[np.int64], bounds: list[int | None]) -> NDArray[np.bool_]:
    since, until = bounds
    return (ids >= (since or 0)) & ((ids < until) if until is not None else True)


def _choose(work: Work, stored: StoredShop, *, as_of: datetime) -> dict[str, Any]:
    """A version that knows nothing from `as_of` on; where there is none, it is trained now."""
    version: ModelVersion | None = version_for(as_of)
    if version is None:
        work.report(step="learn from past launches")
        model = LaunchInterest().fit(stored.shop, as_of=instant(as_of), seed=SEED)
        version = register(model, data_until=as_of, run=work.run, now=work.clock())
    return {"model_version": str(version.pk)}


def _name(product_ids: list[int]) -> str:
    return f"score products {product_ids[0]} to {product_ids[-1]}"
