"""How well customers are ranked by what a contact adds, with nothing else of a launch in the way.

    python -m benchmarks.market.ranking --seeds 0-5

In memory, without a database: markets of 3,000 customers and three past launches by chance; ours,
and one that LaunchOpt's features were not made with in mind, once with few buyers. Each figure is
what the best 700 of those who agreed gain, as a share of what the best for one who knows all gain.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.market import histories, strangers
from benchmarks.market.__main__ import seeds_of
from benchmarks.market.people import Bools, Floats, People
from launchopt_ml.encoder import encoder_from, packaged_minilm
from launchopt_ml.interest.episodes import Vantage
from launchopt_ml.shop import PURCHASE, Customers, Events, Products, Shop, kind_codes
from launchopt_ml.uplift.blend import Blend, blended
from launchopt_ml.uplift.features import features_of
from launchopt_ml.uplift.learners import x_learner
from launchopt_ml.uplift.past import PastLaunch, trial_of
from launchopt_ml.uplift.trial import Trial

CUSTOMERS, CONTACTS, DAYS = 3_000, 700, 14
FIRST = np.datetime64(histories.FIRST_DAY.replace(tzinfo=None), "us")
ENCODER = encoder_from(packaged_minilm(), name="ranking")


@dataclass(frozen=True)
class Standing:
    """A market before its launch as LaunchOpt sees it, and what only the market knows."""

    past: list[PastLaunch]
    features: Floats  # (customers, FEATURES), of the product to launch
    agreed: Bools
    uplift: Floats

    def share(self, worth: Floats) -> float:
        """Of the gain of the best, what those get who are best by their worth."""
        worth, uplift = worth[self.agreed], self.uplift[self.agreed]
        chosen = np.argsort(-worth, kind="stable")[:CONTACTS]
        return float(uplift[chosen].sum() / np.sort(uplift)[-CONTACTS:].sum())


def ours(seed: int) -> Standing:
    """The market of `python -m benchmarks.market`."""
    rng = np.random.default_rng(seed)
    people = People.draw(CUSTOMERS, rng=rng)
    goods = histories.products()
    shown, other = histories.past_launches(people, rng=rng)
    rows = [*shown, *other, *histories.everyday(people, rng=rng)]
    place = {row["sku"]: number for number, row in enumerate(goods)}
    times = np.array([row["occurred_at"][:-6] for row in rows], dtype="datetime64[us]")
    shop = _shop(
        [f"{row['title']} {row['description']} {row['category']}" for row in goods],
        category=[row["category"] for row in goods],
        price=np.array([float(row["price"]) for row in goods]),
        new_at=np.array([row["launched_at"][:-6] for row in goods], dtype="datetime64[us]"),
        who=np.array([int(row["customer"][1:]) for row in rows]),
        product=np.array([place[row["sku"]] for row in rows]),
        kind=kind_codes([row["kind"] for row in rows]),
        time=times,
    )
    begun = [(place[f"PAST{n}"], day) for n, (day, _) in enumerate(histories.PAST_LAUNCHES)]
    return _standing(
        shop,
        begun,
        day=histories.LAUNCH_DAY,
        agreed=people.agreed,
        uplift=people.uplift(histories.LAUNCH_CATEGORY),
    )


def strange(seed: int, *, level: float = 1.0) -> Standing:
    """The market of `strangers`."""
    market = strangers.draw(CUSTOMERS, level=level, rng=np.random.default_rng(seed))
    shop = _shop(
        [f"{t} {c}" for t, c in zip(market.titles, market.category, strict=True)],
        category=market.category,
        price=market.price,
        new_at=_at(market.new_at),
        who=np.concatenate([column.who for column in market.events]),
        product=np.concatenate([column.product for column in market.events]),
        kind=np.repeat(
            kind_codes([column.kind for column in market.events]),
            [len(column.who) for column in market.events],
        ),
        time=_at(np.concatenate([column.day for column in market.events])),
    )
    return _standing(
        shop, market.past, day=strangers.LAUNCH_DAY, agreed=market.agreed, uplift=market.uplift
    )


MARKETS: dict[str, Callable[[int], Standing]] = {
    "ours": ours,
    "strangers": strange,
    "few buyers": lambda seed: strange(seed, level=0.4),
}


def rankings(trial: Trial, features: Floats) -> dict[str, Floats]:
    """What each way of learning says a contact adds, (customers,)."""
    blend: Blend = blended(trial, seed=0)
    apart = blend.treated.predict(features) - blend.held.predict(features)
    return {
        "X-learner of trees": x_learner(trial, seed=0).predict(features),
        "difference of regressions": apart,
        "X-learner of both": blend.effects.predict(features),
        "blend": blend.predict(features),
        "chance to buy when contacted": blend.treated.predict(features),
        "chance": np.random.default_rng([0, 1]).random(len(features)),
    }


def main() -> int:
    """Print a row for each way of learning: the mean over the seeds, by market."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=seeds_of, default=list(range(6)))
    seeds = parser.parse_args().seeds
    found: dict[tuple[str, str], list[float]] = {}
    for name, market in MARKETS.items():
        for seed in seeds:
            stands = market(seed)
            trial, _ = trial_of(stands.past)
            for way, worth in rankings(trial, stands.features).items():
                found.setdefault((way, name), []).append(stands.share(worth))
    print(" " * 30 + "".join(f"{name:>12}" for name in MARKETS))
    for way in dict.fromkeys(way for way, _ in found):
        print(f"{way:30}" + "".join(f"{np.mean(found[way, name]):12.3f}" for name in MARKETS))
    return 0


def _standing(
    shop: Shop, begun: list[tuple[int, float]], *, day: float, agreed: Bools, uplift: Floats
) -> Standing:
    past = [_past(shop, product, since, agreed) for product, since in begun]
    features = _features(shop, len(shop.products) - 1, day)
    return Standing(past, features, agreed, uplift)


def _past(shop: Shop, product: int, since: float, agreed: Bools) -> PastLaunch:
    """Those who agreed and came by in its days, as an import is read."""
    events, (start, end) = shop.events, _at(np.array([since, since + DAYS]))
    own = events.product == product
    within = (events.time >= start) & (events.time < end)
    came, bought, shown = (
        np.isin(np.arange(CUSTOMERS), events.customer[rows])
        for rows in (within & ~own, own & (events.kind == PURCHASE), own & _is_exposure(events))
    )
    seen = came & agreed
    share = np.full(int(seen.sum()), shown[seen].mean())
    features = _features(shop, product, since)
    return PastLaunch("", features[seen], shown[seen], bought[seen], share, 1.0)


def _is_exposure(events: Events) -> Bools:
    return events.kind == kind_codes(["exposure"])[0]


def _features(shop: Shop, product: int, day: float) -> Floats:
    vantage = Vantage.of(shop, as_of=_at(np.array([day]))[0])
    return features_of(vantage, shop.products.take(np.array([product])), days=DAYS)


def _shop(
    texts: list[str],
    *,
    category: list[str],
    price: Floats,
    new_at: np.ndarray,
    who: np.ndarray,
    product: np.ndarray,
    kind: np.ndarray,
    time: np.ndarray,
) -> Shop:
    order = np.lexsort((product, who, time))
    is_sale = (kind == PURCHASE)[order]
    return Shop(
        Products(
            np.array([f"p{number:03d}" for number in range(len(texts))]),
            np.array(texts, dtype=object),
            np.array(category),
            price,
            new_at,
            ENCODER.encode(texts),
        ),
        Customers(
            np.array([histories.name_of(number) for number in range(CUSTOMERS)]),
            np.full(CUSTOMERS, FIRST),
        ),
        Events(
            who[order].astype(np.int32),
            product[order].astype(np.int32),
            kind[order],
            np.ones(len(order), dtype=np.float32),
            np.where(is_sale, price[product[order]], np.nan).astype(np.float32),
            time[order],
        ),
    )


def _at(day: Floats) -> np.ndarray:
    return FIRST + np.round(np.asarray(day) * 86_400e6).astype("timedelta64[us]")


if __name__ == "__main__":
    sys.exit(main())
