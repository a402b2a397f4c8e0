"""Actions on customers, events, consents and audiences."""

from launchopt.audiences.services.consents import set_consent
from launchopt.audiences.services.customers import save_customer, save_customers, store_customers
from launchopt.audiences.services.events import EventReport, record_events, store_events
from launchopt.audiences.services.storing import StoredEvent

__all__ = [
    "EventReport",
    "StoredEvent",
    "record_events",
    "save_customer",
    "save_customers",
    "set_consent",
    "store_customers",
    "store_events",
]
