"""What the tests of rollups share: answers to decisions, the rows counted, a random story."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from launchopt.audiences.models import Customer, Event
from launchopt.campaigns.models import Decision, Launch
from launchopt.campaigns.services import Question, decide
from launchopt.experiments.models import MetricRollup
from tests.support.launches import HOUR, NOW, add_event, ask

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
NAMED = ("exposure", "click")  # kinds that always name their decision
DIMENSIONS = ("launch_id", "campaign_id", "creative_id", "audience_id", "variant", "phase",
              "channel", "granularity", "starts_at")  # fmt: skip
MEASURES = ("decisions", "exposures", "clicks", "conversions", "returns", "revenue", "spend")


def all_rows() -> dict[tuple[Any, ...], tuple[Any, ...]]:
    return {
        tuple(row[name] for name in DIMENSIONS): tuple(row[name] for name in MEASURES)
        for row in MetricRollup.objects.values(*DIMENSIONS, *MEASURES)
    }


def totals(granularity: str = "hour", **where: Any) -> dict[str, Any]:
    summed: Counter[str] = Counter()
    for row in MetricRollup.objects.filter(granularity=granularity, **where).values(*MEASURES):
        summed.update({name: row[name] for name in MEASURES})
    return {name: value for name, value in summed.items() if value}


def shown(launch: Launch, customers: list[Customer], *, at: datetime = NOW) -> Decision:
    """A decision that shows something, to the first customer for whom one is made."""
    for customer in customers:
        decision = ask(customer, at=at)
        if decision.reason == "shown":
            return decision
    raise AssertionError("nobody was shown anything")


def held_out(launch: Launch, customers: list[Customer], *, at: datetime = NOW) -> Decision:
    return next(d for d in (ask(c, at=at) for c in customers) if d.variant == "holdout")


def answer(
    decision: Decision, kind: str, *, at: datetime, named: bool = True, **more: Any
) -> Event:
    """An event of the decision's customer on the launch's product."""
    given = {"decision_id": decision.pk} if named else {}
    return add_event(
        decision.customer, kind, product=decision.launch.product, at=at, **given | more
    )


def shuffled_story(launch: Launch, customers: list[Customer], rng: random.Random) -> list[Event]:
    """Decisions, made in order, and what 60 customers did about them, in any order."""
    questions = [
        Question(
            customer=rng.choice(customers).external_id,
            placement="home",
            at=NOW + number * 3 * HOUR + rng.randrange(60) * MINUTE,
            context={},
        )
        for number in range(80)
    ]
    decisions = [answered.decision for answered in decide(questions=questions)]
    events = [event for decision in decisions for event in _answers(decision, launch, rng)]
    rng.shuffle(events)
    return events


def told_anew(event: Event) -> Event:
    """The same event, as if it had never been stored."""
    fields = [f.attname for f in Event._meta.concrete_fields if f.name != "recorded_in"]
    return Event(**{name: getattr(event, name) for name in fields})


def _answers(decision: Decision, launch: Launch, rng: random.Random) -> list[Event]:
    kinds = rng.choices(["exposure", "click", "purchase", "return"], [4, 2, 3, 1], k=3)
    return [
        Event(
            message_id=f"{rng.getrandbits(128):032x}",
            customer_id=decision.customer_id,
            product=launch.product,
            kind=kind,
            occurred_at=(at := decision.decided_at + rng.randrange(4000) * MINUTE),
            received_at=at + rng.choice([0, 1, 29, 31]) * DAY,
            price=Decimal(rng.randrange(1, 2000)) / 100,
            quantity=rng.randrange(1, 4),
            decision_id=decision.pk
            if rng.random() < 0.5 or kind in ("exposure", "click")
            else None,
        )
        for kind in kinds
    ]


MEASURE_OF = {
    "exposure": "exposures",
    "click": "clicks",
    "purchase": "conversions",
    "return": "returns",
}


def by_the_rules(events: list[Event], decisions: list[Decision]) -> Counter[tuple[Any, ...]]:
    """The rules of attribution read plainly, row by row: what each minute should hold."""
    in_time = [e for e in events if e.received_at - e.occurred_at <= 30 * DAY]
    return Counter(
        (
            MEASURE_OF[event.kind],
            decision.variant,
            decision.creative_id,
            event.occurred_at.replace(second=0, microsecond=0),
        )
        for event in in_time
        if (decision := _decision_of(event, in_time, {d.pk: d for d in decisions}))
    )


def _decision_of(
    event: Event, events: list[Event], decisions: dict[Any, Decision]
) -> Decision | None:
    named = decisions.get(event.decision_id)
    if event.kind == "exposure":
        same = [e for e in events if e.kind == "exposure" and e.decision_id == event.decision_id]
        first = min(same, key=lambda e: (e.occurred_at, str(e.message_id)))
        return named if named and named.state == "confirmed" and event is first else None
    if event.kind == "click" or named:
        return named
    own = [e for e in events if e.customer_id == event.customer_id]
    if event.kind == "return":
        before = [e for e in own if e.kind == "purchase" and e.occurred_at <= event.occurred_at]
        bought = max(before, key=lambda e: e.occurred_at, default=None)
        return _decision_of(bought, events, decisions) if bought else None
    return _touch_before(event, own, decisions)


def _touch_before(
    purchase: Event, own: list[Event], decisions: dict[Any, Decision]
) -> Decision | None:
    """The last click within 7 days, else exposure within 1, else holdout decision within 1."""
    clicks = [(e.occurred_at, decisions[e.decision_id]) for e in own if e.kind == "click"]
    seen = [(e.occurred_at, decisions[e.decision_id]) for e in own if e.kind == "exposure"]
    seen = [(at, decision) for at, decision in seen if decision.state == "confirmed"]
    held = [
        (d.decided_at, d)
        for d in decisions.values()
        if d.customer_id == purchase.customer_id and d.variant == "holdout"
    ]
    for touches, window in ((clicks, 7 * DAY), (seen, DAY), (held, DAY)):
        near = [t for t in touches if timedelta(0) <= purchase.occurred_at - t[0] < window]
        if near:
            return max(near, key=lambda touch: touch[0])[1]
    return None
