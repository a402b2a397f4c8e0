"""Decisions over HTTP by four servers at once, two of them killed: is any promise broken?

    LAUNCHOPT_HOME=/some/empty/folder python -m benchmarks.decisions.killed

Customers live in many time zones, some never agreed; three launches, one by e-mail, share a cap of
two contacts and have little money. Four clients ask in lists, each its own server; where a server
is dead they send the same list to the next one. Then the log is checked with queries and clocks
that share no code with the rules, and the money is compared with the log to the cent, once what was
lent to processes, dead or alive, has come back.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.recommendations.settings"
SERVERS, KILLED, LIST = 4, 2, 50
ZONES = ("", "Asia/Tokyo", "America/New_York", "Europe/London", "Australia/Sydney", "Asia/Kolkata")
CAP, HOURS, BUDGET = 2, 24, Decimal("24.00")


def main() -> int:
    """Print what was decided and what was broken; exit 1 where anything was."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--decisions", type=int, default=50_000)
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    key = _prepare(options)
    from benchmarks.recommendations.__main__ import _serve

    servers = [_serve() for _ in range(SERVERS)]
    try:
        answered, resent = _ask_all(servers, key, options)
    finally:
        for _, server in servers:
            server.terminate()
            server.wait(timeout=20)
    report = {"answered": answered, "lists_sent_again": resent} | _broken()
    print(json.dumps(report))
    return 1 if any(count for name, count in report.items() if name.startswith("broken")) else 0


def _prepare(options: argparse.Namespace) -> str:
    import django

    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    from launchopt import testing
    from launchopt.audiences.models import Consent, Customer
    from launchopt.campaigns.models import Campaign, Launch, Placement
    from launchopt.operations.services import create_api_key

    call_command("migrate", verbosity=0)
    now = timezone.now()
    customers = testing.make_customers(options.customers, now=now)
    for number, zone in enumerate(ZONES):
        mine = [customer.pk for customer in customers[number :: len(ZONES)]]
        Customer.objects.filter(pk__in=mine).update(time_zone=zone)
    never = [customer.pk for customer in customers[::7]]
    Consent.objects.filter(customer__in=never).update(is_granted=False)
    Placement.objects.get_or_create(name="letter", defaults={"channel": "email"})
    for number, channel in enumerate(("onsite", "onsite", "email")):
        testing.make_running_launch(
            product=testing.make_product(f"P{number}", now=now),
            customers=customers,
            now=now - timedelta(minutes=1),
            budget=BUDGET,
            channel=channel,
            days=1,
        )
    Launch.objects.update(cap_contacts=CAP, cap_window_hours=HOURS)
    Campaign.objects.update(allowance=BUDGET)
    return create_api_key(name=f"killed {now.isoformat()}", group="integration", now=now)


def _ask_all(
    servers: list[tuple[int, subprocess.Popen[bytes]]], key: str, options: argparse.Namespace
) -> tuple[int, int]:
    """Ask in lists from as many clients as servers; kill two servers when a third is answered."""
    lists = _lists(options)
    done: list[int] = []
    ports = [port for port, _ in servers]

    def ask(client: int) -> int:
        resent = 0
        for body in lists[client::SERVERS]:
            resent += _send(body, ports[client:] + ports[:client], key)
            done.append(LIST)
            if client == 0 and len(done) > len(lists) // 3:
                for _, server in servers[1 : 1 + KILLED]:
                    _kill(server)
        return resent

    with ThreadPoolExecutor(SERVERS) as pool:
        resent = sum(pool.map(ask, range(SERVERS)))
    return sum(done), resent


def _lists(options: argparse.Namespace) -> list[str]:
    rng = np.random.default_rng(options.seed)
    who = rng.integers(options.customers, size=(options.decisions // LIST, LIST))
    where = rng.choice(["home", "letter"], size=who.shape)
    return [
        json.dumps(
            [
                {"customer": f"customer-{customer}", "placement": str(place)}
                for customer, place in zip(row.tolist(), places, strict=True)
            ]
        )
        for row, places in zip(who, where, strict=True)
    ]


def _send(body: str, ports: list[int], key: str) -> int:
    """Give the list to the first server that answers; gives how many did not."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    for failed, port in enumerate(ports):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("POST", "/api/v1/decisions/", body=body, headers=headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            continue
        finally:
            connection.close()
        if answer.status != 200:
            raise RuntimeError(f"decisions/ answered {answer.status}: {content[:300]!r}")
        return failed
    raise RuntimeError("No server answers.")


def _kill(server: subprocess.Popen[bytes]) -> None:
    """At once, with its workers, in the middle of what they do."""
    if server.poll() is not None:
        return
    found = subprocess.run(["pgrep", "-P", str(server.pid)], capture_output=True, text=True)
    for pid in [server.pid, *map(int, found.stdout.split())]:
        os.kill(pid, signal.SIGKILL)
    server.wait(timeout=20)


def _broken() -> dict[str, Any]:
    from django.db.models import Sum

    from launchopt.audiences.models import Consent
    from launchopt.campaigns.models import Campaign, Decision, Lease

    lent = Lease.objects.aggregate(lent=Sum("amount"))["lent"] or Decimal(0)
    _take_back()
    rows = Decision.objects.filter(reason="shown").order_by("customer", "decided_at")
    shown = list(rows.values_list("customer", "decided_at", "channel", "customer__time_zone"))
    agreed = set(Consent.objects.filter(is_granted=True).values_list("customer", flat=True))
    costs = dict(rows.order_by().values_list("campaign").annotate(Sum("cost")))
    campaigns = list(Campaign.objects.all())
    too_soon = zip(shown, shown[CAP:], strict=False)
    return {
        "decisions_in_the_log": Decision.objects.count(),
        "shown": len(shown),
        "by_email": sum(channel == "email" for _, _, channel, _ in shown),
        "broken_caps": sum(
            a[0] == b[0] and b[1] - a[1] < timedelta(hours=HOURS) for a, b in too_soon
        ),
        "broken_quiet_hours": sum(
            not 8 <= at.astimezone(ZoneInfo(zone or "UTC")).hour < 21
            for _, at, channel, zone in shown
            if channel == "email"
        ),
        "broken_consents": sum(customer not in agreed for customer, *_ in shown),
        "broken_budgets": sum(c.reserved + c.spent > BUDGET for c in campaigns),
        "broken_books": sum(c.reserved + c.spent != costs.get(c.pk, Decimal(0)) for c in campaigns),
        "lent_to_processes": str(lent),
        "money_taken": [str(c.reserved + c.spent) for c in campaigns],
    }


def _take_back() -> None:
    """As the next tick of pacing does it, once leases are over."""
    from django.db import transaction

    from launchopt.campaigns.models import Campaign
    from launchopt.campaigns.services.leasing import recall_leases
    from launchopt.campaigns.services.locking import lock_campaigns

    with transaction.atomic():
        recall_leases(lock_campaigns(Campaign.objects.all()).values())


if __name__ == "__main__":
    sys.exit(main())
