"""A new version beside the one in service: both asked about the same past launches.

Honest means that neither has seen what it is asked about. Where the version in service knows
launches that are asked about, its way of learning is fitted again as of the cutoff.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from launchopt.operations.models import ModelVersion
from launchopt.operations.selectors import is_held
from launchopt_core.promotion import Contest, Gap, Promotion, decide
from launchopt_ml.artifacts import ArtifactUnreadable
from launchopt_ml.backtest import (
    BASELINES,
    AsItIs,
    Model,
    NothingToTest,
    Trial,
    backtest,
    can_test,
)
from launchopt_ml.interest.episodes import Episode
from launchopt_ml.shop import Shop, days, instant
from launchopt_ml.spread import spread_of
from launchopt_workers.prediction.cards import learn_alike
from launchopt_workers.prediction.versions import can_backtest, can_run, loaded, way_of

DAYS = 30.0
FEWEST_BUYERS = 5
TOO_SLOW = (
    "A learner that reads every pair anew would take hours over a backtest; what its card tells of"
    " launches that it had not seen stands instead."
)
OLDER = (2, 3)  # windows of DAYS back: older launches, which the search of parameters never sees
MOST_PAIRS = 20_000_000  # of customer and product: bounds memory and time in large shops

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Entry:
    """A version, the shop as it was known when it was made, and whom it stands beside."""

    shop: Shop
    version: ModelVersion
    active: ModelVersion | None
    as_of: datetime
    tell: Tell = lambda _: None

    def trial(self, back: int) -> Trial:
        """The launches of one window before `as_of`; 1 is the last one."""
        cutoff = instant(self.as_of) - days(DAYS * back)
        return Trial(Episode(cutoff, DAYS), FEWEST_BUYERS, most_pairs=MOST_PAIRS)

    @property
    def can_backtest(self) -> bool:
        """Whether both are fast enough to be asked about every pair."""
        both = [self.version, self.active] if self.active else [self.version]
        return all(can_backtest(version.card) for version in both)

    @property
    def learns_alike(self) -> bool:
        """Whether both learn in the same way."""
        return self.active is not None and learn_alike(self.version.card, self.active.card)


def metrics_of(entry: Entry) -> dict[str, Any]:
    """The metrics of a version: its backtest, the spread of its scores, and what was decided."""
    try:
        metrics = _on_last_launches(entry) if entry.can_backtest else {"untested": TOO_SLOW}
    except NothingToTest as nothing:
        metrics = {"untested": str(nothing)}
    decided = _decided(entry, metrics)
    against = str(entry.active.pk) if entry.active else None
    return metrics | {"promotion": decided.as_dict() | {"against": against}}


def _on_last_launches(entry: Entry) -> dict[str, Any]:
    spread: dict[str, Any] = {}

    def see(name: str, launch: Any, score: Any) -> None:
        if name == "model":
            spread.update(spread_of(launch, score))

    trial = entry.trial(1)
    models: Mapping[str, Model] = {"model": _way(entry.version), **BASELINES}
    report = backtest(
        entry.shop,
        [trial],
        models=models,
        rivals=_rivals(entry, trial),
        progress=entry.tell,
        seen=see,
    )
    return report | {"scores": spread}


def _way(version: ModelVersion) -> Model:
    way = way_of(version.card)
    assert way is not None, "this release has just learned in this way"
    return way


def _rivals(entry: Entry, trial: Trial) -> dict[str, Model]:
    """The version in service, or its way of learning; nothing where that is the candidate's."""
    active = entry.active
    if active is None:
        return {}
    if active.data_until and instant(active.data_until) <= trial.episode.as_of:
        return _as_it_is(active)
    if entry.learns_alike:
        return {}
    way = way_of(active.card)
    return {"active": way} if way else {}


def _as_it_is(version: ModelVersion) -> dict[str, Model]:
    if not can_run(version.card):
        return {}
    try:
        model = loaded(str(version.pk))
    except (ArtifactUnreadable, OSError):
        return {}
    return {"active": lambda: AsItIs(model)}


def _decided(entry: Entry, metrics: Mapping[str, Any]) -> Promotion:
    contest = _contest(entry, metrics)
    promotion = decide(contest)
    if not promotion.is_promoted or contest.last is None or contest.learns_alike:
        return promotion
    return decide(_with_older(entry, contest))


def _contest(entry: Entry, metrics: Mapping[str, Any]) -> Contest:
    version, active = entry.version, entry.active
    if active is None:
        return Contest(has_active=False)
    last = _gap(metrics.get("rivals", {}).get("active"))
    mine, theirs = version.data_until, active.data_until
    return Contest(
        has_active=True,
        is_held=is_held(active),
        is_newer=_after(mine, theirs),
        is_older=_after(theirs, mine),
        learns_alike=entry.learns_alike,
        is_too_slow=not entry.can_backtest,
        active_is_prior=active.card.get("source") == "prior",
        baseline=_baseline(metrics),
        is_comparable=entry.learns_alike or last is not None,
        last=last,
    )


def _with_older(entry: Entry, contest: Contest) -> Contest:
    """The same with what older launches say; both ways of learning are fitted once more."""
    trials = [entry.trial(back) for back in OLDER]
    trials = [trial for trial in trials if can_test(entry.shop, trial)]
    rivals = _rivals(entry, trials[-1]) if trials else {}
    if not rivals:
        return contest
    models = {"model": _way(entry.version)}
    report = backtest(entry.shop, trials, models=models, rivals=rivals, progress=entry.tell)
    return replace(contest, older=_gap(report["rivals"]["active"]))


def _baseline(metrics: Mapping[str, Any]) -> tuple[str, Gap] | None:
    difference = metrics.get("difference")
    gap = _gap(difference)
    return (difference["against"], gap) if difference and gap else None


def _gap(difference: Mapping[str, Any] | None) -> Gap | None:
    """How much better by MAP, as a share."""
    found = (difference or {}).get("map", {})
    if "relative" not in found:
        return None
    low, high = found["relative_interval"]
    return Gap(found["relative"], low, high)


def _after(first: datetime | None, second: datetime | None) -> bool:
    return bool(first and second and first > second)
