"""What a channel is: a small class. The shop's own are named by the setting CHANNELS."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db.models import QuerySet

from launchopt.audiences.models import Customer
from launchopt.campaigns.models import Decision


class Refused(Exception):
    """The other side said no before it took a message over: it costs nothing."""


class Channel:
    """A way to reach customers; by itself one in which the shop's pages ask for decisions.

    `name` is that of campaigns, placements and decisions; one class may serve under several names.
    """

    title: ClassVar[str] = ""
    is_outbound: ClassVar[bool] = False  # it comes to the customer: quiet hours are kept

    def __init__(self, name: str) -> None:
        self.name = name

    def __str__(self) -> str:
        return self.title or self.name.replace("_", " ")


class Outbound(Channel):
    """A channel that comes to the customer, at an hour that is not theirs to choose.

    By itself it is one whose messages the shop sends, after asking for decisions.
    """

    is_outbound = True


class Sender(Outbound):
    """A channel in which LaunchOpt decides whom to contact next, and hands the messages over.

    A subclass says how in `send`, and may say when it is ready and whom it reaches. Consent, caps,
    quiet hours, holdout and money are kept by who calls it.
    """

    # Whether to hand a message over twice does no harm, for the other side knows its id. If not,
    # "attempted" is committed before `send` is called, and what breaks in it goes to a person.
    is_repeatable: ClassVar[bool] = False

    def is_ready(self) -> bool:
        """Whether the shop has set up what it needs; until then nothing is decided in it."""
        return True

    def room(self) -> int:
        """How many more messages it takes now; a tick, a minute apart, hands over no more."""
        return 200

    def reachable(self, customers: QuerySet[Customer]) -> QuerySet[Customer]:
        """Those of the customers whom it can reach."""
        return customers

    def send(self, decision: Decision, *, now: datetime) -> bool:
        """Hand one message over: the words of `decision.creative` to `decision.customer`.

        True where it was taken: it counts as seen, and costs. False where that is told later, by
        `launchopt.campaigns.delivering.settle`. Raises Refused where it was not taken; any other
        error leaves unknown whether it was. A channel that is_repeatable is called within the
        transaction that notes the attempt: it leaves a note in the database, and no more.
        """
        raise NotImplementedError


class OnSite(Channel):
    """The shop's own pages."""

    title = "on site"


class Sms(Outbound):
    """Text messages that the shop sends itself."""

    title = "SMS"
