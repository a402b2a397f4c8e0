"""Portraits of the customers of the database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import numpy as np

from launchopt.audiences.personas import declared_by_customers, titles_of_products
from launchopt.conf import launchopt_settings
from launchopt_ml.personas import Declared, Portrait, portraits
from launchopt_ml.shop import instant
from launchopt_workers.prediction.shops import stored_shop

NOTHING = (0, "", "")


def portray(*, as_of: datetime) -> tuple[list[int], Iterator[Portrait]]:
    """The ids of the customers known before `as_of`, and their portraits in the same order."""
    settings = launchopt_settings()
    read = stored_shop(before=as_of, encoder=settings.encoder)
    ids, titles = read.customer_ids.tolist(), titles_of_products()
    made = portraits(
        read.shop,
        declared=_declared(ids),
        titles=[titles.get(product_id, "") for product_id in read.product_ids.tolist()],
        as_of=instant(as_of),
        zone=settings.time_zone,
    )
    return ids, made


def _declared(ids: list[int]) -> Declared:
    said = declared_by_customers()
    years, genders, zones = (
        zip(*(said.get(i, NOTHING) for i in ids), strict=True) if ids else [()] * 3
    )
    return Declared(
        np.array(years, dtype=np.int64),
        np.array(genders, dtype=np.str_),
        np.array(zones, dtype=np.str_),
    )
