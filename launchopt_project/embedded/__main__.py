"""`python -m launchopt_project.embedded start|stop|status`."""

from __future__ import annotations

import argparse
import sys

from launchopt_project import embedded
from launchopt_project.embedded import EmbeddedError, Home, postgres, redis
from launchopt_project.paths import home_path


def main() -> int:
    """Start, stop or describe the services of one home."""
    parser = argparse.ArgumentParser(
        prog="python -m launchopt_project.embedded",
        description="The embedded PostgreSQL and Redis of a shop.",
        epilog="Example: python -m launchopt_project.embedded --home .launchopt stop",
    )
    parser.add_argument("action", choices=["start", "stop", "status"])
    parser.add_argument("--home", default=str(home_path()), help="the folder of the shop's data")
    arguments = parser.parse_args()
    home = Home.at(arguments.home)
    try:
        return _act(arguments.action, home=home)
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1


def _act(action: str, *, home: Home) -> int:
    if action == "start":
        embedded.start(home)
    if action == "stop" and home.path.exists():
        embedded.stop(home)
    states = {"postgres": postgres.is_running(home), "redis": redis.is_running(home)}
    print(f"home      {home.path}")
    for name, running in states.items():
        print(f"{name:<9} {'running' if running else 'stopped'}")
    return 0 if action != "status" or all(states.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
