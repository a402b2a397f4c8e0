"""Whether reading words foretells clicks: on texts held out, against their launch's mean rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from launchopt_core.bootstrap import Draws, percentile_interval
from launchopt_ml.copywriting.appeal import Appeal, Array, Levels, Showings, log_loss

FEWEST_TEXTS = 20
FEWEST_CLICKS = 50
FOLDS = 5


class TooFewShowings(ValueError):
    """Too little was shown and clicked to learn from."""


@dataclass(frozen=True)
class Verdict:
    """Log losses in nats for each exposure, on texts that neither way had seen."""

    texts: int
    exposures: int
    clicks: int
    log_loss: float
    baseline: float  # of the mean rate of each text's launch in its channel
    difference: float  # below 0 where reading helps
    interval: tuple[float, float]  # 95 %, over texts drawn again

    @property
    def beats_the_mean(self) -> bool:
        """Whether the whole interval speaks for reading."""
        return self.interval[1] < 0

    def as_dict(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)


def require_enough(*, texts: int, clicks: int) -> None:
    """Raises TooFewShowings."""
    if texts < FEWEST_TEXTS or clicks < FEWEST_CLICKS:
        raise TooFewShowings(
            f"{texts} texts were shown and {clicks} times clicked; {FEWEST_TEXTS} texts and "
            f"{FEWEST_CLICKS} clicks are needed to learn which words work."
        )


def judge(
    showings: Showings,
    *,
    rng: Generator,
    progress: Callable[[int], None] = lambda fold: None,
) -> Verdict:
    """Learn from four fifths of the texts, foretell the rest, in turn. Raises TooFewShowings."""
    require_enough(texts=len(set(showings.words)), clicks=int(showings.clicks.sum()))
    fold_of = _folds(showings, rng=rng)
    mine, plain = np.zeros(len(showings)), np.zeros(len(showings))
    for fold in range(FOLDS):
        asked = fold_of == fold
        known, held = showings.take(~asked), showings.take(asked)
        mine[asked] = log_loss(held, Appeal.fit(known).outlook(held).rate)
        plain[asked] = log_loss(held, Levels.of(known).rates(held))
        progress(fold + 1)
    return _verdict(showings, mine, plain, rng=rng)


def _folds(showings: Showings, *, rng: Generator) -> NDArray[np.int64]:
    """(rows,): equal words are never on both sides."""
    texts, text_of = np.unique(showings.words.astype(str), return_inverse=True)
    return np.asarray((rng.permutation(len(texts)) % FOLDS)[text_of])


def _verdict(showings: Showings, mine: Array, plain: Array, *, rng: Generator) -> Verdict:
    _, text_of = np.unique(showings.words.astype(str), return_inverse=True)
    by_text = np.stack(
        [np.bincount(text_of, column) for column in (mine - plain, showings.exposures)],
        axis=1,
        dtype=np.float64,
    )
    drawn = Draws.of(len(by_text), rng=rng).totals(by_text)
    seen = showings.exposures.sum()
    return Verdict(
        texts=len(by_text),
        exposures=int(seen),
        clicks=int(showings.clicks.sum()),
        log_loss=float(mine.sum() / seen),
        baseline=float(plain.sum() / seen),
        difference=float((mine - plain).sum() / seen),
        interval=percentile_interval(drawn[:, 0] / np.maximum(drawn[:, 1], 1)),
    )
