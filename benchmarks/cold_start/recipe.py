"""The recipe of the literature on a sample of the pairs, for it would take hours over all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.cold_start.measuring import MEASURES, Measured, Seconds
from benchmarks.shops import Case
from launchopt_ml.interest.episodes import bought_within
from launchopt_ml.interest.protocol import Launch
from launchopt_ml.interest.text_pair import Limits, TextPairInterest
from launchopt_ml.metrics import ranking_of
from launchopt_ml.shop import Shop

PRODUCTS = 10  # of those with enough buyers
FEWEST_SAMPLED = 3  # buyers of a product within the sample


def recipe_beside(
    shop: Shop,
    case: Case,
    others: Measured,
    *,
    train_pairs: int,
    score_pairs: int,
    tell: Callable[[str], None],
    seed: int = 0,
) -> dict[str, Any]:
    """Train on `train_pairs`, score `score_pairs`; every peer is judged on the same sample."""
    customers, products, bought = _sample(shop, case, others, pairs=score_pairs, seed=seed)
    told = {"steps": 0}

    def progress(done: int, steps: int) -> None:
        told["steps"] = steps
        if done % 20 == 0 or done == steps:
            tell(f"recipe: step {done} of {steps}")

    limits = Limits(pairs=train_pairs)
    start = Seconds.now()
    model = TextPairInterest(limits=limits, progress=progress)
    model.fit(shop, as_of=case.episode.as_of, seed=seed)
    trained = Seconds.now()
    tell(f"recipe: score {bought.size} pairs")
    launch = others.launch
    some = Launch(launch.products.take(products), launch.as_of, launch.horizon_days)
    session = model.prepare(shop, some)
    chances = session.score(customers)
    done = Seconds.now()
    scores = {"recipe": chances} | {
        name: score[np.ix_(customers, products)] for name, score in others.scores.items()
    }
    return {
        "customers": len(customers),
        "products": len(products),
        "buyers": int(bought.sum()),
        "training_pairs": train_pairs,
        "steps": told["steps"],
        **(trained - start).told("train"),
        **(done - trained).told("score", pairs=bought.size),
        "classification": model.card["classification"],
        "peers": {name: _judged(score, bought, seed=seed) for name, score in scores.items()},
    }


def _sample(
    shop: Shop, case: Case, others: Measured, *, pairs: int, seed: int
) -> tuple[NDArray[np.integer], NDArray[np.integer], NDArray[np.bool_]]:
    """Customers, new products and who bought what among them; chosen by chance."""
    rng = np.random.default_rng(seed)
    episode = case.episode
    known = shop.before(episode.as_of).in_order().customers.id
    bought = bought_within(
        shop,
        customers=known,
        skus=others.launch.products.sku,
        since=episode.as_of,
        until=episode.until,
    )
    count = min(max(pairs // PRODUCTS, 1), len(known))
    customers = np.sort(rng.choice(len(known), count, replace=False))
    ranked = bought.sum(0) >= case.min_buyers
    enough = np.flatnonzero(ranked & (bought[customers].sum(0) >= FEWEST_SAMPLED))
    products = np.sort(rng.choice(enough, min(PRODUCTS, len(enough)), replace=False))
    return customers, products, bought[np.ix_(customers, products)]


def _judged(
    score: NDArray[np.float32], bought: NDArray[np.bool_], *, seed: int
) -> dict[str, float]:
    found = ranking_of(score, bought=bought, rng=np.random.default_rng(seed))
    assert found is not None, "products without buyers were left out of the sample"
    return {name: found.as_dict()[name] for name in MEASURES}
