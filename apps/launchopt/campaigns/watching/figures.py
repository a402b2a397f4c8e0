"""What is looked at: money, clicks, purchases, e-mails and visits. Each a fixed number of queries,
over the latest 50,000 contacts at most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median

from django.db import connection, transaction
from django.db.models import Count, Exists, Max, OuterRef, Q, Sum

from launchopt import jobs
from launchopt.audiences.models import Event
from launchopt.campaigns.models import Campaign, Launch, Message, SpendEntry
from launchopt.campaigns.selectors.activity import DONE_BY_SHOPPERS
from launchopt.campaigns.services.pacing import spend_plans
from launchopt.conf import launchopt_settings
from launchopt.operations.models import JobClock
from launchopt_core.alarms import Rate
from launchopt_core.schedule import HOURS_OF_WEEK

MOST = 50_000
CLICKED_WITHIN = timedelta(hours=1)
BOUGHT_WITHIN = timedelta(hours=6)
MAILS_OF = timedelta(days=7)
WEEKS = 4
DAY, WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True)
class Money:
    """Money of a launch by an instant."""

    spent: Decimal  # and promised
    planned: Decimal
    contact: Decimal  # what the dearest contact costs; 0 where a paid channel takes part


def money_of(launch: Launch, *, now: datetime) -> Money:
    """What is spent, promised and reported, and what the plan has by now."""
    campaigns = list(launch.campaigns.filter(is_active=True))
    reported = SpendEntry.objects.filter(campaign__launch=launch, starts_at__lt=now)
    plans = spend_plans(campaigns)
    return Money(
        spent=sum((c.reserved + c.spent for c in launch.campaigns.all()), Decimal(0))
        + (reported.aggregate(s=Sum("amount"))["s"] or Decimal(0)),
        planned=sum((plan.target_at(now) for plan in plans.values()), Decimal(0)),
        contact=Decimal(0)
        if launch.curves
        else max((c.cost_per_contact for c in campaigns), default=Decimal(0)),
    )


def clicks_of(launch: Launch, *, since: datetime, until: datetime) -> dict[str, Rate]:
    """Of the contacts decided in [since, until), those clicked within an hour, by channel."""
    return _rates(CLICKS, launch, since=since, until=until, within=CLICKED_WITHIN)


def purchases_of(launch: Launch, *, since: datetime, until: datetime) -> dict[str, Rate]:
    """Of the clicks in [since, until), those whose customer bought within six hours, by channel."""
    return _rates(PURCHASES, launch, since=since, until=until, within=BOUGHT_WITHIN)


def _rates(
    statement: str, launch: Launch, *, since: datetime, until: datetime, within: timedelta
) -> dict[str, Rate]:
    if until <= since:
        return {}
    asked = {"launch": launch.pk, "product": launch.product_id, "most": MOST}
    with connection.cursor() as cursor:
        cursor.execute(statement, asked | {"since": since, "until": until, "within": within})
        return {channel: Rate(successes, trials) for channel, successes, trials in cursor}


CLICKS = """
    SELECT channel, count(*) FILTER (WHERE is_clicked), count(*)
    FROM (
        SELECT d.channel, EXISTS (
            SELECT FROM launchopt_audiences_event e
            WHERE e.decision_id = d.id AND e.kind = 'click'
              AND e.occurred_at < coalesce(d.exposed_at, d.decided_at) + %(within)s
        ) AS is_clicked
        FROM launchopt_campaigns_decision d
        WHERE d.launch_id = %(launch)s AND d.state = 'confirmed'
          AND d.decided_at >= %(since)s AND d.decided_at < %(until)s
        ORDER BY d.decided_at DESC LIMIT %(most)s
    ) AS contacts GROUP BY channel
"""
PURCHASES = """
    SELECT channel, count(*) FILTER (WHERE is_bought), count(*)
    FROM (
        SELECT d.channel, EXISTS (
            SELECT FROM launchopt_audiences_event p
            WHERE p.customer_id = e.customer_id AND p.product_id = e.product_id
              AND p.kind = 'purchase' AND p.occurred_at >= e.occurred_at
              AND p.occurred_at < e.occurred_at + %(within)s
        ) AS is_bought
        FROM launchopt_audiences_event e JOIN launchopt_campaigns_decision d ON d.id = e.decision_id
        WHERE e.product_id = %(product)s AND e.kind = 'click' AND d.launch_id = %(launch)s
          AND e.occurred_at >= %(since)s AND e.occurred_at < %(until)s
        ORDER BY e.occurred_at DESC LIMIT %(most)s
    ) AS clicks GROUP BY channel
"""


def counted(launch: Launch, kind: str, *, until: datetime) -> int:
    """What customers did with the product since the launch began, whoever was contacted."""
    return Event.objects.filter(
        product=launch.product_id,
        kind=kind,
        occurred_at__gte=launch.starts_at,
        occurred_at__lt=until,
    ).count()


def mails_of(launch: Launch, kind: str, *, now: datetime) -> Rate:
    """Of the e-mails sent in seven days, those of which this was told."""
    told = Event.objects.filter(decision_id=OuterRef("decision_id"), kind=kind)
    sent = Message.objects.filter(
        decision__launch=launch, state=Message.State.SENT, attempted_at__gt=now - MAILS_OF
    )
    found = sent.aggregate(trials=Count("pk"), successes=Count("pk", filter=Q(Exists(told))))
    return Rate(**found)


def told_of_spend(launch: Launch, *, now: datetime) -> dict[str, datetime]:
    """When each paid channel with money for this hour last told of its spend, or could have."""
    begun = launch.started_at or launch.starts_at
    paid = Campaign.objects.filter(launch=launch, is_active=True, channel__in=list(launch.curves))
    plans = spend_plans(list(paid))
    rows = paid.annotate(told_at=Max("spend_entries__recorded_at"))
    return {row.channel: row.told_at or begun for row in rows if plans[row.pk].hour_at(now)[1] > 0}


@dataclass(frozen=True)
class Heard:
    """When the site was last heard of, and how many visits are usual by hour of the week."""

    at: datetime | None
    usual: Sequence[float] | None  # None while two weeks of events are not there


@transaction.atomic
def heard_of_site(*, now: datetime) -> Heard:
    """Look at the events that are new since the last look, and once a day at what is usual."""
    clock, _ = JobClock.objects.get_or_create(job=jobs.WATCH_LAUNCHES.name)
    clock = JobClock.objects.select_for_update().get(pk=clock.pk)
    with connection.cursor() as cursor:
        cursor.execute(NEWS, {"since": clock.watermark, "kinds": list(DONE_BY_SHOPPERS)})
        upto, latest = cursor.fetchone()
    known = clock.details.get("heard_at")
    heard_at = max(filter(None, [latest, known and datetime.fromisoformat(known)]), default=None)
    if _is_old(clock.details.get("usual_as_of"), now=now):
        clock.details |= {"usual": _usual(now=now), "usual_as_of": now.isoformat()}
    clock.details["heard_at"] = heard_at and heard_at.isoformat()
    clock.watermark = upto
    clock.save(update_fields=["details", "watermark"])
    return Heard(heard_at, clock.details["usual"])


# Rows in the order of the transactions that wrote them: an index knows where the new ones begin.
NEWS = """
    WITH upto AS (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xid)
    SELECT upto.xid, (
        SELECT max(received_at) FROM launchopt_audiences_event
        WHERE recorded_in >= least(%(since)s, upto.xid) AND kind = ANY(%(kinds)s)
    ) FROM upto
"""
# By when events were received: a feed that comes once a night is usual then, and not by day.
VISITS = """
    SELECT (extract(isodow FROM hour)::int - 1) * 24 + extract(hour FROM hour)::int,
           floor(extract(epoch FROM (%(now)s - at)) / 604800)::int, visits
    FROM (
        SELECT date_trunc('hour', received_at) AS at,
               date_trunc('hour', received_at AT TIME ZONE %(zone)s) AS hour,
               count(DISTINCT customer_id) AS visits
        FROM launchopt_audiences_event
        WHERE received_at >= %(since)s AND received_at < %(now)s AND occurred_at >= %(oldest)s
          AND kind = ANY(%(kinds)s)
        GROUP BY 1, 2
    ) AS hours
"""


def _is_old(as_of: str | None, *, now: datetime) -> bool:
    return as_of is None or now - datetime.fromisoformat(as_of) >= DAY


def _usual(*, now: datetime) -> list[float] | None:
    """Customers heard of in each hour of the week: the median of four weeks, so that neither one
    import nor one outage is usual."""
    asked = {
        "now": now,
        "since": now - WEEKS * WEEK,
        "oldest": now - 2 * WEEKS * WEEK,
        "zone": launchopt_settings().time_zone,
        "kinds": list(DONE_BY_SHOPPERS),
    }
    weeks = [[0.0] * WEEKS for _ in range(HOURS_OF_WEEK)]
    with connection.cursor() as cursor:
        cursor.execute(VISITS, asked)
        for hour, week, visits in cursor.fetchall():
            weeks[hour][min(week, WEEKS - 1)] += visits
    usual = [float(median(counts)) for counts in weeks]
    return usual if any(usual) else None
