"""Portraits of the customers of the database, and the segments that they fall into."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from launchopt.audiences.personas import (
    declared_by_customers,
    standing_segments,
    titles_of_products,
)
from launchopt.catalog.embeddings import encoder_name
from launchopt.conf import launchopt_settings
from launchopt_ml.personas import TASTE, Declared, Earlier, Gallery, gallery
from launchopt_ml.shop import Shop, instant
from launchopt_workers.prediction.shops import stored_shop

NOTHING = (0, "", "", "")


def portray(*, as_of: datetime) -> tuple[list[int], Gallery, str]:
    """Ids of the customers known before `as_of`, their gallery in the same order, and its space."""
    settings = launchopt_settings()
    read = stored_shop(before=as_of, encoder=encoder_name())
    ids, titles = read.customer_ids.tolist(), titles_of_products()
    space = space_of(read.shop)
    made = gallery(
        read.shop,
        declared=_declared(ids),
        titles=[titles.get(product_id, "") for product_id in read.product_ids.tolist()],
        as_of=instant(as_of),
        zone=settings.time_zone,
        earlier=_earlier(space),
        use_demographics=settings.use_demographics,
    )
    return ids, made, space


def space_of(shop: Shop) -> str:
    """What centres are measured in: those of two builds can be compared where this is the same."""
    settings = launchopt_settings()
    texts = encoder_name() if shop.products.embedding.shape[1] else "words"
    people = ", age and gender" if settings.use_demographics else ""
    return f"{texts}, {TASTE} directions of taste, behaviour{people}"[:200]


def _earlier(space: str) -> Earlier:
    standing = standing_segments(space=space)
    if not standing:
        return Earlier()
    ids, centres = zip(*standing, strict=True)
    return Earlier(ids, np.array(centres))


def _declared(ids: list[int]) -> Declared:
    said = declared_by_customers()
    years, genders, zones, interests = (
        zip(*(said.get(i, NOTHING) for i in ids), strict=True) if ids else [()] * 4
    )
    return Declared(
        np.array(years, dtype=np.int64),
        np.array(genders, dtype=np.str_),
        np.array(zones, dtype=np.str_),
        np.array(interests, dtype=np.str_),
    )
