"""Personas and segments in words and pictures, for the admin."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from launchopt.audiences.derived import Segment
from launchopt.audiences.explanations import Explanation, factor_in_words
from launchopt.audiences.models import Customer, Persona
from launchopt.operations.adminsite import link_to
from launchopt.operations.charts import Bar, Tick, bars, columns
from launchopt_core.personas import rfm_name

NO_SEGMENT = (
    "No segment: too little is known, or the shop has too few customers to tell kinds apart."
)
NO_SEGMENTS = (
    "No segment has been found yet. Personas are built every night; an operator may build them now "
    "under Runs. Kinds of shoppers show from about 60 customers with a history on."
)
NO_REASONS = (
    "Reasons are kept for a product's likeliest 1,000 customers. To find these, choose this score "
    "in the list and the action 'Explain these scores'."
)
HABITS = {"recency": "bought lately", "frequency": "buys often", "monetary": "spends much"}
SIX_HOURLY = [Tick(hour, f"{hour:02}:00") for hour in range(0, 24, 6)]


def membership(persona: Persona) -> str:
    """The segment, how sure that is, and where it comes from."""
    if persona.segment is None:
        return NO_SEGMENT
    link = link_to(persona.segment)
    if persona.is_declared:
        return format_html("{} — by the interests that the customer declared", link)
    return format_html("{} — {} sure, from behaviour", link, f"{persona.confidence:.0%}")


def terms_picture(terms: Sequence[dict[str, Any]], *, title: str) -> str:
    """Categories and terms by their weight, the strongest first within each kind."""
    rows = [Bar(_label(term), (term["weight"],), f"{term['weight']:.0%}") for term in terms]
    return _drawn(bars(rows, title=title)) if rows else "Nothing sets it apart yet."


def prices_picture(segment: Segment) -> str:
    """Customers by the band of the catalogue in which they usually buy."""
    rows = [
        Bar(f"{band} prices", (share,), f"{share:.0%} of customers")
        for band, share in segment.price_bands.items()
    ]
    return _drawn(bars(rows, title="Price bands")) if rows else "No price is known."


def habits(segment: Segment) -> str:
    """Mean classes from 1 to 5 as bars."""
    rows = [
        Bar(words, (segment.classes[name],), f"{segment.classes[name]:.1f} of 5")
        for name, words in HABITS.items()
        if name in segment.classes
    ]
    return _drawn(bars(rows, title="How they shop")) if rows else "Nobody has bought yet."


def hours_picture(shares: Sequence[float]) -> str:
    """Activity over the hours of the day where the customers live."""
    if not any(shares):
        return "No activity is known."
    percent = [100 * share for share in shares]
    return _drawn(columns(percent, SIX_HOURLY, title="Percent of activity by local hour"))


def examples_of(segment: Segment) -> str:
    """The most typical customers, with how sure each is; those erased since are left out."""
    found = Customer.objects.filter(pk__in=segment.examples).select_related("persona")
    by_id = {customer.pk: customer for customer in found}
    rows = [
        (link_to(by_id[pk]), f"{by_id[pk].persona.confidence:.0%}")
        for pk in segment.examples
        if pk in by_id and hasattr(by_id[pk], "persona")
    ]
    lines = format_html_join("", "<li>{} — {} sure</li>", rows)
    listed = format_html('<div class="launchopt-page"><ul>{}</ul></div>', lines)
    return listed if rows else "None stands any more."


def classes_in_words(persona: Persona) -> str:
    """Such as: champion (recency 5, frequency 4, money 4 of 5)."""
    name = rfm_name(persona.recency, persona.frequency, persona.monetary)
    if name == "never bought":
        return name
    figures = (persona.recency, persona.frequency, persona.monetary)
    return "{} (recency {}, frequency {}, money {} of 5)".format(name, *figures)


def reasons_picture(explanation: Explanation) -> str:
    """What each factor adds, the strongest first, and the sentence for the shopper."""
    if explanation.reasons is None:
        return NO_REASONS
    if not explanation.reasons:
        return "Nothing sets this customer apart from the usual one."
    longest = max(abs(reason["log_odds"]) for reason in explanation.reasons)
    rows = [
        Bar(
            f"{'+' if reason['log_odds'] > 0 else '−'} {factor_in_words(reason['factor'])}",
            (abs(reason["log_odds"]) / longest,),
            _effect(reason),
        )
        for reason in explanation.reasons
    ]
    drawn = bars(rows, title="What each factor adds")
    told = format_html("<p>To the shopper: <q>{}</q></p>", explanation.sentence)
    return format_html('<div class="launchopt-page">{}{}</div>', drawn, told)


def _effect(reason: dict[str, Any]) -> str:
    """Such as: odds × 2.3 (KETTLE-1)."""
    skus = ", ".join(reason.get("skus", [])[:2])
    return f"odds × {exp(reason['log_odds']):.2f}" + (f" ({skus})" if skus else "")


def _label(term: dict[str, Any]) -> str:
    return f"{term['name']} (category)" if term["kind"] == "category" else str(term["name"])


def _drawn(picture: str) -> SafeString:
    return format_html('<div class="launchopt-page">{}</div>', picture)
