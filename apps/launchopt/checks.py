"""System checks: each names a fault in the settings and the way out."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from launchopt import conf
from launchopt_core.claims import TONES


@register("launchopt")
def check_settings(**_: Any) -> list[CheckMessage]:
    """All faults of the `LAUNCHOPT` dictionary, the database and the installed apps."""
    return [*_unknown_names(), *_wrong_values(), *_clock(), *_database(), *_cache()]


def _unknown_names() -> Iterator[CheckMessage]:
    known = conf.known_names()
    for name in sorted(set(conf.given()) - known):
        yield Error(
            f"LAUNCHOPT has no setting {name!r}.",
            hint=f"Known settings: {', '.join(sorted(known))}.",
            id="launchopt.E001",
        )


def _wrong_values() -> Iterator[CheckMessage]:
    values = conf.launchopt_settings()
    if values.time_zone not in zoneinfo.available_timezones():
        yield Error(
            f"LAUNCHOPT['TIME_ZONE'] is {values.time_zone!r}, which is no IANA time zone.",
            hint="Use a name such as 'Europe/London'.",
            id="launchopt.E002",
        )
    if not 0 <= values.holdout < 1:
        yield Error(
            f"LAUNCHOPT['HOLDOUT'] is {values.holdout!r}, which is no share of customers.",
            hint="Use a number from 0 up to, but not including, 1.",
            id="launchopt.E003",
        )
    if not 0 <= values.global_holdout < 1:
        yield Error(
            f"LAUNCHOPT['GLOBAL_HOLDOUT'] is {values.global_holdout!r}, which is no share.",
            hint="Use a number from 0 up to, but not including, 1.",
            id="launchopt.E006",
        )
    yield from _wrong_words(values)
    if len(values.currency) != 3 or not values.currency.isupper():
        yield Error(
            f"LAUNCHOPT['CURRENCY'] is {values.currency!r}, which is no ISO 4217 code.",
            hint="Use three capital letters, such as 'GBP'.",
            id="launchopt.E004",
        )


def _wrong_words(values: conf.Settings) -> Iterator[CheckMessage]:
    if values.tone not in TONES:
        yield Error(
            f"LAUNCHOPT['TONE'] is {values.tone!r}, which is no tone.",
            hint=f"Use one of {', '.join(TONES)}.",
            id="launchopt.E007",
        )
    wrong = {
        role: name
        for role, name in values.writers.items()
        if role not in conf.ROLES or name not in conf.WRITERS
    }
    if wrong:
        yield Error(
            f"LAUNCHOPT['WRITERS'] names what is not there: {wrong}.",
            hint=f"Roles: {', '.join(conf.ROLES)}; writers: {', '.join(conf.WRITERS)}.",
            id="launchopt.E008",
        )
    used = set(values.writers.values())
    needed = {"transformers": values.copy_model, "openai": values.copy_server}
    for name in sorted(name for name in used & needed.keys() if not needed[name]):
        setting = {"transformers": "COPY_MODEL", "openai": "COPY_SERVER"}[name]
        yield Error(
            f"The writer {name} is chosen, but LAUNCHOPT[{setting!r}] is empty.",
            hint=f"Set {setting}, or choose the phrasebook.",
            id="launchopt.E009",
        )


def _clock() -> Iterator[CheckMessage]:
    if conf.launchopt_settings().allow_client_clock and not settings.DEBUG:
        yield Warning(
            "LAUNCHOPT['ALLOW_CLIENT_CLOCK'] is on: any API key can set the time of decisions.",
            hint="Leave it off outside simulations.",
            id="launchopt.W001",
        )


def _database() -> Iterator[CheckMessage]:
    engine = settings.DATABASES.get("default", {}).get("ENGINE", "")
    if not engine.endswith(("postgresql", "postgis")):
        yield Error(
            f"LaunchOpt needs PostgreSQL; the default database uses {engine or 'nothing'!r}.",
            hint="Set DATABASES['default'] to PostgreSQL 15 or later with pgvector.",
            id="launchopt.E005",
        )


def _cache() -> Iterator[CheckMessage]:
    backend = settings.CACHES.get("default", {}).get("BACKEND", "")
    if backend.endswith(("LocMemCache", "DummyCache")):
        yield Warning(
            "The default cache is private to a process: /readyz cannot see whether workers live.",
            hint="Set CACHES['default'] to one that web and workers share, such as RedisCache.",
            id="launchopt.W002",
        )
