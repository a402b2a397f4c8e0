"""Which words are clicked: a rate for a text and a persona, and how little is known of it.

A logistic ridge in its dual form: a Gaussian process whose covariance is that of the texts'
vectors, alone and times that of the personas', and of what each text has of its own (Rasmussen and
Williams, 2006, 3.3 to 3.5). It tells how far a text lies above or below what its launch and channel
bring anyway, whose rate is smoothed by a Beta prior. What is unlike all that was shown stays near
that rate, with a wide interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.special import expit, logit, xlogy

from launchopt_ml.artifacts import load_artifact, save_artifact

Array = NDArray[np.float64]
SCALES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)  # prior variances tried, of what vectors tell
OWN = (0.001, 0.01, 0.05, 0.2)  # and of what they do not
PERSONA = 0.3  # how much personas differ in what pleases them, beside what pleases all
LEVEL = 0.05  # prior variance of what a launch brings, beside its smoothed rate
STEPS = 50  # of Newton, at most
NODES, SHARES = np.polynomial.hermite_e.hermegauss(15)
CERTAIN = 1.645  # standard deviations: 90 % lie within
KIND = "appeal"


@dataclass(frozen=True)
class Showings:
    """What was shown to whom, how often, and how often it was clicked."""

    text: Array  # (rows, width), apart from what all texts of its launch say
    persona: Array  # (rows, width), each of length 1; zeros where nobody knows
    channel: NDArray[np.object_]  # (rows,)
    launch: NDArray[np.object_]  # (rows,)
    words: NDArray[np.object_]  # (rows,), equal where the words are
    exposures: Array  # (rows,)
    clicks: Array  # (rows,)

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Self:
        """Some of the rows."""
        return type(self)(**{each.name: getattr(self, each.name)[rows] for each in fields(self)})

    def __len__(self) -> int:
        return len(self.exposures)


@dataclass(frozen=True)
class Levels:
    """What a launch brings in a channel whatever its words: a Beta prior around the channel's rate,
    with the weight of one click that was expected, and what was seen."""

    mean: float
    of_channel: dict[str, float]
    of_launch: dict[tuple[str, str], float]

    @classmethod
    def of(cls, showings: Showings) -> Self:
        """From what was shown."""
        mean = (showings.clicks.sum() + 0.5) / (showings.exposures.sum() + 1)
        channels = {
            str(name): _rate(showings, showings.channel == name, prior=mean)
            for name in dict.fromkeys(showings.channel)
        }
        pairs = dict.fromkeys(zip(showings.launch, showings.channel, strict=True))
        launches = {
            (str(launch), str(channel)): _rate(
                showings,
                (showings.launch == launch) & (showings.channel == channel),
                prior=channels[str(channel)],
            )
            for launch, channel in pairs
        }
        return cls(float(mean), channels, launches)

    def rates(self, showings: Showings) -> Array:
        """(rows,) the rate to be expected without reading the words."""
        pairs = zip(showings.launch, showings.channel, strict=True)
        return np.array([self.rate(str(launch), str(channel)) for launch, channel in pairs])

    def rate(self, launch: str, channel: str) -> float:
        """Of one launch in one channel."""
        known = self.of_launch.get((launch, channel))
        return self.of_channel.get(channel, self.mean) if known is None else known


@dataclass(frozen=True)
class Outlook:
    """The clicks per exposure to be expected, and where they lie with 90 % certainty."""

    rate: Array
    low: Array
    high: Array


@dataclass(frozen=True)
class Appeal:
    """Fitted to showings, with the prior variance of what vectors tell and of what they do not."""

    showings: Showings
    scale: float
    own: float

    @classmethod
    def fit(cls, showings: Showings) -> Self:
        """With the prior variances that make what was seen likeliest."""
        tried = [cls(showings, scale, own) for scale in SCALES for own in OWN]
        return max(tried, key=lambda each: each.evidence)

    def outlook(self, showings: Showings) -> Outlook:
        """For these rows; their exposures and clicks are not looked at."""
        across = self._covariance(showings, self.showings)  # (asked, rows)
        _, dual, root, factor = self._mode
        mean = logit(self.levels.rates(showings)) + across @ dual
        seen = solve_triangular(factor, root[:, None] * across.T, lower=True)  # (rows, asked)
        variance = self._variance(showings) - (seen**2).sum(axis=0)
        spread = np.sqrt(np.maximum(variance, 0))
        nodes = expit(mean[:, None] + spread[:, None] * NODES)  # (asked, nodes)
        return Outlook(
            nodes @ SHARES / SHARES.sum(),
            expit(mean - CERTAIN * spread),
            expit(mean + CERTAIN * spread),
        )

    @property
    def evidence(self) -> float:
        """The log likelihood of what was seen, by Laplace (Rasmussen and Williams, 3.32)."""
        effect, dual, _, factor = self._mode
        told = self._log_likelihood(effect)
        return float(told - effect @ dual / 2 - np.log(np.diag(factor)).sum())

    @cached_property
    def levels(self) -> Levels:
        """What is expected without reading."""
        return Levels.of(self.showings)

    def _log_likelihood(self, effect: Array) -> float:
        clicks, seen = self.showings.clicks, self.showings.exposures
        told = self._offset + effect
        return float((clicks * told - seen * np.logaddexp(0, told)).sum())

    @cached_property
    def _offset(self) -> Array:
        return np.asarray(logit(self.levels.rates(self.showings)))

    @cached_property
    def _mode(self) -> tuple[Array, Array, Array, Array]:
        """(effect, dual weights, root of the curvature, Cholesky factor) at the likeliest."""
        clicks, seen = self.showings.clicks, self.showings.exposures
        covariance = self._covariance(self.showings, self.showings)
        effect = np.zeros(len(clicks))
        for _ in range(STEPS):
            rate = expit(self._offset + effect)
            curve = seen * rate * (1 - rate)
            root = np.sqrt(curve)
            whole = np.eye(len(root)) + root[:, None] * covariance * root
            factor = cholesky(whole, lower=True)
            aim = curve * effect + clicks - seen * rate
            dual = aim - root * cho_solve((factor, True), root * (covariance @ aim))
            before, effect = effect, covariance @ dual
            if np.abs(effect - before).max(initial=0) < 1e-8:
                break
        return effect, dual, root, factor

    def _covariance(self, some: Showings, others: Showings) -> Array:
        """(some, others): of texts, alone and times that of personas, of personas, of launches in
        a channel, and of words with themselves."""
        texts = some.text @ others.text.T
        personas = PERSONA * some.persona @ others.persona.T
        same = self.own * (some.words[:, None] == others.words)
        together = (some.launch[:, None] == others.launch) & (
            some.channel[:, None] == others.channel
        )
        shared = self.scale * (texts * (1 + personas) + personas)
        return np.asarray(shared + same + LEVEL * together)

    def _variance(self, some: Showings) -> Array:
        texts = (some.text**2).sum(axis=1)
        personas = PERSONA * (some.persona**2).sum(axis=1)
        shared = self.scale * (texts * (1 + personas) + personas)
        return np.asarray(shared + self.own + LEVEL)

    def save(self, folder: Path, *, encoder: str) -> None:
        """Keep what it was fitted to; fitting again gives the same."""
        names = ("channel", "launch", "words")
        arrays = {
            name: getattr(self.showings, name)
            for name in ("text", "persona", "exposures", "clicks")
        }
        told = {name: [str(each) for each in getattr(self.showings, name)] for name in names}
        card = {"encoder": encoder, "scale": self.scale, "own": self.own, **told}
        save_artifact(folder, kind=KIND, tensors=arrays, card=card)

    @classmethod
    def load(cls, folder: Path) -> tuple[Self, str]:
        """The model, and the encoder whose vectors it reads. Raises ArtifactUnreadable."""
        tensors, card = load_artifact(folder, kind=KIND)
        named = {
            name: np.array(card[name], dtype=object) for name in ("channel", "launch", "words")
        }
        return cls(Showings(**tensors, **named), card["scale"], card["own"]), card["encoder"]


def log_loss(showings: Showings, rate: Array) -> Array:
    """(rows,) the loss of all exposures of each row together."""
    misses = showings.exposures - showings.clicks
    return np.asarray(-xlogy(showings.clicks, rate) - xlogy(misses, 1 - rate))


def _rate(showings: Showings, rows: NDArray[np.bool_], *, prior: float) -> float:
    """Of some rows, with the weight of one click that was expected before."""
    seen, clicks = showings.exposures[rows].sum(), showings.clicks[rows].sum()
    weight = 1 / prior
    return float((clicks + weight * prior) / (seen + weight))


def apart(vectors: Array, launch: NDArray[np.object_]) -> Array:
    """Vectors of texts without the mean of their launch: how a text puts it, not what it is about.

    >>> apart(np.array([[1.0], [3.0], [9.0]]), np.array(["a", "a", "b"])).tolist()
    [[-1.0], [1.0], [0.0]]
    """
    _, place = np.unique(launch.astype(str), return_inverse=True)
    mean = np.zeros((place.max(initial=-1) + 1, vectors.shape[1]))
    np.add.at(mean, place, vectors)
    return np.asarray(vectors - (mean / np.bincount(place)[:, None])[place])


def unit(vectors: Sequence[Sequence[float]] | Array) -> Array:
    """Each of length 1; zeros stay zeros."""
    array = np.asarray(vectors, dtype=np.float64)
    length = np.linalg.norm(array, axis=1, keepdims=True)
    return np.asarray(array / np.where(length > 0, length, 1))
