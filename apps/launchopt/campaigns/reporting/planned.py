"""The sections of what was planned: interest, audiences, money by hour, figures with sources."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from launchopt.campaigns.models import BudgetPlan, Launch
from launchopt.campaigns.reporting import selectors
from launchopt.campaigns.reporting.sections import Picture, Section, Table
from launchopt.campaigns.reporting.selectors import Hours
from launchopt.campaigns.reporting.words import SYMBOLS, day, local, moment, money, per_cent, terms
from launchopt.operations import charts
from launchopt.operations.charts import Bar, Tick


def interest_section(launch: Launch) -> Section:
    """How many customers are how likely to buy."""
    interest = selectors.interest_in(launch)
    if not interest.customers:
        return _without("interest", "Who is likely to want it", "Nobody has been scored yet.")
    edges = [f"{100 * low:g}" for low in selectors.CLASSES[:-1]]
    names = [f"{low} to {high} %" for low, high in zip(edges, [*edges[1:], "100"], strict=True)]
    counts = interest.counts
    rows = [
        (n, f"{c:,}", per_cent(c, interest.customers)) for n, c in zip(names, counts, strict=True)
    ]
    ticks = [Tick(i, f"{edge} %") for i, edge in enumerate(edges)]
    picture = charts.columns(counts, ticks, title="Customers by predicted probability to buy")
    mean = 100 * (interest.mean or 0)
    return Section(
        key="interest",
        title="Who is likely to want it",
        lead=f"{interest.customers:,} customers were scored as of {moment(interest.as_of)}. "
        f"On average {mean:.2f} in 100 are expected to buy within {interest.horizon_days} days.",
        pictures=(
            _picture(
                picture,
                "Each column is a class of probability; its label is where the class begins, "
                "its height how many customers are in it.",
            ),
        ),
        tables=(Table(("Probability", "Customers", "Share"), rows, folded=True),),
        terms=terms("probability"),
    )


def audience_section(launch: Launch) -> Section:
    """How large each audience is, and how many of it are left alone."""
    audiences = selectors.audiences_of(launch)
    if not audiences:
        return _without("audiences", "Audiences", "No audience has been built yet.")
    bars, rows = [], []
    for audience in audiences:
        held = round(audience.size * launch.holdout)
        parts = (float(audience.size - held), float(held))
        bars.append(Bar(audience.name, parts, f"{audience.size:,}"))
        told = (audience.name, audience.description, f"{audience.size:,}", f"{held:,}")
        rows.append(told)
    picture = charts.bars(
        bars, title="Customers in each audience", legend=("may be contacted", "held out (planned)")
    )
    return Section(
        key="audiences",
        title="Audiences",
        lead=f"{100 * launch.holdout:g} % of each audience are left alone by chance.",
        pictures=(_picture(picture),),
        tables=(Table(("Audience", "Who", "Customers", "Held out"), rows),),
        terms=terms("holdout"),
    )


def budget_section(launch: Launch, hours: Hours) -> Section:
    """The money of each hour."""
    plan = BudgetPlan.objects.filter(launch=launch).first()
    if plan is None:
        return _without("budget", "Budget by hour", "No budget has been laid out yet.")
    values = [float(amount) for amount in hours.planned]
    unit = axis_unit(launch.currency)
    picture = charts.columns(
        values, day_ticks(hours.starts), title="Planned spend in each hour", unit=unit
    )
    laid_out = money(plan.total - plan.unspent, launch.currency)
    return Section(
        key="budget",
        title="Budget by hour",
        lead=f"{laid_out} of {money(plan.total, launch.currency)} are laid out over "
        f"{sum(v > 0 for v in values)} hours; {money(plan.unspent, launch.currency)} would buy "
        f"nothing and stay unspent. {plan.expected_response:,.1f} purchases are expected from "
        "those contacted.",
        pictures=(_picture(picture, "Each column is an hour; its height is the money of it."),),
        tables=(_by_campaign(launch), _by_hour_of_day(launch, hours), _by_day(launch, hours)),
        terms=terms("budget plan"),
    )


def figures_section(launch: Launch) -> Section:
    """Every figure of the plan, and where it comes from."""
    figures = selectors.plan_figures(launch.plan)
    if not figures:
        return _without("figures", "Figures of the plan", "The plan holds no figures yet.")
    rows = [(f.name, f.value, f.source, f.detail) for f in figures]
    counted: dict[str, int] = defaultdict(int)
    for figure in figures:
        counted[figure.source] += 1
    told = ", ".join(f"{count} {source}" for source, count in sorted(counted.items()))
    return Section(
        key="figures",
        title="Figures of the plan, and where each comes from",
        lead=f"{len(figures)} figures: {told}. The plan knew nothing from "
        f"{moment(launch.planned_as_of)} on.",
        tables=(Table(("Figure", "Value", "Source", "How"), rows, folded=len(rows) > 60),),
        terms=terms("prior", "analog", "model", "measured"),
    )


def day_ticks(starts: Sequence[datetime]) -> list[Tick]:
    """A tick at the first hour of each day, at most ten of them."""
    firsts = [
        (index, at)
        for index, at in enumerate(starts)
        if index == 0 or day(at) != day(starts[index - 1])
    ]
    each = max(1, -(-len(firsts) // 10))
    return [Tick(index, f"{local(at):%d %b}") for index, at in firsts[::each]]


def _by_campaign(launch: Launch) -> Table:
    rows = [
        (channel, audience, money(amount, launch.currency), f"{contacts:,}", f"{expected:,.1f}")
        for channel, audience, amount, contacts, expected in selectors.money_by_campaign(launch)
    ]
    return Table(("Channel", "Audience", "Planned", "Contacts", "Purchases expected"), rows)


def _by_day(launch: Launch, hours: Hours) -> Table:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for at, amount in zip(hours.starts, hours.planned, strict=True):
        sums[day(at)] += amount
    rows = [(name, money(amount, launch.currency)) for name, amount in sums.items()]
    return Table(("Day", "Planned"), rows, caption="By day", folded=True)


def _by_hour_of_day(launch: Launch, hours: Hours) -> Table:
    sums: dict[int, Decimal] = defaultdict(Decimal)
    for at, amount in zip(hours.starts, hours.planned, strict=True):
        sums[local(at).hour] += amount
    rows = [
        (f"{hour:02d}:00 to {hour:02d}:59", money(sums[hour], launch.currency))
        for hour in range(24)
        if sums[hour]
    ]
    return Table(("Hour of the day", "Planned"), rows, caption="By hour of the day", folded=True)


def axis_unit(currency: str) -> str:
    """The sign that stands before numbers of an axis of money, if the currency has one."""
    return SYMBOLS.get(currency.upper(), "")


def _without(key: str, title: str, words: str) -> Section:
    return Section(key=key, title=title, empty=words)


def _picture(svg: str, caption: str = "") -> Picture:
    return Picture(svg, caption)
