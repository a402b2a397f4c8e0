"""Audiences as files for ad platforms: hashed addresses of those who agreed and take part."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TextIO

import phonenumbers
from django.db.models import Exists, OuterRef

from launchopt.audiences.models import Audience, AudienceMember, Consent, Customer
from launchopt.campaigns.models import Campaign, Launch
from launchopt.experiments.holdout import is_held_from_all_launches
from launchopt.experiments.models import Experiment
from launchopt.experiments.selectors import weights_in_force
from launchopt.operations.errors import InvalidInput
from launchopt.operations.services import record_audit
from launchopt_core.assignment import HOLDOUT, bucket_of, choose_variant

PURPOSES = ("marketing", "ad_platforms")  # both: a launch speaks, and another firm gets the hash
WITHOUT_DOTS = frozenset({"gmail.com", "googlemail.com"})
BLOCK = 5_000


@dataclass(frozen=True)
class Form:
    """How a platform names its columns."""

    email: str
    phone: str


# Google Customer Match and Meta Custom Audiences, both with SHA-256 of normalised values.
FORMS = {"google": Form("Email", "Phone"), "meta": Form("email", "phone")}


def export_audience(
    audience: Audience, *, form: str, file: TextIO, by: Any, now: datetime
) -> dict[str, int]:
    """Write a platform's file; gives how many were written and why others were not.

    Members without consent to both PURPOSES, without an address, and those whom a launch holds out
    to measure its effect are left out. The export is audited. Raises InvalidInput for a platform
    that there is not.
    """
    if form not in FORMS:
        raise InvalidInput(f"There is no form {form!r}; take {' or '.join(FORMS)}.")
    names = FORMS[form]
    writer = csv.writer(file)
    writer.writerow([names.email, names.phone])
    counts = {"members": audience.members.count(), "written": 0, "held_out": 0, "unaddressed": 0}
    experiments = _experiments_of(audience)
    for customer in _agreed(audience):
        if _is_held_out(customer, experiments):
            counts["held_out"] += 1
            continue
        row = [hashed(normal_email(customer.email)), hashed(normal_phone(customer.phone))]
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


def normal_email(address: str) -> str:
    """Lower case without spaces; for Gmail without the dots that it ignores.

    >>> normal_email(" Ana.Lima@GMail.com "), normal_email("Bo.Li@example.org")
    ('analima@gmail.com', 'bo.li@example.org')
    """
    name, at, domain = address.strip().lower().partition("@")
    if domain in WITHOUT_DOTS:
        name = name.replace(".", "")
    return f"{name}{at}{domain}" if name and domain else ""


def normal_phone(number: str) -> str:
    """E.164 of a number with its country's code; nothing where it has none or cannot be.

    >>> normal_phone("+44 20 7946 0123"), normal_phone("0044 20 7946 0123"), normal_phone("7946")
    ('+442079460123', '+442079460123', '')
    """
    number = number.strip()
    number = f"+{number[2:]}" if number.startswith("00") else number
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(parsed):
        return ""
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def hashed(value: str) -> str:
    """SHA-256 in hexadecimal; nothing of nothing."""
    return hashlib.sha256(value.encode()).hexdigest() if value else ""


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
