"""`manage.py evaluate_policy`: what another policy would have earned, from a log of one's own."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from django.utils import timezone

from launchopt.audiences.models import Audience
from launchopt.campaigns.models import Launch
from launchopt.campaigns.selectors import launch_named
from launchopt.campaigns.selectors.logs import ACTIONS, CONTEXT, REWARDS, decision_log
from launchopt.experiments.models import Phase
from launchopt.experiments.services import Judged, promote_policy
from launchopt.experiments.study.output import aligned, write_json
from launchopt.experiments.study.policies import (
    AUDIENCE,
    Columns,
    chances_of,
    log_and_policy,
    told,
    valued,
)
from launchopt.experiments.study.tables import read_table
from launchopt.operations.commands import LaunchOptCommand
from launchopt.operations.errors import InvalidInput
from launchopt_core.errors import ImpossibleInput
from launchopt_core.offpolicy import Evaluation, Promotion, evaluate, promotion

WAYS = {
    "ips": "rewards weighed by how much likelier the policy makes their action",
    "snips": "the same, divided by the mean weight",
    "direct": "a model of the reward; the interval holds the model's error",
    "doubly_robust": "the model, corrected by weighted residuals",
}

WIDE = 0.5  # an interval as wide as half of the value, or wider


class Command(LaunchOptCommand):
    """Judges a policy by the choices of another."""

    help = (
        "Estimate the mean reward per row that a policy would have earned, from a log whose "
        "propensities are known. A row that the policy's file does not name has probability 0."
    )
    example = (
        "manage.py evaluate_policy log.csv.gz --action item_id --reward click "
        "--propensity propensity_score --slot position --policy new.csv"
    )

    def add_options(self, parser: ArgumentParser) -> None:
        """What the log's columns mean, and the policy."""
        parser.add_argument(
            "log", type=Path, nargs="?", metavar="LOG", help="CSV (also .gz) or Parquet."
        )
        parser.add_argument(
            "--launch",
            metavar="LAUNCH",
            help="In the place of a file: a launch's decision log, each customer who was shown "
            "something once. Its columns are variant, creative; purchases, clicked; propensity; "
            "channel, audience, persona.",
        )
        parser.add_argument(
            "--action", metavar="COLUMN", help="What was chosen; of a launch variant or creative."
        )
        parser.add_argument(
            "--reward", metavar="COLUMN", help="What came of it; of a launch purchases or clicked."
        )
        parser.add_argument("--propensity", metavar="COLUMN", help="How likely the choice was.")
        parser.add_argument("--slot", metavar="COLUMN", help="Where it was shown, if it matters.")
        parser.add_argument(
            "--features", default="", metavar="A,B", help="Columns that describe the context."
        )
        parser.add_argument(
            "--policy",
            type=Path,
            required=True,
            metavar="FILE",
            help="Columns action, [slot,] [features,] probability; the log's names do as well.",
        )
        parser.add_argument(
            "--promote",
            action="store_true",
            help="Give the launch's new customers the policy's variants, where the log speaks for "
            "it; refused otherwise, and where the effective sample is too small. With --features "
            "audience each audience is judged, and promoted, by its own rows.",
        )
        parser.add_argument("--by", metavar="USER", help="Who promotes it, for the audit trail.")
        parser.add_argument("--alpha", type=float, default=0.05, help="1 - confidence.")
        parser.add_argument("--seed", type=int, default=0, help="Of the folds of doubly robust.")
        parser.add_argument("--out", type=Path, metavar="FILE", help="The whole result as JSON.")

    def work(
        self,
        *,
        log: Path | None,
        launch: str | None,
        policy: Path,
        alpha: float,
        seed: int,
        out: Path | None,
        promote: bool,
        by: str | None,
        **options: Any,
    ) -> Mapping[str, Any]:
        """Read log and policy, evaluate, and promote where that is asked for and allowed."""
        subject = _launch_asked_for(log, launch, promote=promote)
        columns = _columns(options, of_launch=subject is not None)
        frame = _rows(log, subject, columns)
        try:
            found = _evaluated(frame, policy, columns, alpha=alpha, seed=seed)
        except ImpossibleInput as error:
            raise InvalidInput(str(error)) from error
        judged = promotion(found)
        report = told(found, judged)
        parts: dict[str, Part] = {}
        if subject is not None and AUDIENCE in columns.features:
            parts = _by_audience(frame, policy, columns, alpha=alpha, seed=seed)
            report["by_audience"] = {name: part.told() for name, part in parts.items()}
        if out:
            write_json(out, report)
        if promote and subject is not None and subject.experiment is not None:
            phases = promote_policy(
                experiment=subject.experiment,
                judged=_judged(subject, chances_of(policy, columns), whole=judged, parts=parts),
                by=by,
                now=timezone.now(),
            )
            report["promoted"] = [_promoted(phase) for phase in phases]
        return report

    def show(self, report: Mapping[str, Any]) -> None:
        """A row for each estimator, and whether the policy may be promoted."""
        rows = [("estimate", "value", "interval", "", "how")]
        for name, way in WAYS.items():
            value, interval = report[name]["value"], report[name]["interval"]
            wide = interval and interval[1] - interval[0] > WIDE * abs(value)
            rows.append((name, f"{value:.5g}", _span(interval), "wide" if wide else "", way))
        value, interval = f"{report['on_policy_value']:.5g}", report["on_policy_interval"]
        rows.append(("in force", value, _span(interval), "", "mean reward of the log"))
        for line in aligned(rows):
            self.stdout.write(line)
        self.stdout.write(f"Effective sample: {report['effective_sample_size']:,.0f} rows.")
        self.stdout.write(_verdict("Promotion", report["promotion"]))
        for name, part in report.get("by_audience", {}).items():
            rows_told = f"{part['effective_sample_size']:,.0f} effective rows"
            self.stdout.write(_verdict(f"For {name} ({rows_told})", part["promotion"]))
        for each in report.get("promoted", []):
            weights = ", ".join(f"{name} {share:.1%}" for name, share in each["weights"].items())
            whose = f" of {each['audience']}" if each["audience"] else ""
            self.stdout.write(f"Promoted: new customers{whose} get {weights}.")


def _span(interval: Sequence[float] | None) -> str:
    return f"[{interval[0]:.5g}, {interval[1]:.5g}]" if interval else "—"


def _verdict(of: str, promotion: Mapping[str, Any]) -> str:
    return f"{of} {'allowed' if promotion['allowed'] else 'refused'}: {promotion['reason']}."


def _evaluated(
    frame: pl.DataFrame, policy: Path, columns: Columns, *, alpha: float, seed: int
) -> Evaluation:
    rows, rules = log_and_policy(frame, policy, columns)
    return evaluate(rows, rules, rng=np.random.default_rng(seed), alpha=alpha)


@dataclass(frozen=True)
class Part:
    """What the rows of one audience say of the policy."""

    promotion: Promotion
    evaluation: Evaluation | None = None

    def told(self) -> dict[str, Any]:
        """For the report; None where the policy chooses nothing that was logged."""
        found = self.evaluation
        return {
            "effective_sample_size": found.effective_sample_size if found else 0.0,
            "gain": valued(found.gain) if found else None,
            "promotion": asdict(self.promotion),
        }


def _by_audience(
    frame: pl.DataFrame, policy: Path, columns: Columns, *, alpha: float, seed: int
) -> dict[str, Part]:
    """Each audience's rows alone; the risk is divided by how many there are (Bonferroni)."""
    found: dict[str, Part] = {}
    names = frame[AUDIENCE].unique().sort().to_list()
    for name in names:
        own = frame.filter(pl.col(AUDIENCE) == name)
        try:
            risk = alpha / len(names)
            evaluation = _evaluated(own, policy, columns, alpha=risk, seed=seed)
        except ImpossibleInput as error:
            found[name] = Part(Promotion(False, str(error).rstrip(".")))
            continue
        found[name] = Part(promotion(evaluation), evaluation)
    return found


def _judged(
    launch: Launch,
    chances: Mapping[str | None, Mapping[str, float]],
    *,
    whole: Promotion,
    parts: Mapping[str, Part],
) -> list[Judged]:
    """The policy's choices for everybody, or for each audience that it names."""
    if None in chances:
        return [Judged(None, chances[None], whole)]
    rows = Audience.objects.filter(campaigns__launch=launch, name__in=chances).distinct()
    unseen = Part(Promotion(False, "nobody of it was shown anything"))
    if missing := sorted(set(map(str, chances)) - {audience.name for audience in rows}):
        raise InvalidInput(f"The launch has no audience {missing[0]!r}.")
    return [
        Judged(each, chances[each.name], parts.get(each.name, unseen).promotion) for each in rows
    ]


def _promoted(phase: Phase) -> dict[str, Any]:
    audience = phase.audience.name if phase.audience else None
    return {"audience": audience, "phase": phase.number, "weights": phase.weights}


def _launch_asked_for(log: Path | None, launch: str | None, *, promote: bool) -> Launch | None:
    if (log is None) == (launch is None):
        raise InvalidInput("Name a LOG file, or a launch by --launch, and not both.")
    if promote and launch is None:
        raise InvalidInput("Only the policy of a launch can be promoted: name it by --launch.")
    return launch_named(launch) if launch else None


def _columns(options: Mapping[str, Any], *, of_launch: bool) -> Columns:
    given = {name: options[name] for name in ("action", "reward", "propensity")}
    features = [name.strip() for name in options["features"].split(",") if name.strip()]
    if of_launch:
        usual = {"action": "variant", "reward": "purchases", "propensity": "propensity"}
        given = {name: value or usual[name] for name, value in given.items()}
        _check_of_launch(given, [*features, *filter(None, [options["slot"]])])
    missing = [name for name, value in given.items() if not value]
    if missing:
        raise InvalidInput(f"Say which column of the log is the {missing[0]}: --{missing[0]}.")
    return Columns(**given, slot=options["slot"], features=features)


def _check_of_launch(given: Mapping[str, str], context: Sequence[str]) -> None:
    """Of a launch's log only some columns can be what they are asked to be."""
    allowed = {"action": ACTIONS, "reward": REWARDS, "propensity": ("propensity",)}
    for name, choices in allowed.items():
        if given[name] not in choices:
            raise InvalidInput(f"--{name} of a launch is one of {', '.join(choices)}.")
    strange = [name for name in context if name not in CONTEXT]
    if strange:
        raise InvalidInput(f"A launch's log has no {strange[0]!r}; it has {', '.join(CONTEXT)}.")


def _rows(log: Path | None, launch: Launch | None, columns: Columns) -> pl.DataFrame:
    if launch is not None:
        return decision_log(launch, action=columns.action)
    assert log is not None, "one of both was asked for"
    return read_table(log)
