"""Make an encoder from another: smaller, or tuned on what customers want together."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from launchopt.operations.errors import InvalidInput
from launchopt.operations.models import ModelVersion
from launchopt.operations.runs import Work
from launchopt_ml.encoders.batches import Progress
from launchopt_ml.encoders.distilled import write_student
from launchopt_ml.encoders.files import UnfitEncoder, megabytes_of
from launchopt_ml.encoders.pairs import TooFewPairs
from launchopt_ml.encoders.pruned import write_pruned
from launchopt_ml.encoders.quantised import write_int8
from launchopt_ml.encoders.tuned import write_tuned
from launchopt_ml.shop import instant
from launchopt_workers.encoders.versions import files_of, register
from launchopt_workers.prediction.shops import stored_shop

STEPS = {
    "int8": "turn weights into int8",
    "pruned": "leave out neurons, layer after layer",
    "student": "teach a student",
    "tuned": "tune on what is wanted together",
}
INTENDED_USE = ["Turn texts of this shop's products into vectors, as its parent does."]
LIMITS = [
    "It was made for this shop's texts; on other texts it may be further from its parent.",
    "Vectors of two encoders cannot be compared: what is in force reads every text anew.",
]


@dataclass(frozen=True)
class Recipe:
    """What is made, of which encoder, knowing nothing from `as_of` on."""

    kind: str
    of: str
    as_of: datetime
    options: Mapping[str, Any] = field(default_factory=dict)


def make(work: Work, recipe: Recipe) -> ModelVersion:
    """Register what the recipe gives as a candidate; a run that comes back makes it once.

    Raises InvalidInput where it cannot be made of this encoder, or in this shop.
    """
    made = _made_before(work, recipe)
    if made:
        return made
    work.report(done=0, step=STEPS[recipe.kind])
    with files_of(recipe.of) as source, tempfile.TemporaryDirectory() as target:
        try:
            told = _write(recipe, source, Path(target), tell=_told(work, STEPS[recipe.kind]))
        except (UnfitEncoder, TooFewPairs) as unfit:
            raise InvalidInput(str(unfit)) from unfit
        size, whole = megabytes_of(Path(target)), megabytes_of(source)
        card = {
            "kind": recipe.kind,
            "of": recipe.of,
            "megabytes": round(size, 2),
            "megabytes_of_parent": round(whole, 2),
            "predicts": "nothing: it turns the text of a product into a vector",
            "intended_use": INTENDED_USE,
            "limits": LIMITS,
            "parameters": told,
        }
        return register(
            Path(target), card=card, data_until=recipe.as_of, run=work.run, now=work.clock()
        )


def _made_before(work: Work, recipe: Recipe) -> ModelVersion | None:
    if work.run is None:
        return None
    mine = ModelVersion.objects.filter(run=work.run, card__kind=recipe.kind, card__of=recipe.of)
    return mine.first()


def _write(recipe: Recipe, source: Path, target: Path, *, tell: Progress) -> dict[str, Any]:
    if recipe.kind == "int8":
        return write_int8(source, target)
    shop = stored_shop(before=recipe.as_of, encoder=recipe.of).shop
    if recipe.kind == "tuned":
        return write_tuned(
            source, target, shop=shop, as_of=instant(recipe.as_of), progress=tell, **recipe.options
        )
    write: Callable[..., dict[str, Any]] = {"pruned": write_pruned, "student": write_student}[
        recipe.kind
    ]
    # Only what was on sale: what a launch will say is read later, as in life.
    texts = shop.before(instant(recipe.as_of)).products.text.tolist()
    return write(source, target, texts=texts, progress=tell, **recipe.options)


def _told(work: Work, step: str) -> Progress:
    """Tell the run, a hundred times at most."""

    def tell(done: int, total: int) -> None:
        if done == 1:
            work.expect(total)
        if done % max(total // 100, 1) == 0:
            work.report(done=done, step=step)

    return tell
