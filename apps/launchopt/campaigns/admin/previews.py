"""A creative as its channel shows it, and its claims with their proof: for pages of the admin."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from launchopt.campaigns import creatives
from launchopt.campaigns.models import Creative
from launchopt.conf import launchopt_settings
from launchopt_core.claims import length_in, sms_text
from launchopt_core.claims.segments import segments_of

FOLDER = "admin/launchopt_campaigns"
OF_ITS_OWN = ("email", "google_search", "meta", "sms")  # other channels look like a card on a page
LEDGER_HEAD = ("Part", "Claim", "Kind", "Proved by")


def preview_of(creative: Creative) -> SafeString:
    """A creative as its channel shows it; its words are escaped by the template."""
    message = sms_text(creatives.draft_of(creative))
    looks = creative.channel if creative.channel in OF_ITS_OWN else "onsite"
    context = {
        "creative": creative,
        "product": creative.launch.product,
        "shop": shop_name(),
        "template": f"{FOLDER}/previews/{looks}.html",
        "message": message,
        "segments": segments_of(message),
        "headline_length": length_in(creative.channel, creative.headline),
        "body_length": length_in(creative.channel, creative.body),
    }
    return SafeString(render_to_string(f"{FOLDER}/creative_preview.html", context))


def ledger_of(creative: Creative) -> SafeString:
    """Each claim in the words with the fact behind it, and each span that is refused."""
    if not creative.claims and not creative.refusals:
        return format_html("<p>{}</p>", "It claims nothing that would need proof.")
    claims = [
        (_words(claim["part"]), claim["text"], claim["kind"], claim["support"] or "✗ no fact")
        for claim in creative.claims
    ]
    refused = [
        (_words(each["part"]), each["text"], _words(each["rule"]), f"✗ {each['detail']}")
        for each in creative.refusals
    ]
    row = "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>"
    head = format_html("<tr><th>{}</th><th>{}</th><th>{}</th><th>{}</th></tr>", *LEDGER_HEAD)
    rows = format_html_join("", row, [*claims, *refused])
    return format_html("<table>{}{}</table>", head, rows)


def faults_in(creative: Creative) -> str:
    """What stands in the way of an approval, counted; empty where nothing does."""
    unproved = sum(not claim["support"] for claim in creative.claims)
    faults = [f"{unproved} without proof"] if unproved else []
    if creative.refusals:
        faults.append(f"{len(creative.refusals)} refused")
    return ", ".join(faults)


def click_rate_words(creative: Creative) -> str:
    """What its words let expect, with how sure that is."""
    if creative.click_rate is None:
        return "unknown"
    low, high = creative.click_rate_low or 0.0, creative.click_rate_high or 0.0
    return f"{creative.click_rate:.2%} (90 %: {low:.2%} to {high:.2%})"


def shop_name() -> str:
    """How the shop is called in a preview: by its address, where the settings give one."""
    address = launchopt_settings().site_url.partition("//")[2].strip("/")
    return address or "Your shop"


def _words(name: str) -> str:
    return name.replace("_", " ")
