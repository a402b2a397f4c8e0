"""`manage.py plan_launch SKU`: draft a launch and plan it, by a worker or, with --wait, here."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from launchopt import jobs
from launchopt.campaigns import services
from launchopt.campaigns.management.people import person_named
from launchopt.campaigns.services.bounds import LEARNED, curve_in
from launchopt.campaigns.services.planning import decimal_of
from launchopt.operations.commands import LaunchOptCommand, instant_argument
from launchopt.operations.errors import InvalidInput
from launchopt_workers import tasks  # noqa: F401 - registers every body
from launchopt_workers.running import run_here


class Command(LaunchOptCommand):
    """Draft a launch and have it planned."""

    help = "Draft a launch of a product and plan it: audiences, hours, money, words, experiment."
    example = (
        "manage.py plan_launch MUG-1 --budget 500.00 --currency GBP "
        "--start 2026-03-02T09:00:00Z --days 14 --channel onsite:0.02 --wait"
    )

    def add_options(self, parser: CommandParser) -> None:
        """The terms of the launch."""
        parser.add_argument("sku", metavar="SKU", help="The product, by the shop's own number.")
        parser.add_argument("--budget", required=True, help="The most that may be spent.")
        parser.add_argument("--currency", default="", help="ISO 4217 (default: the product's).")
        parser.add_argument("--start", type=instant_argument, required=True, help="First instant.")
        parser.add_argument("--days", type=float, required=True, help="How long it lasts.")
        parser.add_argument(
            "--channel",
            action="append",
            type=channel_argument,
            metavar="NAME:COST_PER_CONTACT",
            help="May be repeated (default: onsite:0.02).",
        )
        parser.add_argument("--holdout", type=float, help="Share left alone (default: 0.1).")
        parser.add_argument(
            "--cap",
            type=cap_argument,
            metavar="CONTACTS/HOURS",
            help="Contacts of a customer at most in any window of so many hours, over all "
            "launches and channels (default: 3/24).",
        )
        parser.add_argument(
            "--bound",
            action="append",
            type=bound_argument,
            metavar="CHANNEL:FLOOR..CEILING",
            help="What a channel gets at least and at most; either may be left out, as in "
            "email:100.. May be repeated.",
        )
        parser.add_argument(
            "--minimum-if-used",
            action="append",
            type=minimum_argument,
            metavar="CHANNEL:AMOUNT",
            help="What an hour of a channel gets at least, where it gets anything. May be "
            "repeated.",
        )
        parser.add_argument(
            "--curve",
            action="append",
            type=curve_argument,
            metavar="CHANNEL:FILE.json",
            help="A paid channel: a hill as fit_response writes it, or CHANNEL:learned, from what "
            "past launches spent there. May be repeated.",
        )
        parser.add_argument("--by", default="", help="Who plans it, for the audit trail.")
        parser.add_argument(
            "--as-of",
            type=instant_argument,
            help="The plan knows nothing from this instant on (default: now, or the start).",
        )
        parser.add_argument(
            "--wait", action="store_true", help="Plan it here, and return when the plan stands."
        )

    def work(self, **options: Any) -> Mapping[str, Any]:
        """Draft it, and plan it or ask for the plan."""
        now, by = timezone.now(), person_named(options["by"], note=self.note)
        launch = services.draft_launch(wish=wish_of(options), by=by, now=now)
        if not options["wait"]:
            services.request_plan(launch=launch, by=by, now=now, as_of=options["as_of"])
            self.note("A worker plans it; `runs/` and the admin say how far it is.")
            return {"launch": str(launch.pk)}
        services.begin_plan(launch=launch, by=by, now=now)
        run_here(
            jobs.PLAN_LAUNCH,
            subject=f"launch:{launch.pk}",
            by=by,
            on_progress=self.progress,
            launch_id=str(launch.pk),
            as_of=(options["as_of"] or min(now, launch.starts_at)).isoformat(),
        )
        return {"launch": str(launch.pk)}


def wish_of(options: Mapping[str, Any]) -> services.Wish:
    """The launch that the arguments ask for."""
    start: datetime = options["start"]
    if not abs(options["days"]) <= 10_000:
        raise InvalidInput.at("/days", "A launch lasts at most 366 days.")
    contacts, hours = options["cap"] or (None, None)
    return services.Wish(
        sku=options["sku"],
        budget=decimal_of(options["budget"], pointer="/budget"),
        currency=options["currency"],
        starts_at=start,
        ends_at=start + timedelta(days=options["days"]),
        channels=dict(options["channel"]) if options["channel"] else None,
        holdout=options["holdout"],
        cap_contacts=contacts,
        cap_window_hours=hours,
        bounds=[*(options["bound"] or ()), *(options["minimum_if_used"] or ())],
        curves=dict(options["curve"] or ()),
    )


def channel_argument(text: str) -> tuple[str, Decimal]:
    """NAME:COST, such as email:0.01."""
    name, colon, cost = text.rpartition(":")
    try:
        return name, decimal_of(cost if colon else "", pointer="/channel")
    except InvalidInput:
        raise ArgumentTypeError(f"{text!r} is not NAME:COST, such as email:0.01") from None


def bound_argument(text: str) -> dict[str, str]:
    """CHANNEL:FLOOR..CEILING, such as email:100..500."""
    channel, colon, ends = text.rpartition(":")
    floor, dots, ceiling = ends.partition("..")
    if not (colon and dots and (floor or ceiling)):
        raise ArgumentTypeError(f"{text!r} is not CHANNEL:FLOOR..CEILING, such as email:100..500")
    given = {"floor": floor, "ceiling": ceiling}
    return {"channel": channel} | {rule: amount for rule, amount in given.items() if amount}


def minimum_argument(text: str) -> dict[str, str]:
    """CHANNEL:AMOUNT, such as email:5.00."""
    channel, amount = text.rpartition(":")[::2]
    if not (channel and amount):
        raise ArgumentTypeError(f"{text!r} is not CHANNEL:AMOUNT, such as email:5.00")
    return {"channel": channel, "minimum_if_used": amount}


def curve_argument(text: str) -> tuple[str, Any]:
    """CHANNEL:FILE.json with one hill, or what fit_response wrote of one group; or `learned`."""
    channel, _, path = text.partition(":")
    if path == "learned":
        return channel, dict(LEARNED)
    try:
        return channel, curve_in(json.loads(Path(path).read_text()))
    except (OSError, ValueError) as error:
        raise ArgumentTypeError(f"{text!r} is not CHANNEL:FILE.json: {error}") from None


def cap_argument(text: str) -> tuple[int, int]:
    """CONTACTS/HOURS, such as 3/24."""
    contacts, _, hours = text.partition("/")
    if not (contacts.isdecimal() and hours.isdecimal()):
        raise ArgumentTypeError(f"{text!r} is not CONTACTS/HOURS, such as 3/24")
    return int(contacts), int(hours)
