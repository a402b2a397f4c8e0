"""The figures of a plan: each a value, where it comes from, and one sentence on how.

What nothing is known of is a prior; past launches of the shop make it an analog; a trained model's
prediction is a model; what was counted here is measured. Better knowledge takes over as it arrives.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from launchopt.audiences.models import Audience
from launchopt.campaigns.models import BudgetPlan, Launch
from launchopt.campaigns.selectors.activity import Presence, hour_counts, presence_of, zones_of
from launchopt.campaigns.selectors.analogs import Analog, PastLaunches, past_launches
from launchopt.campaigns.selectors.channels import ChannelRecord, records_by_channel
from launchopt.campaigns.selectors.interest import Chance, chances_of_consenting, model_of
from launchopt.campaigns.services.expecting import forecast_of
from launchopt.operations.models import ModelVersion
from launchopt_core.estimates import Estimate, Source, combined, shrunk_mean, shrunk_rate
from launchopt_core.power import minimum_detectable_effect
from launchopt_core.schedule import ActivityProfile, active_hours, profile_of

CLICK_RATE = Estimate(0.02, Source.PRIOR, "an assumed click for 50 contacts")
RETURN_RATE = Estimate(0.05, Source.PRIOR, "an assumed return for 20 pieces sold")
PIECES = Estimate(1.0, Source.PRIOR, "an assumed single piece for each purchase")
UPTAKE = Estimate(0.01, Source.PRIOR, "an assumed buyer among 100 customers")
REACH = Estimate(0.5, Source.PRIOR, "an assumption that every second customer comes by")
STRENGTH = 100.0  # trials that a rate's prior counts as
STRENGTH_OF_MEANS = 20.0
SHARE_OF_BEST_HOURS = 0.25
NEAREST = 20  # launches


@dataclass(frozen=True)
class Knowledge:
    """All that the figures are made from, as known at one instant."""

    as_of: datetime
    chances: Sequence[Chance]
    model: ModelVersion | None
    past: PastLaunches
    channels: dict[str, ChannelRecord]
    presence: Presence

    @property
    def analogs(self) -> Sequence[Analog]:
        """The launches most like this one: what is nearest says most of rates and habits."""
        return self.past.analogs[:NEAREST]

    def pooled(self, kind: str) -> tuple[int, int, int]:
        """Events, customers and pieces of a kind over all analogs."""
        counts = [analog.of(kind) for analog in self.analogs]
        return (
            sum(c.events for c in counts),
            sum(c.customers for c in counts),
            sum(c.pieces for c in counts),
        )


def knowledge_of(launch: Launch, audiences: Iterable[Audience], *, as_of: datetime) -> Knowledge:
    """Read what is known of a launch before an instant."""
    days = days_of(launch)
    parts = [presence_of(audience.pk, before=as_of, days=days) for audience in audiences]
    return Knowledge(
        as_of=as_of,
        chances=chances_of_consenting(launch),
        model=model_of(launch),
        past=past_launches(launch, before=as_of),
        channels=records_by_channel(before=as_of),
        presence=Presence(
            members=sum(part.members for part in parts),
            came=sum(part.came for part in parts),
            visits_a_day=sum(part.visits_a_day for part in parts),
        ),
    )


def days_of(launch: Launch) -> int:
    """The launch's length in whole days, at least 1."""
    return max(1, ceil((launch.ends_at - launch.starts_at).total_seconds() / 86_400))


def figures_before_money(launch: Launch, known: Knowledge) -> dict[str, Any]:
    """The figures that the experiment and the budget are laid out on."""
    uptake, reach = past_uptake(known), reach_of(known)
    conversion = conversion_rate(known, uptake)
    sample = planned_sample(known, reach)
    figures = {
        "conversion_rate": conversion,
        "past_uptake": uptake,
        "click_rate": click_rate(known),
        "return_rate": return_rate(known),
        "pieces_per_purchase": pieces_per_purchase(known),
        "reach": reach,
        "traffic": traffic(known, reach),
        "holdout": Estimate(launch.holdout, Source.PRIOR, "as chosen for this launch"),
        "planned_sample_size": sample,
        "minimum_detectable_effect": detectable(launch, conversion, sample),
    }
    told = {name: figure.as_dict() for name, figure in figures.items() if figure is not None}
    costs = {name: cost_of(name, cost, known) for name, cost in launch.channels.items()}
    return told | {
        "cost_per_contact": {name: cost.as_dict() for name, cost in costs.items()},
        "analogs": [_analog_row(analog) for analog in known.analogs],
        "forecast": forecast_of(
            launch, known.past, pieces=pieces_per_purchase(known), as_of=known.as_of
        ),
    }


def hours_figures(audiences: Iterable[Audience], *, as_of: datetime) -> dict[str, Any]:
    """When each audience is active: its best hours for a person, its whole week for the budget."""
    hours, weeks, zones = {}, {}, {}
    for audience in audiences:
        profile = profile_of(hour_counts(audience.pk, before=as_of))
        hours[audience.name] = _best_hours(profile)
        weeks[str(audience.pk)] = [round(share, 8) for share in profile.shares]
        zones[str(audience.pk)] = zones_of(audience.pk)
    return {"hours": hours, "hours_of_week": weeks, "zones": zones}


def figures_of_money(launch: Launch, budget: BudgetPlan) -> dict[str, Any]:
    """What the money is expected to bring."""
    plan = launch.plan
    conversion = Estimate.from_dict(plan["conversion_rate"])
    click, pieces = (Estimate.from_dict(plan[n]) for n in ("click_rate", "pieces_per_purchase"))
    contacts = sum(cell.contacts for cell in budget.cells.all())
    purchases = combined(
        budget.expected_response, conversion, detail="chances to buy of all who are contacted"
    )
    figures = {
        "planned_contacts": combined(
            contacts, conversion, detail="contacts that the money buys where they are worth it"
        ),
        "expected_purchases": purchases,
        "expected_clicks": combined(contacts * click.value, click, detail="contacts x click rate"),
    }
    if launch.product.price is not None:
        figures["expected_revenue"] = combined(
            purchases.value * pieces.value * float(launch.product.price),
            purchases,
            pieces,
            detail="purchases x pieces x the product's price",
        )
    return {name: figure.as_dict() for name, figure in figures.items()}


def past_uptake(known: Knowledge) -> Estimate:
    """The share of the customers of the time who bought a similar product in its first days."""
    buyers, customers = known.pooled("purchase")[1], sum(a.known_customers for a in known.analogs)
    return shrunk_rate(
        successes=min(buyers, customers),
        trials=customers,
        prior=UPTAKE,
        strength=STRENGTH,
        data_source=Source.ANALOG,
        what=f"buyers of {len(known.analogs)} similar launches",
    )


def conversion_rate(known: Knowledge, uptake: Estimate) -> Estimate:
    """The mean chance to buy of those who may be contacted."""
    if not known.chances:
        return uptake
    mean = sum(chance.probability for chance in known.chances) / len(known.chances)
    card = known.model.card if known.model else {}
    told = f"mean over {len(known.chances):,} customers who agreed"
    if card.get("source") == "launches":
        return Estimate(mean, Source.MODEL, f"predicted by the interest model, {told}")
    if (card.get("daily_rate") or {}).get("source") in ("launches", "assortment"):
        return Estimate(mean, Source.ANALOG, f"from how products sell in this shop, {told}")
    return Estimate(mean, Source.PRIOR, f"an assumed rate of buying, {told}")


def click_rate(known: Knowledge) -> Estimate:
    """Clicks for each contact: assumed, then as in similar launches, then as counted here."""
    shown, clicks = known.pooled("exposure")[0], known.pooled("click")[0]
    analog = shrunk_rate(
        successes=min(clicks, shown),
        trials=shown,
        prior=CLICK_RATE,
        strength=STRENGTH,
        data_source=Source.ANALOG,
        what="clicks in similar launches",
    )
    contacts = sum(record.contacts for record in known.channels.values())
    clicked = sum(record.clicks for record in known.channels.values())
    return shrunk_rate(
        successes=min(clicked, contacts),
        trials=contacts,
        prior=analog,
        strength=STRENGTH,
        what="clicks on contacts of this shop",
    )


def return_rate(known: Knowledge) -> Estimate:
    """Pieces returned of those sold."""
    sold, back = known.pooled("purchase")[2], known.pooled("return")[2]
    return shrunk_rate(
        successes=min(abs(back), max(sold, 0)),
        trials=max(sold, 0),
        prior=RETURN_RATE,
        strength=STRENGTH,
        data_source=Source.ANALOG,
        what="pieces returned in similar launches",
    )


def pieces_per_purchase(known: Knowledge) -> Estimate:
    """Pieces that are bought at once."""
    purchases, _, pieces = known.pooled("purchase")
    return shrunk_mean(
        total=float(pieces),
        count=purchases,
        prior=PIECES,
        strength=STRENGTH_OF_MEANS,
        data_source=Source.ANALOG,
        what="pieces for each purchase in similar launches",
    )


def reach_of(known: Knowledge) -> Estimate:
    """The share of the audiences that comes by at least once in as many days as the launch has."""
    return shrunk_rate(
        successes=known.presence.came,
        trials=known.presence.members if known.presence.came else 0,
        prior=REACH,
        strength=STRENGTH,
        what="members who came by in as many days before",
    )


def traffic(known: Knowledge, reach: Estimate) -> Estimate:
    """Members of the audiences who come by on a day."""
    if known.presence.came:
        detail = "members with any event on a day, over as many days before"
        return Estimate(known.presence.visits_a_day, Source.MEASURED, detail)
    assumed = known.presence.members * 0.05
    return combined(assumed, reach, detail="an assumption that one member in 20 comes by a day")


def planned_sample(known: Knowledge, reach: Estimate) -> Estimate:
    """The customers whom the experiment will have assigned at its end."""
    return combined(
        round(known.presence.members * reach.value),
        reach,
        detail="members of the audiences x the share that comes by",
    )


def detectable(launch: Launch, conversion: Estimate, sample: Estimate) -> Estimate | None:
    """The smallest rise of purchases per customer that the experiment can show; None where none."""
    if sample.value < 2:
        return None
    effect = minimum_detectable_effect(
        min(conversion.value, 1.0), int(sample.value), control_share=launch.holdout
    )
    if effect is None:
        return None
    return combined(
        effect,
        conversion,
        sample,
        detail=f"two-sided at 5 % with a power of 80 %, {launch.holdout:.0%} held out",
    )


def cost_of(channel: str, given: str, known: Knowledge) -> Estimate:
    """What a contact costs: as given for the launch, then as spent here before."""
    record = known.channels.get(channel, ChannelRecord())
    return shrunk_mean(
        total=record.spent,
        count=record.contacts,
        prior=Estimate(float(given), Source.PRIOR, "as given for this launch"),
        strength=STRENGTH,
        what="spent on contacts of this shop",
    )


def _best_hours(profile: ActivityProfile) -> dict[str, Any]:
    hours = active_hours(profile, share=SHARE_OF_BEST_HOURS)
    return {
        "value": ", ".join(f"{hour:02d}:00" for hour in hours),
        "source": profile.source.value,
        "detail": profile.detail,
    }


def _analog_row(analog: Analog) -> dict[str, Any]:
    return {
        "sku": analog.sku,
        "similarity": analog.similarity and round(analog.similarity, 4),
        "launched_at": analog.launched_at.isoformat(),
        "buyers": analog.of("purchase").customers,
        "customers": analog.known_customers,
    }
