"""The fields of events and customers, as an import or the API gives them."""

from __future__ import annotations

import polars as pl

from launchopt.audiences.models import KINDS_WITHOUT_PRODUCT, EventKind
from launchopt.operations.importing import Field, Rule
from launchopt.operations.importing import fields as kinds

EARLIEST_BIRTH, LATEST_BIRTH = 1900, 2100
CONSENT_FAMILY = "consent."

CUSTOMER_FIELDS = (
    Field("external_id", kinds.text(200), is_required=True),
    Field("email", kinds.email()),
    Field("phone", kinds.text(40)),
    Field("gender", kinds.text(20)),
    Field("birth_year", kinds.integer(EARLIEST_BIRTH, LATEST_BIRTH)),
    Field("interests", kinds.text(500)),
    Field("country", kinds.text(100)),
    Field("time_zone", kinds.time_zone()),
    Field("language", kinds.text(20)),
    Field("joined_at", kinds.instant()),
    Field(CONSENT_FAMILY, kinds.boolean()),
)

EVENT_FIELDS = (
    Field("customer", kinds.text(200), is_required=True),
    Field("sku", kinds.text(100)),
    Field("kind", kinds.choice(EventKind.values), is_required=True),
    Field("occurred_at", kinds.instant(), is_required=True),
    Field("quantity", kinds.integer(0)),
    Field("price", kinds.amount()),
    Field("currency", kinds.currency()),
    Field("value", kinds.number()),
    Field("order_id", kinds.text(100)),
    Field("message_id", kinds.text(200)),
    Field("session", kinds.text(100)),
    Field("text", kinds.text(20_000)),
    Field("decision_id", kinds.uuid()),
)
EVENT_NAMES = frozenset(field.name for field in EVENT_FIELDS)

_KINDS_WITH_PIECES = [EventKind.PURCHASE.value, EventKind.RETURN.value, EventKind.CART.value]
_KINDS_WITH_PRODUCT = sorted(set(EventKind.values) - {str(k) for k in KINDS_WITHOUT_PRODUCT})

EVENT_RULES = (
    Rule(
        ("kind", "sku"),
        pl.col("kind").is_in(_KINDS_WITH_PRODUCT) & pl.col("sku").is_null(),
        "sku is missing",
    ),
    Rule(
        ("kind", "quantity"),
        pl.col("kind").is_in(_KINDS_WITH_PIECES) & (pl.col("quantity") < 1),
        "quantity is below 1",
    ),
)
