"""How a model's scores were spread when it was tested: what later scores are compared with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from launchopt_ml.interest.facts import days_on_sale
from launchopt_ml.interest.protocol import Launch

CLASSES = 10
MOST_PRODUCTS = 200


def spread_of(launch: Launch, score: NDArray[np.float32]) -> dict[str, Any]:
    """Counts of customers by classes of chance per day on sale, for each product apart.

    Per day, so that scores for other horizons and days of launch can be compared.
    """
    length = days_on_sale(launch.products, as_of=launch.as_of, horizon_days=launch.horizon_days)
    daily = score[:, :MOST_PRODUCTS] / np.maximum(length[:MOST_PRODUCTS], 1e-9)
    edges = np.unique(np.quantile(daily, np.linspace(0, 1, CLASSES + 1)[1:-1]))
    place = np.searchsorted(edges, daily, side="right")  # (customers, products)
    counts = [np.bincount(column, minlength=len(edges) + 1).tolist() for column in place.T]
    return {"edges": [float(edge) for edge in edges], "products": counts}
