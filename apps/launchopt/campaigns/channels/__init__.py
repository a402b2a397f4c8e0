"""The ways to reach customers: what a channel is, and which there are."""

from launchopt.campaigns.channels.advertising import Advertising, GoogleAds, MetaAds
from launchopt.campaigns.channels.base import (
    Channel,
    OnSite,
    Outbound,
    Refused,
    Sender,
    Sms,
)
from launchopt.campaigns.channels.registry import (
    advertising,
    channel_named,
    channels,
    choices,
    outbound_names,
    senders,
    sent_names,
)

__all__ = [
    "Advertising",
    "Channel",
    "GoogleAds",
    "MetaAds",
    "OnSite",
    "Outbound",
    "Refused",
    "Sender",
    "Sms",
    "advertising",
    "channel_named",
    "channels",
    "choices",
    "outbound_names",
    "senders",
    "sent_names",
]
