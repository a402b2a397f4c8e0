"""The steps of a plan, in order. Each may be repeated; a worker calls them one after the other."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from launchopt.audiences.models import Audience, AudienceMember
from launchopt.campaigns.models import Launch
from launchopt.campaigns.models.launches import DECIDED_BY_CHANCE
from launchopt.campaigns.services.audience_tiers import build_launch_audiences
from launchopt.campaigns.services.budgeting import lay_out_budget
from launchopt.campaigns.services.deciding import Added, Unknown, decided_by, left_unmoved
from launchopt.campaigns.services.forecasting import (
    figures_before_money,
    figures_of_money,
    hours_figures,
    knowledge_of,
)
from launchopt.campaigns.services.places import hours_of
from launchopt.conf import launchopt_settings
from launchopt.experiments.metrics import SHOP_REVENUE
from launchopt.experiments.models import Experiment
from launchopt.experiments.services import register_experiment
from launchopt.operations.errors import Conflict
from launchopt_core.assignment import HOLDOUT
from launchopt_core.budget import hours_of_customers
from launchopt_core.schedule import zone_of

VARIANTS = ("a", "b")
OF_AUDIENCES = ("decided_by", "left_unmoved")  # figures that stand before the others are gathered
BATCH = 5_000


@transaction.atomic
def plan_audiences(
    *, launch: Launch, now: datetime, added: Added | Unknown | None = None
) -> dict[str, Any]:
    """Who is spoken to: by what a contact adds, where past launches tell, else by interest."""
    by_uplift = isinstance(added, Added) and added.tells_customers_apart
    audiences = build_launch_audiences(
        launch=launch, now=now, added=added.by_customer if by_uplift else None
    )
    launch.plan |= {"decided_by": decided_by(added)}
    if by_uplift:
        launch.plan |= {"left_unmoved": left_unmoved(launch, audiences)}
    launch.save(update_fields=["plan"])
    return {"audiences": {audience.name: audience.size for audience in audiences}}


@transaction.atomic
def plan_figures(*, launch: Launch, as_of: datetime) -> dict[str, Any]:
    """What is expected, and where each figure comes from; and when the audiences are active."""
    audiences = _audiences_of(launch)
    known = knowledge_of(launch, audiences, as_of=as_of)
    kept = {name: launch.plan[name] for name in OF_AUDIENCES if name in launch.plan}
    figures = figures_before_money(launch, known) | hours_figures(audiences, as_of=as_of)
    launch.plan = kept | figures
    launch.plan["audiences"] = [_audience_row(audience, launch) for audience in audiences]
    launch.planned_as_of = as_of
    launch.save(update_fields=["plan", "planned_as_of"])
    for audience in audiences:
        _give_hours(launch, audience)
    return {"figures": len(launch.plan)}


@transaction.atomic
def plan_experiment(*, launch: Launch, now: datetime) -> dict[str, Any]:
    """What is compared: the held-out with two ways of saying it, registered before it starts.

    Planned again, it keeps the salt, so that the same customers stay held out.
    """
    salt = _withdraw_experiment(launch)
    share = (1 - launch.holdout) / len(VARIANTS)
    figures, shop = launch.plan, launchopt_settings()
    sample = int(figures["planned_sample_size"]["value"])
    launch.experiment = register_experiment(
        name=launch.name,
        weights={HOLDOUT: launch.holdout, **dict.fromkeys(VARIANTS, share)},
        now=now,
        product_id=launch.product_id,
        subject_id=launch.pk,
        descriptions={HOLDOUT: "Left alone, to measure what the launch causes."}
        | {name: f"Words {name}." for name in VARIANTS},
        guardrails={SHOP_REVENUE: -allowed} if (allowed := shop.revenue_guardrail) else {},
        minimum_detectable_effect=figures.get("minimum_detectable_effect", {}).get("value"),
        planned_sample_size=sample or None,
        starts_at=launch.starts_at,
        ends_at=launch.ends_at,
        salt=salt,
    )
    launch.save(update_fields=["experiment"])
    return {"experiment": str(launch.experiment.pk)}


@transaction.atomic
def plan_budget(*, launch: Launch, now: datetime) -> dict[str, Any]:
    """Where the money goes."""
    budget = lay_out_budget(launch=launch, now=now)
    launch.plan |= figures_of_money(launch, budget)
    launch.save(update_fields=["plan"])
    return {"unspent": f"{budget.unspent:f}", "expected_response": budget.expected_response}


@transaction.atomic
def finish_plan(*, launch: Launch) -> dict[str, Any]:
    """The plan stands: people may read, edit and approve it."""
    row = Launch.objects.select_for_update(of=("self",)).get(pk=launch.pk)
    if row.status not in (Launch.Status.PLANNING, Launch.Status.DRAFT, Launch.Status.PLANNED):
        raise Conflict(f"The launch is {row.get_status_display()}; its plan stays as it was.")
    row.status = Launch.Status.PLANNED
    row.save(update_fields=["status"])
    return {"status": row.status}


def _audiences_of(launch: Launch) -> list[Audience]:
    found = {c.audience_id: c.audience for c in launch.campaigns.select_related("audience")}
    return sorted(found.values(), key=lambda audience: (-_best_chance(audience), audience.name))


def _best_chance(audience: Audience) -> float:
    return audience.members.aggregate(best=Max("probability"))["best"] or 0.0


def _audience_row(audience: Audience, launch: Launch) -> dict[str, Any]:
    source = launch.plan["conversion_rate"]["source"]
    chances = audience.members.values_list("probability", flat=True)
    mean = sum(chance or 0 for chance in chances) / max(audience.size, 1)
    detail = "mean chance to buy of its members"
    if launch.goes_by_uplift:
        source, detail = launch.plan["decided_by"]["source"], "mean of what a contact adds to it"
    decided = launch.plan.get("decided_by", {}).get("value", DECIDED_BY_CHANCE)
    return {
        "name": audience.name,
        "id": str(audience.pk),
        "size": {
            "value": audience.size,
            "source": source,
            "detail": f"customers who agreed to marketing, by {decided}",
        },
        "conversion_rate": {"value": mean, "source": source, "detail": detail},
    }


def _give_hours(launch: Launch, audience: Audience) -> None:
    """Give each member the hour of the day, in the shop's zone, in which to contact them."""
    hours = hours_of(launch, audience.pk)
    members = list(audience.members.order_by("-probability", "customer_id"))
    zone = zone_of(launchopt_settings().time_zone)
    places = hours_of_customers(len(members), [hour.share for hour in hours])
    for member, place in zip(members, places, strict=True):
        member.hour = hours[int(place)].start.astimezone(zone).hour
    AudienceMember.objects.bulk_update(members, ["hour"], batch_size=BATCH)


def _withdraw_experiment(launch: Launch) -> str | None:
    """Drop the experiment of an earlier plan, which has assigned nobody; gives its salt."""
    old = launch.experiment
    if old is None:
        return None
    if old.status != Experiment.Status.DRAFT:
        raise Conflict("The experiment of this launch has started; its plan stays as it was.")
    launch.experiment = None
    launch.save(update_fields=["experiment"])
    old.delete()
    return old.salt
