"""One check of words for all who ask: at writing, at review, at serving, and for files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from launchopt_core.claims.ledger import claims_in, unsupported
from launchopt_core.claims.manners import ANY_MANNER, Manner
from launchopt_core.claims.refusals import refusals_in
from launchopt_core.claims.values import Claim, Facts, Refusal


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What a text claims, and what of it may not be said."""

    claims: tuple[Claim, ...]
    refusals: tuple[Refusal, ...]

    @property
    def unproved(self) -> tuple[Claim, ...]:
        """The claims that no fact proves."""
        return unsupported(self.claims)

    @property
    def is_accepted(self) -> bool:
        """Whether every claim is proved and nothing is refused."""
        return not self.unproved and not self.refusals

    def faults(self) -> list[str]:
        """Each thing that stands in the way, in words."""
        unproved = [f"no fact proves {claim.text!r}" for claim in self.unproved]
        refused = [f"{r.text or 'it'!r}: {r.detail}" for r in self.refusals]
        return unproved + refused


def check(
    parts: Mapping[str, str],
    *,
    facts: Facts,
    channel: str = "",
    forbidden: Iterable[str] = (),
    required: Iterable[str] = (),
    manner: Manner = ANY_MANNER,
) -> Checked:
    """The claims and the refusals of a text given by its parts.

    >>> checked = check({"text": "The best mug"}, facts=Facts(title="Mug"))
    >>> checked.is_accepted, checked.faults()
    (False, ["no fact proves 'best'"])
    """
    return Checked(
        claims=claims_in(parts, facts=facts),
        refusals=refusals_in(
            parts,
            facts=facts,
            channel=channel,
            forbidden=forbidden,
            required=required,
            manner=manner,
        ),
    )
