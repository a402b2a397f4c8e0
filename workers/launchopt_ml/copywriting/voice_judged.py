"""Whether a voice is better than the model without it: on texts and facts that it has not seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from launchopt_core.bootstrap import Draws, Interval, percentile_interval
from launchopt_core.claims import Draft, Facts, attribute_text, check
from launchopt_ml.copywriting.slots import price_text
from launchopt_ml.copywriting.transformer import Loaded, TransformersWriter
from launchopt_ml.copywriting.writer import Brief

Array = NDArray[np.float64]
SAID = 0.6  # share of a title's words that tell it
TOLD = "from {before:.4g} to {after:.4g} [{low:+.4g}, {high:+.4g}]"


@dataclass(frozen=True)
class Samples:
    """What a model writes about facts that no lesson held, one text for each."""

    passed: Array  # (briefs,) 1 where it could be read and passes the ledger
    facts_kept: Array  # (briefs,) share of the facts that it tells


@dataclass(frozen=True)
class Change:
    """A mean before and after, and its 95 % interval over the units drawn again."""

    before: float
    after: float
    interval: Interval

    @classmethod
    def of(
        cls, before: Array, after: Array, *, weights: Array | None = None, rng: Generator
    ) -> Change:
        """Of paired units, weighted where they are of different size."""
        weight = np.ones(len(before)) if weights is None else weights
        rows = np.stack([(after - before) * weight, weight], axis=1)
        drawn = Draws.of(len(rows), rng=rng).totals(rows)
        interval = percentile_interval(drawn[:, 0] / np.maximum(drawn[:, 1], 1e-12))
        means = [float(np.average(each, weights=weight)) for each in (before, after)]
        return cls(means[0], means[1], interval)

    def __str__(self) -> str:
        low, high = self.interval
        return TOLD.format(before=self.before, after=self.after, low=low, high=high)

    def as_dict(self) -> dict[str, Any]:
        """As it is kept."""
        low, high = (round(each, 4) for each in self.interval)
        return {
            "before": round(self.before, 4),
            "after": round(self.after, 4),
            "interval": [low, high],
        }


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Loss of a token of unseen texts, and what is written about their facts."""

    loss: Change
    passed: Change
    facts_kept: Change
    samples: int

    @property
    def is_better(self) -> bool:
        """Unseen texts likelier with the whole interval, and no share of what it writes worse."""
        return (
            self.loss.interval[1] < 0 <= min(self.passed.interval[1], self.facts_kept.interval[1])
        )

    def sentence(self) -> str:
        """The verdict in words."""
        told = (
            f"The loss of a token of unseen texts went {self.loss}, the share of {self.samples} "
            f"samples that pass the ledger {self.passed}, facts kept {self.facts_kept}"
        )
        return f"{told}." if self.is_better else f"{told}: not shown to be better."

    def as_dict(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "loss": self.loss.as_dict(),
            "passes_the_ledger": self.passed.as_dict(),
            "facts_kept": self.facts_kept.as_dict(),
            "samples": self.samples,
        }


def samples_of(
    loaded: Loaded,
    briefs: Sequence[Brief],
    *,
    seed: int,
    progress: Callable[[int], None] = lambda done: None,
) -> Samples:
    """Write one text for each brief; equal seeds make two models comparable."""
    writer = TransformersWriter(model="", loaded=loaded)
    found: list[tuple[float, float]] = []
    for start in range(0, len(briefs), writer.batch):
        some = briefs[start : start + writer.batch]
        rng = np.random.default_rng([seed, start])
        written = writer.write(some, candidates=1, rng=rng)
        found += [_judged(brief, drafts) for brief, drafts in zip(some, written, strict=True)]
        progress(len(found))
    passed, kept = np.array(found, dtype=np.float64).reshape(-1, 2).T
    return Samples(passed, kept)


def facts_kept(draft: Draft, facts: Facts) -> float:
    """The share of a product's facts that a text tells.

    >>> mug = Facts(title="BLUE MUG", attributes={"size": "300 ml"})
    >>> facts_kept(Draft(headline="Blue mug", body="", call_to_action="", alt_text=""), mug)
    0.5
    """
    text = " ".join(draft.parts().values()).casefold()
    told = list(_told(text, facts))
    return sum(told) / len(told)


def _told(text: str, facts: Facts) -> Iterator[bool]:
    words = facts.title.casefold().split()
    yield sum(word in text for word in words) >= SAID * len(words)
    price = price_text(facts.price, facts.currency)
    values = [price, facts.brand, facts.category, *map(attribute_text, facts.attributes.values())]
    yield from (value.casefold() in text for value in values if value)


def _judged(brief: Brief, drafts: Sequence[Draft]) -> tuple[float, float]:
    if not drafts:
        return 0.0, 0.0
    found = check(drafts[0].parts(), facts=brief.facts, channel=brief.channel)
    return float(found.is_accepted), facts_kept(drafts[0], brief.facts)
