"""Audiences as files for ad platforms: hashed addresses of those who agreed and take part."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TextIO

from django.db.models import Exists, OuterRef

from launchopt.audiences.models import Audience, AudienceMember, Consent, Customer
from launchopt.campaigns.channels import advertising
from launchopt.campaigns.models import Campaign, Launch
from launchopt.experiments.holdout import is_held_from_all_launches
from launchopt.experiments.models import Experiment
from launchopt.experiments.selectors import weights_in_force
from launchopt.operations.errors import InvalidInput
from launchopt.operations.services import record_audit
from launchopt_core.assignment import HOLDOUT, bucket_of, choose_variant

PURPOSES = ("marketing", "ad_platforms")  # both: a launch speaks, and another firm gets the hash
BLOCK = 5_000


def export_audience(
    audience: Audience, *, form: str, file: TextIO, by: Any, now: datetime
) -> dict[str, int]:
    """Write a platform's file; gives how many were written and why others were not.

    Members without consent to both PURPOSES, without an address, and those whom a launch holds out
    to measure its effect are left out. The export is audited. Raises InvalidInput for a platform
    that there is not.
    """
    platform = advertising().get(form)
    if platform is None:
        raise InvalidInput(f"There is no form {form!r}; take {' or '.join(advertising())}.")
    writer = csv.writer(file)
    writer.writerow([platform.email, platform.phone])
    counts = {"members": audience.members.count(), "written": 0, "held_out": 0, "unaddressed": 0}
    experiments = _experiments_of(audience)
    for customer in _agreed(audience):
        if _is_held_out(customer, experiments):
            counts["held_out"] += 1
            continue
        row = platform.row_of(email=customer.email, phone=customer.phone)
        counts["written" if any(row) else "unaddressed"] += 1
        if any(row):
            writer.writerow(row)
    kept = sum(counts[name] for name in ("written", "held_out", "unaddressed"))
    counts["without_consent"] = counts["members"] - kept
    record_audit(
        action="export_audience",
        subject=f"audience:{audience.pk}",
        by=by,
        now=now,
        after={"form": form, **counts},
    )
    return counts


def _agreed(audience: Audience) -> Iterator[Customer]:
    members = AudienceMember.objects.filter(audience=audience).order_by("customer")
    for purpose in PURPOSES:
        granted = Consent.objects.filter(
            customer=OuterRef("customer"), purpose=purpose, is_granted=True
        )
        members = members.filter(Exists(granted))
    for member in members.select_related("customer").iterator(chunk_size=BLOCK):
        yield member.customer


def _experiments_of(audience: Audience) -> list[tuple[Experiment, dict[str, float]]]:
    """The experiments of launches that may yet speak to this audience, with their shares."""
    campaigns = Campaign.objects.filter(audience=audience, launch__experiment__isnull=False)
    launches = Launch.objects.filter(campaigns__in=campaigns).exclude(status=Launch.Status.FINISHED)
    found = [row.experiment for row in launches.select_related("experiment").distinct()]
    return [(each, weights_in_force(each)) for each in found if each]


def _is_held_out(
    customer: Customer, experiments: Sequence[tuple[Experiment, dict[str, float]]]
) -> bool:
    """As the decisions will draw it: by the same hash."""
    unit = customer.external_id
    return is_held_from_all_launches(unit) or any(
        choose_variant(bucket_of(unit, experiment.salt), shares) == HOLDOUT
        for experiment, shares in experiments
    )
