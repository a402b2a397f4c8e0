"""Which encoders a comparison is about: by kind, by id, or as the same weights in bfloat16."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from launchopt.catalog.embeddings import ENCODER
from launchopt.operations.errors import InvalidInput
from launchopt.operations.models import ModelVersion
from launchopt.operations.runs import Work
from launchopt_workers.encoders.comparing import Entrant
from launchopt_workers.encoders.making import Recipe, make
from launchopt_workers.encoders.versions import KINDS, name_of, version_named

BF16 = "bf16"
MADE_NOW = ("int8", "pruned", "student")  # a tuned one is made by a command of its own


def chosen(work: Work, variants: Sequence[str], *, of: str, begins: datetime) -> list[Entrant]:
    """The encoders under the names that were asked for. Raises InvalidInput and NotFound."""
    return [_entrant(work, name, of=of, begins=begins) for name in dict.fromkeys(variants)]


def _entrant(work: Work, name: str, *, of: str, begins: datetime) -> Entrant:
    if name == BF16:
        return _in_bf16(of)
    version = _of_kind(work, name, of=of, begins=begins) if name in KINDS else version_named(name)
    return Entrant.read(name, of=name_of(version), version=version)


def _in_bf16(of: str) -> Entrant:
    import torch

    if not torch.cuda.is_available():
        raise InvalidInput("bf16 needs a GPU: the CPU has no quick way with it. Leave it out.")
    return Entrant.read(BF16, of=of, dtype="bfloat16")


def _of_kind(work: Work, kind: str, *, of: str, begins: datetime) -> ModelVersion:
    """The latest made of this encoder that knows nothing of what is asked about, or a new one."""
    fitting = ModelVersion.objects.filter(
        name=ENCODER, card__kind=kind, card__of=of, data_until__lte=begins
    )
    latest = fitting.order_by("-created_at").first()
    if latest is None and kind not in MADE_NOW:
        raise InvalidInput(
            "No tuned encoder knows nothing of the launches asked about:"
            " make one with `manage.py tune_encoder`."
        )
    return latest or make(work, Recipe(kind, of, begins))
