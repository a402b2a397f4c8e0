"""Forget a customer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from launchopt.audiences import services
from launchopt.audiences.selectors import customer_named
from launchopt.operations.commands import LaunchOptCommand
from launchopt.operations.errors import InvalidInput


class Command(LaunchOptCommand):
    """Asks first, unless told not to: it cannot be undone."""

    help = "Delete a customer and everything they did. It cannot be undone."
    example = "manage.py erase_customer 17850 --by anna --yes"

    def add_options(self, parser: CommandParser) -> None:
        """Who, by whom, and whether to ask."""
        parser.add_argument("customer", help="The shop's own id of the customer.")
        parser.add_argument("--by", default="", help="Who asked for it, for the audit trail.")
        parser.add_argument("--yes", action="store_true", help="Do not ask.")

    def work(self, *, customer: str, by: str, yes: bool, **_: Any) -> Mapping[str, Any]:
        """Erase."""
        found = customer_named(customer)
        if not yes:
            self._confirm(found.external_id)
        return services.erase_customer(customer=found, now=timezone.now(), by=by or None)

    def _confirm(self, name: str) -> None:
        self.note(f"This deletes customer {name} with all events, for good.")
        try:
            answer = input("Type the customer's id to go on: ")
        except EOFError:
            answer = ""
        if answer.strip() != name:
            raise InvalidInput("Nothing was deleted. Pass --yes to delete without being asked.")
