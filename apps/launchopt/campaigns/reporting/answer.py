"""The report as programs read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from launchopt.campaigns.models import Launch
from launchopt.campaigns.reporting.attribution import attribution_of
from launchopt.campaigns.reporting.course import effects_over_time
from launchopt.campaigns.reporting.figures import Counts, Figures, effect_of, figures_of, ready
from launchopt.campaigns.reporting.forecasting import forecast_told
from launchopt.campaigns.reporting.hours import hour_effects
from launchopt.campaigns.reporting.rates import rates_of
from launchopt.campaigns.reporting.satisfaction import satisfaction_with
from launchopt.campaigns.reporting.siblings import cannibalisation_of
from launchopt.campaigns.reporting.whom import audience_effects, persona_effects


def launch_report(launch: Launch, *, until: datetime | None = None) -> dict[str, Any]:
    """Counts from the rollups, up to the last one made; effects from the experiment.

    `rates` are those of the customers who could be contacted, as a whole and of each part.
    """
    ready(launch)
    currency, effect = launch.currency, effect_of(launch, until=until)
    contactable = figures_of(launch, with_holdout=False)
    return {
        "launch": str(launch.pk),
        "currency": currency,
        **_told(figures_of(launch), lambda counts: counts.as_dict(currency)),
        "rates": _told(
            contactable,
            lambda counts: dict(rates_of(counts, currency=currency)),
        ),
        "effect": effect,
        "effect_by_persona": persona_effects(launch, until=until),
        "effect_by_audience": audience_effects(launch, until=until),
        "effect_by_hour": hour_effects(launch, until=until),
        "effect_over_time": effects_over_time(launch),
        "incremental_conversions": incremental_of(effect),
        "attribution": attribution_of(contactable.totals, effect, currency=launch.currency),
        "what_if": launch.plan.get("what_if", []),
        "forecast": forecast_told(launch, until=until),
        "cannibalisation": cannibalisation_of(launch, effect, until=until),
        "satisfaction": satisfaction_with(launch),
    }


def incremental_of(effect: Mapping[str, Any]) -> dict[str, Any]:
    """Purchases that the launch caused: the effect times those who could be contacted."""
    if effect["estimate"] is None:
        return {"estimate": None, "interval": None}
    interval = effect["interval"]
    return {
        "estimate": effect["estimate"] * effect["n"],
        "interval": interval and [bound * effect["n"] for bound in interval],
    }


def _told(figures: Figures, tell: Callable[[Counts], dict[str, Any]]) -> dict[str, Any]:
    parts = {
        "variant": figures.variants,
        "channel": figures.channels,
        "audience": figures.audiences,
        "campaign": figures.campaigns,
        "creative": figures.creatives,
        "phase": figures.phases,
    }
    return {
        "totals": tell(figures.totals),
        "by": {
            kind: {name: tell(counts) for name, counts in found.items()}
            for kind, found in parts.items()
        },
    }
