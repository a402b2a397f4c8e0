"""What a placement shows to whom, with the addresses that tell what came of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from launchopt.campaigns.onsite.links import CLICK, EXPOSURE, address_of
from launchopt.campaigns.onsite.visitors import customer_of
from launchopt.campaigns.services import Question, decide


@dataclass(frozen=True)
class Shown:
    """Words for a page. They are plain text: a template escapes them."""

    headline: str
    body: str
    call_to_action: str
    alt_text: str
    image_url: str
    click_url: str
    exposure_url: str

    def as_dict(self) -> dict[str, str]:
        """As JSON answers."""
        return asdict(self)


def show(
    request: HttpRequest, *, placement: str, now: datetime, context: dict[str, Any] | None = None
) -> Shown | None:
    """Decide for who stands before the page; None for silence, and for robots.

    Raises InvalidInput for a placement that does not exist.
    """
    customer = customer_of(request)
    if customer is None:
        return None
    question = Question(customer=customer, placement=placement, at=now, context=context or {})
    (answer,) = decide(questions=[question])
    creative, decision = answer.creative, answer.decision
    if creative is None:
        return None
    return Shown(
        headline=creative.headline,
        body=creative.body,
        call_to_action=creative.call_to_action,
        alt_text=creative.alt_text,
        image_url=creative.launch.product.image_url,
        click_url=address_of(decision.pk, kind=CLICK),
        exposure_url=address_of(decision.pk, kind=EXPOSURE),
    )
