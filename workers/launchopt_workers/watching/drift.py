"""Drift of the interest model in service: an alert opens once, and resolves by itself.

Two questions: are recent scores spread as they were when the model was tested, and do recent
launches bring the buyers that were predicted? Neither needs the model itself.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from launchopt.audiences.watching import Buyers, buyers_of_scored, spread_of_scores
from launchopt.conf import launchopt_settings
from launchopt.operations.alerts import open_alert, resolve_alert
from launchopt.operations.models import ModelVersion
from launchopt.operations.selectors import active_model
from launchopt_core.drift import Swing, population_stability, usual_instability

NAME = "interest"
SUBJECT = f"model:{NAME}"
SCORES, BUYERS = "score_drift", "buyers_drift"
SCORED_WITHIN = timedelta(days=30)
LAUNCHED_WITHIN = timedelta(days=120)
FEWEST_PRODUCTS = 5  # fewer say nothing of how scores spread
FEWEST_BUYERS = 20.0  # predicted: fewer are a matter of luck
SEED = 0


@dataclass(frozen=True)
class Finding:
    """One question answered: whether there was enough to go by, and whether it is worth a look."""

    code: str
    is_known: bool
    is_drift: bool = False
    message: str = ""
    figures: dict[str, Any] | None = None


def watch(*, now: datetime) -> dict[str, Any]:
    """Look at both, and open or resolve their alerts. `now` ends what is looked at."""
    version = active_model(NAME)
    if version is None:
        return {"model_version": None}
    findings = [_of_scores(version, now=now), _of_buyers(version, now=now)]
    for finding in findings:
        _tell(finding, now=now)
    return {
        "model_version": str(version.pk),
        **{finding.code: _answer(finding) for finding in findings},
    }


def _of_scores(version: ModelVersion, *, now: datetime) -> Finding:
    kept = version.metrics.get("scores") or {}
    products = np.asarray(kept.get("products") or [], dtype=np.int64)
    if not products.size:
        return Finding(SCORES, is_known=False)
    found = spread_of_scores(edges=kept["edges"], since=now - SCORED_WITHIN, until=now)
    if found.products < FEWEST_PRODUCTS:
        return Finding(SCORES, is_known=False, figures={"products": found.products})
    index = population_stability(products.sum(0), np.asarray(found.counts))
    chance = usual_instability(products, together=found.products, rng=np.random.default_rng(SEED))
    limit = max(launchopt_settings().drift_score_index, chance)
    message = (
        f"Scores of the last {SCORED_WITHIN.days} days, on {found.products} products, are spread "
        f"unlike those the model was tested on: stability index {index:.2f}, limit {limit:.2f}. "
        "Look at what changed in products and customers, and train again."
    )
    figures = {"products": found.products, "index": round(index, 4), "limit": round(limit, 4)}
    return Finding(SCORES, True, index > limit, message, figures)


def _of_buyers(version: ModelVersion, *, now: datetime) -> Finding:
    buyers = buyers_of_scored(since=now - LAUNCHED_WITHIN, until=now)
    if buyers.predicted < FEWEST_BUYERS:
        return Finding(BUYERS, is_known=False, figures=asdict(buyers))
    low, high = _swing(version).interval(buyers.predicted)
    factor = launchopt_settings().drift_buyers_factor
    is_drift = not low <= buyers.actual <= high and _is_beyond(buyers, factor)
    message = (
        f"{buyers.products} recent launches were predicted to have {buyers.predicted:,.0f} buyers "
        f"by now and have {buyers.actual:,}; seasons of this shop explain {low:,.0f} to "
        f"{high:,.0f}. Check that purchases arrive, and train again."
    )
    figures = asdict(buyers) | {"interval": [round(low, 2), round(high, 2)]}
    return Finding(BUYERS, True, is_drift, message, figures)


def _is_beyond(buyers: Buyers, factor: float) -> bool:
    return not buyers.predicted / factor <= buyers.actual <= buyers.predicted * factor


def _swing(version: ModelVersion) -> Swing:
    """As this shop's launches had swung when the version was tested."""
    cutoffs = version.metrics.get("cutoffs") or [{}]
    kept = cutoffs[0].get("swing")
    return Swing(kept["spread"], kept["freedom"]) if kept else Swing.of([])


def _tell(finding: Finding, *, now: datetime) -> None:
    """What cannot be known leaves an alert as it is."""
    if finding.is_drift:
        open_alert(code=finding.code, subject=SUBJECT, message=finding.message, now=now)
    elif finding.is_known:
        resolve_alert(code=finding.code, subject=SUBJECT, now=now)


def _answer(finding: Finding) -> dict[str, Any]:
    state = "unknown" if not finding.is_known else "drift" if finding.is_drift else "steady"
    return {"state": state, **(finding.figures or {})}
