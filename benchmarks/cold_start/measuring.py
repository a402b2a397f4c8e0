"""Each peer on the same case: how well it ranks, whom it expects, and how long it takes."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.cold_start.lightfm_peer import LightFMPeer
from benchmarks.cold_start.votes import MiniLMVotes, MiniLMVotesActivity, VotesTimesActivity
from benchmarks.shops import Case
from launchopt_ml.backtest import MODELS, Predicts, Trial, backtest
from launchopt_ml.interest.protocol import Launch, Session
from launchopt_ml.shop import Shop

MEASURES = ("map", "lift_at_10", "lift_at_1", "auc", "ndcg_at_10")


def _lightgbm() -> Predicts:
    from benchmarks.cold_start.lightgbm_peer import LightGBMPeer

    return LightGBMPeer()


@dataclass(frozen=True)
class Peer:
    """A way to predict, and what must be installed for it."""

    label: str
    make: Callable[[], Predicts]
    package: str = ""
    says_chances: bool = True

    @property
    def is_there(self) -> bool:
        """Whether its package can be imported."""
        return not self.package or importlib.util.find_spec(self.package) is not None


PEERS = {
    "model": Peer("LaunchOpt", MODELS["model"]),
    "lightgbm": Peer("LightGBM, plain features", _lightgbm, package="lightgbm"),
    "lightfm": Peer("LightFM, WARP, words", LightFMPeer, package="lightfm", says_chances=False),
    "content": Peer("TF-IDF votes", MODELS["content"]),
    "content_activity": Peer("TF-IDF votes + activity", MODELS["content_activity"]),
    "votes_times_activity": Peer("TF-IDF votes x activity", VotesTimesActivity),
    "minilm_votes": Peer("MiniLM votes", MiniLMVotes),
    "minilm_votes_activity": Peer("MiniLM votes + activity", MiniLMVotesActivity),
    "activity": Peer("activity", MODELS["activity"]),
    "random": Peer("random", MODELS["random"]),
}
PLAIN = ("activity", "content", "content_activity", "votes_times_activity")  # nothing is learned


@dataclass(frozen=True)
class Seconds:
    """By the clock on the wall, and of the processor: on a shared machine the second says more."""

    wall: float = 0.0
    cpu: float = 0.0

    @classmethod
    def now(cls) -> Seconds:
        """Since some beginning."""
        return cls(time.perf_counter(), time.process_time())

    def __add__(self, other: Seconds) -> Seconds:
        return Seconds(self.wall + other.wall, self.cpu + other.cpu)

    def __sub__(self, other: Seconds) -> Seconds:
        return Seconds(self.wall - other.wall, self.cpu - other.cpu)

    def told(self, of: str, *, pairs: int | None = None) -> dict[str, float]:
        """Plain numbers; with `pairs` how many of them a second."""
        found = {f"{of}_seconds": self.wall, f"{of}_cpu_seconds": self.cpu}
        if pairs is None:
            return found
        return found | {
            "pairs_per_second": pairs / self.wall,
            "pairs_per_cpu_second": pairs / self.cpu,
        }


@dataclass
class Timed:
    """A peer whose training, and whose scoring from the histories on, are timed."""

    make: Callable[[], Predicts]
    train: Seconds = Seconds()
    score: Seconds = Seconds()

    def fresh(self) -> Self:
        """As a backtest makes a model."""
        self.inner = self.make()
        return self

    def fit(self, shop: Shop, *, as_of: np.datetime64, seed: int = 0) -> Self:
        """As it does."""
        start = Seconds.now()
        self.inner.fit(shop, as_of=as_of, seed=seed)
        self.train = Seconds.now() - start
        return self

    def prepare(self, shop: Shop, launch: Launch) -> TimedSession:
        """As it does."""
        start = Seconds.now()
        session = self.inner.prepare(shop, launch)
        self.score = Seconds.now() - start
        return TimedSession(session, self)


@dataclass
class TimedSession:
    """A session whose scoring is timed."""

    inner: Session
    peer: Timed

    @property
    def customers(self) -> NDArray[np.str_]:
        """As it has them."""
        return self.inner.customers

    def score(self, rows: slice) -> NDArray[np.float32]:
        """As it does."""
        start = Seconds.now()
        found = self.inner.score(rows)
        self.peer.score += Seconds.now() - start
        return found

    def reasons(self, *, product: int, customers: NDArray[np.integer]) -> Any:
        """As it does."""
        return self.inner.reasons(product=product, customers=customers)


@dataclass
class Measured:
    """One case: the report, and every peer's scores (customers, all new products)."""

    report: dict[str, Any]
    scores: dict[str, NDArray[np.float32]]
    launch: Launch


def measured(
    shop: Shop, case: Case, *, peers: Sequence[str], tell: Callable[[str], None], seed: int = 0
) -> Measured:
    """The peers side by side on one case."""
    timed = {name: Timed(PEERS[name].make) for name in peers}
    models = {name: peer.fresh for name, peer in timed.items()}
    scores: dict[str, NDArray[np.float32]] = {}
    launches: list[Launch] = []

    def seen(name: str, launch: Launch, score: NDArray[np.float32]) -> None:
        scores[name] = score
        launches.append(launch)

    trial = Trial(case.episode, case.min_buyers, seed)
    told = backtest(shop, [trial], models=models, progress=tell, seen=seen)
    rows = {name: _row(name, told, timed[name], pairs=scores[name].size) for name in peers}
    facts = told["cutoffs"][0]
    return Measured(
        {
            "shop": case.shop,
            "cutoff": case.cutoff,
            "is_test": case.is_test,
            "horizon_days": case.horizon_days,
            "min_buyers": case.min_buyers,
            **{name: facts[name] for name in ("customers", "products", "buyers", "new_products")},
            "actual_buyers": facts["actual_buyers"],
            "peers": rows,
            "difference": told["difference"],
        },
        scores,
        launches[0],
    )


def _row(name: str, told: dict[str, Any], peer: Timed, *, pairs: int) -> dict[str, Any]:
    values = told[name]
    row = {measure: values[measure] for measure in MEASURES}
    row["predicted_buyers"] = values["predicted_buyers"] if PEERS[name].says_chances else None
    row["map_interval"] = told["intervals"][name]["map"]
    return row | peer.train.told("train") | peer.score.told("score", pairs=pairs)
