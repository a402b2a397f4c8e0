"""Actions of experiments: register, start, stop, assign once, change weights, keep results."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from numpy.random import Generator

from launchopt.audiences.models import Customer
from launchopt.conf import launchopt_settings
from launchopt.experiments import results, selectors
from launchopt.experiments.metrics import CONVERSION, ensure_metrics
from launchopt.experiments.models import Assignment, Experiment, Metric, Phase, Result, Variant
from launchopt.operations.errors import Conflict, InvalidInput, NotFound
from launchopt.operations.services import record_audit
from launchopt_core.assignment import HOLDOUT, bucket_of, choose_variant, shares_of
from launchopt_core.bandit import thompson_weights
from launchopt_core.errors import ImpossibleInput

BATCH = 5000
SMALLEST_CHANGE = 0.01  # weights that move less open no phase


@dataclass(frozen=True)
class Assigned:
    """Where a customer belongs, and since which weights."""

    variant: str
    phase: int


@transaction.atomic
def register_experiment(
    *,
    name: str,
    weights: Mapping[str, float],
    now: datetime,
    control: str = HOLDOUT,
    metric: str = CONVERSION,
    product_id: int | None = None,
    subject_id: uuid.UUID | None = None,
    descriptions: Mapping[str, str] | None = None,
    minimum_detectable_effect: float | None = None,
    planned_sample_size: int | None = None,
    alpha: float = 0.05,
    power: float = 0.8,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    salt: str | None = None,
) -> Experiment:
    """Write down a comparison before it starts: variants with their weights, metric, effect sought.

    Raises InvalidInput where it compares nothing: one variant, a control without customers.
    """
    shares = _checked_weights(weights, control=control)
    if starts_at and ends_at and ends_at <= starts_at:
        raise InvalidInput.at("/ends_at", "The experiment ends before it starts.")
    experiment = Experiment.objects.create(
        name=name[:200],
        subject_id=subject_id,
        product_id=product_id,
        salt=salt or uuid.uuid4().hex,
        primary_metric=_metric(metric),
        minimum_detectable_effect=minimum_detectable_effect,
        planned_sample_size=planned_sample_size,
        alpha=alpha,
        power=power,
        starts_at=starts_at,
        ends_at=ends_at,
        created_at=now,
    )
    told = descriptions or {}
    Variant.objects.bulk_create(
        Variant(
            experiment=experiment,
            name=variant,
            description=told.get(variant, "")[:300],
            is_control=variant == control,
            weight=share,
        )
        for variant, share in shares.items()
    )
    _open_phase(experiment, weights=shares, reason="As registered.", now=now)
    return experiment


@transaction.atomic
def start_experiment(*, experiment: Experiment, now: datetime) -> Experiment:
    """Let it assign customers. Outcomes count from now on."""
    _move(experiment, to=Experiment.Status.RUNNING, allowed=[Experiment.Status.DRAFT])
    if experiment.ends_at and experiment.ends_at <= now:
        raise Conflict("The experiment would start after its end; give it a later end first.")
    experiment.starts_at = now
    experiment.save(update_fields=["status", "starts_at"])
    return experiment


@transaction.atomic
def stop_experiment(*, experiment: Experiment, now: datetime) -> Experiment:
    """End it: nobody is assigned any more, and outcomes from now on do not count."""
    _move(
        experiment,
        to=Experiment.Status.STOPPED,
        allowed=[Experiment.Status.DRAFT, Experiment.Status.RUNNING],
    )
    if experiment.starts_at and experiment.starts_at < now:
        experiment.ends_at = min(now, experiment.ends_at or now)
    experiment.save(update_fields=["status", "ends_at"])
    return experiment


def assign(
    *, experiment: Experiment, customer_ids: Collection[int], now: datetime
) -> dict[int, Assigned]:
    """The variant of each customer, made by hash where there is none yet and kept for ever.

    A fixed number of statements for each 5,000 customers. Two processes that assign the same
    customer at once agree on the first. Raises Conflict where a stopped experiment is asked to
    take in somebody new.
    """
    found = selectors.assignments_of(experiment, customer_ids)
    missing = [customer_id for customer_id in customer_ids if customer_id not in found]
    assigned = {key: Assigned(*value) for key, value in found.items()}
    if missing:
        if experiment.status == Experiment.Status.STOPPED:
            raise Conflict("A stopped experiment takes in no new customers.")
        for start in range(0, len(missing), BATCH):
            assigned |= _assign_new(experiment, missing[start : start + BATCH], now=now)
    return assigned


@transaction.atomic
def change_weights(
    *,
    experiment: Experiment,
    weights: Mapping[str, float],
    now: datetime,
    reason: str = "",
    by: Any = None,
) -> Phase:
    """Open a phase with new weights. Nobody already assigned is moved."""
    locked = Experiment.objects.select_for_update().get(pk=experiment.pk)
    if locked.status == Experiment.Status.STOPPED:
        raise Conflict("The weights of a stopped experiment cannot change.")
    variants = {variant.name: variant for variant in locked.variants.all()}
    control = next(name for name, variant in variants.items() if variant.is_control)
    if set(weights) != set(variants):
        raise InvalidInput.at("/weights", f"Give a weight for each of {', '.join(variants)}.")
    shares = _checked_weights(weights, control=control)
    before = {name: variant.weight for name, variant in variants.items()}
    for name, variant in variants.items():
        variant.weight = shares.get(name, 0.0)
    Variant.objects.bulk_update(variants.values(), ["weight"])
    record_audit(
        action="change_weights",
        subject=f"experiment:{experiment.pk}",
        by=by,
        now=now,
        before=before,
        after=shares,
        note=reason,
    )
    return _open_phase(locked, weights=shares, reason=reason, now=now)


def learn_weights(
    *, experiment: Experiment, now: datetime, rng: Generator, by: Any = None
) -> Phase | None:
    """New weights by Thompson sampling over what was seen before `now`; None where they stay.

    The control keeps its share: it is there to measure, not to win. The others share the rest by
    their chance to convert best, each with at least the exploration floor.
    """
    current = selectors.weights_in_force(experiment)
    control = selectors.control_of(experiment).name
    arms = selectors.arms(experiment, until=now)
    rest = 1 - current[control]
    if len(arms) < 2 or rest <= 0:
        return None
    floor = min(launchopt_settings().exploration_floor, 1 / len(arms))
    learned = thompson_weights(arms, rng, floor=floor)
    weights = {control: current[control]} | {name: w * rest for name, w in learned.items()}
    if max(abs(weights[name] - current.get(name, 0.0)) for name in weights) < SMALLEST_CHANGE:
        return None
    told = ", ".join(f"{name} {arm.successes:g} of {arm.trials:g}" for name, arm in arms.items())
    reason = f"Thompson sampling: {told} bought."
    return change_weights(experiment=experiment, weights=weights, now=now, reason=reason, by=by)


@transaction.atomic
def record_results(*, experiment: Experiment, until: datetime) -> list[Result]:
    """Keep what the experiment shows of the outcomes before `until`; again gives the same rows."""
    report = results.results(experiment, until=until)
    variants = {variant.name: variant for variant in experiment.variants.all()}
    verdicts = {(v["metric"], v["variant"]): v["verdict"] for v in report["verdicts"]}
    rows = [
        Result(
            experiment=experiment,
            metric_id=row["metric"],
            variant=variants[row["variant"]],
            until=until,
            n=row["n"],
            control_n=row["control_n"],
            mean=row["mean"],
            control_mean=row["control_mean"],
            effect=row["effect"],
            interval_low=row["interval"] and row["interval"][0],
            interval_high=row["interval"] and row["interval"][1],
            p_value=row["p_value"],
            verdict=verdicts[row["metric"], row["variant"]],
        )
        for row in report["results"]
    ]
    key = ["experiment", "metric", "variant", "until"]
    fields = [f.name for f in Result._meta.concrete_fields if f.name not in [*key, "id"]]
    return Result.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=key, update_fields=fields
    )


def _assign_new(
    experiment: Experiment, customer_ids: list[int], *, now: datetime
) -> dict[int, Assigned]:
    """Draw a variant for customers without one; read back what stands, whoever wrote it."""
    phase = selectors.current_phase(experiment)
    variants = {variant.name: variant.pk for variant in experiment.variants.all()}
    kept = selectors.assignments_of_visitors(experiment, customer_ids)
    units = Customer.objects.filter(pk__in=customer_ids).values_list("pk", "external_id")
    rows = []
    for customer_id, unit in units:
        drawn = choose_variant(bucket_of(unit, experiment.salt), phase.weights)
        variant, number = kept.get(customer_id, (drawn, phase.number))
        rows.append(
            Assignment(
                experiment=experiment,
                customer_id=customer_id,
                variant_id=variants[variant],
                phase=number,
                assigned_at=now,
            )
        )
    if len(rows) < len(set(customer_ids)):
        raise NotFound("Some of the customers to assign do not exist.")
    Assignment.objects.bulk_create(rows, ignore_conflicts=True)
    standing = selectors.assignments_of(experiment, customer_ids)
    return {customer_id: Assigned(*value) for customer_id, value in standing.items()}


def _checked_weights(weights: Mapping[str, float], *, control: str) -> dict[str, float]:
    if len(weights) < 2:
        raise InvalidInput.at("/weights", "An experiment compares at least two variants.")
    if control not in weights:
        raise InvalidInput.at("/control", f"The control {control!r} is none of the variants.")
    try:
        shares = shares_of(weights)
    except ImpossibleInput as error:
        raise InvalidInput.at("/weights", str(error)) from error
    if control not in shares or len(shares) < 2:
        raise InvalidInput.at(
            "/weights", "The control and at least one other variant need a weight above 0."
        )
    return {name: shares.get(name, 0.0) for name in weights}


def _open_phase(
    experiment: Experiment, *, weights: Mapping[str, float], reason: str, now: datetime
) -> Phase:
    last = experiment.phases.order_by("-number").values_list("number", flat=True).first()
    return Phase.objects.create(
        experiment=experiment,
        number=(last or 0) + 1,
        weights=dict(weights),
        reason=reason[:300],
        opened_at=now,
    )


def _metric(name: str) -> Metric:
    ensure_metrics()
    metric = Metric.objects.filter(name=name).first()
    if metric is None:
        raise InvalidInput.at("/metric", f"There is no metric {name!r}.")
    return metric


def _move(experiment: Experiment, *, to: str, allowed: list[str]) -> None:
    status = Experiment.objects.select_for_update().values_list("status", flat=True)
    now_at = status.get(pk=experiment.pk)
    if now_at not in allowed:
        raise Conflict(f"The experiment is {now_at}; it cannot become {to}.")
    experiment.status = to
