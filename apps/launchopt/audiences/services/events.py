"""Record what shoppers did: each event stored once, what cannot be stored kept with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl
from django.db import connection, transaction

from launchopt.audiences import months
from launchopt.audiences.fields import EVENT_FIELDS, EVENT_NAMES, EVENT_RULES
from launchopt.audiences.models import Customer, Event, EventKind, RejectedEvent
from launchopt.audiences.services.consents import withdraw_marketing
from launchopt.audiences.services.storing import StoredEvent, insert_events
from launchopt.audiences.signals import events_recorded
from launchopt.catalog.selectors import ids_by_sku
from launchopt.catalog.services import ensure_placeholders
from launchopt.conf import launchopt_settings
from launchopt.operations.errors import InvalidInput
from launchopt.operations.importing.batches import (
    frame_of,
    mapping_of,
    reasons_frame,
    storable,
)
from launchopt.operations.importing.cleaning import REASON, clean_rows, split_rejected
from launchopt.operations.importing.files import LINE
from launchopt.operations.importing.outcome import Outcome

WITHDRAWING = (EventKind.UNSUBSCRIBE, EventKind.COMPLAINT)
UNKNOWN_PRODUCT = "sku is unknown"


@dataclass(frozen=True)
class EventReport:
    """What became of a batch. `rejected` has index and reason."""

    accepted: int = 0
    duplicates: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """As the API answers."""
        rejected = [{"index": index, "reason": reason} for index, reason in self.rejected]
        return {"accepted": self.accepted, "duplicates": self.duplicates, "rejected": rejected}


@transaction.atomic
def record_events(batch: Sequence[Any], *, received_at: datetime, source: str = "") -> EventReport:
    """Store a batch of objects with the fields of the import. Sending it again changes nothing.

    Unknown customers are created; an unknown product is a reason to reject. What is rejected is
    kept as a RejectedEvent. Raises InvalidInput where the batch is too long.
    """
    limit = launchopt_settings().event_batch_limit
    if len(batch) > limit:
        raise InvalidInput(f"{len(batch):,} events in one request; send at most {limit:,}.")
    frame, bad = frame_of(batch, names=EVENT_NAMES)
    good, wrong = split_rejected(
        clean_rows(frame, mapping=mapping_of(frame), fields=EVENT_FIELDS, rules=EVENT_RULES)
    )
    outcome = store_events(good, received_at=received_at)
    rejected = _all_rejected(bad, wrong, outcome)
    _keep_rejected(rejected, batch=batch, received_at=received_at, source=source)
    duplicates = len(batch) - len(rejected) - outcome.accepted
    return EventReport(outcome.accepted, duplicates, rejected)


@transaction.atomic
def store_events(
    rows: pl.DataFrame,
    *,
    received_at: datetime,
    is_randomised: bool = False,
    creates_products: bool = False,
) -> Outcome:
    """Store clean rows in a fixed number of statements, however many there are.

    With `is_randomised` their exposures count as left to chance; with `creates_products` an unknown
    SKU becomes a placeholder instead of a reason to reject.
    """
    if creates_products and "sku" in rows.columns:
        _create_unknown(rows["sku"], now=received_at)
    rows, unknown = _with_products(rows)
    if rows.is_empty():
        return Outcome(rejected=unknown)
    rows = _with_customers(rows, now=received_at)
    months.ensure_months_of(rows["occurred_at"])
    accepted, notable = insert_events(rows, received_at=received_at, is_randomised=is_randomised)
    _react(notable, received_at=received_at)
    return Outcome(accepted=accepted, rejected=unknown)


def _create_unknown(skus: pl.Series, *, now: datetime) -> None:
    wanted = skus.drop_nulls().unique().to_list()
    known = ids_by_sku(wanted)
    ensure_placeholders([sku for sku in wanted if sku not in known], now=now)


def _with_products(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows with their product, and line and reason of those whose product is unknown."""
    if "sku" not in rows.columns:
        rows = rows.with_columns(sku=pl.lit(None, dtype=pl.String))
    found = ids_by_sku(rows["sku"].drop_nulls().unique())
    rows = _joined(rows, found, on="sku", name="product_id")
    is_unknown = pl.col("product_id").is_null() & pl.col("sku").is_not_null()
    unknown = rows.filter(is_unknown).select(LINE, pl.lit(UNKNOWN_PRODUCT).alias(REASON))
    return rows.filter(~is_unknown), unknown


def _with_customers(rows: pl.DataFrame, *, now: datetime) -> pl.DataFrame:
    """The rows with the customer named, and the one who has the event: a visitor who has turned
    out to be a customer leaves it to that customer."""
    wanted = rows["customer"].unique().to_list()
    known = _customers(wanted)
    missing = sorted(set(wanted) - set(known))
    if missing:
        made = [Customer(external_id=name, created_at=now, updated_at=now) for name in missing]
        Customer.objects.bulk_create(made, ignore_conflicts=True, batch_size=5_000)
        known |= _customers(missing)
    sources = {name: source for name, (source, _) in known.items()}
    owners = {name: owner for name, (_, owner) in known.items()}
    rows = _joined(rows, sources, on="customer", name="source_id")
    return _joined(rows, owners, on="customer", name="customer_id")


def _customers(names: list[str]) -> dict[str, tuple[int, int]]:
    """Id and owner of each known customer, held against being joined or erased meanwhile.

    The lock is the one that a foreign key would take, in the order of ids.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT external_id, id, COALESCE(merged_into_id, id) "
            "FROM launchopt_audiences_customer WHERE external_id = ANY(%s) "
            "ORDER BY id FOR KEY SHARE",
            [names],
        )
        return {name: (source, owner) for name, source, owner in cursor.fetchall()}


def _joined(rows: pl.DataFrame, ids: dict[str, int], *, on: str, name: str) -> pl.DataFrame:
    keys = pl.DataFrame(
        {on: list(ids), name: list(ids.values())}, schema={on: pl.String, name: pl.Int64}
    )
    return rows.join(keys, on=on, how="left", maintain_order="left")


def _react(notable: list[StoredEvent], *, received_at: datetime) -> None:
    """Consent follows at once; the apps above hear of the events that answer their decisions."""
    leaving = [event for event in notable if event.kind in WITHDRAWING]
    if leaving:
        withdraw_marketing({event.customer_id: event.kind for event in leaving}, now=received_at)
    answers = [event for event in notable if event.decision_id]
    if answers:
        events_recorded.send(sender=Event, events=answers, received_at=received_at)


def _all_rejected(
    bad: list[tuple[int, str]], wrong: pl.DataFrame, outcome: Outcome
) -> list[tuple[int, str]]:
    parts = [reasons_frame(bad), wrong]
    if outcome.rejected is not None:
        parts.append(outcome.rejected)
    return list(pl.concat(parts).sort(LINE).iter_rows()) if any(map(len, parts)) else []


def _payload(item: Any) -> dict[str, Any]:
    kept: dict[str, Any] = storable(item if isinstance(item, dict) else {"value": item})
    return kept


def _keep_rejected(
    rejected: list[tuple[int, str]], *, batch: Sequence[Any], received_at: datetime, source: str
) -> None:
    RejectedEvent.objects.bulk_create(
        RejectedEvent(
            received_at=received_at,
            source=source[:200],
            line=index,
            reason=reason[:200],
            payload=_payload(batch[index]),
        )
        for index, reason in rejected
    )


__all__ = ["EventReport", "StoredEvent", "record_events", "store_events"]
