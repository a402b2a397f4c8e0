"""How customers shop: how lately, how often, for how much, at which prices and hours."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from launchopt_core.errors import UnknownTimeZone
from launchopt_core.personas import rfm_classes
from launchopt_core.schedule import HOURS_OF_DAY, zone_of
from launchopt_core.winsorise import winsorised
from launchopt_ml.shop import KINDS, PURCHASE, Events, Shop, in_days

# What is done to customers, not by them, says nothing of when they are active.
PASSIVE = (KINDS.index("exposure"),)


def classes(known: Shop, *, as_of: np.datetime64) -> NDArray[np.int64]:
    """(customers, 3): recency, frequency by days with an order, money with outliers drawn in."""
    events, count = known.events.take(known.events.kind == PURCHASE), len(known.customers)
    since = np.full(count, np.nan)
    since[events.customer] = in_days(as_of - events.time)  # the last one stays
    day = events.time.astype("datetime64[D]").astype(np.int64)
    orders = np.unique(np.stack([events.customer, day]), axis=1)[0]
    paid = np.nan_to_num(events.price.astype(np.float64)) * winsorised(events.quantity)
    spent = np.bincount(events.customer, paid, minlength=count)
    return rfm_classes(since, np.bincount(orders, minlength=count), spent)


def prices_paid(known: Shop) -> list[NDArray[np.float32]]:
    """The prices of each customer's purchases."""
    events = known.events.take(known.events.kind == PURCHASE)
    events = events.take(np.isfinite(events.price))
    order = np.argsort(events.customer, kind="stable")
    cuts = np.searchsorted(events.customer[order], np.arange(1, len(known.customers)))
    return np.split(events.price[order], cuts)[: len(known.customers)]


def active_hours(known: Shop, *, zones: NDArray[np.str_], zone: str) -> NDArray[np.float64]:
    """(customers, 24): shares of activity by local hour; zeros without any."""
    events = known.events.take(~np.isin(known.events.kind, PASSIVE))
    hour = _local_hours(events, zones=zones, zone=zone)
    cells = events.customer.astype(np.int64) * HOURS_OF_DAY + hour
    size = len(known.customers) * HOURS_OF_DAY
    counts = np.bincount(cells, minlength=size).reshape(-1, HOURS_OF_DAY)
    total = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return np.asarray(np.round(counts / total, 4))


def _local_hours(events: Events, *, zones: NDArray[np.str_], zone: str) -> NDArray[np.int64]:
    """(events,): the hour of day where the customer lives."""
    names, inverse = np.unique(zones, return_inverse=True)
    of_event = inverse[events.customer]
    hours = np.zeros(len(events), dtype=np.int64)
    for place, name in enumerate(names.tolist()):
        some = of_event == place
        times = pl.Series(events.time[some]).dt.replace_time_zone("UTC")
        local = times.dt.convert_time_zone(_known_zone(name, otherwise=zone))
        hours[some] = local.dt.hour().to_numpy()
    return hours


def _known_zone(name: str, *, otherwise: str) -> str:
    try:
        return name if name and zone_of(name) else otherwise
    except UnknownTimeZone:
        return otherwise
