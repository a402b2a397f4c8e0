"""LaunchOpt beside its peers on products that nobody had bought yet: one split, one table.

    LAUNCHOPT_DATA=/folder/with/online_retail.csv.gz python -m benchmarks.cold_start
    python -m benchmarks.cold_start --all-shops

The first prints quality, buyers predicted and actual, and times on one case; the recipe of the
literature is measured on a sample, for it would take hours. The second prints, for every shop of
benchmarks.shops, our MAP over that of the best plain way (activity, TF-IDF votes, both together).
It needs no database. See requirements.txt for LightFM.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks import shops
from benchmarks.cold_start.measuring import PEERS, PLAIN, measured
from benchmarks.cold_start.recipe import recipe_beside

RECIPE = "recipe"
BEYOND = 2.0  # standard errors below the best plain way at which a shop counts as lost


def main() -> int:
    """Print the table; exit 1 where a plain way is better than LaunchOpt, 2 on wrong input."""
    options = _options()
    try:
        report = _all_shops(options) if options.all_shops else _one_case(options)
    except (shops.NoData, KeyError, ValueError) as wrong:
        print(f"benchmarks.cold_start: {wrong}", file=sys.stderr)
        return 2
    lines = _ratio_lines(report) if options.all_shops else _case_lines(report)
    print(json.dumps(report) if options.json else "\n".join(lines))
    return 0 if report["holds"] else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shop", choices=sorted(shops.SHOPS), default="online_retail")
    parser.add_argument("--cutoff", help="A case of the shop; default: the one for the test.")
    parser.add_argument("--horizon-days", type=float, help="Instead of the case's.")
    parser.add_argument("--min-buyers", type=int, help="Instead of the case's.")
    parser.add_argument(
        "--peers",
        default=",".join([*PEERS, RECIPE]),
        help="Some of %(default)s.",
    )
    parser.add_argument("--recipe-training-pairs", type=int, default=3_200)
    parser.add_argument("--recipe-scored-pairs", type=int, default=4_000)
    parser.add_argument("--all-shops", action="store_true")
    parser.add_argument(
        "--development",
        action="store_true",
        help="With --all-shops: the cases on which things are chosen, not those for the test.",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _one_case(options: argparse.Namespace) -> dict[str, Any]:
    case = _case(options)
    asked = options.peers.split(",")
    unknown = sorted(set(asked) - {*PEERS, RECIPE})
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: known peers are {', '.join([*PEERS, RECIPE])}.")
    wanted = [name for name in PEERS if name in asked]
    there = [name for name in wanted if PEERS[name].is_there]
    shop = shops.shop(case.shop)
    found = measured(shop, case, peers=there, tell=_tell, seed=options.seed)
    report = found.report | {
        "left_out": {name: PEERS[name].package for name in wanted if name not in there},
        "holds": _is_best(found.report["peers"]),
    }
    if RECIPE in asked:
        report[RECIPE] = recipe_beside(
            shop,
            case,
            found,
            train_pairs=options.recipe_training_pairs,
            score_pairs=options.recipe_scored_pairs,
            tell=_tell,
            seed=options.seed,
        )
    return report


def _case(options: argparse.Namespace) -> shops.Case:
    known = shops.cases([options.shop])
    fitting = [
        case
        for case in known
        if (case.cutoff == options.cutoff if options.cutoff else case.is_test)
    ]
    if not fitting:  # a cutoff of one's own, judged as the test is
        fitting = [replace(known[-1], cutoff=options.cutoff, is_test=False)]
    changes = {"horizon_days": options.horizon_days, "min_buyers": options.min_buyers}
    return replace(fitting[0], **{name: value for name, value in changes.items() if value})


def _is_best(peers: dict[str, dict[str, Any]]) -> bool:
    best = max(peers.values(), key=lambda row: row["map"])
    return "model" not in peers or peers["model"] is best


def _all_shops(options: argparse.Namespace) -> dict[str, Any]:
    rows, absent, made, name = [], {}, None, ""
    for case in shops.cases(is_test=not options.development):
        try:
            made = made if case.shop == name else shops.shop(case.shop)
        except shops.NoData as missing:
            absent[case.shop] = str(missing)
            continue
        name = case.shop
        _tell(f"{case.shop} at {case.cutoff}")
        found = measured(made, case, peers=["model", *PLAIN], tell=lambda _: None).report
        rows.append(_ratio_row(found))
    if not rows:
        raise ValueError("No shop's data is there; set LAUNCHOPT_DATA.")
    ratios = [row["ratio"] for row in rows]
    return {
        "shops": rows,
        "absent": absent,
        "mean_ratio": float(np.mean(ratios)),
        "lowest_ratio": float(np.min(ratios)),
        "holds": all(row["holds"] for row in rows),
    }


def _ratio_row(found: dict[str, Any]) -> dict[str, Any]:
    difference = found["difference"]
    low, high = (1 + edge for edge in difference["map"]["relative_interval"])
    ratio = 1 + difference["map"]["relative"]
    error = (high - low) / (2 * 1.96)  # paired bootstrap over products
    facts = ("shop", "cutoff", "customers", "products", "buyers", "actual_buyers")
    return {name: found[name] for name in facts} | {
        "best": difference["against"],
        "map": found["peers"]["model"]["map"],
        "best_map": found["peers"][difference["against"]]["map"],
        "predicted_buyers": found["peers"]["model"]["predicted_buyers"],
        "ratio": ratio,
        "interval": [low, high],
        "standard_error": error,
        "holds": ratio >= 1 - BEYOND * error,
    }


def _case_lines(report: dict[str, Any]) -> Iterator[str]:
    what = "the test" if report["is_test"] else "for development"
    yield (
        f"{report['shop']} at {report['cutoff']} over {report['horizon_days']:g} days ({what}):"
        f" {report['customers']:,} customers, {report['products']} of"
        f" {report['new_products']} new products with at least {report['min_buyers']} buyers"
    )
    yield (
        f"{'':26}{'MAP':>7}{'lift@10':>9}{'lift@1':>8}{'AUC':>7}{'NDCG@10':>9}"
        f"{'predicted':>11}{'actual':>8}{'train s':>9}{'CPU s':>7}{'score s':>9}{'CPU s':>7}"
        f"{'pairs/CPU s':>13}"
    )
    for name, row in report["peers"].items():
        yield _quality(PEERS[name].label, row) + _costs(row, actual=report["actual_buyers"])
    for name, package in report["left_out"].items():
        yield f"{PEERS[name].label:26} left out: {package} is not installed (requirements.txt)"
    if RECIPE in report:
        yield from _recipe_lines(report)


def _quality(label: str, row: dict[str, Any]) -> str:
    return (
        f"{label:26}{row['map']:7.4f}{row['lift_at_10']:9.2f}{row['lift_at_1']:8.2f}"
        f"{row['auc']:7.3f}{row['ndcg_at_10']:9.3f}"
    )


def _costs(row: dict[str, Any], *, actual: int) -> str:
    predicted = row["predicted_buyers"]
    told = f"{'-':>11}" if predicted is None else f"{predicted:11,.0f}"
    train = f"{row['train_seconds']:9.1f}{row['train_cpu_seconds']:7.1f}"
    score = f"{row['score_seconds']:9.2f}{row['score_cpu_seconds']:7.2f}"
    return f"{told}{actual:8,}{train}{score}{row['pairs_per_cpu_second']:13,.0f}"


def _recipe_lines(report: dict[str, Any]) -> Iterator[str]:
    recipe = report[RECIPE]
    found = recipe["classification"]
    yield ""
    yield (
        "The recipe of the literature (BERT over history text and product text, 128 tokens, batch"
        f" 16), on a sample for its slowness: {recipe['steps']} steps, then"
        f" {recipe['customers']} customers x {recipe['products']} products; all on that sample:"
    )
    for name, row in recipe["peers"].items():
        yield _quality("recipe" if name == RECIPE else PEERS[name].label, row)
    yield (
        f"recipe: trained in {recipe['train_seconds']:.0f} s ({recipe['train_cpu_seconds']:.0f} of"
        f" the CPU), {recipe['pairs_per_cpu_second']:.1f} pairs/CPU s"
    )
    if "model" in report["peers"]:
        ours = report["peers"]["model"]["pairs_per_cpu_second"]
        yield f"LaunchOpt scores {ours / recipe['pairs_per_cpu_second']:,.0f} times as many."
    yield (
        f"recipe on {found['pairs']} pairs of launches held out, half bought, at"
        f" {found['threshold']}: {found['true_positive']} true and"
        f" {found['false_positive']} false positives, {found['true_negative']} true and"
        f" {found['false_negative']} false negatives; precision {found['precision']:.3f},"
        f" recall {found['recall']:.3f}, F1 {found['f1']:.3f}"
    )


def _ratio_lines(report: dict[str, Any]) -> Iterator[str]:
    yield (
        f"{'shop':26}{'cutoff':>12}{'products':>9}{'MAP':>8}{'best':>8}{'ratio':>7}{'SE':>7}"
        f"{'predicted':>11}{'actual':>8}  best plain way"
    )
    for row in report["shops"]:
        yield (
            f"{row['shop']:26}{row['cutoff']:>12}{row['products']:9}{row['map']:8.4f}"
            f"{row['best_map']:8.4f}{row['ratio']:7.2f}{row['standard_error']:7.3f}"
            f"{row['predicted_buyers']:11,.0f}{row['actual_buyers']:8,}  {row['best']}"
            + ("" if row["holds"] else "  LOST")
        )
    yield f"mean ratio {report['mean_ratio']:.3f}, lowest {report['lowest_ratio']:.3f}"
    yield from (f"{name} left out: {why}" for name, why in report["absent"].items())


if __name__ == "__main__":
    sys.exit(main())
