"""Make lists for customers: read the shop, make lists in blocks, put them in place of the old."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from celery import current_task

from launchopt import jobs
from launchopt.audiences.newcomers import note_offered
from launchopt.audiences.recommendations import (
    STRANGERS_KEPT,
    keep_strangers_list,
    replace_lists,
)
from launchopt.conf import launchopt_settings
from launchopt.operations.runs import Work
from launchopt_workers.running import give_way, instant_of, job_body

if TYPE_CHECKING:
    from launchopt_workers.recommendation.making import Maker
    from launchopt_workers.recommendation.reading import Stock

STEP = 2_000  # customers whose lists are stored at once
NOBODY = np.zeros(0, dtype=np.int64)
TOLD = ("customer", "rank", "sku", "score", "reason")


@job_body(jobs.RECOMMEND)
def recommend(
    work: Work,
    *,
    customer_ids: list[int] | None = None,
    as_of: str | None = None,
    k: int | None = None,
    only_new: bool = False,
    out: str | None = None,
    **_: Any,
) -> dict[str, Any]:
    """Lists for these customers, or for all, as of an instant.

    They are kept for serving, but for lists of new products only, which are told in `out` alone.
    `entries` counts the lines of `out`, `stored` what is kept.
    """
    from launchopt_workers.prediction.reading import read_texts
    from launchopt_workers.recommendation.making import Maker
    from launchopt_workers.recommendation.reading import read_stock

    instant = instant_of(work, as_of)
    kept = launchopt_settings().recommendations_kept
    count = k or kept
    read_texts(work)
    work.report(done=0, step="read the shop")
    stock = read_stock(as_of=instant)
    learned = _learn(work, stock, as_of=instant) if customer_ids is None and not only_new else {}
    maker = Maker.of(stock, as_of=instant)
    told, stored = [maker.rows(NOBODY, count=count)], 0
    steps = list(_steps(maker, customer_ids))
    work.expect(len(steps))
    for done, ids in enumerate(steps, start=1):
        longest = count if only_new else max(count, kept)
        made = cache(partial(maker.rows, ids, count=longest, only_new=only_new))
        if not only_new:
            storing = partial(_store, made, ids, as_of=instant, now=work.clock())
            stored += work.once(f"lists of customers {ids[0]} to {ids[-1]}", storing)["stored"]
        if out:
            told.append(made().filter(pl.col("rank") <= count))
        work.report(done=done, step="make lists")
        _let_new_products_through(work)
    if not only_new:
        keep_strangers_list(maker.for_strangers(count=STRANGERS_KEPT), as_of=instant)
    if not only_new and customer_ids is None:
        note_offered(maker.considered, afresh=True)
    lines = pl.concat(told).select(TOLD)
    if out:
        _write(lines, Path(out))
    return {
        "customers": sum(map(len, steps)),
        "entries": len(lines),
        "stored": stored,
        **learned,
    }


def _let_new_products_through(work: Work) -> None:
    """In a worker a new product need not wait until everybody's list is made."""
    if current_task:  # a command has no queue behind it
        from launchopt_workers.prediction.news import ask_for_scores

        ask_for_scores(Work(None, clock=work.clock))
        give_way(to=jobs.SCORE_INTEREST)


def _learn(work: Work, stock: Stock, *, as_of: datetime) -> dict[str, Any]:
    """What the past teaches of lists for everybody, and how good they would have been."""
    from launchopt_workers.recommendation.rankers import Learning

    work.report(step="learn from past lists")
    learning = Learning(stock.shop, as_of)
    return work.once(
        "learn from past lists", lambda: learning.register(run=work.run, now=work.clock())
    )


def _steps(maker: Maker, customer_ids: list[int] | None) -> Iterator[np.ndarray]:
    """The known customers asked for, in blocks."""
    known = maker.stock.customer_ids
    asked = known if customer_ids is None else np.intersect1d(known, np.array(customer_ids))
    return (asked[start : start + STEP] for start in range(0, len(asked), STEP))


def _store(
    made: Callable[[], pl.DataFrame], ids: np.ndarray, *, as_of: datetime, now: datetime
) -> dict[str, Any]:
    """Only what is personal is kept: whoever has no history sees what is popular anyway."""
    personal = made().filter("is_personal")
    stored = replace_lists(personal, customer_ids=ids.tolist(), as_of=as_of, now=now)
    return {"stored": stored}


def _write(rows: pl.DataFrame, path: Path) -> None:
    if path.suffix == ".parquet":
        rows.write_parquet(path)
    else:
        rows.write_csv(path)


@job_body(jobs.OFFER_NEW_PRODUCTS)
def offer_new_products(work: Work, **_: Any) -> dict[str, Any]:
    """Put what is new, scored and on sale into the lists that stand."""
    from launchopt_workers.recommendation.newcomers import offer

    return offer(work)
