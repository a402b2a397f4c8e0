"""What a customer is shown at a moment, or why nothing: decided, reserved and kept in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from launchopt.audiences.models import Customer
from launchopt.campaigns.models import Creative, Decision, Placement
from launchopt.campaigns.selectors import campaigns_serving, moment_of, placements_named
from launchopt.campaigns.services.assigning import arms_of
from launchopt.campaigns.services.desk import Desk, MoneyMoved
from launchopt.campaigns.services.locking import lock_campaigns, lock_customers
from launchopt.campaigns.services.pacing import is_clock_behind, pace_simulated
from launchopt.operations.errors import FieldError, InvalidInput


@dataclass(frozen=True)
class Question:
    """Who stands before which placement, when, and what the caller says of the moment."""

    customer: str
    placement: str
    at: datetime
    context: dict[str, Any]
    is_simulated: bool = False


@dataclass(frozen=True)
class Answer:
    """A decision as it was kept, and the words to show, if any."""

    decision: Decision
    creative: Creative | None


def decide(*, questions: Sequence[Question]) -> list[Answer]:
    """Decide about each question, in order; asked twice for the same instant, it answers once.

    Caps and budget hold whoever else decides at the same time: customers are locked, and money is
    taken only where it is still there. Raises InvalidInput for a placement that does not exist.
    """
    if not questions:
        return []
    placements = _placements(questions)
    try:
        return _decide(questions, placements=placements, locks_money=False)
    except MoneyMoved:
        return _decide(questions, placements=placements, locks_money=True)


@transaction.atomic
def _decide(
    questions: Sequence[Question], *, placements: dict[str, Placement], locks_money: bool
) -> list[Answer]:
    """Others may take money between the reading and the taking, or a person may pause the launch:
    with `locks_money` they wait, without it MoneyMoved is raised and nothing has been written."""
    customers = customers_named(questions)
    desk = _open_desk(
        questions, placements=placements, customers=customers, locks_money=locks_money
    )
    rulings = [
        desk.rule(
            customers[question.customer],
            placement=placements[question.placement],
            at=question.at,
            context=question.context,
        )
        for question in questions
    ]
    desk.close()
    return [Answer(ruling.decision, ruling.creative) for ruling in rulings]


def _open_desk(
    questions: Sequence[Question],
    *,
    placements: dict[str, Placement],
    customers: dict[str, Customer],
    locks_money: bool,
) -> Desk:
    since, until = min(q.at for q in questions), max(q.at for q in questions)
    ids = {customer.pk for customer in customers.values()}
    campaigns = campaigns_serving(
        channels=[placement.channel for placement in placements.values()],
        since=since,
        until=until,
        with_simulated=any(q.is_simulated for q in questions),
    )
    if campaigns:
        lock_customers(ids)
    moment = moment_of(ids, campaigns=campaigns, since=since, until=until)
    desk = Desk(
        campaigns=campaigns,
        moment=moment,
        arms=arms_of(moment.experiments(), assigned=moment.assigned, customers=list(moment.offers)),
        now=until,
    )
    if locks_money or is_clock_behind(desk.launches_in_question(), now=until):
        desk.take_money(lock_campaigns(desk.campaigns_in_question()))
        pace_simulated(desk.money.values(), now=until)
    return desk


def _placements(questions: Sequence[Question]) -> dict[str, Placement]:
    found = placements_named(question.placement for question in questions)
    faults = [
        FieldError(f"/{index}/placement", f"There is no placement {question.placement!r}.")
        for index, question in enumerate(questions)
        if question.placement not in found
    ]
    if faults:
        raise InvalidInput(faults[0].detail, faults)
    return found


def customers_named(questions: Sequence[Question]) -> dict[str, Customer]:
    """The customers by the shop's ids; one not seen before is made known, as an event would do.

    A visitor who turned out to be a customer is answered as that customer.
    """
    first = {}
    for question in questions:
        first.setdefault(question.customer, question.at)
    found = _known(first)
    unknown = [
        Customer(external_id=name, is_anonymous=True, created_at=at, updated_at=at)
        for name, at in first.items()
        if name not in found
    ]
    if unknown:
        Customer.objects.bulk_create(unknown, ignore_conflicts=True)
        found |= _known(customer.external_id for customer in unknown)
    return found


def _known(names: Any) -> dict[str, Customer]:
    rows = (
        Customer.objects.filter(external_id__in=list(names))
        .order_by()
        .select_related("merged_into")
        .only("external_id", "time_zone", "merged_into__time_zone", "merged_into__external_id")
    )
    return {row.external_id: row.merged_into or row for row in rows}
