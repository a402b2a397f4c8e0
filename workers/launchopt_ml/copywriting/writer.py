"""What every writer is: briefs in, drafts out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from numpy.random import Generator

from launchopt_core.claims import Draft, Facts


class WriterFailed(RuntimeError):
    """A writer that cannot write now: no model, no answer, no budget. The message says why."""


@dataclass(frozen=True, kw_only=True)
class Persona:
    """For whom a text is written. It picks the angle; none of it is ever stated.

    Writers read interests and price band only: choosing words by age or gender is how stereotypes
    are made.
    """

    age_band: str = ""
    gender: str = ""
    interests: tuple[str, ...] = ()
    price_band: str = ""


@dataclass(frozen=True, kw_only=True)
class Example:
    """Approved copy that shows the manner: what was known, and what was written."""

    facts: Facts
    draft: Draft


@dataclass(frozen=True, kw_only=True)
class Brief:
    """What is to be written: a product's facts, for whom, where, and in which tone.

    ``examples`` are approved texts of the same channel and language; writers that learn from
    examples take them as such.
    """

    facts: Facts
    persona: Persona | None = None
    channel: str = "onsite"
    tone: str = "warm"
    examples: tuple[Example, ...] = ()


class Writer(Protocol):
    """Writes drafts. The same briefs and generator give the same drafts, as far as it decides."""

    name: str
    version: str

    def write(
        self, briefs: Sequence[Brief], *, candidates: int = 3, rng: Generator
    ) -> Sequence[tuple[Draft, ...] | WriterFailed]:
        """For each brief up to so many drafts that differ, the best fit first, or why it has none.

        Raises WriterFailed where it cannot write at all.
        """
        ...
