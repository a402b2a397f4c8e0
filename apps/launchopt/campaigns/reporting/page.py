"""The report as one HTML page that needs nothing but itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.template.loader import render_to_string

from launchopt.campaigns.models import BudgetPlan, Launch
from launchopt.campaigns.reporting import forecasting, happened, learned, planned, selectors, whom
from launchopt.campaigns.reporting.attribution import attribution_section
from launchopt.campaigns.reporting.course import over_time_section
from launchopt.campaigns.reporting.figures import Counts, Figures, effect_of, figures_of, ready
from launchopt.campaigns.reporting.hours import hours_section
from launchopt.campaigns.reporting.record import record_section
from launchopt.campaigns.reporting.sections import Section, added_sections
from launchopt.campaigns.reporting.what_if import what_if_section
from launchopt.campaigns.reporting.words import (
    TERMS,
    moment,
    money,
    per_cent,
    signed,
    span,
    verdict_sentence,
)
from launchopt.operations import charts

TEMPLATE = "launchopt/campaigns/report.html"


def report_page(launch: Launch, *, now: datetime, until: datetime | None = None) -> str:
    """The page of a launch's report, made at `now`; the effect counts outcomes before `until`."""
    ready(launch)
    figures, effect = figures_of(launch), effect_of(launch, until=until)
    context = {
        "launch": launch,
        "made_at": moment(now),
        "starts_at": moment(launch.starts_at),
        "ends_at": moment(launch.ends_at),
        "budget": money(launch.budget, launch.currency),
        "verdict": verdict_sentence(effect, alpha=_alpha(launch)),
        "tiles": _tiles(launch, figures.totals, effect),
        "sections": _sections(launch, figures, effect, until=until),
        "patterns": charts.patterns(),
    }
    return render_to_string(TEMPLATE, context)


def _alpha(launch: Launch) -> float:
    return launch.experiment.alpha if launch.experiment else 0.05


def _sections(
    launch: Launch, figures: Figures, effect: dict[str, Any], *, until: datetime | None
) -> list[Section]:
    """In the order in which a reader asks: of a plan what it is built on, later what came of it."""
    hours = selectors.money_by_hour(launch)
    expected = forecasting.forecast_section(launch, until=until)
    plan = [
        planned.interest_section(launch),
        record_section(launch),
        planned.audience_section(launch),
        planned.budget_section(launch, hours),
        what_if_section(launch),
        planned.figures_section(launch),
    ]
    words = happened.words_section(launch)
    if launch.started_at is None:
        return [expected, *plan, words, *added_sections(launch)]
    contactable = figures_of(launch, with_holdout=False)
    return [
        happened.effect_section(launch, effect, until=until),
        *added_sections(launch),
        expected,
        whom.personas_section(launch, until=until),
        whom.audiences_section(launch, until=until),
        attribution_section(contactable.totals, effect, currency=launch.currency),
        over_time_section(launch),
        happened.funnel_section(contactable, currency=launch.currency),
        learned.siblings_section(launch, effect, until=until),
        happened.spend_section(launch, hours),
        happened.parts_section(launch, figures),
        hours_section(launch, until=until),
        learned.satisfaction_section(launch),
        words,
        happened.silence_section(launch),
        *plan,
    ]


def _tiles(launch: Launch, totals: Counts, effect: dict[str, Any]) -> list[dict[str, str]]:
    told = (
        _plan_tiles(launch) if launch.started_at is None else _result_tiles(launch, totals, effect)
    )
    return [
        {"name": name, "value": value, "note": note, "meaning": TERMS[name]}
        for name, value, note in told
    ]


def _plan_tiles(launch: Launch) -> list[tuple[str, str, str]]:
    plan = BudgetPlan.objects.filter(launch=launch).first()
    if plan is None:
        return []
    currency, customers = launch.currency, sum(a.size for a in selectors.audiences_of(launch))
    laid_out = money(plan.total - plan.unspent, currency)
    held = f"{100 * launch.holdout:g} % of them held out"
    return [
        ("audience", f"{customers:,}", held),
        ("budget plan", laid_out, f"of {money(plan.total, currency)}"),
        ("expected purchases", f"{plan.expected_response:,.1f}", "from those contacted"),
    ]


def _result_tiles(
    launch: Launch, totals: Counts, effect: dict[str, Any]
) -> list[tuple[str, str, str]]:
    currency, clicked = launch.currency, per_cent(totals.clicks, totals.exposures)
    interval = f"purchases per customer, {span(effect['interval'])}"
    return [
        ("effect", signed(effect["estimate"]), interval),
        ("exposures", f"{totals.exposures:,}", f"of {totals.decisions:,} decisions"),
        ("clicks", f"{totals.clicks:,}", f"{clicked} of exposures"),
        ("conversions", f"{totals.conversions:,}", f"{totals.returns:,} returned"),
        ("revenue", money(totals.revenue, currency), "returns not deducted"),
        ("spend", money(totals.spend, currency), f"of {money(launch.budget, currency)}"),
    ]
