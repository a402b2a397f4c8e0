"""A tuned encoder enters service where predictions gained by it, and is retired where not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from launchopt import jobs
from launchopt.operations.models import ModelVersion
from launchopt.operations.runs import Work, request_run
from launchopt.operations.services import activate_model
from launchopt_ml.encoders.compared import is_gain


def decide(work: Work, version: ModelVersion, *, quality: Mapping[str, Any] | None) -> str:
    """Keep the version or retire it; gives the reason, which the version keeps, too."""
    difference = quality["difference"] if quality else None
    kept = difference is not None and is_gain(difference)
    sentence = _sentence(difference, kept=kept)
    version.metrics |= {"promotion": {"promoted": kept, "sentence": sentence}}
    with transaction.atomic():
        if kept:
            activate_model(version=version, now=work.clock(), by="tuning", note=sentence)
            request_run(job=jobs.TRAIN_INTEREST, arguments={}, now=work.clock())
        else:
            version.status = ModelVersion.Status.RETIRED
        version.save(update_fields=["metrics", "status"])
    return sentence


def _sentence(difference: Mapping[str, Any] | None, *, kept: bool) -> str:
    if difference is None:
        return "Not kept: there were no launches to judge it by."
    precision = difference["map"]
    low, high = precision["interval"]
    told = f"MAP on past launches changed by {precision['estimate']:+.4f} [{low:+.4f}, {high:+.4f}]"
    return f"{'Kept' if kept else 'Not kept'}: {told}."
