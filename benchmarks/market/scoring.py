"""What contacts added, by the market's own knowledge, beside who else could have been chosen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.market.histories import LAUNCH_CATEGORY
from benchmarks.market.people import Bools, Floats, Ints, People


@dataclass(frozen=True)
class Score:
    """Expected incremental purchases at equal spend; each customer counts once."""

    launchopt: float
    propensity: float  # a learned chance to buy
    oracle_propensity: float  # the market's own chance to buy when contacted
    random: float
    all_knowing_here: float  # the best of those who came by and were not held out
    all_knowing: float  # the best of all who agreed, the held out and those who never came, too
    contacts: int
    customers: int  # contacted at least once
    spent: float  # of the budget

    def ratios(self) -> dict[str, float]:
        """Over targeting by the learned chance to buy, and by the market's own; of the best."""
        return {
            "over_propensity": self.launchopt / max(self.propensity, 1e-9),
            "over_own_chance": self.launchopt / self.oracle_propensity,
            "of_all_knowing_here": self.launchopt / self.all_knowing_here,
            "of_all_knowing": self.launchopt / self.all_knowing,
            "spent": self.spent,
        }


def score(
    people: People,
    times: Ints,
    *,
    was_open: Bools,
    propensity: Floats,
    contacts: int,
    spent: float,
) -> Score:
    """Judge who was contacted, (customers,), against others who spend as many contacts.

    The rivals reach whom they choose, each once; LaunchOpt only those who come by, are not held out
    and meet money. All-knowing gets the whole budget, the others what LaunchOpt spent.
    """
    uplift = people.uplift(LAUNCH_CATEGORY)
    used = int(times.sum())
    return Score(
        launchopt=float(uplift[times > 0].sum()),
        propensity=_best(uplift, propensity, people, used),
        oracle_propensity=_best(uplift, people.contacted(LAUNCH_CATEGORY), people, used),
        random=float(uplift[people.agreed].mean()) * used,
        all_knowing_here=_best(
            np.maximum(uplift, 0.0), np.where(was_open, uplift, -1.0), people, contacts
        ),
        all_knowing=_best(np.maximum(uplift, 0.0), uplift, people, contacts),
        contacts=used,
        customers=int((times > 0).sum()),
        spent=spent,
    )


def _best(uplift: Floats, worth: Floats, people: People, count: int) -> float:
    """The uplift of as many customers who agreed, best first by their worth."""
    open_to_all = np.flatnonzero(people.agreed)
    chosen = open_to_all[np.argsort(-worth[open_to_all], kind="stable")[:count]]
    return float(uplift[chosen].sum())
