"""How well interest would have been known at past instants: everything after the cutoff hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, Self, cast

import numpy as np
from numpy.typing import NDArray

from launchopt_ml.interest.baselines import (
    ActivityInterest,
    ContentActivityInterest,
    ContentInterest,
    RandomInterest,
)
from launchopt_ml.interest.episodes import Episode, bought_within, launched, new_within
from launchopt_ml.interest.model import LaunchInterest
from launchopt_ml.interest.protocol import Interest, Launch, Session, predict
from launchopt_ml.outcomes import MEASURES, Outcome, Verdict
from launchopt_ml.shop import Shop, days
from launchopt_ml.swings import swing_before


class Predicts(Protocol):
    """As much of an Interest as a backtest needs."""

    def fit(self, shop: Shop, *, as_of: np.datetime64, seed: int) -> Self:
        """Learn from what was known before `as_of`."""

    def prepare(self, shop: Shop, launch: Launch) -> Session:
        """Ready to score."""


Model = Callable[[], Predicts]
BASELINES: dict[str, Model] = {
    "random": RandomInterest,
    "activity": ActivityInterest,
    "content": ContentInterest,
    "content_activity": ContentActivityInterest,
}
MODELS: dict[str, Model] = {"model": LaunchInterest, **BASELINES}
FEWEST_PRODUCTS = 20  # that are judged, however many customers there are

Seen = Callable[[str, Launch, NDArray[np.float32]], None]


class NothingToTest(ValueError):
    """There is no customer before the cutoff, or no new product with buyers enough after it."""


@dataclass(frozen=True)
class Trial:
    """One cutoff, and what is measured there. Beyond `most_pairs` products are left to chance."""

    episode: Episode
    min_buyers: int
    seed: int = 0
    most_pairs: int | None = None


class AsItIs:
    """A model that was fitted before, measured without learning anew."""

    name: ClassVar[str] = "as-it-is"

    def __init__(self, model: Interest) -> None:
        self.model = model

    def fit(self, shop: Shop, *, as_of: np.datetime64, seed: int = 0) -> Self:
        """What it has learned stays."""
        return self

    def prepare(self, shop: Shop, launch: Launch) -> Session:
        """Ready to score."""
        return self.model.prepare(shop, launch)


@dataclass
class Tested:
    """One trial: its report, and what resampling needs."""

    report: dict[str, Any]
    verdicts: dict[str, Verdict] = field(default_factory=dict)


def backtest(
    shop: Shop,
    trials: Sequence[Trial],
    *,
    models: Mapping[str, Model] | None = None,
    rivals: Mapping[str, Model] | None = None,
    progress: Callable[[str], None] = lambda _: None,
    seen: Seen = lambda *_: None,
) -> dict[str, Any]:
    """The measures of each model, means over the trials, which stand apart in `cutoffs`.

    `intervals` are of resampled products (of customers for ndcg_at_10), `difference` is the model
    less the best of the others by MAP. `rivals` are measured too, each against the model alone.
    `seen` is told every model's scores.
    """
    chosen = dict(models or MODELS)
    everyone = chosen | dict(rivals or {})
    tested = [_test(shop, trial, models=everyone, progress=progress, seen=seen) for trial in trials]
    verdicts = {name: Verdict.mean([one.verdicts[name] for one in tested]) for name in everyone}
    reports = [one.report for one in tested]
    totals = ("customers", "products", "buyers", "predicted_buyers", "actual_buyers")
    known = {key: sum(r[key] for r in reports) for key in totals if key in reports[0]}
    return {
        **known,
        **{name: verdict.values for name, verdict in verdicts.items()},
        "intervals": {name: verdict.intervals() for name, verdict in verdicts.items()},
        "difference": _difference(verdicts, among=[name for name in chosen if name != "model"]),
        "rivals": {name: verdicts["model"].minus(verdicts[name]) for name in rivals or {}},
        "cutoffs": reports,
    }


def can_test(shop: Shop, trial: Trial) -> bool:
    """Whether there are launches to ask about."""
    try:
        asked(shop, trial)
    except NothingToTest:
        return False
    return True


def trials_back_from(
    cutoff: np.datetime64,
    *,
    count: int,
    horizon_days: float,
    min_buyers: int,
    seed: int = 0,
    most_pairs: int | None = None,
) -> list[Trial]:
    """The cutoff and those before it, a horizon apart, the latest first."""
    return [
        Trial(
            Episode(cutoff - days(horizon_days * back), horizon_days), min_buyers, seed, most_pairs
        )
        for back in range(count)
    ]


def _test(
    shop: Shop,
    trial: Trial,
    *,
    models: Mapping[str, Model],
    progress: Callable[[str], None],
    seen: Seen,
) -> Tested:
    episode = trial.episode
    launch, outcome = asked(shop, trial)
    tested = Tested(_facts(launch, outcome))
    for name, model in models.items():
        progress(f"{name} at {str(episode.as_of)[:10]}")
        score = _scores(model(), shop, launch, seed=trial.seed)
        seen(name, launch, score)
        tested.verdicts[name] = outcome.verdict_on(score)
        tested.report[name] = tested.verdicts[name].values
    if "model" in models:
        predicted = tested.report["model"]["predicted_buyers"]
        swing = swing_before(shop, as_of=episode.as_of, horizon_days=episode.horizon_days)
        tested.report |= {
            "predicted_buyers": round(predicted, 2),
            "predicted_interval": [round(edge, 2) for edge in swing.interval(predicted)],
            "swing": {"spread": round(swing.spread, 4), "freedom": round(swing.freedom, 2)},
        }
    return tested


def asked(shop: Shop, trial: Trial) -> tuple[Launch, Outcome]:
    """The question and its answer. Raises NothingToTest."""
    episode = trial.episode
    customers = shop.before(episode.as_of).in_order().customers.id
    products = launched(shop, _some(new_within(shop, episode), trial, customers=len(customers)))
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
    return launch, Outcome(bought, ranked, trial.seed)


def _some(new: NDArray[np.integer], trial: Trial, *, customers: int) -> NDArray[np.integer]:
    """All new products, or so many by chance that memory and time stay bounded."""
    if trial.most_pairs is None:
        return new
    most = max(trial.most_pairs // max(customers, 1), FEWEST_PRODUCTS)
    if len(new) <= most:
        return new
    return np.sort(np.random.default_rng(trial.seed).choice(new, most, replace=False))


def _facts(launch: Launch, outcome: Outcome) -> dict[str, Any]:
    bought, ranked = outcome.bought, outcome.ranked
    return {
        "cutoff": str(launch.as_of),
        "horizon_days": launch.horizon_days,
        "customers": len(bought),
        "products": int(ranked.sum()),
        "buyers": int(bought[:, ranked].sum()),
        "new_products": len(launch.products),
        "all_buyers": int(bought.sum()),
        "actual_buyers": int(bought.sum()),
        "base_rate": outcome.base_rate,
    }


def _scores(model: Predicts, shop: Shop, launch: Launch, *, seed: int) -> NDArray[np.float32]:
    model.fit(shop, as_of=launch.as_of, seed=seed)
    return predict(cast(Interest, model), shop, launch)[1]


def _difference(verdicts: Mapping[str, Verdict], *, among: Sequence[str]) -> dict[str, Any] | None:
    """The model less the best of these by MAP; None where there is none to compare with."""
    if "model" not in verdicts or not among:
        return None
    best = max(among, key=lambda name: verdicts[name].values["map"])
    return {"against": best} | verdicts["model"].minus(verdicts[best])


def table_of(report: dict[str, Any]) -> Iterator[str]:
    """The report as lines of text."""
    yield (
        f"{report['customers']} customers, {report['products']} products,"
        f" {report['buyers']} buyers, {len(report['cutoffs'])} cutoffs"
    )
    columns = MEASURES[:-1]
    yield f"{'':18}" + "".join(f"{name:>26}" for name in columns)
    for name in report["intervals"]:
        cells = (_cell(report[name][c], report["intervals"][name][c]) for c in columns)
        yield f"{name:18}" + "".join(f"{cell:>26}" for cell in cells)
    yield from _difference_lines(report["difference"])
    yield from _buyers_lines(report)
    yield "In brackets: 95 % intervals over resampled products (ndcg_at_10: customers)."


def _cell(value: float, interval: Sequence[float]) -> str:
    low, high = interval
    return f"{value:.4f} [{low:.3f}, {high:.3f}]"


def _difference_lines(difference: dict[str, Any] | None) -> Iterator[str]:
    if difference is None:
        return
    precision = difference["map"]
    low, high = precision["interval"]
    yield (
        f"The model less {difference['against']}, by map:"
        f" {precision['estimate']:+.4f} [{low:+.4f}, {high:+.4f}]"
    )


def _buyers_lines(report: dict[str, Any]) -> Iterator[str]:
    """Predicted and actual buyers of each cutoff, over all new products."""
    for one in report["cutoffs"] if "predicted_buyers" in report else ():
        low, high = one["predicted_interval"]
        yield (
            f"Buyers of all {one['new_products']} new products from {one['cutoff'][:10]}:"
            f" {one['predicted_buyers']:,.0f} predicted, in four of five seasons"
            f" {low:,.0f} to {high:,.0f}; {one['actual_buyers']:,} bought."
        )
