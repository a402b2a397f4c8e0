"""What every writer is: facts and a persona in, drafts out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from numpy.random import Generator

from launchopt_core.claims import Draft, Facts


@dataclass(frozen=True, kw_only=True)
class Persona:
    """For whom a text is written. It picks the angle; none of it is ever stated.

    The phrasebook reads interests and price band only: choosing words by age or gender is how
    stereotypes are made.
    """

    age_band: str = ""
    gender: str = ""
    interests: tuple[str, ...] = ()
    price_band: str = ""


class Writer(Protocol):
    """Writes drafts from facts. The same facts, persona and generator give the same drafts."""

    name: str
    version: str

    def write(
        self,
        facts: Facts,
        *,
        persona: Persona | None = None,
        channel: str = "onsite",
        candidates: int = 3,
        rng: Generator,
    ) -> tuple[Draft, ...]:
        """Up to so many drafts that differ, the best fit first; at least one, each in limits."""
        ...
