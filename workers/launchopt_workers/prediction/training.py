"""Train the interest model on what was known before an instant, and say how well it would do."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from launchopt.conf import launchopt_settings
from launchopt.operations.errors import Conflict
from launchopt.operations.models import ModelVersion
from launchopt.operations.runs import Work
from launchopt.operations.selectors import active_model
from launchopt_ml.encoder import MINILM
from launchopt_ml.interest import learners
from launchopt_ml.interest.parameters import Parameters
from launchopt_ml.interest.text_pair import TooFewLaunches
from launchopt_ml.shop import instant
from launchopt_workers.prediction.clearing import clear_old_files
from launchopt_workers.prediction.contests import Entry, metrics_of
from launchopt_workers.prediction.reading import encoder_name, read_texts
from launchopt_workers.prediction.shops import stored_shop
from launchopt_workers.prediction.tracking import Tracking, tracking
from launchopt_workers.prediction.versions import (
    INTEREST,
    keep_backtest,
    parameters_of,
    register,
)

SEED = 0
FOUND = "search"  # where parameters come from that outlive the release's usual ones
TOLD = ("source", "launches", "buyers", "episodes", "classification")


def train(work: Work, *, as_of: datetime, learner: str = learners.DEFAULT) -> dict[str, Any]:
    """Register a version, then backtest its way of learning on the last launches before `as_of`."""
    read_texts(work)
    work.report(done=0, step="learn from past launches")
    work.expect(2)
    made = learn_and_test(work, as_of=as_of, learner=learner, parameters=parameters_in_force())
    work.report(done=2)
    return made


def learn_and_test(
    work: Work,
    *,
    as_of: datetime,
    learner: str = learners.DEFAULT,
    parameters: Parameters | None = None,
) -> dict[str, Any]:
    """Two steps, each done once: learn, and let the version prove itself."""
    with tracking(name=INTEREST, now=work.clock()) as told:
        way = partial(_fresh, work, learner=learner, parameters=parameters)
        source = FOUND if parameters else "usual"
        learn = partial(_learn, work, as_of=as_of, told=told, source=source)
        made = work.once("learn", lambda: learn(way()))
        work.report(step="backtest on the last launches")
        tested = work.once("backtest", lambda: _test(work, made["model_version"], as_of=as_of))
        told.tell_version(ModelVersion.objects.get(pk=made["model_version"]))
    clear_old_files(keep=launchopt_settings().kept_candidates, now=work.clock())
    return made | tested


def parameters_in_force() -> Parameters | None:
    """What a search found for the version in service; None for the release's usual ones."""
    active = active_model(INTEREST)
    if active is None or active.card.get("parameters_from") != FOUND:
        return None
    return parameters_of(active.card)


def _fresh(work: Work, *, learner: str, parameters: Parameters | None) -> learners.Learner:
    encoder = launchopt_settings().encoder  # a learner that tunes one itself begins with the whole
    return learners.fresh(
        learner,
        encoder="" if encoder == MINILM else encoder,
        progress=lambda done, steps: work.report(message=f"step {done} of {steps}"),
        parameters=parameters,
    )


def _learn(
    work: Work, model: learners.Learner, *, as_of: datetime, told: Tracking, source: str
) -> dict[str, Any]:
    shop = stored_shop(before=as_of, encoder=encoder_name()).shop
    try:
        with told.heard():
            model.fit(shop, as_of=instant(as_of), seed=SEED)
    except TooFewLaunches as few:
        raise Conflict(str(few)) from few
    model.card["parameters_from"] = source
    version = register(model, data_until=as_of, run=work.run, now=work.clock())
    known = {name: model.card[name] for name in TOLD if name in model.card}
    return {"model_version": str(version.pk)} | known


def _test(work: Work, version_id: str, *, as_of: datetime) -> dict[str, Any]:
    version = ModelVersion.objects.get(pk=version_id)
    serving = active_model(INTEREST)
    entry = Entry(
        shop=stored_shop(before=as_of, encoder=encoder_name()).shop,
        version=version,
        active=serving if serving != version else None,
        as_of=as_of,
        tell=lambda words: work.report(message=words),
    )
    metrics = metrics_of(entry)
    keep_backtest(version, metrics=metrics, now=work.clock())
    version.refresh_from_db()
    return {"status": version.status, "metrics": metrics}
