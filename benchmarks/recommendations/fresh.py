"""Seconds from `POST products/` until the product is recommended and counted in an audience.

    python -m benchmarks.recommendations.fresh --customers 100000

A large shop from a seed, with a model, scores of ten new products and everybody's list, stands in a
home of its own; the web, both workers and beat run as in service. Products are posted one after
the other; nothing is trained and nothing restarted in between. The first one also waits for the
worker to load the encoder and the model.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.recommendations.preparing import prepared

BAR = 60.0
PATIENCE = 600.0
TITLES = (
    "green ceramic lantern with hearts",
    "tall striped copper kettle",
    "folding woollen cushion",
)


def main() -> int:
    """Print the table; exit 1 where the bar is missed."""
    options = _options()
    home = options.home or Path(tempfile.mkdtemp(prefix="launchopt-fresh-"))
    os.environ["LAUNCHOPT_HOME"] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "launchopt_project.settings")
    key = _prepare(options)
    report = _measured(key, titles=TITLES[: options.products_posted])
    report |= {"customers": options.customers, "load": round(os.getloadavg()[0], 1)}
    print(json.dumps(report)) if options.json else _show(report)
    return 0 if max(post["listed"] for post in report["posts"]) <= BAR else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--products", type=int, default=2_000)
    parser.add_argument("--new", type=int, default=10, help="New products scored before.")
    parser.add_argument("--orders", type=int, default=10, help="Purchases a customer.")
    parser.add_argument("--products-posted", type=int, default=3, choices=(1, 2, 3))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--home", type=Path, help="A folder to keep the shop in for another time.")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _prepare(options: argparse.Namespace) -> str:
    def build() -> None:
        from benchmarks.recommendations import large

        large.build(
            customers=options.customers,
            products=options.products,
            new=options.new,
            orders=options.orders,
            seed=options.seed,
        )

    return prepared(build, group="marketer")


def _measured(key: str, *, titles: tuple[str, ...]) -> dict[str, Any]:
    from launchopt_project.supervisor import Stack

    with Stack() as stack:
        web = _Web(f"{stack.url}/api/v1/", key)
        posts = [_posted(web, sku=f"NEW-{time.time_ns()}", title=title) for title in titles]
    return {"posts": posts}


def _posted(web: _Web, *, sku: str, title: str) -> dict[str, Any]:
    """Seconds until it stands in stored lists, is answered by REST, counted, and in all lists."""
    from launchopt.audiences.models import InterestScore, Recommendation

    start = time.perf_counter()
    product = web.post("products/", {"sku": sku, "title": title, "price": "12.50"})
    rules = {"consent": None, "top_share": 0.1}
    asked = {"name": f"Likely to want {sku}", "product": product["sku"], "rules": rules}
    audience = web.post("audiences/", asked)["id"]
    listed = Recommendation.objects.filter(product__sku=sku)
    seconds = {"scored": _wait(InterestScore.objects.filter(product__sku=sku).exists, start)}
    seconds["first_list"] = _wait(listed.exists, start)
    entry = listed.select_related("customer").order_by("rank").first()
    assert entry is not None, "it was there a moment ago"
    path = f"customers/{entry.customer.external_id}/recommendations/?k=20"
    seconds["rest"] = _wait(
        lambda: sku in [e["sku"] for e in web.get(path)["recommendations"]], start
    )
    seconds["stranger"] = _wait(lambda: _is_shown_to_strangers(web, sku), start)
    counted = f"audiences/{audience}/"
    seconds["audience"] = _wait(lambda: web.get(counted)["size"], start)
    seconds["all_lists"] = _wait(lambda: not _waits(sku), start)
    size = web.get(counted)["size"]
    return seconds | {
        "listed": max(seconds.values()),
        "lists": listed.count(),
        "audience_size": size,
    }


def _waits(sku: str) -> bool:
    """Whether there are lists that it was not offered yet."""
    from django.utils import timezone

    from launchopt.audiences.newcomers import newcomers

    return sku in [product.sku for product in newcomers(now=timezone.now())]


def _is_shown_to_strangers(web: _Web, sku: str) -> bool:
    entries = web.get("customers/nobody-yet/recommendations/?k=100")["recommendations"]
    return sku in [entry["sku"] for entry in entries]


def _wait(is_true: Callable[[], object], start: float) -> float:
    while not is_true():
        if time.perf_counter() - start > PATIENCE:
            raise RuntimeError(f"Not so after {PATIENCE:g} seconds.")
        time.sleep(0.5)
    return round(time.perf_counter() - start, 1)


class _Web:
    """REST with a key."""

    def __init__(self, address: str, key: str) -> None:
        self._address = address
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def get(self, path: str) -> Any:
        """The answer as JSON."""
        return self._asked(urllib.request.Request(self._address + path, headers=self._headers))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The same."""
        data = json.dumps(body).encode()
        return self._asked(urllib.request.Request(self._address + path, data, self._headers))

    def _asked(self, request: urllib.request.Request) -> Any:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)


def _show(report: dict[str, Any]) -> None:
    print(f"{report['customers']} customers, load {report['load']}; seconds after POST products/")
    names = ("scored", "first_list", "rest", "stranger", "audience", "all_lists", "lists")
    print("".join(f"{name:>12}" for name in names))
    for post in report["posts"]:
        print("".join(f"{post[name]:>12}" for name in names))
    print(f"at most {max(post['listed'] for post in report['posts'])} (bar {BAR:g})")


if __name__ == "__main__":
    sys.exit(main())
