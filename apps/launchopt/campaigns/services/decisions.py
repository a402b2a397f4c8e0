"""What a customer is shown at a moment, or why nothing: decided, reserved and kept in one go.

Two statements, each a transaction of its own: one reads, one keeps what was decided where nobody
came first. Locks are held while something is written, not while it is thought about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from launchopt.audiences.models import Customer
from launchopt.campaigns.models import Campaign, Creative, Decision, Placement
from launchopt.campaigns.selectors import Asking, Moment
from launchopt.campaigns.services.assigning import arms_with
from launchopt.campaigns.services.board import Board, kept_board, load_board
from launchopt.campaigns.services.desk import Desk, Ruling
from launchopt.campaigns.services.leasing import this_process
from launchopt.campaigns.services.locking import hold_customers, lock_campaigns
from launchopt.campaigns.services.pacing import is_clock_behind, pace_simulated
from launchopt.operations.errors import FieldError, InvalidInput

ATTEMPTS = 3  # with others who come first; then everybody waits for this one


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


def decide(
    *,
    questions: Sequence[Question],
    under: str | None = None,
    look_again: Callable[[], None] = lambda: None,
) -> list[Answer]:
    """Decide about each question, in order; asked twice for the same instant, it answers once.

    Caps and budget hold whoever else decides at the same time: what was decided is kept where
    nobody has decided about the same customers, taken the money or changed the board meanwhile.
    Else it is decided anew, at last with customers and money held. Who asks was let in `under` a
    revision of the board: where it is another, `look_again` is called, and may raise.
    Raises InvalidInput for a placement that does not exist.
    """
    if not questions:
        return []
    now = max(question.at for question in questions)
    board = _board_for(questions, now=now)
    for _ in range(ATTEMPTS):
        if board.revision != under:
            look_again()
            under = board.revision
        desk = _open_desk(questions, board)
        if is_clock_behind(desk.moment.launches_in_question(), now=now):
            break
        rulings = _rule(questions, desk, placements=board.placements)
        kept = desk.close(variants=board.variants, revision=board.revision)
        if kept.is_kept:
            return _answers(rulings)
        if kept.revision != board.revision:
            board = load_board(now=now)
    return _decide_alone(questions, now=now, look_again=look_again)


@transaction.atomic
def _decide_alone(
    questions: Sequence[Question], *, now: datetime, look_again: Callable[[], None]
) -> list[Answer]:
    """Others who decide about these customers or take this money wait, and so does a pause."""
    board = load_board(now=now)
    look_again()
    hold_customers({question.customer for question in questions})
    desk = _open_desk(questions, board)
    launches = desk.moment.launches_in_question()
    locked = lock_campaigns(Campaign.objects.filter(launch__in=[each.pk for each in launches]))
    pace_simulated(locked.values(), now=now)
    desk.take_money(locked)
    rulings = _rule(questions, desk, placements=board.placements)
    kept = desk.close(variants=board.variants, revision=None)
    assert kept.is_kept, "customers and money are held"
    return _answers(rulings)


def _board_for(questions: Sequence[Question], *, now: datetime) -> Board:
    """The board that is kept, or a new one where a placement is not known to it."""
    board = kept_board(now=now)
    if any(question.placement not in board.placements for question in questions):
        board = load_board(now=now)
        _check_placements(questions, known=board.placements)
    return board


def _open_desk(questions: Sequence[Question], board: Board) -> Desk:
    since, until = min(q.at for q in questions), max(q.at for q in questions)
    serving = board.serving(
        channels={board.placements[question.placement].channel for question in questions},
        since=since,
        until=until,
        with_simulated=any(q.is_simulated for q in questions),
    )
    names = {question.customer for question in questions}
    asking = Asking(names, serving, since, until, holder=this_process())
    moment = _with_strangers(questions, moment=asking.moment(), asking=asking)
    launches = moment.launches_in_question()
    experiments = {launch.experiment for launch in launches if launch.experiment}
    return Desk(
        serving=serving,
        moment=moment,
        arms=arms_with(experiments, shares=board.shares, belongings=moment.belongings),
        words=board.words.for_people(moment.people.values()),
    )


def _rule(
    questions: Sequence[Question], desk: Desk, *, placements: Mapping[str, Placement]
) -> list[Ruling]:
    return [
        desk.rule(
            desk.moment.people[question.customer],
            placement=placements[question.placement],
            at=question.at,
            context=question.context,
        )
        for question in questions
    ]


def _answers(rulings: Sequence[Ruling]) -> list[Answer]:
    return [Answer(ruling.decision, ruling.creative) for ruling in rulings]


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
    return asking.moment()
