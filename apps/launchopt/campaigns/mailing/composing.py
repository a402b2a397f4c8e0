"""A decision as an e-mail: text and HTML, links that tell of clicks, one click to leave."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from launchopt.campaigns.models import Creative, Decision
from launchopt.campaigns.onsite.links import CLICK, OPEN, UNSUBSCRIBE, address_of
from launchopt.conf import launchopt_settings

TEXT, HTML = "launchopt/email.txt", "launchopt/email.html"


@dataclass(frozen=True)
class Links:
    """The addresses in a message; a test message leads to the product and counts nothing."""

    click: str
    open: str = ""
    unsubscribe: str = ""

    @classmethod
    def of(cls, decision: Decision) -> Links:
        """Those that tell what came of a decision."""
        site = launchopt_settings().site_url.rstrip("/")
        click, seen, leave = (
            site + address_of(decision.pk, kind=kind) for kind in (CLICK, OPEN, UNSUBSCRIBE)
        )
        return cls(click, seen, leave)


def message_of(decision: Decision, *, to: str) -> EmailMultiAlternatives:
    """The message of a decision that chose a creative."""
    assert decision.creative is not None, "only what shows something is sent"
    links = Links.of(decision)
    message = _message(decision.creative, links, to=to)
    domain = parseaddr(launchopt_settings().email_from)[1].partition("@")[2] or "localhost"
    message.extra_headers = {
        "Message-ID": f"<{decision.pk.hex}@{domain}>",
        "List-Unsubscribe": f"<{links.unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",  # RFC 8058
        "Auto-Submitted": "auto-generated",
    }
    return message


def test_message_of(creative: Creative, *, to: str) -> EmailMultiAlternatives:
    """The same words to a person of the shop; nothing is counted."""
    message = _message(creative, Links(click=creative.launch.product.url or "#"), to=to)
    message.subject = f"[test] {message.subject}"
    return message


def _message(creative: Creative, links: Links, *, to: str) -> EmailMultiAlternatives:
    context: dict[str, Any] = {
        "creative": creative,
        "product": creative.launch.product,
        "links": links,
    }
    message = EmailMultiAlternatives(
        subject=" ".join((creative.subject or creative.headline).split()),
        body=render_to_string(TEXT, context).strip() + "\n",
        from_email=launchopt_settings().email_from,
        to=[to],
    )
    message.attach_alternative(render_to_string(HTML, context), "text/html")
    return message
