"""How often the methods err, and how fast they are.

    python -m benchmarks.inference [--experiments 1000] [--looks 20] [--logs 500] [--groups 100000]

- A/A: experiments without any effect, looked at again and again. The sequential method may find
  something in at most 5 % of them at whatever look; the fixed one, read once at the last look,
  covers nothing in 93 to 97 %.
- Policies: logs whose other policy has a known value; intervals hold it in 92 to 98 %.
- Delays: a bandit whose better variant is younger, and whose conversions take days to arrive.
- Speed: a thousand metrics of four variants by all three methods beside scipy's Welch test called
  once for each, and a file of sufficient statistics of many groups from reading to JSON, as
  `analyse_experiment --moments` does.

All is simulated from a seed.
"""

from __future__ import annotations

import argparse
import json
import sys

from benchmarks.inference import delays, peace, policies, speed


def main() -> int:
    """Print the table; exit 1 where a bar is missed."""
    options = _options()
    rows = [
        *peace.measured(
            experiments=options.experiments, looks=options.looks, each=options.each, seed=0
        ),
        *policies.measured(logs=options.logs, seed=0),
        *delays.measured(repeats=options.repeats, seed=0),
        *speed.measured(groups=options.groups),
    ]
    if options.json:
        print(json.dumps(rows))
    else:
        for row in rows:
            told = "" if row["ok"] is None else ("  ok" if row["ok"] else "  MISSED")
            print(f"{row['name']:<72} {row['value']:>9.4g}  {row['bar']:<22}{told}")
    return 0 if all(row["ok"] in (True, None) for row in rows) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--experiments", type=int, default=1000)
    parser.add_argument("--looks", type=int, default=20)
    parser.add_argument("--each", type=int, default=500, help="New units per group and look.")
    parser.add_argument("--logs", type=int, default=500, help="Of a known value.")
    parser.add_argument("--repeats", type=int, default=200, help="Of the bandit with delays.")
    parser.add_argument("--groups", type=int, default=100_000, help="In the file of moments.")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
