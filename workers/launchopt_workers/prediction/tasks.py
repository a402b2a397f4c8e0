"""The jobs of prediction: read texts, train, score, and look for new products."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from launchopt import jobs
from launchopt.conf import launchopt_settings
from launchopt.operations.runs import Work
from launchopt_workers.running import instant_of, job_body


@job_body(jobs.EMBED_PRODUCTS)
def embed_products(work: Work, **_: Any) -> dict[str, Any]:
    """Read the texts that are new or changed."""
    from launchopt_workers.prediction.reading import read_texts

    return {"read": read_texts(work)}


@job_body(jobs.TRAIN_INTEREST)
def train_interest(
    work: Work, *, as_of: str | None = None, learner: str = "launch", **_: Any
) -> dict[str, Any]:
    """Learn what was known before `as_of`, or before now."""
    from launchopt_workers.prediction.training import train

    return train(work, as_of=instant_of(work, as_of), learner=learner)


@job_body(jobs.SEARCH_INTEREST)
def search_interest(
    work: Work, *, trials: int = 20, as_of: str | None = None, **_: Any
) -> dict[str, Any]:
    """Try parameters on earlier launches, and train with the best."""
    from launchopt_workers.prediction.search import search

    return search(work, as_of=instant_of(work, as_of), trials=trials)


@job_body(jobs.SCORE_INTEREST)
def score_interest(
    work: Work,
    *,
    product_ids: list[int | str],
    as_of: str | None = None,
    horizon_days: int | None = None,
    **_: Any,
) -> dict[str, Any]:
    """Who will want these products, as known at `as_of`, or now."""
    from launchopt_workers.prediction.scoring import score

    report = score(
        work,
        product_ids=[int(product_id) for product_id in product_ids],
        as_of=instant_of(work, as_of),
        horizon_days=horizon_days or launchopt_settings().horizon_days,
    )
    jobs.send(jobs.OFFER_NEW_PRODUCTS)
    return report


@job_body(jobs.SCORE_SHARD)
def score_shard(
    work: Work,
    *,
    model_version: str,
    product_ids: list[int],
    as_of: str,
    horizon_days: int,
    **part: Any,
) -> dict[str, Any]:
    """A range of the customers, for the run that shares them out."""
    from launchopt_workers.prediction import scoring
    from launchopt_workers.prediction.scorer import Order

    instant = datetime.fromisoformat(as_of)
    order = Order(model_version, tuple(product_ids), instant, horizon_days)
    names = ("shared_by", "shard", "bounds")
    return scoring.score_shard(work, order=order, **{name: part[name] for name in names})


@job_body(jobs.EXPLAIN_INTEREST)
def explain_interest(
    work: Work, *, product_id: int, customer_ids: list[int], **_: Any
) -> dict[str, Any]:
    """Why these customers' scores for a product are what they are."""
    from launchopt_workers.prediction.explaining import explain

    return explain(work, product_id=product_id, customer_ids=customer_ids)


@job_body(jobs.SCORE_NEW_PRODUCTS)
def score_new_products(work: Work, **_: Any) -> dict[str, Any]:
    """Read new and changed texts, and ask for the scores of new products that have none."""
    from launchopt_workers.prediction.news import ask_for_scores

    return ask_for_scores(work)
