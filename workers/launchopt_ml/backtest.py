"""How well interest would have been known at past instants: everything after the cutoff hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from launchopt_ml.interest.baselines import ActivityInterest, ContentInterest, RandomInterest
from launchopt_ml.interest.episodes import Episode, bought_within, launched, new_within
from launchopt_ml.interest.model import LaunchInterest
from launchopt_ml.interest.protocol import Interest, Launch, predict
from launchopt_ml.metrics import calibration_error, ranking_of
from launchopt_ml.shop import Shop, days

Model = Callable[[], Interest]
MODELS: dict[str, Model] = {
    "model": LaunchInterest,
    "random": RandomInterest,
    "activity": ActivityInterest,
    "content": ContentInterest,
}


class NothingToTest(ValueError):
    """There is no customer before the cutoff, or no new product with buyers enough after it."""


@dataclass(frozen=True)
class Trial:
    """One cutoff, and what is measured there."""

    episode: Episode
    min_buyers: int
    seed: int = 0


def backtest(
    shop: Shop,
    trials: Sequence[Trial],
    *,
    models: dict[str, Model] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """The measures of each model, means over the trials, which stand apart in `cutoffs`."""
    reports = [
        _report_of(shop, trial, models=models or MODELS, progress=progress) for trial in trials
    ]
    names = list(models or MODELS)
    return {
        **{key: sum(r[key] for r in reports) for key in ("customers", "products", "buyers")},
        **{name: _mean([report[name] for report in reports]) for name in names},
        "cutoffs": reports,
    }


def trials_back_from(
    cutoff: np.datetime64, *, count: int, horizon_days: float, min_buyers: int, seed: int = 0
) -> list[Trial]:
    """The cutoff and those before it, a horizon apart, the latest first."""
    return [
        Trial(Episode(cutoff - days(horizon_days * back), horizon_days), min_buyers, seed)
        for back in range(count)
    ]


def _report_of(
    shop: Shop, trial: Trial, *, models: dict[str, Model], progress: Callable[[str], None]
) -> dict[str, Any]:
    episode = trial.episode
    products = launched(shop, new_within(shop, episode))
    customers = shop.before(episode.as_of).in_order().customers.id
    bought = bought_within(
        shop, customers=customers, skus=products.sku, since=episode.as_of, until=episode.until
    )
    ranked = bought.sum(0) >= trial.min_buyers
    if not len(customers) or not ranked.any():
        raise NothingToTest(
            f"At {episode.as_of} there are {len(customers)} customers and no new product with"
            f" {trial.min_buyers} buyers in {episode.horizon_days:g} days."
        )
    launch = Launch(products, episode.as_of, episode.horizon_days)
    outcome = _Outcome(bought, ranked, trial.seed)
    report: dict[str, Any] = {
        "cutoff": str(episode.as_of),
        "horizon_days": episode.horizon_days,
        "customers": len(customers),
        "products": int(ranked.sum()),
        "buyers": int(bought[:, ranked].sum()),
        "new_products": len(products),
        "all_buyers": int(bought.sum()),
    }
    for name, model in models.items():
        progress(f"{name} at {str(episode.as_of)[:10]}")
        report[name] = outcome.measures(_scores(model(), shop, launch, seed=trial.seed))
    return report


@dataclass(frozen=True)
class _Outcome:
    """What came true: ranking is judged on some products, calibration on all."""

    bought: NDArray[np.bool_]
    ranked: NDArray[np.bool_]
    seed: int

    def measures(self, score: NDArray[np.float32]) -> dict[str, float]:
        rng = np.random.default_rng(self.seed)
        ranking = ranking_of(score[:, self.ranked], bought=self.bought[:, self.ranked], rng=rng)
        return {
            **(ranking.as_dict() if ranking else {}),
            "calibration_error": calibration_error(score, bought=self.bought),
            "predicted_buyers": float(score.sum(dtype=np.float64)),
            "actual_buyers": float(self.bought.sum()),
        }


def _scores(model: Interest, shop: Shop, launch: Launch, *, seed: int) -> NDArray[np.float32]:
    model.fit(shop, as_of=launch.as_of, seed=seed)
    return predict(model, shop, launch)[1]


def _mean(measures: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([one[name] for one in measures])) for name in measures[0]}


def table_of(report: dict[str, Any]) -> Iterator[str]:
    """The report as lines of text."""
    columns = ("auc", "lift_at_10", "lift_at_1", "map", "ndcg_at_10", "calibration_error")
    yield (
        f"{report['customers']} customers, {report['products']} products,"
        f" {report['buyers']} buyers, {len(report['cutoffs'])} cutoffs"
    )
    yield f"{'':10}" + "".join(f"{name:>19}" for name in columns)
    for name in (name for name in MODELS if name in report):
        yield f"{name:10}" + "".join(f"{report[name][column]:>19.4f}" for column in columns)
