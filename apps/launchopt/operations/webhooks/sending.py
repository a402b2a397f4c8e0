"""The outbox is emptied: each delivery is tried until it has arrived, at least once in all.

An attempt is claimed before it is made: the claim moves `next_attempt_at`, so that a worker killed
in the middle leaves a delivery that falls due again, with the same id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from numpy.random import Generator

from launchopt.conf import launchopt_settings
from launchopt.operations.webhooks.models import WebhookDelivery, WebhookEndpoint
from launchopt.operations.webhooks.posting import Outcome, post
from launchopt.operations.webhooks.settling import settle
from launchopt.operations.webhooks.signing import headers_of

AT_ONCE = 8  # requests in flight
MOST = 2_000  # attempts of one tick
# An attempt of which nobody has told after this, and twice the time it may take, is made again.
CLAIM = timedelta(minutes=1)
Waiting = WebhookDelivery.State.WAITING


@dataclass(frozen=True)
class Attempt:
    """A delivery as it was claimed, and all that the request needs: no database from here on."""

    delivery: WebhookDelivery
    secrets: Sequence[str]

    def make(self, *, now: datetime, seconds: float) -> Outcome:
        """Send it."""
        body = self.delivery.body.encode()
        headers = headers_of(body, secrets=self.secrets, message_id=str(self.delivery.pk), now=now)
        return post(self.delivery.endpoint.url, body=body, headers=headers, seconds=seconds)


def send_due(*, clock: Callable[[], datetime], rng: Generator) -> dict[str, int]:
    """Try all that is due, some at once. An endpoint that fails rests for a while, so that it holds
    up no other."""
    counts: Counter[str] = Counter({"delivered": 0, "waiting": 0, "given_up": 0})
    seconds = launchopt_settings().webhook_seconds
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while counts.total() < MOST and (claimed := claim(now=clock())):
            outcomes = pool.map(lambda each: each.make(now=clock(), seconds=seconds), claimed)
            for attempt, outcome in zip(claimed, outcomes, strict=True):
                counts[settle(attempt.delivery, outcome, now=clock(), rng=rng)] += 1
    return dict(counts)


@transaction.atomic
def claim(*, now: datetime) -> list[Attempt]:
    """Take what is due next: of an endpoint that fails one, of others as many as there is room."""
    due = WebhookDelivery.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now),
        Q(endpoint__rests_until=None) | Q(endpoint__rests_until__lte=now),
        state=Waiting,
        next_attempt_at__lte=now,
        endpoint__is_active=True,
    )
    rows = (
        due.select_for_update(skip_locked=True, of=("self",))
        .select_related("endpoint")
        .order_by("next_attempt_at", "pk")[:AT_ONCE]
    )
    taken = _one_of_each_failing(rows)
    until = now + CLAIM + 2 * timedelta(seconds=launchopt_settings().webhook_seconds)
    # In doubt until its outcome is known: a worker that is killed tells of none.
    WebhookDelivery.objects.filter(pk__in=[row.pk for row in taken]).update(
        next_attempt_at=until, attempts=F("attempts") + 1, is_doubtful=True
    )
    # Whoever fails already is tried by one worker at a time.
    failing = {row.endpoint_id for row in taken if row.endpoint.failing_since}
    WebhookEndpoint.objects.filter(pk__in=failing).update(rests_until=until)
    for row in taken:
        row.attempts += 1
    return [Attempt(row, secrets_of(row, now=now)) for row in taken]


def _one_of_each_failing(rows: Sequence[WebhookDelivery]) -> list[WebhookDelivery]:
    tried: set[UUID] = set()
    taken = []
    for row in rows:
        if row.endpoint.failing_since is None or row.endpoint_id not in tried:
            taken.append(row)
            tried.add(row.endpoint_id)
    return taken


def secrets_of(delivery: WebhookDelivery, *, now: datetime) -> list[str]:
    """Those that sign now: the new one first, and the one before until it runs out."""
    endpoint = delivery.endpoint
    is_valid = endpoint.previous_until is not None and now < endpoint.previous_until
    return [endpoint.secret] + [endpoint.previous_secret] * is_valid
