"""The part of a report that only a simulation can have: the truth beside what was measured."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from launchopt.campaigns.models import Launch
from launchopt.campaigns.reporting import Picture, Section, Table
from launchopt.operations.charts import Bar, Interval, bars, intervals
from launchopt_project.demo.comparison import Comparison
from launchopt_project.paths import home_path


def truth_file(launch: object) -> Path:
    """Where the comparison of a played launch is kept."""
    return home_path() / "demo" / f"truth-{launch}.json"


def keep_truth(result: Comparison, *, launch: object) -> None:
    """Keep it for the reports of this launch, here and in the admin."""
    truth_file(launch).write_text(json.dumps(asdict(result)), "utf-8")


def kept_truth(launch: object) -> Comparison | None:
    """What was kept for this launch; None where it was not played to its end."""
    file = truth_file(launch)
    return Comparison(**json.loads(file.read_text("utf-8"))) if file.exists() else None


def truth_of(launch: Launch) -> Section | None:
    """The section for a launch that was played to its end; None for any other."""
    result = kept_truth(launch.pk)
    return truth_section(result) if result else None


def truth_section(result: Comparison) -> Section:
    """What the launch really caused, and what else the same spend could have caused."""
    return Section(
        key="truth",
        title="Measured and true",
        notice=(
            f"The {result.shoppers:,} shoppers of this launch are simulated. The simulator knows "
            "what each would have bought without being shown anything, so what the launch really "
            "caused can be counted. A real shop cannot see that: it has the experiment alone."
        ),
        lead=f"{measured_sentence(result)} {plan_sentence(result)}",
        pictures=(
            Picture(_effect_chart(result), "Effect in purchases per 100 customers assigned"),
            Picture(_spend_chart(result), f"Purchases caused by {result.contacts:,} contacts"),
        ),
        tables=(Table(("Figure", "Value"), _rows(result), folded=True),),
    )


def measured_sentence(result: Comparison) -> str:
    """The measured effect and the true one. An interval that includes zero is inconclusive."""
    if result.measured is None or result.low is None or result.high is None:
        return "The experiment had too few customers to measure an effect."
    said = (
        f"The experiment measured an effect of {result.measured * 100:+.2f} purchases per 100 "
        f"customers, with an interval from {_points(result.low)} to {_points(result.high)}"
    )
    verdict = "" if result.is_conclusive else ", which includes zero: it is inconclusive"
    place = "inside" if result.covers_truth else "outside"
    return f"{said}{verdict}. The truth is {_points(result.real)}, {place} that interval."


def plan_sentence(result: Comparison) -> str:
    """What the plan caused, beside chance and perfect knowledge at the same spend."""
    said = (
        f"With {result.contacts:,} contacts the plan caused {result.caused:.0f} purchases that "
        "would not have happened. As many contacts with consenting shoppers picked by chance "
        f"cause {result.random:.1f} on average"
    )
    times = f" (the plan: {result.times_random:.1f} times that)" if result.times_random else ""
    return f"{said}{times}; whoever knew everything could cause {result.best:.0f}."


def _rows(result: Comparison) -> list[tuple[str, str]]:
    return [
        ("Effect per 100 customers, measured", _measured_words(result)),
        ("Effect per 100 customers, true", _points(result.real)),
        ("Shoppers shown the product", f"{result.reached:,}"),
        ("Contacts", f"{result.contacts:,}"),
        ("Caused by the plan", f"{result.caused:.0f}"),
        ("Caused by the plan, mean over all draws", f"{result.caused_expected:.1f}"),
        ("Caused by chance at the same spend, mean of 200 picks", f"{result.random:.1f}"),
        ("The most that the same spend could cause", f"{result.best:.0f}"),
    ]


def _measured_words(result: Comparison) -> str:
    if result.measured is None or result.low is None or result.high is None:
        return "too few customers"
    words = f"{_points(result.measured)} ({_points(result.low)} to {_points(result.high)})"
    return words if result.is_conclusive else f"{words}, inconclusive"


def _effect_chart(result: Comparison) -> str:
    """The measured interval above the truth, on one scale."""
    low, measured, high = (_hundred(each) for each in (result.low, result.measured, result.high))
    true = 100 * result.real
    rows = [
        Interval("measured", low, measured, high, _measured_words(result)),
        Interval("true", true, true, true, _points(result.real)),
    ]
    return intervals(rows, title="Effect in purchases per 100 customers")


def _spend_chart(result: Comparison) -> str:
    """What chance, the plan and perfect knowledge cause with the same number of contacts."""
    rows = [
        Bar("picked by chance", (result.random,), f"{result.random:.1f}"),
        Bar("this plan", (result.caused,), f"{result.caused:.0f}"),
        Bar("all-knowing", (result.best,), f"{result.best:.0f}"),
    ]
    return bars(rows, title=f"Purchases caused by {result.contacts:,} contacts")


def _hundred(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _points(share: float) -> str:
    """Purchases per customer as purchases per 100 customers."""
    return f"{100 * share:.2f}"
