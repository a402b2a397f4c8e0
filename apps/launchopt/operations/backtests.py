"""A model's backtest in words, tables and pictures, for the admin and for reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from launchopt.operations.charts import Interval, Svg, intervals

Metrics = Mapping[str, Any]

NAMES = {
    "model": "the model",
    "active": "the version in service",
    "content": "similar words",
    "content_activity": "similar words + activity",
    "activity": "activity",
    "random": "chance",
}
MEASURES = {
    "map": "Average precision",
    "lift_at_10": "Lift, likeliest tenth",
    "lift_at_1": "Lift, likeliest hundredth",
    "auc": "AUC",
    "ndcg_at_10": "NDCG at 10",
    "calibration_error": "Calibration error",
}
DIGITS = {"lift_at_10": 2, "lift_at_1": 2, "calibration_error": 4}
MEANINGS = {
    "Plain ways to predict": "Similar words: who bought products with the same words buys this "
    "one. Activity: who buys many products buys this one. Chance: anybody.",
    "Average precision": "Mean over products of how early in the ranking the buyers stand; 1 is "
    "all buyers first.",
    "Lift": "How many times as many buyers are among the customers ranked first as among as many "
    "chosen by chance.",
    "AUC": "How often a buyer stands before somebody who did not buy; 0.5 is chance.",
    "NDCG at 10": "How well the ten new products ranked first for a customer match what was "
    "bought.",
    "Calibration error": "Mean distance between predicted and actual share of buyers, over twenty "
    "bins of equal size.",
}
SWING = (
    "How well launches sell swings by half from season to season, and no model sees it beforehand: "
    "the range is where four of five seasons fall, going by how this shop's launches have swung."
)


@dataclass(frozen=True)
class TextTable:
    """Columns and rows of text."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def was_tested(metrics: Metrics) -> bool:
    """Whether there were launches to measure it on."""
    return "model" in metrics and "intervals" in metrics


def measures_table(metrics: Metrics, *, only: Sequence[str] = tuple(MEASURES)) -> TextTable:
    """One row for the model and for each baseline, with intervals."""
    rows = [
        (NAMES.get(name, name), *(_cell(metrics, name, measure) for measure in only))
        for name in models_in(metrics)
    ]
    return TextTable(("Way to predict", *(MEASURES[m] for m in only)), tuple(rows))


def models_in(metrics: Metrics) -> list[str]:
    """What was measured: the model, then the others, the best by average precision first."""
    others = [name for name in metrics["intervals"] if name != "model"]
    return ["model", *sorted(others, key=lambda name: -metrics[name].get("map", 0.0))]


def precision_picture(metrics: Metrics) -> Svg:
    """Average precision of each way to predict, with its interval."""
    rows = []
    for name in models_in(metrics):
        low, high = metrics["intervals"][name]["map"]
        value = metrics[name]["map"]
        text = f"{value:.3f} ({low:.3f} to {high:.3f})"
        rows.append(Interval(NAMES.get(name, name), low, value, high, text))
    return Svg(intervals(rows, title="Average precision on the last launches", zero="0"))


def lead_sentence(metrics: Metrics) -> str:
    """On what it was measured, and by how much it was better than the best plain way."""
    since = str(metrics["cutoffs"][0]["cutoff"])[:10]
    days = metrics["cutoffs"][0]["horizon_days"]
    told = (
        f"Measured on {metrics['products']} products launched in the {days:g} days from {since}, "
        f"with {metrics['buyers']:,} buyers among {metrics['customers']:,} customers known before."
    )
    return f"{told} {difference_sentence(metrics)}".strip()


def difference_sentence(metrics: Metrics) -> str:
    """The model beside the best of the plain ways to predict."""
    difference = metrics.get("difference") or {}
    gap = difference.get("map", {})
    if "relative" not in gap:
        return ""
    against = NAMES.get(difference["against"], difference["against"])
    low, high = gap["relative_interval"]
    span = f"(95 % interval {low:+.0%} to {high:+.0%})".replace("-", "−")
    better = f"{gap['relative']:+.0%}".replace("-", "−")
    if low > 0:
        return f"Its average precision is {better} against the best plain way, {against} {span}."
    if high < 0:
        return f"The best plain way, {against}, does better: {better} {span}."
    return (
        f"Against the best plain way, {against}, its average precision is {better} {span}: "
        "no clear difference on so few launches."
    )


def buyers_table(metrics: Metrics) -> TextTable:
    """Predicted and actual buyers over all new products, at each cutoff."""
    rows = tuple(
        (
            f"{one['cutoff'][:10]}, {one['horizon_days']:g} days",
            f"{one['new_products']:,}",
            f"{one['predicted_buyers']:,.0f}",
            "{:,.0f} to {:,.0f}".format(*one["predicted_interval"]),
            f"{one['actual_buyers']:,}",
        )
        for one in metrics["cutoffs"]
    )
    names = ("Launched from", "New products", "Predicted buyers", "Four of five seasons", "Bought")
    return TextTable(names, rows)


def spread_sentence(metrics: Metrics) -> str:
    """How its scores were spread when it was tested; empty where that was not kept."""
    edges = (metrics.get("scores") or {}).get("edges") or []
    if len(edges) < 3:
        return ""
    middle, top = edges[len(edges) // 2], edges[-1]
    return (
        f"Of all pairs of customer and new product, half had a chance below {30 * middle:.2%} to "
        f"buy within 30 days on sale, and a tenth one above {30 * top:.2%}."
    )


def trials_table(metrics: Metrics) -> TextTable | None:
    """What a search of parameters tried, the best first; None where there was none."""
    trials = metrics.get("search", {}).get("trials")
    if not trials:
        return None
    names = sorted({name for trial in trials for name in trial["parameters"]})
    order = sorted(trials, key=lambda trial: -(trial["value"] or 0.0))
    rows = tuple(
        (
            str(trial["number"]),
            f"{trial['value']:.4f}" if trial["value"] is not None else "–",
            trial["state"],
            *(_plain(trial["parameters"].get(name)) for name in names),
        )
        for trial in order
    )
    return TextTable(("Trial", "Average precision", "State", *names), rows)


GROUPS = {"all": "all products", "warm": "known products", "cold": "new products"}
WAYS = {"merged": "the merged list"}
LIST_MEASURES = {
    "ndcg": "NDCG at 10",
    "hit_rate": "Lists with a hit",
    "precision": "Precision",
    "recall": "Recall",
    "customers": "Customers",
}


def lists_sentence(metrics: Metrics) -> str:
    """How well the line in log-odds foresaw purchases; empty for what is no ranker."""
    if "stated_log_loss" not in metrics:
        return ""
    learned, stated = metrics["log_loss"], metrics["stated_log_loss"]
    verdict = "better" if learned < stated else "not better"
    return (
        f"It foresaw the purchases of the last month with a loss of {learned:.4f} per entry of a "
        f"list (log loss, lower is better), {verdict} than the {stated:.4f} of what is stated "
        "without learning."
    )


def lists_table(metrics: Metrics) -> TextTable | None:
    """How good lists would have been a month ago, each source beside the merged list."""
    quality = metrics.get("quality") or {}
    rows = tuple(
        (GROUPS[group], WAYS.get(way, way.replace("_", " ") + " alone"), *_means(found))
        for group in GROUPS
        for way, found in quality.get(group, {}).items()
    )
    return TextTable(("Products", "List", *LIST_MEASURES.values()), rows) if rows else None


def _means(found: Metrics) -> Iterator[str]:
    for name in LIST_MEASURES:
        value = found.get(name)
        yield "–" if value is None else f"{value:,.0f}" if name == "customers" else f"{value:.3f}"


def parameters_rows(card: Metrics) -> Iterator[tuple[str, str]]:
    """What a card says of how it was learned, as names and values."""
    for name in ("learner", "source", "episodes", "launches", "buyers", "seed"):
        if name in card:
            yield name.replace("_", " "), _plain(card[name])
    rate = card.get("daily_rate", {})
    if "value" in rate:
        yield "daily rate", f"{rate['value']:.3g}, from {rate['source']}"
    if "level_interval" in card:
        low, high = card["level_interval"]
        yield "buyers in four of five seasons", f"{low:.2f} to {high:.2f} times those predicted"
    for name, value in (card.get("parameters", {}) | card.get("numbers", {})).items():
        yield name.replace("_", " "), _plain(value)


def _cell(metrics: Metrics, name: str, measure: str) -> str:
    value = metrics[name].get(measure)
    if value is None:
        return "–"
    low, high = metrics["intervals"][name][measure]
    digits = DIGITS.get(measure, 3)
    return f"{value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def _plain(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
