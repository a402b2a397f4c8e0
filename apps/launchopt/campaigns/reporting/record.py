"""How well the model behind a launch would have done on the shop's last launches."""

from __future__ import annotations

from launchopt.audiences.models import InterestScore
from launchopt.campaigns.models import Launch
from launchopt.campaigns.reporting.sections import Picture, Section, Table, Term
from launchopt.operations import backtests
from launchopt.operations.models import ModelVersion
from launchopt.operations.selectors import active_model

KEY, TITLE = "record", "How well this would have worked on your last launches"
SHOWN = ("map", "lift_at_10", "auc", "calibration_error")
TERMS = ("Plain ways to predict", "Average precision", "Lift", "AUC", "Calibration error")


def record_section(launch: Launch) -> Section:
    """The backtest of the version that scored the launch's product, else of the active one."""
    version = _version_behind(launch)
    if version is None:
        return Section(key=KEY, title=TITLE, empty="No interest model has been trained yet.")
    metrics = version.metrics
    if not backtests.was_tested(metrics):
        why = metrics.get("untested", "The model behind this launch has not been tested yet.")
        return Section(key=KEY, title=TITLE, empty=why)
    measured = backtests.measures_table(metrics, only=SHOWN)
    buyers = backtests.buyers_table(metrics)
    return Section(
        key=KEY,
        title=TITLE,
        lead=backtests.lead_sentence(metrics),
        pictures=(Picture(backtests.precision_picture(metrics), "Whiskers: 95 % intervals."),),
        tables=(
            Table(measured.columns, measured.rows, "In brackets: 95 % intervals."),
            Table(buyers.columns, buyers.rows, backtests.SWING),
        ),
        terms=tuple(Term(name, backtests.MEANINGS[name]) for name in TERMS),
    )


def _version_behind(launch: Launch) -> ModelVersion | None:
    score = InterestScore.objects.filter(product=launch.product).select_related("model_version")
    first = score.first()
    return first.model_version if first else active_model("interest")
