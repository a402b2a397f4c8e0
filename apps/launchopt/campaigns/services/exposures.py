"""Exposures confirm what decisions reserved: the contact stands, and its cost is spent."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Sum

from launchopt.campaigns.models import BudgetCell, Campaign, Decision
from launchopt.campaigns.services.locking import lock_campaigns

OPEN = (Decision.State.RESERVED, Decision.State.LAPSED)

# What was reserved becomes what is spent, campaign by campaign.
CONFIRM = """
    WITH confirmed AS (
        UPDATE launchopt_campaigns_decision d SET state = 'confirmed', exposed_at = s.at
        FROM unnest(%(ids)s::uuid[], %(instants)s::timestamptz[]) AS s (id, at)
        WHERE d.id = s.id AND d.state = 'reserved'
        RETURNING d.id, d.campaign_id, d.cost
    ), money AS (
        UPDATE launchopt_campaigns_campaign k
        SET reserved = k.reserved - c.cost, spent = k.spent + c.cost
        FROM (SELECT campaign_id, sum(cost) AS cost FROM confirmed GROUP BY campaign_id) AS c
        WHERE k.id = c.campaign_id
    )
    SELECT id FROM confirmed
"""

# Who saw which variant, for the experiments.
RECORD = """
    INSERT INTO launchopt_experiments_exposure
        (decision_id, experiment_id, customer_id, variant_id, exposed_at)
    SELECT d.id, v.experiment_id, d.customer_id, v.id, d.exposed_at
    FROM launchopt_campaigns_decision d
    JOIN launchopt_campaigns_launch l ON l.id = d.launch_id
    JOIN launchopt_experiments_variant v
      ON v.experiment_id = l.experiment_id AND v.name = d.variant
    WHERE d.id = ANY(%(ids)s)
    ON CONFLICT DO NOTHING
"""


@transaction.atomic
def confirm_exposures(*, exposures: Mapping[uuid.UUID, datetime]) -> int:
    """Confirm decisions by the instants at which they were seen. Gives how many were new.

    A decision that was confirmed before stays as it is. One whose reservation has lapsed counts as
    a contact all the same; its cost is taken where money is left, and is 0 where it has gone to
    others: what is spent never exceeds the plan.
    """
    campaigns = _locked_campaigns(exposures)
    confirmed = _confirm_reserved(exposures)
    confirmed += _confirm_lapsed(exposures, campaigns)
    with connection.cursor() as cursor:
        cursor.execute(RECORD, {"ids": confirmed})
    return len(confirmed)


def _locked_campaigns(exposures: Iterable[uuid.UUID]) -> Collection[object]:
    open_ones = Decision.objects.filter(pk__in=list(exposures), state__in=OPEN)
    return lock_campaigns(Campaign.objects.filter(pk__in=open_ones.values("campaign"))).keys()


def _confirm_reserved(exposures: Mapping[uuid.UUID, datetime]) -> list[uuid.UUID]:
    given = {"ids": list(exposures), "instants": list(exposures.values())}
    with connection.cursor() as cursor:
        cursor.execute(CONFIRM, given)
        return [pk for (pk,) in cursor.fetchall()]


def _confirm_lapsed(
    exposures: Mapping[uuid.UUID, datetime], locked: Collection[object]
) -> list[uuid.UUID]:
    """One by one, for each may take the money that the next one lacks."""
    decisions = list(
        Decision.objects.filter(pk__in=list(exposures), state=Decision.State.LAPSED).order_by("pk")
    )
    if not decisions:
        return []
    campaigns = Campaign.objects.in_bulk(list(locked))
    planned = _planned(decision.campaign_id for decision in decisions)
    for decision in decisions:
        campaign = campaigns[decision.campaign_id]
        if campaign.reserved + campaign.spent + decision.cost > planned.get(campaign.pk, 0):
            decision.cost = Decimal(0)
        campaign.spent += decision.cost
        decision.state, decision.exposed_at = Decision.State.CONFIRMED, exposures[decision.pk]
    Decision.objects.bulk_update(decisions, ["state", "exposed_at", "cost"])
    Campaign.objects.bulk_update(campaigns.values(), ["spent"])
    return [decision.pk for decision in decisions]


def _planned(campaigns: Iterable[Any]) -> dict[Any, Decimal]:
    """The money that the plan has for campaigns."""
    cells = BudgetCell.objects.filter(campaign__in=set(campaigns))
    return dict(cells.values_list("campaign").annotate(Sum("amount")))
