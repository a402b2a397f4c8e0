"""How often high scores came true at past instants: what the ranker is learned from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from launchopt_ml.recommendation import likeness
from launchopt_ml.recommendation.chances import Cases, Ranker, learned, log_loss
from launchopt_ml.recommendation.lists import Recommender
from launchopt_ml.recommendation.scoring import Scored
from launchopt_ml.recommendation.trial import Hidden, sample
from launchopt_ml.shop import Shop, days

INSTANTS = 4  # past ones, HORIZON_DAYS apart; the last one judges what the others taught
HORIZON_DAYS = 30.0
HISTORY_DAYS = 60.0  # that must lie before an instant
MOST_CUSTOMERS = 2_000  # of an instant
HIGHEST = 100  # of each customer's scores: lists are made from these
BLOCK = 64


@dataclass(frozen=True)
class Lesson:
    """A ranker, and how it did on the last instant beside the one that is stated."""

    ranker: Ranker  # learned from all instants
    before: Ranker  # learned from all but the last
    log_loss: float  # of `before` on the last instant
    stated_log_loss: float
    bought: int  # purchases that came true among what it was learned from

    @property
    def is_better(self) -> bool:
        """Whether what was learned foresaw the last instant better than what is stated."""
        return self.log_loss < self.stated_log_loss


def lesson(shop: Shop, *, as_of: np.datetime64) -> Lesson | None:
    """What the instants before `as_of` teach; None where too little happened."""
    starts = _starts(shop, as_of=as_of)
    if len(starts) < 2:
        return None
    known = shop.before(as_of)
    last, *earlier = [_cases(known, as_of=start) for start in starts]
    before, ranker = learned(Cases.joined(earlier)), learned(Cases.joined([last, *earlier]))
    if before is None or ranker is None or not len(last.score):
        return None
    return Lesson(
        ranker,
        before,
        log_loss(last, before),
        log_loss(last, Ranker()),
        int(Cases.joined([last, *earlier]).bought.sum()),
    )


def _starts(shop: Shop, *, as_of: np.datetime64) -> list[np.datetime64]:
    """The past instants, the latest first."""
    if not len(shop.events):
        return []
    earliest = shop.events.time[0] + days(HISTORY_DAYS)
    starts = [as_of - days(HORIZON_DAYS * back) for back in range(1, INSTANTS + 1)]
    return [start for start in starts if start >= earliest]


def _cases(shop: Shop, *, as_of: np.datetime64) -> Cases:
    """The highest scores of known products at an instant, with what was bought next."""
    made = Recommender.of(shop, as_of=as_of)
    customers = sample(len(made.known.customers), most=MOST_CUSTOMERS)
    hidden = Hidden.of(shop, made, since=as_of, horizon_days=HORIZON_DAYS, customers=customers)
    parts = [
        _highest(Scored(made, customers[rows], ~made.is_new), bought=hidden.bought[rows])
        for rows in _blocks(len(customers))
    ]
    return Cases.joined([Cases.none(), *parts])


def _highest(scored: Scored, *, bought: NDArray[np.bool_]) -> Cases:
    score = scored.among_all
    top = likeness.top_places(score, count=HIGHEST)
    score = np.take_along_axis(score, top, axis=1)
    row, place = np.nonzero(np.isfinite(score))
    activity = scored.made.activity[scored.rows]
    return Cases(score[row, place], activity[row], bought[row, top[row, place]])


def _blocks(count: int) -> list[slice]:
    return [slice(start, start + BLOCK) for start in range(0, count, BLOCK)]
