"""By what a plan decides whom to speak to: what a contact adds, or the chance to buy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from launchopt.audiences.models import Audience
from launchopt.campaigns.models import Launch
from launchopt.campaigns.models.launches import DECIDED_BY_CHANCE, DECIDED_BY_UPLIFT
from launchopt.campaigns.selectors.interest import chances_of_consenting
from launchopt_core.estimates import Source


@dataclass(frozen=True)
class Added:
    """What one contact adds to the chance to buy, by customer, as past launches tell it."""

    by_customer: Mapping[int, float]
    figure: Mapping[str, Any]  # value (the mean), source, detail

    @property
    def tells_customers_apart(self) -> bool:
        """Whether it adds more to some than to others; the same for all decides nothing."""
        return len(set(self.by_customer.values())) > 1


@dataclass(frozen=True)
class Unknown:
    """Nobody knows what a contact adds, and why."""

    reason: str


def decided_by(added: Added | Unknown | None) -> dict[str, Any]:
    """The figure that says what the plan goes by, and why."""
    if isinstance(added, Added) and added.tells_customers_apart:
        value, source = DECIDED_BY_UPLIFT, str(added.figure["source"])
        detail = f"{100 * added.figure['value']:.2f} in 100 on the mean: {added.figure['detail']}"
    else:
        value, source = DECIDED_BY_CHANCE, Source.PRIOR.value
        told = added.figure["detail"] if isinstance(added, Added) else ""
        reason = added.reason if isinstance(added, Unknown) else told
        detail = " ".join(f"taken for what a contact is worth. {reason}".split())
    return {"value": value, "source": source, "detail": detail}


def left_unmoved(launch: Launch, audiences: Iterable[Audience]) -> dict[str, Any]:
    """The figure of those who agreed and are left alone, because a contact adds nothing."""
    agreed, moved = len(chances_of_consenting(launch)), sum(a.size for a in audiences)
    return {
        "value": agreed - moved,
        "source": launch.plan["decided_by"]["source"],
        "detail": f"of {agreed:,} who agreed: a contact adds nothing to their chance to buy, "
        "or drives them away",
    }
