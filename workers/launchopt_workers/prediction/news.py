"""New products find their customers: what is saved is read, and its scores are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from launchopt import jobs
from launchopt.audiences.interest import products_awaiting_scores, shop_has_purchases
from launchopt.audiences.models import InterestScore
from launchopt.catalog.embeddings import UnreadText
from launchopt.catalog.models import Product
from launchopt.operations.models import Run
from launchopt.operations.runs import Work, request_run
from launchopt_workers.prediction.reading import read_texts

MOST = 200  # products of one look; the next look, a minute later, takes more
ONE_BY_ONE = 3  # up to so many have a run each, which their page in the admin shows
PATIENCE = timedelta(hours=1)  # before scores are asked for again that a run failed to give


def ask_for_scores(work: Work) -> dict[str, Any]:
    """Request runs for changed texts that had scores, and for new products that have none."""
    runs: list[Run] = []
    read = read_texts(work, then=lambda texts: runs.extend(_again(texts, work=work)))
    if shop_has_purchases():
        asked = _asked_lately(work)
        awaiting = products_awaiting_scores(now=work.clock())[:MOST]
        runs += _request([p.pk for p in awaiting if p.pk not in asked], work=work)
    return {"read": read, "runs": [str(run.pk) for run in runs]}


def _again(texts: Sequence[UnreadText], *, work: Work) -> list[Run]:
    """Runs for products whose scores were made from another text."""
    changed = [text.product_id for text in texts if text.is_change]
    scored = InterestScore.objects.filter(product__in=changed).values_list("product", flat=True)
    return _request(sorted(set(scored.distinct())), work=work)


def _request(product_ids: list[int], *, work: Work) -> list[Run]:
    now = work.clock()
    groups: Iterable[list[int]] = [product_ids] if product_ids else []
    if len(product_ids) <= ONE_BY_ONE:
        groups = [[product_id] for product_id in product_ids]
    skus = dict(Product.objects.filter(pk__in=product_ids).values_list("pk", "sku"))
    return [
        request_run(
            job=jobs.SCORE_INTEREST,
            arguments={"product_ids": ids, "as_of": now.isoformat()},
            subject=f"product:{skus[ids[0]]}"[:100] if len(ids) == 1 else f"{len(ids)} products",
            now=now,
        )
        for ids in groups
    ]


def _asked_lately(work: Work) -> set[int]:
    """Products whose scores a run is making, or could not make a short while ago."""
    lately = Run.objects.filter(
        job=jobs.SCORE_INTEREST.name, created_at__gte=work.clock() - PATIENCE
    )
    asked = lately.values_list("arguments__product_ids", flat=True)
    return {int(product_id) for ids in asked for product_id in ids or []}
