"""What a look at a launch, or at the shop, finds: each a state and the words for a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from launchopt.audiences.models import EventKind
from launchopt.campaigns.models import AlertRule, Launch
from launchopt.campaigns.reporting.words import money
from launchopt.campaigns.selectors.telling import at_utc
from launchopt.campaigns.watching import figures
from launchopt.conf import launchopt_settings
from launchopt.operations.models import Alert
from launchopt_core import alarms
from launchopt_core.alarms import Rate, State
from launchopt_core.course import share_over
from launchopt_core.forecast import Rates, expected

Kind = AlertRule.Kind
SPANS = (timedelta(hours=3), timedelta(hours=8), timedelta(hours=24))  # the latest time
FEWEST = 20  # successes of earlier hours, from which on they are the expectation
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@dataclass(frozen=True)
class Finding:
    """What was found of one kind."""

    kind: str
    state: State
    message: str = ""
    severity: str = Alert.Severity.WARNING


@dataclass(frozen=True)
class Past:
    """The latest alert of this kind: what came before it is told of no more."""

    opened_at: datetime | None = None  # of one that is open
    resolved_at: datetime | None = None


Look = Callable[[Launch, float, datetime, Past], Finding]


def overspend(launch: Launch, limit: float, now: datetime, past: Past) -> Finding:
    """Money above the plan; beyond the whole budget it is critical."""
    found = figures.money_of(launch, now=now)
    state = alarms.overspent(found.spent, found.planned, share=limit, total=launch.budget)
    is_beyond = found.spent > launch.budget
    severity = Alert.Severity.CRITICAL if is_beyond else Alert.Severity.WARNING
    return Finding(Kind.OVERSPEND, state, _money_words(launch, found, now=now), severity)


def underspend(launch: Launch, limit: float, now: datetime, past: Past) -> Finding:
    """Money below the plan."""
    found = figures.money_of(launch, now=now)
    state = alarms.underspent(
        found.spent, found.planned, share=limit, total=launch.budget, contact=found.contact
    )
    words = _money_words(launch, found, now=now)
    return Finding(Kind.UNDERSPEND, state, f"{words} Too few came by, or may be contacted.")


def _money_words(launch: Launch, found: figures.Money, *, now: datetime) -> str:
    spent, planned = (money(amount, launch.currency) for amount in (found.spent, found.planned))
    return f"{spent} spent or promised by {at_utc(now)}, where the plan has {planned}."


def click_rate_drop(launch: Launch, limit: float, now: datetime, past: Past) -> Finding:
    """Clicks of contacts that had an hour for it."""
    return _drop(
        Kind.CLICK_RATE_DROP,
        figures.clicks_of,
        launch,
        limit=limit,
        now=now,
        until=now - figures.CLICKED_WITHIN,
        past=past,
        words=("clicks", "contacts"),
        kind=EventKind.CLICK,
    )


def conversion_drop(launch: Launch, limit: float, now: datetime, past: Past) -> Finding:
    """Purchases of clicks that had six hours for it."""
    return _drop(
        Kind.CONVERSION_DROP,
        figures.purchases_of,
        launch,
        limit=limit,
        now=now,
        until=now - figures.BOUGHT_WITHIN,
        past=past,
        words=("purchases", "clicks"),
        kind=EventKind.PURCHASE,
    )


def _drop(
    code: str,
    counts: Callable[..., Mapping[str, Rate]],
    launch: Launch,
    *,
    limit: float,
    now: datetime,
    until: datetime,
    past: Past,
    words: tuple[str, str],
    kind: str,
) -> Finding:
    """Against the launch's own earlier hours, channel by channel; the forecast for the rest."""
    first = launch.started_at or launch.starts_at
    before = counts(launch, since=first, until=min(until, past.opened_at or until) - SPANS[-1])
    begin = max(first, past.resolved_at or first)
    recent = [counts(launch, since=max(until - span, begin), until=until) for span in SPANS]
    known = {channel: rate for channel, rate in before.items() if rate.successes >= FEWEST}
    if not known:
        return _against_forecast(code, launch, limit=limit, now=now, kind=kind, what=words[0])
    rates = {c: [span.get(c, Rate(0, 0)) for span in recent] for c in known}
    states = {c: alarms.fallen(rates[c], known[c], drop=limit) for c in known}
    told = [
        _rate_words(channel, rates[channel][-1], known[channel], words=words)
        for channel, state in states.items()
        if state is State.RINGS
    ]
    return Finding(code, _of_all(list(states.values())), " ".join(told))


def _of_all(states: Sequence[State]) -> State:
    """One that rings is enough; all must have come to rest for the whole to rest."""
    if State.RINGS in states:
        return State.RINGS
    return State.RESTS if all(state is State.RESTS for state in states) else State.STAYS


def _rate_words(channel: str, recent: Rate, before: Rate, *, words: tuple[str, str]) -> str:
    return (
        f"{channel}: {recent.successes:,.0f} {words[0]} of {recent.trials:,.0f} {words[1]} in the "
        f"latest 24 hours; at the rate of the hours before ({before.value:.2%}) "
        f"{before.value * recent.trials:,.0f} were to be expected."
    )


def _against_forecast(
    code: str, launch: Launch, *, limit: float, now: datetime, kind: str, what: str
) -> Finding:
    """What was forecast of everybody's purchases or clicks, and what was counted."""
    plan = launch.plan.get("forecast", {}).get(what)
    over = share_over(plan["curve"], days=(now - launch.starts_at) / DAY) if plan else 0.0
    if not plan or plan["source"] == "prior" or not over:
        return Finding(code, State.STAYS)
    seen = figures.counted(launch, kind, until=now)
    forecast = expected(
        Rates(**plan["rates"]), exposure=plan["exposure"], until=over, level=alarms.CERTAIN
    )
    state = alarms.short_of_forecast(seen, forecast, drop=limit)
    message = (
        f"{seen:,} {what} of the product by {at_utc(now)}, where {forecast.mean:,.0f} were "
        f"forecast from {plan['detail'].partition(',')[0]}."
    )
    return Finding(code, state, message)


def complaints(launch: Launch, limit: float, now: datetime, past: Past) -> Finding:
    """Complaints of e-mails sent."""
    words = "complaints about"
    return _mails(Kind.COMPLAINTS, EventKind.COMPLAINT, launch, limit, now=now, words=words)


def bounces(launch: Launch, limit: float, now: datetime, past: Past) -> Finding:
    """E-mails that came back."""
    return _mails(Kind.BOUNCES, EventKind.BOUNCE, launch, limit, now=now, words="bounces of")


def _mails(
    code: str, kind: str, launch: Launch, limit: float, *, now: datetime, words: str
) -> Finding:
    rate = figures.mails_of(launch, kind, now=now)
    message = (
        f"{rate.successes:,} {words} {rate.trials:,} e-mails of seven days ({rate.value:.2%}); "
        f"the limit is {limit:.2%}."
    )
    return Finding(code, alarms.above(rate, limit=limit), message)


def spend_silence(launch: Launch, limit: float, now: datetime, past: Past) -> Finding:
    """Paid channels of which nobody has told what they spent."""
    last = figures.told_of_spend(launch, now=now)
    quiet = {channel: (now - at) / MINUTE for channel, at in last.items()}
    late = {channel: minutes for channel, minutes in quiet.items() if minutes >= limit}
    told = ", ".join(f"{channel} for {minutes:,.0f} minutes" for channel, minutes in late.items())
    message = f"No word of what was spent: {told}. Pacing goes by what it knows."
    if late:
        return Finding(Kind.SPEND_SILENCE, State.RINGS, message, Alert.Severity.CRITICAL)
    rests = not quiet or max(quiet.values()) < limit / 2
    return Finding(Kind.SPEND_SILENCE, State.RESTS if rests else State.STAYS)


def site_silence(limit: float, now: datetime) -> Finding:
    """The shop's site, by the events of its shoppers."""
    heard = figures.heard_of_site(now=now)
    if heard.at is None or heard.usual is None:
        return Finding(Kind.SITE_SILENCE, State.STAYS)
    zone = launchopt_settings().time_zone
    usual = alarms.usual_between(heard.usual, heard.at, now, zone=zone)
    minutes = max((now - heard.at) / MINUTE, 0.0)
    message = (
        f"No event from the shop's site since {at_utc(heard.at)}; about {usual:,.0f} customers are "
        "usual in this time. Launches are decided and measured without knowing what happens there."
    )
    state = alarms.silent(usual, minutes=minutes, limit=limit)
    return Finding(Kind.SITE_SILENCE, state, message, Alert.Severity.CRITICAL)


LOOKS: Mapping[str, Look] = {
    Kind.OVERSPEND: overspend,
    Kind.UNDERSPEND: underspend,
    Kind.CLICK_RATE_DROP: click_rate_drop,
    Kind.CONVERSION_DROP: conversion_drop,
    Kind.COMPLAINTS: complaints,
    Kind.BOUNCES: bounces,
    Kind.SPEND_SILENCE: spend_silence,
}
