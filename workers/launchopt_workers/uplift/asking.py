"""What a contact of a new launch is expected to add, customer by customer, or why nobody knows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from launchopt.operations.runs import Work
from launchopt_core.estimates import Source
from launchopt_ml.uplift import Expected, LaunchUplift, TooSmallTrial
from launchopt_workers.prediction.reading import encoder_name
from launchopt_workers.prediction.shops import StoredShop, stored_shop
from launchopt_workers.uplift.describing import described, similarity_to
from launchopt_workers.uplift.learning import NONE, learn
from launchopt_workers.uplift.reading import past_windows
from launchopt_workers.uplift.versions import loaded, version_for

DAYS = 30  # on sale, that the new product is described for


@dataclass(frozen=True)
class PlannedUplift:
    """Additional chance to buy for one contact, by customer, with where it comes from."""

    per_contact: dict[int, float]  # customer's primary key -> between 0 and 1
    figure: dict[str, Any]  # value (the mean), source, detail
    model_version: str


@dataclass(frozen=True)
class NoUplift:
    """Why nothing is known of what a contact adds."""

    reason: str


def uplift_for(
    *, product_id: int, as_of: datetime, work: Work | None = None
) -> PlannedUplift | NoUplift:
    """What a contact adds to each customer's chance to buy the product.

    Learned on past launches that left customers out by chance, the most similar ones for the
    level; nothing from `as_of` on matters. A version that knows them is used, else made now.
    """
    windows = past_windows(before=as_of)
    if not windows:
        return NoUplift(NONE)
    stored = stored_shop(before=as_of, encoder=encoder_name())
    version = version_for(windows, as_of=as_of)
    if version is None:
        try:
            quiet = work or Work(None, clock=timezone.now)
            version = learn(quiet, stored, windows, as_of=as_of)
        except TooSmallTrial as few:
            return NoUplift(str(few))
    return _expected(loaded(str(version.pk)), stored, product_id, as_of, str(version.pk))


def _expected(
    model: LaunchUplift, stored: StoredShop, product: int, as_of: datetime, version: str
) -> PlannedUplift | NoUplift:
    similarity = similarity_to(stored, product=product, skus=[one.sku for one in model.levels])
    ids, features = described(stored, product=product, as_of=as_of, days=DAYS)
    found = model.expected(features, similarity=similarity)
    if not (found.level.is_shown or model.slope.is_shown):
        low, high = found.level.interval
        return NoUplift(
            f"{len(found.launches)} past launches with customers left out show no effect of a "
            f"contact beyond chance ({low:+.4f} to {high:+.4f} buyers per contact)."
        )
    figure = {
        "value": float(found.per_contact.mean()),
        "source": Source.ANALOG.value,
        "detail": _detail(found, model, similarity=max(similarity)),
    }
    chances = dict(zip(ids.tolist(), found.per_contact.tolist(), strict=True))
    return PlannedUplift(chances, figure, version)


def _detail(found: Expected, model: LaunchUplift, *, similarity: float) -> str:
    low, high = found.level.interval
    many = len(found.launches)
    most = found.launches[0].sku
    ranked = (
        "customers differ as trees and regressions say"
        if model.slope.is_shown
        else "whom it moves most is not shown, so that it is the same for everybody"
    )
    return (
        f"additional buyers per contact in {many} past launch{'es' if many > 1 else ''} that left "
        f"customers out by chance ({low:.4f} to {high:.4f}), {most} the most similar "
        f"({similarity:.2f}); {ranked}"
    )
