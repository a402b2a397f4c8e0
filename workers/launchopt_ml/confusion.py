"""Which of two classes was said and which was true: counts, and what is usually read off them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Confusion:
    """The four counts at a threshold."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int

    @classmethod
    def of(cls, said: NDArray[np.bool_], *, true: NDArray[np.bool_]) -> Self:
        """From what was said and what was true of the same things.

        >>> Confusion.of(np.array([True, True, False]), true=np.array([True, False, False]))
        Confusion(true_positive=1, false_positive=1, false_negative=0, true_negative=1)
        """
        counts = (said & true, said & ~true, ~said & true, ~said & ~true)
        return cls(*(int(count.sum()) for count in counts))

    @property
    def precision(self) -> float:
        """The share of what was said to be positive that was; 0 where nothing was said to be."""
        return _share(self.true_positive, self.true_positive + self.false_positive)

    @property
    def recall(self) -> float:
        """The share of what was positive that was said to be; 0 where nothing was."""
        return _share(self.true_positive, self.true_positive + self.false_negative)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return _share(2 * self.precision * self.recall, self.precision + self.recall)

    def as_dict(self) -> dict[str, float]:
        """Plain numbers: the counts and the three shares."""
        shares = {name: round(getattr(self, name), 4) for name in ("precision", "recall", "f1")}
        return asdict(self) | shares


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
