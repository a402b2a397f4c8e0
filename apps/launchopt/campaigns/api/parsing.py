"""Requests of the campaigns API, checked for their shape: quickly, for 1,000 may come at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from launchopt.campaigns.services import Question, Wish
from launchopt.campaigns.services.planning import decimal_of
from launchopt.conf import launchopt_settings
from launchopt.operations.api.clock import instant_of, is_simulated, parse_instant
from launchopt.operations.errors import FieldError, InvalidInput

LONGEST_CONTEXT = 4_000


def questions_of(data: Any) -> list[Question]:
    """The questions of a body: one object, or a list of up to the limit."""
    rows = data if isinstance(data, list) else [data]
    limit = launchopt_settings().event_batch_limit
    if len(rows) > limit:
        raise InvalidInput(f"At most {limit:,} questions go into one request, not {len(rows):,}.")
    faults = [fault for index, row in enumerate(rows) for fault in _faults(row, index)]
    if faults:
        raise InvalidInput(faults[0].detail, faults)
    return [_question(row, index) for index, row in enumerate(rows)]


def _question(row: dict[str, Any], index: int) -> Question:
    try:
        at = instant_of(row)
    except InvalidInput as error:
        raise InvalidInput(error.detail, [FieldError(f"/{index}/at", error.detail)]) from None
    return Question(
        customer=str(row["customer"]),
        placement=row["placement"],
        at=at,
        context=row.get("context") or {},
        is_simulated=is_simulated(row),
    )


def _faults(row: Any, index: int) -> Iterator[FieldError]:
    if not isinstance(row, dict):
        yield FieldError(f"/{index}", "Send an object with customer and placement.")
        return
    customer, placement, context = row.get("customer"), row.get("placement"), row.get("context")
    if isinstance(customer, int) and not isinstance(customer, bool):
        customer = str(customer)
    if not isinstance(customer, str) or not 0 < len(customer) <= 200 or "\0" in customer:
        yield FieldError(f"/{index}/customer", "Give the customer's id, of 1 to 200 characters.")
    if not isinstance(placement, str) or not placement or "\0" in placement:
        yield FieldError(f"/{index}/placement", "Name the placement, such as home.")
    if context is not None and not _is_storable(context):
        yield FieldError(
            f"/{index}/context",
            f"The context is an object of up to {LONGEST_CONTEXT} characters.",
        )


def _is_storable(context: Any) -> bool:
    if not isinstance(context, dict):
        return False
    text = json.dumps(context)
    return len(text) <= LONGEST_CONTEXT and "\\u0000" not in text


def wish_of(data: Any) -> Wish:
    """The launch that a body asks for. Raises InvalidInput naming the first field amiss."""
    if not isinstance(data, dict):
        raise InvalidInput("Send an object with sku, budget, starts_at and days or ends_at.")
    for name in ("sku", "budget", "starts_at"):
        if data.get(name) in (None, ""):
            raise InvalidInput.at(f"/{name}", f"{name} is missing.")
    starts_at = parse_instant(data["starts_at"], pointer="/starts_at")
    return Wish(
        sku=str(data["sku"]),
        budget=decimal_of(data["budget"], pointer="/budget"),
        currency=str(data.get("currency") or ""),
        starts_at=starts_at,
        ends_at=_end_of(data, starts_at),
        channels=channels_of(data.get("channels")),
        holdout=_number(data, "holdout", float),
        cap_contacts=_number(data, "cap_contacts", int),
        cap_window_hours=_number(data, "cap_window_hours", int),
        feedback=str(data["feedback"]) if data.get("feedback") else None,
        name=str(data.get("name") or ""),
        bounds=data.get("bounds") or (),
        curves=data.get("curves") or {},
    )


def changes_of(data: Any) -> dict[str, Any]:
    """The terms that a body changes, each in its type."""
    if not isinstance(data, dict):
        raise InvalidInput("Send an object with the terms to change.")
    given = {name: value for name, value in data.items() if name != "at"}
    readers = {
        "budget": lambda value: decimal_of(value, pointer="/budget"),
        "starts_at": lambda value: parse_instant(value, pointer="/starts_at"),
        "ends_at": lambda value: parse_instant(value, pointer="/ends_at"),
        "channels": channels_of,
        "holdout": lambda _: _number(given, "holdout", float),
        "cap_contacts": lambda _: _number(given, "cap_contacts", int),
        "cap_window_hours": lambda _: _number(given, "cap_window_hours", int),
        "name": lambda value: str(value)[:200],
        "bounds": lambda value: value,
        "curves": lambda value: value,
    }
    return {name: readers.get(name, str)(value) for name, value in given.items()}


def channels_of(data: Any) -> dict[str, Decimal] | None:
    """Channel -> cost of a contact; None where nothing is said."""
    if not data:
        return None
    if not isinstance(data, dict):
        raise InvalidInput.at("/channels", 'Give an object such as {"onsite": "0.02"}.')
    return {str(name): decimal_of(cost, pointer="/channels") for name, cost in data.items()}


def _end_of(data: dict[str, Any], starts_at: datetime) -> datetime:
    if data.get("ends_at"):
        return parse_instant(data["ends_at"], pointer="/ends_at")
    days = _number(data, "days", float)
    if days is None:
        raise InvalidInput.at("/days", "Say how long it lasts: days, or ends_at.")
    if not abs(days) <= 10_000:
        raise InvalidInput.at("/days", "A launch lasts at most 366 days.")
    return starts_at + timedelta(days=days)


def _number(data: dict[str, Any], name: str, kind: type[float] | type[int]) -> Any:
    value = data.get(name)
    if value is None:
        return None
    try:
        number = kind(value)
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None or isinstance(value, bool) or number != number:
        raise InvalidInput.at(f"/{name}", f"{str(value)[:40]!r} is not a number.")
    return number
