"""Find the reasons of scores that were stored without."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from launchopt.audiences.interest import keep_reasons
from launchopt.audiences.models import InterestScore
from launchopt.operations.errors import NotFound
from launchopt.operations.runs import Work
from launchopt_workers.prediction.reading import encoder_name
from launchopt_workers.prediction.scorer import Order, Scorer
from launchopt_workers.prediction.shops import stored_shop


def explain(work: Work, *, product_id: int, customer_ids: Sequence[int]) -> dict[str, Any]:
    """With the version, instant and horizon of the scores as they stand."""
    scores = InterestScore.objects.filter(product=product_id, customer__in=customer_ids)
    newest = scores.order_by("-as_of").first()
    if newest is None:
        raise NotFound("The scores are gone; ask for new ones.")
    order = Order(str(newest.model_version_id), (product_id,), newest.as_of, newest.horizon_days)
    work.report(step="read histories")
    scorer = Scorer(stored_shop(before=order.as_of, encoder=encoder_name()), order)
    work.report(step="find reasons")
    found = scorer.reasons(product_id, np.array(sorted(customer_ids), dtype=np.int64))
    kept = keep_reasons(
        found, product_id=product_id, as_of=order.as_of, model_version_id=order.model_version
    )
    return {"explained": kept}
