"""Every channel by its name: those that LaunchOpt brings, and the shop's own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from launchopt.campaigns.channels.advertising import Advertising
from launchopt.campaigns.channels.base import Channel, Sender
from launchopt.conf import launchopt_settings

BUILT_IN = {
    "onsite": "launchopt.campaigns.channels.OnSite",
    "email": "launchopt.campaigns.mailing.Email",
    "sms": "launchopt.campaigns.channels.Sms",
    "webhook": "launchopt.campaigns.delivering.webhook.Webhook",
    "google_search": "launchopt.campaigns.channels.GoogleAds",
    "meta": "launchopt.campaigns.channels.MetaAds",
}
NAME = re.compile(r"[a-z][a-z0-9_-]{0,59}")


def paths() -> dict[str, str]:
    """Where each channel's class is; the shop's own take precedence."""
    return BUILT_IN | dict(launchopt_settings().channels)


@cache
def channels() -> Mapping[str, Channel]:
    """The channels by name. What the settings name wrongly is left out: the check tells of it."""
    return {name: _class_at(path)(name) for name, path in paths().items() if not _fault(name, path)}


def channel_named(name: str) -> Channel:
    """A channel; a name that nobody registered is a place of the shop's that asks for decisions."""
    return channels().get(name) or Channel(name)


def choices() -> list[tuple[str, str]]:
    """Name and title, for a person who chooses."""
    return [(name, str(channel)) for name, channel in channels().items()]


def senders() -> list[Sender]:
    """The channels in which LaunchOpt hands messages over."""
    return [channel for channel in channels().values() if isinstance(channel, Sender)]


def advertising() -> dict[str, Advertising]:
    """The platforms that are given audiences, by the name of their form."""
    found = (channel for channel in channels().values() if isinstance(channel, Advertising))
    return {channel.form: channel for channel in found}


@cache
def outbound_names() -> frozenset[str]:
    """The names of channels that keep quiet hours."""
    return frozenset(name for name, channel in channels().items() if channel.is_outbound)


@cache
def sent_names() -> frozenset[str]:
    """The names of channels in which LaunchOpt hands messages over: one launch, one message."""
    return frozenset(channel.name for channel in senders())


@register("launchopt")
def check_channels(**_: Any) -> list[CheckMessage]:
    """Every channel of the setting that cannot be one."""
    return list(_errors())


def _errors() -> Iterator[CheckMessage]:
    for name, path in launchopt_settings().channels.items():
        if fault := _fault(name, path):
            yield Error(
                f"LAUNCHOPT['CHANNELS'][{name!r}] is {path!r}: {fault}.",
                hint="Give the dotted path of a subclass of launchopt.campaigns.channels.Channel, "
                "under a name of small letters, digits, - and _.",
                id="launchopt.E010",
            )


def _fault(name: str, path: str) -> str:
    """Why it is no channel; empty where it is one."""
    if not NAME.fullmatch(name):
        return "the name cannot stand in an address"
    try:
        found = _class_at(path)
    except Exception as error:  # whatever the shop's module raises while it is imported
        return f"{type(error).__name__}: {error}".replace("\n", " ").rstrip(".")
    if not (isinstance(found, type) and issubclass(found, Channel)):
        return "it is no subclass of Channel"
    return ""


def _class_at(path: str) -> Any:
    return import_string(path)


def _forget(*, setting: str, **_: object) -> None:
    if setting == "LAUNCHOPT":
        channels.cache_clear()
        outbound_names.cache_clear()
        sent_names.cache_clear()


setting_changed.connect(_forget, dispatch_uid="launchopt.campaigns.channels")
