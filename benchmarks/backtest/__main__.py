"""The interest model against its baselines on the shop that is imported, in one run.

    python manage.py import_products ...  # and customers and events: see docs/howto
    python -m benchmarks.backtest --cutoff 2011-09-01 --horizon-days 100

It prints the table of `manage.py backtest`, and each measure over that of the best baseline.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from io import StringIO

MEASURES = ("map", "lift_at_10", "lift_at_1", "auc", "ndcg_at_10")
BASELINES = ("random", "activity", "content", "content_activity")


def main() -> int:
    """Print the tables; exit 1 where a baseline is better by MAP."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cutoff", default="2011-09-01")
    parser.add_argument("--horizon-days", default="100")
    parser.add_argument("--cutoffs", default="1")
    parser.add_argument("--min-buyers", default="20")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    report = _report(options)
    ratios = {name: _ratio(report, name) for name in MEASURES}
    if options.json:
        print(json.dumps(report | {"ratios": ratios}))
    else:
        _show(report, ratios)
    return 0 if ratios["map"] >= 1 else 1


def _report(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "launchopt_project.settings")
    import django
    from django.core.management import call_command

    django.setup()
    words = ["--cutoff", options.cutoff, "--horizon-days", options.horizon_days]
    words += ["--cutoffs", options.cutoffs, "--min-buyers", options.min_buyers, "--json"]
    out = StringIO()
    call_command("backtest", *words, stdout=out)
    return json.loads(out.getvalue())


def _ratio(report: dict[str, dict[str, float]], measure: str) -> float:
    return report["model"][measure] / max(report[name][measure] for name in BASELINES)


def _show(report: dict[str, dict[str, float]], ratios: dict[str, float]) -> None:
    from launchopt_ml.backtest import table_of

    print("\n".join(table_of(report)))
    print()
    for name, ratio in ratios.items():
        print(f"{name:12} model / best baseline {ratio:6.2f}")


if __name__ == "__main__":
    sys.exit(main())
