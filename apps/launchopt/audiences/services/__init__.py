"""Actions on customers, events, consents and audiences."""

from launchopt.audiences.services.consents import set_consent, withdraw_marketing
from launchopt.audiences.services.customers import (
    add_customer,
    change_customer,
    save_customers,
    store_customers,
)
from launchopt.audiences.services.erasure import erase_customer
from launchopt.audiences.services.events import EventReport, record_events, store_events
from launchopt.audiences.services.identity import identify_customer
from launchopt.audiences.services.membership import build_audience, save_audience
from launchopt.audiences.services.retention import drop_old_events, oldest_kept
from launchopt.audiences.services.storing import StoredEvent

__all__ = [
    "EventReport",
    "StoredEvent",
    "add_customer",
    "build_audience",
    "change_customer",
    "drop_old_events",
    "erase_customer",
    "identify_customer",
    "oldest_kept",
    "record_events",
    "save_audience",
    "save_customers",
    "set_consent",
    "store_customers",
    "store_events",
    "withdraw_marketing",
]
