"""A tuned encoder enters service where predictions gained by it; else it stays a candidate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from launchopt import jobs
from launchopt.operations.models import ModelVersion
from launchopt.operations.runs import Work, request_run
from launchopt.operations.selectors import active_model, is_held
from launchopt.operations.services import activate_model
from launchopt_ml.encoders.compared import is_gain


def decide(work: Work, version: ModelVersion, *, quality: Mapping[str, Any] | None) -> str:
    """Put the version in service or not; gives the reason, which the version keeps, too."""
    serving = active_model(version.name)
    difference = quality["difference"] if quality else None
    gained = difference is not None and is_gain(difference)
    held = gained and serving is not None and is_held(serving)
    sentence = _sentence(difference, gained=gained, held=held)
    kept = gained and not held
    version.metrics |= {"promotion": {"promoted": kept, "sentence": sentence}}
    with transaction.atomic():
        version.save(update_fields=["metrics"])
        if kept:
            activate_model(version=version, now=work.clock(), by="tuning", note=sentence)
            request_run(job=jobs.TRAIN_INTEREST, arguments={}, now=work.clock())
    return sentence


def _sentence(difference: Mapping[str, Any] | None, *, gained: bool, held: bool) -> str:
    if difference is None:
        return "Not kept: there were no launches to judge it by."
    precision = difference["map"]
    low, high = precision["interval"]
    told = f"MAP on past launches changed by {precision['estimate']:+.4f} [{low:+.4f}, {high:+.4f}]"
    if held:
        return (
            f"{told}, but a person went back to the encoder in service: activate this one by hand."
        )
    return f"{'Kept' if gained else 'Not kept'}: {told}."
