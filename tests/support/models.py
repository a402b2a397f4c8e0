"""A model version with a backtest, as training leaves it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from launchopt.operations.models import ModelVersion


def _measured(precision: float) -> dict[str, float]:
    return {
        "auc": 0.8, "lift_at_10": 4.5, "lift_at_1": 12.0, "map": precision, "ndcg_at_10": 0.2,
        "calibration_error": 0.0021, "relative_calibration_error": 0.2,
        "predicted_buyers": 105.0, "actual_buyers": 110.0,
    }  # fmt: skip


def _intervals(precision: float) -> dict[str, list[float]]:
    named = _measured(precision).items()
    return {name: [round(0.8 * value, 4), round(1.2 * value, 4)] for name, value in named}


PRECISIONS = {"model": 0.15, "random": 0.03, "activity": 0.1, "content": 0.12}
METRICS: dict[str, Any] = {
    "customers": 400,
    "products": 12,
    "buyers": 90,
    "predicted_buyers": 105.0,
    "actual_buyers": 110,
    **{name: _measured(precision) for name, precision in PRECISIONS.items()},
    "intervals": {name: _intervals(precision) for name, precision in PRECISIONS.items()},
    "difference": {
        "against": "content",
        "map": {
            "estimate": 0.03,
            "interval": [0.01, 0.05],
            "relative": 0.25,
            "relative_interval": [0.08, 0.42],
        },
    },
    "rivals": {},
    "cutoffs": [
        {
            "cutoff": "2026-01-30T00:00:00.000000",
            "horizon_days": 30.0,
            "customers": 400,
            "products": 12,
            "new_products": 30,
            "predicted_buyers": 105.0,
            "predicted_interval": [80.0, 140.0],
            "actual_buyers": 110,
            "swing": {"spread": 0.3, "freedom": 8.0},
        }
    ],
    "scores": {
        "edges": [0.0001 * n for n in range(1, 10)],
        "products": [[40 + n % 3 for n in range(10)] for _ in range(30)],
    },
    "promotion": {
        "promoted": True,
        "ground": "better",
        "sentence": "It beats the version in service on the last launches (+25.0%).",
    },
}
CARD = {
    "predicts": "that a customer buys a new product within a horizon",
    "learner": "launch-interest",
    "source": "launches",
    "launches": 60,
    "buyers": 900,
    "features": ["bought_near", "days_since"],
    "daily_rate": {"value": 0.001, "source": "launches"},
    "intended_use": ["Rank customers."],
    "limits": ["It reads neither age nor gender."],
}


def make_tested(*, at: datetime, **given: Any) -> ModelVersion:
    """A candidate that was trained and tested at an instant."""
    return ModelVersion.objects.create(
        **{
            "name": "interest",
            "metrics": METRICS,
            "card": CARD,
            "data_since": at - timedelta(days=300),
            "data_until": at,
            "created_at": at,
        }
        | given
    )
