"""Save customers, one or many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl
from django.db import transaction

from launchopt.audiences.fields import CONSENT_FAMILY, CUSTOMER_FIELDS
from launchopt.audiences.models import Customer
from launchopt.audiences.services.consents import set_consent, store_consents
from launchopt.operations.bulk import Upsert
from launchopt.operations.errors import Conflict, InvalidInput
from launchopt.operations.importing.batches import frame_of, mapping_of, reasons_frame
from launchopt.operations.importing.cleaning import REASON, clean_rows, split_rejected
from launchopt.operations.importing.files import LINE
from launchopt.operations.importing.outcome import Outcome

NAMES = frozenset({f.name for f in CUSTOMER_FIELDS if not f.is_family})
KEY = "external_id"


@transaction.atomic
def save_customers(
    rows: Sequence[Mapping[str, Any]], *, now: datetime, source: str = ""
) -> Outcome:
    """Create or change customers from dictionaries with the fields of the import.

    `consent.PURPOSE` is yes or no. What a row leaves empty stays as it is. Rejected rows come back
    with index and reason.
    """
    good, bad = _clean(rows)
    folded = good.unique(KEY, keep="last", maintain_order=True)
    outcome = store_customers(folded, now=now, source=source)
    outcome.rejected = bad
    return outcome


@transaction.atomic
def add_customer(values: Mapping[str, Any], *, now: datetime, source: str = "") -> Customer:
    """Create one. Raises Conflict where the id is taken, InvalidInput for what is wrong."""
    name = str(values.get(KEY, "")).strip()
    if Customer.objects.filter(external_id=name).exists():
        raise Conflict(f"There is a customer {name!r} already.")
    return _save_one(values, now=now, source=source)


@transaction.atomic
def change_customer(
    customer: Customer, values: Mapping[str, Any], *, now: datetime, source: str = ""
) -> Customer:
    """Change what is given; what is given empty is emptied. Raises InvalidInput."""
    if values.get(KEY, customer.external_id) != customer.external_id:
        raise InvalidInput.at(f"/{KEY}", "The id of a customer cannot be changed.")
    return _save_one({**values, KEY: customer.external_id}, now=now, source=source)


def _save_one(values: Mapping[str, Any], *, now: datetime, source: str) -> Customer:
    """`consents` is {purpose: yes or no}, said now and so stronger than what was said before."""
    plain = {name: value for name, value in values.items() if name != "consents"}
    good, bad = _clean([plain])
    if len(bad):
        raise InvalidInput.at(f"/{bad[REASON][0].split(' ')[0]}", bad[REASON][0])
    store_customers(good, now=now, source=source, clears=True)
    customer = Customer.objects.get(external_id=good[KEY][0])
    for purpose, is_granted in (values.get("consents") or {}).items():
        set_consent(
            customer=customer, purpose=purpose, is_granted=is_granted, now=now, source=source
        )
    return customer


@transaction.atomic
def store_customers(
    rows: pl.DataFrame, *, now: datetime, source: str = "", clears: bool = False
) -> Outcome:
    """Write clean rows, one for each external id, in a fixed number of statements."""
    if rows.is_empty():
        return Outcome()
    rows = rows.drop(LINE, strict=False)
    families = [name for name in rows.columns if name.startswith(CONSENT_FAMILY)]
    done = Upsert(Customer, key=KEY, frame=rows.drop(families), now=now, clears=clears).run()
    agreed = store_consents(_long(rows, families), now=now, source=source)
    touched = {*done.created, *done.changed}
    known = Customer.objects.filter(external_id__in=list(agreed)).exclude(id__in=touched)
    updated = len(done.changed) + known.count()
    return Outcome(accepted=len(done.created) + updated, updated=updated)


def _clean(rows: Sequence[Mapping[str, Any]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    names = NAMES | {name for row in rows for name in row if name.startswith(CONSENT_FAMILY)}
    frame, bad = frame_of(rows, names=names)
    cleaned = clean_rows(frame, mapping=mapping_of(frame), fields=CUSTOMER_FIELDS)
    good, rejected = split_rejected(cleaned)
    return good, pl.concat([reasons_frame(bad), rejected]).sort(LINE)


def _long(rows: pl.DataFrame, families: list[str]) -> pl.DataFrame:
    """One row for each consent that is given."""
    if not families:
        return pl.DataFrame()
    long = rows.select(KEY, *families).unpivot(
        families, index=KEY, variable_name="purpose", value_name="is_granted"
    )
    return long.drop_nulls("is_granted").with_columns(
        pl.col("purpose").str.strip_prefix(CONSENT_FAMILY).str.slice(0, 60)
    )
