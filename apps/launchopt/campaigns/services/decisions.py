"""What a customer is shown at a moment, or why nothing: decided, reserved and kept in one go."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from launchopt.audiences.models import Customer
from launchopt.campaigns.models import Campaign, Creative, Decision, Placement
from launchopt.campaigns.selectors import Asking, Moment
from launchopt.campaigns.services.assigning import arms_with
from launchopt.campaigns.services.board import (
    Board,
    Head,
    head_of,
    head_statement,
    kept_board,
    load_board,
)
from launchopt.campaigns.services.desk import Desk, MoneyMoved
from launchopt.campaigns.services.locking import lock_campaigns
from launchopt.campaigns.services.pacing import is_clock_behind, pace_simulated
from launchopt.operations.errors import FieldError, InvalidInput
from launchopt.operations.statements import fetch, fetch_together

LOOKS = 3  # a board may have changed, words be withdrawn as it is read, and another change come


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
    try:
        return _decide(questions, locks_money=False)
    except MoneyMoved:
        return _decide(questions, locks_money=True)


@transaction.atomic
def _decide(questions: Sequence[Question], *, locks_money: bool) -> list[Answer]:
    """Others may take money between the reading and the taking, or a person may pause the launch:
    with `locks_money` they wait, without it MoneyMoved is raised and nothing has been written."""
    board, head, asking, moment = _look(questions)
    _check_placements(questions, known=board.placements)
    moment = _with_strangers(questions, moment=moment, asking=asking)
    desk = _open_desk(board, head, moment, campaigns=asking.campaigns)
    clocks = {c.launch: head.clocks.get(c.pk) for c in desk.campaigns_in_question()}
    if locks_money or is_clock_behind(clocks, now=asking.until):
        locked = lock_campaigns(Campaign.objects.filter(launch__in=[each.pk for each in clocks]))
        pace_simulated(locked.values(), now=asking.until)
        desk.take_money(locked)
    rulings = [
        desk.rule(
            moment.people[question.customer],
            placement=board.placements[question.placement],
            at=question.at,
            context=question.context,
        )
        for question in questions
    ]
    desk.close(variants=board.variants)
    return [Answer(ruling.decision, ruling.creative) for ruling in rulings]


def _look(questions: Sequence[Question]) -> tuple[Board, Head, Asking, Moment]:
    """Lock the customers and read what holds for them, again where the board had changed."""
    now = max(question.at for question in questions)
    for look in range(LOOKS):
        board = load_board(now=now) if look else kept_board(now=now)
        asking = _asking(questions, board)
        rows = fetch_together(head_statement(asking.names, board), asking.statement())
        head = head_of(rows[0])
        if head.revision == board.revision:
            break
    return board, head, asking, asking.moment(rows[1])


def _asking(questions: Sequence[Question], board: Board) -> Asking:
    since, until = min(q.at for q in questions), max(q.at for q in questions)
    found = (board.placements.get(question.placement) for question in questions)
    campaigns = board.serving(
        channels={placement.channel for placement in found if placement},
        since=since,
        until=until,
        with_simulated=any(q.is_simulated for q in questions),
    )
    return Asking({question.customer for question in questions}, campaigns, since, until)


def _open_desk(
    board: Board, head: Head, moment: Moment, *, campaigns: Collection[Campaign]
) -> Desk:
    experiments = {c.launch.experiment for c in campaigns if c.launch.experiment}
    return Desk(
        campaigns=list(campaigns),
        moment=moment,
        arms=arms_with(experiments, shares=board.shares, belongings=moment.belongings),
        words=board.words.for_people(moment.people.values()),
        left=head.left,
    )


def _check_placements(questions: Sequence[Question], *, known: Mapping[str, Placement]) -> None:
    faults = [
        FieldError(f"/{index}/placement", f"There is no placement {question.placement!r}.")
        for index, question in enumerate(questions)
        if question.placement not in known
    ]
    if faults:
        raise InvalidInput(faults[0].detail, faults)


def _with_strangers(questions: Sequence[Question], *, moment: Moment, asking: Asking) -> Moment:
    """The facts, where somebody was never seen after making them known, as an event would do it."""
    first: dict[str, datetime] = {}
    for question in questions:
        first.setdefault(question.customer, question.at)
    unknown = [
        Customer(external_id=name, is_anonymous=True, created_at=at, updated_at=at)
        for name, at in first.items()
        if name not in moment.people
    ]
    if not unknown:
        return moment
    Customer.objects.bulk_create(unknown, ignore_conflicts=True)
    return asking.moment(fetch(*asking.statement()))
