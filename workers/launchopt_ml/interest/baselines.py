"""What the interest model is measured against: chance, activity, content, and both of these."""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from launchopt_ml.artifacts import load_artifact, save_artifact
from launchopt_ml.interest.histories import Histories
from launchopt_ml.interest.neighbours import NEAREST, TermSpace, nearest, words_of
from launchopt_ml.interest.protocol import Launch, NotFitted, Reason
from launchopt_ml.interest.rates import DailyRate, daily_rate, probabilities
from launchopt_ml.shop import Shop

Relative = Callable[[slice], NDArray[np.floating]]  # scores whose mean over customers is 1


@dataclass(frozen=True)
class BaselineSession:
    """A launch scored by one number for each pair, at the shop's daily rate."""

    customers: NDArray[np.str_]
    launch: Launch
    rate: DailyRate
    relative: Relative
    factor: str

    def score(self, rows: slice) -> NDArray[np.float32]:
        """(customers in rows, products), probabilities."""
        return probabilities(
            self.relative(rows),
            rate=self.rate,
            products=self.launch.products,
            as_of=self.launch.as_of,
            horizon_days=self.launch.horizon_days,
        )

    def reasons(self, *, product: int, customers: NDArray[np.integer]) -> list[list[Reason]]:
        """The one factor there is: how many times the average."""
        return [
            [{"factor": self.factor, "times": round(float(self._all[row, product]), 3)}]
            for row in customers
        ]

    @cached_property
    def _all(self) -> NDArray[np.floating]:
        return self.relative(slice(None))


class Baseline(ABC):
    """Learns nothing but how well launches sell here."""

    name: ClassVar[str]

    def __init__(self) -> None:
        self.card: dict[str, Any] = {}

    def fit(self, shop: Shop, *, as_of: np.datetime64, seed: int = 0) -> Self:
        """Learn the daily rate from what was known before `as_of`."""
        rate = daily_rate(shop, as_of=as_of)
        self.card = {"seed": seed, "daily_rate": rate.value, "source": rate.source}
        return self

    def prepare(self, shop: Shop, launch: Launch) -> BaselineSession:
        """Ready to score."""
        if not self.card:
            raise NotFitted(f"Fit or load the baseline {self.name} first.")
        histories = Histories.of(shop, as_of=launch.as_of)
        rate = DailyRate(self.card["daily_rate"], self.card["source"])
        relative = self.relative(histories, launch)
        return BaselineSession(histories.customers, launch, rate, relative, self.name)

    @abstractmethod
    def relative(self, histories: Histories, launch: Launch) -> Relative:
        """What this baseline goes by."""

    def save(self, folder: Path) -> None:
        """Write the card."""
        if not self.card:
            raise NotFitted(f"Fit the baseline {self.name} before saving it.")
        save_artifact(folder, kind=self.name, tensors={"none": np.zeros(1)}, card=self.card)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The baseline as saved."""
        _, card = load_artifact(folder, kind=cls.name)
        model = cls()
        model.card = {name: value for name, value in card.items() if name != "kind"}
        return model


class RandomInterest(Baseline):
    """Chance, the same for the same customer, product and seed."""

    name = "random"

    def relative(self, histories: Histories, launch: Launch) -> Relative:
        """Uniform between 0 and 2, from a hash."""
        customers = _hashes(histories.customers)[:, None]
        products = _hashes(launch.products.sku)[None, :] + np.uint64(self.card["seed"])
        return lambda rows: _scrambled(customers[rows] * np.uint64(3) + products) * 2


class ActivityInterest(Baseline):
    """Who bought many different products will buy this one, whatever it is."""

    name = "activity"

    def relative(self, histories: Histories, launch: Launch) -> Relative:
        """Distinct products bought."""
        count = np.asarray(histories.bought.sum(1), dtype=np.float64)  # (customers, 1)
        share = count / max(float(count.mean()), 1e-9) if len(count) else count
        return lambda rows: np.repeat(share[rows], len(launch.products), axis=1)


class ContentInterest(Baseline):
    """Who bought products with the same words will buy this one: TF-IDF votes of neighbours."""

    name = "content"

    def relative(self, histories: Histories, launch: Launch) -> Relative:
        """Summed similarity of what the customer bought."""
        known = histories.shop.products.text.tolist()
        space = TermSpace.of(known, terms_of=words_of)
        similar = space.rows(launch.products.text.tolist()) @ space.rows(known).T
        profile = nearest(sp.csr_matrix(similar), count=NEAREST)
        return votes_of(histories, profile)


class ContentActivityInterest(Baseline):
    """Who bought products with the same words, and who buys much, each half."""

    name = "content_activity"

    def relative(self, histories: Histories, launch: Launch) -> Relative:
        """The mean of both; each averages 1 over customers."""
        content = ContentInterest().relative(histories, launch)
        activity = ActivityInterest().relative(histories, launch)
        return lambda rows: (content(rows) + activity(rows)) / 2


def votes_of(histories: Histories, profile: sp.csr_matrix) -> Relative:
    """What customers bought, by how much it speaks for each product; the mean over them is 1."""
    customers = max(len(histories.customers), 1)
    mean = profile @ (np.asarray(histories.bought.sum(0)).ravel() / customers)
    scale = np.where(mean > 0, mean, 1.0)
    return lambda rows: (histories.bought[rows] @ profile.T).toarray() / scale


def _hashes(names: NDArray[np.str_]) -> NDArray[np.uint64]:
    return np.array([zlib.crc32(name.encode()) for name in names.tolist()], dtype=np.uint64)


def _scrambled(number: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Uniform in [0, 1) (the finaliser of splitmix64; Steele and others, 2014)."""
    mixed = number + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(11)) / float(2**53)
