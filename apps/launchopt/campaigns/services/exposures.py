"""Exposures confirm what decisions reserved: the contact stands, and its cost is spent."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum

from launchopt.campaigns.models import BudgetCell, Campaign, Decision
from launchopt.campaigns.services.locking import lock_campaigns
from launchopt.experiments.models import Exposure, Variant

OPEN = (Decision.State.RESERVED, Decision.State.LAPSED)


@transaction.atomic
def confirm_exposures(*, exposures: Mapping[uuid.UUID, datetime]) -> int:
    """Confirm decisions by the instants at which they were seen. Gives how many were new.

    A decision that was confirmed before stays as it is. One whose reservation has lapsed counts as
    a contact all the same; its cost is taken where money is left, and is 0 where it has gone to
    others: what is spent never exceeds the plan.
    """
    campaigns = _locked_campaigns(exposures)
    decisions = list(
        Decision.objects.filter(pk__in=list(exposures), state__in=OPEN)
        .select_related("launch")
        .order_by("pk")
    )
    planned = _planned(d for d in decisions if d.state == Decision.State.LAPSED)
    for decision in decisions:
        _settle(decision, campaigns[decision.campaign_id], planned=planned)
        decision.state, decision.exposed_at = Decision.State.CONFIRMED, exposures[decision.pk]
    Decision.objects.bulk_update(decisions, ["state", "exposed_at", "cost"])
    Campaign.objects.bulk_update(campaigns.values(), ["reserved", "spent"])
    _record_exposures(decisions)
    return len(decisions)


def _locked_campaigns(exposures: Iterable[uuid.UUID]) -> dict[object, Campaign]:
    open_ones = Decision.objects.filter(pk__in=list(exposures), state__in=OPEN)
    return lock_campaigns(Campaign.objects.filter(pk__in=open_ones.values("campaign")))


def _planned(late: Iterable[Decision]) -> dict[Any, Decimal]:
    """The money that the plan has for the campaigns of decisions that come late."""
    campaigns = {decision.campaign_id for decision in late}
    if not campaigns:
        return {}
    cells = BudgetCell.objects.filter(campaign__in=campaigns)
    return dict(cells.values_list("campaign").annotate(Sum("amount")))


def _settle(decision: Decision, campaign: Campaign, *, planned: Mapping[Any, Decimal]) -> None:
    """Move the cost from reserved to spent; a late one costs what the plan has left for it."""
    if decision.state == Decision.State.RESERVED:
        campaign.reserved -= decision.cost
    elif campaign.reserved + campaign.spent + decision.cost > planned.get(campaign.pk, 0):
        decision.cost = Decimal(0)
    campaign.spent += decision.cost


def _record_exposures(decisions: Iterable[Decision]) -> None:
    """Keep who saw which variant, for the experiments."""
    shown = [d for d in decisions if d.launch and d.launch.experiment_id and d.variant]
    ids = _variant_ids({d.launch.experiment_id for d in shown if d.launch})
    Exposure.objects.bulk_create(
        [
            Exposure(
                decision_id=decision.pk,
                experiment_id=decision.launch.experiment_id,  # type: ignore[union-attr]
                customer_id=decision.customer_id,
                variant_id=ids[decision.launch.experiment_id][decision.variant],  # type: ignore
                exposed_at=decision.exposed_at,
            )
            for decision in shown
        ],
        ignore_conflicts=True,
    )


def _variant_ids(experiments: Iterable[uuid.UUID]) -> dict[uuid.UUID, dict[str, int]]:
    ids: dict[uuid.UUID, dict[str, int]] = defaultdict(dict)
    rows = Variant.objects.filter(experiment__in=list(experiments))
    for experiment, name, pk in rows.values_list("experiment", "name", "pk"):
        ids[experiment][name] = pk
    return ids
