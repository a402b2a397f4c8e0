"""Why a customer saw this, or nothing, at that time: told from the log, in words."""

from __future__ import annotations

from datetime import datetime

from launchopt.campaigns.channels import outbound_names
from launchopt.campaigns.models import Decision, Reason
from launchopt.campaigns.selectors.nights import quiet_hours, zone_or_shops
from launchopt_core.delivery import is_quiet, next_allowed
from launchopt_core.errors import UnknownTimeZone

SILENCES = {
    Reason.NO_LAUNCH: "no launch ran in the channel {channel} then.",
    Reason.NOT_IN_AUDIENCE: "they stood in no audience of the launches that ran in the channel "
    "{channel}, or a person had left them out.",
    Reason.NO_CONSENT: "they had not agreed to marketing.",
    Reason.HOLDOUT: "they belong to those who are left alone, so that what the launch causes can "
    "be measured.",
    Reason.CAPPED: "they had been contacted as often as caps allow, over all launches and channels "
    "({cap} contacts in {hours} hours for this launch).",
    Reason.SUPPRESSED: "they had bought or returned the product, or had asked not to see it.",
    Reason.NO_BUDGET: "the money that pacing had let out until then was promised or spent.",
    Reason.NOT_WORTH_IT: "a contact would have brought less than the last one that the plan pays "
    "for, or they had had theirs.",
    Reason.NO_CREATIVE: "no approved words stood for their variant, language and kind.",
    Reason.PAUSED: "the launch was paused.",
}


def why(decision: Decision) -> str:
    """The decision with its reason, in words; it is given with customer, launch and creative."""
    where = f"{decision.placement_id}, {at_utc(decision.decided_at)}"
    name = decision.customer.external_id
    if decision.reason == Reason.SHOWN:
        return f"{name} saw “{decision.creative}” ({where}). {_chance(decision)} {_fate(decision)}"
    return f"{name} saw nothing ({where}): {_silence(decision)}"


def _chance(decision: Decision) -> str:
    share = next(
        (c["share"] for c in decision.candidates if c["variant"] == decision.variant), None
    )
    drawn = f", which {share:.1%} of new customers then got" if share is not None else ""
    return (
        f"It was the launch “{decision.launch}”; they had agreed to marketing, stood in the "
        f"audience “{getattr(decision.campaign, 'audience', '')}” and belong to the variant "
        f"“{decision.variant}”{drawn}. These words had a chance of {decision.propensity:.1%}."
    )


def _fate(decision: Decision) -> str:
    if decision.state == Decision.State.CONFIRMED and decision.exposed_at:
        return f"It was seen at {at_utc(decision.exposed_at)} and cost {decision.cost:.2f}."
    if decision.state == Decision.State.LAPSED:
        return "Nobody told that it was seen: the reservation lapsed and gave its money back."
    return f"{decision.cost:.2f} are reserved until {_until(decision)}, if it is not seen before."


def _silence(decision: Decision) -> str:
    night = _night(decision)
    if night:
        return night
    launch = decision.launch
    words = SILENCES[Reason(decision.reason)].format(
        channel=decision.channel,
        cap=launch.cap_contacts if launch else "",
        hours=launch.cap_window_hours if launch else "",
    )
    return f"{words} It was about the launch “{launch}”." if launch else words


def _night(decision: Decision) -> str:
    """Where it was night, the reason and when the message may go."""
    if decision.reason != Reason.SUPPRESSED or decision.channel not in outbound_names():
        return ""
    zone, quiet = zone_or_shops(decision.customer.time_zone), quiet_hours()
    try:
        if not is_quiet(decision.decided_at, zone, **quiet):
            return ""
        at = next_allowed(decision.decided_at, zone, **quiet)
    except UnknownTimeZone:
        return f"nobody knows the time zone “{zone}”, and messages are held until it is known."
    again = f" It may go from {at_utc(at)} on." if at else ""
    return f"it was night where they live ({zone}).{again}"


def _until(decision: Decision) -> str:
    return at_utc(decision.expires_at) if decision.expires_at else "it is told"


def at_utc(at: datetime) -> str:
    """An instant as sentences have it."""
    return f"{at:%Y-%m-%d %H:%M} UTC"
