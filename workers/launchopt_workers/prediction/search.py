"""Search the learner's parameters on earlier launches, then train with the best of them.

Earlier means before all launches that a version must prove itself on: what was chosen by looking
at a launch would prove nothing there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from launchopt.operations.errors import Conflict
from launchopt.operations.models import ModelVersion
from launchopt.operations.runs import Work
from launchopt_ml.backtest import Trial, can_test
from launchopt_ml.interest.episodes import Episode
from launchopt_ml.interest.parameters import SPACE, Parameters
from launchopt_ml.search import Tried, best_of, try_next
from launchopt_ml.shop import Shop, days, instant
from launchopt_ml.tuning import Course
from launchopt_workers.prediction.contests import DAYS, FEWEST_BUYERS, MOST_PAIRS, OLDER
from launchopt_workers.prediction.reading import encoder_name, read_texts
from launchopt_workers.prediction.shops import stored_shop
from launchopt_workers.prediction.training import SEED, learn_and_test

CUTOFFS = 3


def search(work: Work, *, as_of: datetime, trials: int) -> dict[str, Any]:
    """Try so many parameters, and register a version trained with the best of them.

    Each trial is a step: a search that comes back goes on after its last finished one. Raises
    Conflict where there are no earlier launches.
    """
    read_texts(work)
    work.expect(trials + 1)
    course = _course(work, as_of=as_of)
    tried: list[Tried] = []
    for number in range(trials):
        work.report(done=number, step=f"trial {number + 1} of {trials}")
        step = work.once(f"trial {number}", partial(_try, course, tried))
        tried.append(Tried(**step))
    work.report(done=trials, step="learn with the best")
    best = best_of(tried)
    made = learn_and_test(work, as_of=as_of, parameters=Parameters(**best.parameters))
    told = _told(tried, course.trials)
    work.once("keep the search", partial(_keep, made["model_version"], told))
    work.report(done=trials + 1)
    return made | {"search": told}


def _course(work: Work, *, as_of: datetime) -> Course:
    until = as_of - timedelta(days=DAYS * max(OLDER))
    shop = stored_shop(before=until, encoder=encoder_name()).shop
    trials = _trials(shop, until=until)
    if not trials:
        raise Conflict(
            f"Before {until:%Y-%m-%d} there are no launches with {FEWEST_BUYERS} buyers to search "
            f"on; later ones are kept apart, as what is found must prove itself on them."
        )
    return Course(shop, trials, progress=lambda words: work.report(message=words))


def _trials(shop: Shop, *, until: datetime) -> list[Trial]:
    """The latest windows that have launches, the latest first."""
    episodes = [Episode(instant(until) - days(DAYS * n), DAYS) for n in range(1, CUTOFFS + 1)]
    found = [Trial(episode, FEWEST_BUYERS, SEED, MOST_PAIRS) for episode in episodes]
    return [trial for trial in found if can_test(shop, trial)]


def _try(course: Course, tried: Sequence[Tried]) -> dict[str, Any]:
    return asdict(
        try_next(
            tried,
            space=SPACE,
            usual=asdict(Parameters()),
            measure=course.measure,
            steps=len(course.trials),
            seed=SEED,
        )
    )


def _told(tried: Sequence[Tried], trials: Sequence[Trial]) -> dict[str, Any]:
    best = best_of(tried)
    return {
        "cutoffs": [str(trial.episode.as_of) for trial in trials],
        "usual": round(tried[0].value, 6),
        "best": round(best.value, 6),
        "parameters": best.parameters,
        "trials": [one.as_dict() for one in tried],
    }


def _keep(version_id: str, told: dict[str, Any]) -> None:
    version = ModelVersion.objects.get(pk=version_id)
    version.metrics = version.metrics | {"search": told}
    version.save(update_fields=["metrics"])
