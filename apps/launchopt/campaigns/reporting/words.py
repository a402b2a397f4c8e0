"""Figures in words, the same everywhere in the report, and what each of them means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from launchopt.campaigns.reporting.sections import Term
from launchopt.conf import launchopt_settings
from launchopt_core.money import quantise

SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$", "CNY": "¥", "JPY": "¥"}
TERMS = {
    "decisions": "Times that the shop asked what to show a customer of the launch; silence counts.",
    "exposures": "Decisions to show something that were confirmed: a customer saw it.",
    "clicks": "Clicks on what a decision showed.",
    "conversions": "Purchases of the product that follow a click or an exposure within the "
    "attribution windows, and those of customers held out after they were left alone. They are "
    "not the effect: some would have bought anyway.",
    "returns": "Purchases of the product that were sent back.",
    "revenue": "Price x quantity of those purchases; returns are not deducted.",
    "spend": "Cost of the contacts that were confirmed, and what channels reported as spent.",
    "effect": "Purchases per customer that the launch caused: the mean of the customers who could "
    "be contacted minus the mean of those who were held out.",
    "interval": "The range that holds the true effect in 95 of 100 such experiments. One that "
    "includes zero is inconclusive: nothing has been shown, neither an effect nor its absence.",
    "effect of an hour": "Purchases per customer, made in that hour of the day, that the launch "
    "caused. The effects of the 24 hours add up to the effect.",
    "all hours": "Hours with ten buyers or more are judged. Their intervals are widened, so that "
    "all of them hold together in 95 of 100 launches, and their p-values are corrected (Holm): "
    "with 24 looks, chance alone would show something.",
    "every look": "The range that holds the true effect at every look with the same certainty, "
    "however often somebody looks: a confidence sequence. It is wider than that of one look.",
    "persona": "A kind of shopper, as the customer was when they first could have been contacted: "
    "what the launch made them do moves nobody to another.",
    "corrected p-value": "How surprising the effect would be without any, taking into account that "
    "several personas are looked at (Holm). Below 0.05 counts as shown.",
    "guardrail": "What the launch must not harm, and by how much at most; registered before the "
    "start. It holds where the whole interval stays within the limit.",
    "click rate": "Clicks per exposure (CTR).",
    "conversion rate": "Conversions per click (CVR). Purchases after an exposure without a click "
    "count, so it can exceed one.",
    "cost per click": "Spend divided by clicks.",
    "cost per acquisition": "Spend divided by conversions.",
    "return on spend": "Revenue divided by spend.",
    "average order value": "Revenue divided by conversions.",
    "return rate": "Returns divided by conversions.",
    "incremental conversions": "The effect times the customers who could be contacted: purchases "
    "that would not have happened without the launch.",
    "cannibalisation": "How many purchases of similar products the launch took away: the effect "
    "on them, measured against the customers held out, like the effect on the product itself.",
    "satisfaction": "What customers said of the product since its launch started: ratings, "
    "reviews, likes and dislikes; their means in the units in which the shop sent them. The "
    "sentiment is the value sent with a review, such as 1 for praise and 0 for blame.",
    "holdout": "Customers left alone by chance, to learn what happens without the launch.",
    "probability": "Predicted probability that a customer buys the product within the horizon, "
    "calibrated on past launches.",
    "forecast": "Everything that customers will do with the product in the launch's days, as past "
    "launches alike in content, price and season went; the interval holds the count in 80 of 100 "
    "launches. While it runs, what was counted corrects it (gamma-Poisson).",
    "prior": "An assumption, stated beside the figure; nothing of this shop is behind it yet.",
    "analog": "From past launches of this shop.",
    "model": "Predicted by a trained model.",
    "measured": "Counted in this shop's own data.",
    "audience": "Customers that the plan may speak to: those of its audiences, each counted once.",
    "expected purchases": "Purchases that the plan expects of those it contacts. How many of them "
    "it causes, the experiment tells.",
    "budget plan": "Money laid out over campaigns and hours; what would buy nothing is unspent.",
}

# Every figure of a launch's report, by the name that it has there.
REPORTED = (
    "decisions", "exposures", "clicks", "conversions", "returns", "revenue", "spend",
    "click rate", "conversion rate", "cost per click", "cost per acquisition", "return on spend",
    "average order value", "return rate", "effect", "incremental conversions", "cannibalisation",
    "satisfaction", "forecast",
)  # fmt: skip

VERDICTS = {
    "ship": "It worked: customers of the launch bought more than those who were held out.",
    "keep_control": "It did harm: customers of the launch bought less than those held out.",
    "too_early": "Too early to tell: too few customers or purchases so far.",
    "broken": "Not to be trusted: the groups do not have the sizes that they should have.",
}


def terms(*names: str) -> tuple[Term, ...]:
    """The definitions of some words."""
    return tuple(Term(name, TERMS[name]) for name in names)


def money(amount: Decimal | str, currency: str) -> str:
    """An amount as people read it.

    >>> money("1234.5", "GBP"), money("3", "SEK")
    ('£1,234.50', '3.00 SEK')
    """
    exact = quantise(Decimal(amount), currency)
    symbol = SYMBOLS.get(currency.upper())
    return f"{symbol}{exact:,}" if symbol else f"{exact:,} {currency.upper()}"


def per_cent(part: float, whole: float) -> str:
    """A share; a dash where there is no whole.

    >>> per_cent(1, 8), per_cent(0, 0)
    ('12.5 %', '–')
    """
    return f"{100 * part / whole:.1f} %" if whole else "–"


def signed(value: float | None) -> str:
    """A difference with its sign.

    >>> signed(0.01234), signed(None)
    ('+0.0123', '–')
    """
    return "–" if value is None else f"{value:+.4f}".replace("-", "−")


def span(interval: list[float] | tuple[float, float] | None) -> str:
    """An interval in words."""
    return "–" if interval is None else f"{signed(interval[0])} to {signed(interval[1])}"


def verdict_sentence(effect: Mapping[str, Any], *, alpha: float = 0.05) -> str:
    """What follows, and what was measured."""
    own = str(effect["verdict"]).rstrip(".")
    verdict = VERDICTS.get(effect.get("code", ""), f"{own[:1].upper()}{own[1:]}.")
    if effect["estimate"] is None:
        return verdict
    return (
        f"{verdict} Measured: {signed(effect['estimate'])} purchases per customer, "
        f"{100 * (1 - alpha):g} % interval {span(effect['interval'])}."
    )


def p_words(value: float) -> str:
    """A p-value for a sentence.

    >>> p_words(0.0001), p_words(0.2)
    ('p below 0.001', 'p = 0.200')
    """
    return "p below 0.001" if value < 0.001 else f"p = {value:.3f}"


def p_cell(value: float | None) -> str:
    """A p-value for a table.

    >>> p_cell(0.0001), p_cell(0.2), p_cell(None)
    ('below 0.001', '0.200', '–')
    """
    if value is None:
        return "–"
    return "below 0.001" if value < 0.001 else f"{value:.3f}"


def local(at: datetime) -> datetime:
    """An instant in the shop's zone."""
    return at.astimezone(ZoneInfo(launchopt_settings().time_zone))


def day(at: datetime) -> str:
    """The day of an instant, in the shop's zone."""
    return f"{local(at):%Y-%m-%d}"


def moment(at: datetime | None) -> str:
    """An instant in the shop's zone, to the minute."""
    return "–" if at is None else f"{local(at):%Y-%m-%d %H:%M} {local(at):%Z}"
