"""Past launches in which chance left customers out, read from the database.

Two kinds: the shop's own launches, by the assignments of their experiments; and imported ones,
whose exposures are said to have been left to chance: those who were shown the product against
those who came by in the same days and were not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from launchopt.campaigns.models import Launch
from launchopt.conf import launchopt_settings
from launchopt.experiments.selectors import control_of, phase_weights

MOST = 30  # launches, the latest: each is looked at from its own beginning
FEWEST_OF_AN_ARM = 10  # customers, that a launch says anything


@dataclass(frozen=True)
class Window:
    """A past launch: its product, and from when to when purchases are its outcome."""

    product: int
    since: datetime
    until: datetime
    launch: Launch | None = None  # None for an imported one


@dataclass(frozen=True)
class Observed:
    """Customers of a past launch, and what became of them."""

    window: Window
    customers: NDArray[np.int64]
    treated: NDArray[np.bool_]
    bought: NDArray[np.bool_]
    share: NDArray[np.float64]  # the chance of each to be treated
    contacts: float  # of a treated customer, in the mean

    @property
    def says_anything(self) -> bool:
        """Whether both arms have customers, and the treated were contacted."""
        smaller = min(int(self.treated.sum()), int((~self.treated).sum()))
        return smaller >= FEWEST_OF_AN_ARM and self.contacts > 0


def past_windows(*, before: datetime) -> list[Window]:
    """The launches with customers left out by chance that were over by an instant, oldest first."""
    found = [*_own(before), *_imported(before)]
    return sorted(found, key=lambda window: (window.until, window.product))[-MOST:]


def observed(window: Window) -> Observed:
    """Who could be contacted in a past launch, who was left out, and who bought."""
    rows, contacts = _rows_of_own(window) if window.launch else _rows_of_imported(window)
    customers, treated, bought, share = (np.array(column) for column in zip(*rows, strict=True))
    return Observed(
        window,
        customers.astype(np.int64),
        treated.astype(bool),
        bought.astype(bool),
        share.astype(float),
        contacts,
    )


def _own(before: datetime) -> list[Window]:
    """Those whose feedback is not off: it says that nothing is to be learned from its results."""
    launches = Launch.objects.filter(
        status=Launch.Status.FINISHED,
        started_at__isnull=False,
        experiment__ends_at__lte=before,
        experiment__is_aa=False,
    )
    launches = launches.exclude(feedback=Launch.Feedback.OFF).select_related("experiment")
    return [
        Window(launch.product_id, launch.started_at, launch.experiment.ends_at, launch)
        for launch in launches
        if launch.experiment and launch.started_at and launch.experiment.ends_at
    ]


def _imported(before: datetime) -> list[Window]:
    """A launch's days are those of its exposures; purchases count until their clicks have aged."""
    after = timedelta(days=launchopt_settings().click_attribution_days)
    with connection.cursor() as cursor:
        cursor.execute(IMPORTED, {"before": before, "after": after})
        return [Window(product, first, last) for product, first, last in cursor.fetchall()]


IMPORTED = """
    SELECT product_id, min(occurred_at), max(occurred_at) + %(after)s
    FROM launchopt_audiences_event
    WHERE kind = 'exposure' AND is_randomised AND occurred_at < %(before)s
    GROUP BY product_id
    HAVING max(occurred_at) + %(after)s <= %(before)s
"""


def _rows_of_own(window: Window) -> tuple[Sequence[Any], float]:
    """(customer, treated, bought, share), and mean contacts of the treated."""
    assert window.launch is not None
    experiment = window.launch.experiment
    assert experiment is not None
    control = control_of(experiment)
    weights = phase_weights(experiment)
    values = {
        "experiment": experiment.pk,
        "control": control.pk,
        "product": window.product,
        "until": window.until,
        "launch": window.launch.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(OWN, values)
        rows = cursor.fetchall()
        cursor.execute(CONTACTS, values)
        (contacts,) = cursor.fetchone()
    shares = {phase: 1 - of.get(control.name, 0.0) for phase, of in weights.items()}
    drawn = [
        (customer, treated, bought, shares[phase])
        for customer, treated, bought, phase in rows
        if 0 < shares.get(phase, 0.0) < 1
    ]
    treated = sum(1 for row in drawn if row[1])
    return drawn or [(0, False, False, 0.5)], contacts / max(treated, 1)


OWN = """
    SELECT a.customer_id, a.variant_id <> %(control)s, EXISTS (
               SELECT FROM launchopt_audiences_event e
               WHERE e.customer_id = a.customer_id AND e.product_id = %(product)s
                 AND e.kind = 'purchase' AND e.occurred_at >= a.assigned_at
                 AND e.occurred_at < %(until)s
           ), a.phase
    FROM launchopt_experiments_assignment a
    JOIN launchopt_audiences_customer c ON c.id = a.customer_id
    WHERE a.experiment_id = %(experiment)s AND c.merged_into_id IS NULL
    ORDER BY a.customer_id
"""
CONTACTS = """
    SELECT count(*) FROM launchopt_campaigns_decision
    WHERE launch_id = %(launch)s AND state = 'confirmed'
"""


def _rows_of_imported(window: Window) -> tuple[Sequence[Any], float]:
    after = timedelta(days=launchopt_settings().click_attribution_days)
    values = {
        "product": window.product,
        "since": window.since,
        "until": window.until,
        "last": window.until - after,
    }
    with connection.cursor() as cursor:
        cursor.execute(CAME_BY, values)
        rows = _alike(cursor.fetchall())
    treated = sum(1 for row in rows if row[1])
    share = treated / max(len(rows), 1)
    contacts = sum(row[1] for row in rows) / max(treated, 1)
    if not 0 < share < 1:
        return [(0, False, False, 0.5)], 0.0
    return [(row[0], row[1] > 0, row[2], share) for row in rows], contacts


def _alike(rows: Sequence[Any]) -> Sequence[Any]:
    """Those who came by whether they were shown the product or not: by what they did elsewhere.

    A purchase of the product is its outcome, and an exposure its treatment: whoever is known by
    these alone would make one arm look like buyers, or like idlers. Only where few were seen
    elsewhere does everything but the outcome count.
    """
    elsewhere = [row for row in rows if row[3]]
    shown = sum(1 for row in rows if row[1])
    if 2 * sum(1 for row in elsewhere if row[1]) >= shown:
        return elsewhere
    return [row for row in rows if row[1] or row[3] or row[4]]


CAME_BY = """
    WITH came AS (
        SELECT e.customer_id,
               bool_or(e.product_id IS DISTINCT FROM %(product)s) AS elsewhere,
               bool_or(e.product_id IS NOT DISTINCT FROM %(product)s
                       AND e.kind NOT IN ('exposure', 'purchase', 'return')) AS looked
        FROM launchopt_audiences_event e
        WHERE e.occurred_at >= %(since)s AND e.occurred_at <= %(last)s
        GROUP BY e.customer_id
    ), shown AS (
        SELECT customer_id, count(*) AS times FROM launchopt_audiences_event
        WHERE product_id = %(product)s AND kind = 'exposure' AND is_randomised
          AND occurred_at >= %(since)s AND occurred_at <= %(last)s
        GROUP BY customer_id
    ), bought AS (
        SELECT DISTINCT customer_id FROM launchopt_audiences_event
        WHERE product_id = %(product)s AND kind = 'purchase'
          AND occurred_at >= %(since)s AND occurred_at < %(until)s
    )
    SELECT came.customer_id, coalesce(shown.times, 0), bought.customer_id IS NOT NULL,
           came.elsewhere, came.looked
    FROM came
    JOIN launchopt_audiences_customer c ON c.id = came.customer_id AND c.merged_into_id IS NULL
    JOIN launchopt_audiences_consent a
      ON a.customer_id = c.id AND a.purpose = 'marketing' AND a.is_granted
    LEFT JOIN shown ON shown.customer_id = came.customer_id
    LEFT JOIN bought ON bought.customer_id = came.customer_id
    ORDER BY came.customer_id
"""
