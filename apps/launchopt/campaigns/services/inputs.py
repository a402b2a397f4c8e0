"""What a decision was decided by, as the log has it, and deciding it again from that alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from launchopt.campaigns.services.assigning import Assigned
from launchopt_core.assignment import HOLDOUT, choose_variant
from launchopt_core.delivery import Reason, Situation, answered_with, verdict_on

USUAL = vars(Situation())
# Another draw could have ended otherwise: shown, held out, no words for it.
HANGS_ON_CHANCE = (Reason.SHOWN, Reason.HOLDOUT, Reason.NO_CREATIVE)


class Again(NamedTuple):
    """What a decision says that is decided anew."""

    reason: str
    variant: str
    creative: str | None
    propensity: float


def inputs_of(
    situations: Sequence[Situation], *, assigned: Assigned | None, seed: int
) -> dict[str, Any]:
    """The facts of each offer that are not the usual ones, and what stood for chance.

    `assigned` is that of the offer answered with, `seed` what picks among the words of a variant.
    """
    inputs: dict[str, Any] = {
        "offers": [
            {name: fact for name, fact in vars(each).items() if fact != USUAL[name]}
            for each in situations
        ],
        "seed": seed,
    }
    if assigned and assigned.bucket is not None:
        inputs["bucket"] = assigned.bucket
    elif assigned:
        inputs["share"] = assigned.propensity  # when it was drawn, at an earlier decision
    return inputs


def decided_again(inputs: Mapping[str, Any], candidates: Sequence[Mapping[str, Any]]) -> Again:
    """The decision by the rules as they are now, from what the log has of its moment."""
    situations = [Situation(**facts) for facts in inputs["offers"]]
    verdicts = [verdict_on(each) for each in situations]
    answer = answered_with(verdicts)
    reason, variant = verdicts[answer].reason, situations[answer].variant
    share = inputs.get("share", 1.0)
    if "bucket" in inputs:
        shares = {each["variant"]: each["share"] for each in candidates}
        variant = choose_variant(inputs["bucket"], shares)
        share = shares[variant]
    words = next((each["creatives"] for each in candidates if each["variant"] == variant), [])
    is_shown = reason is Reason.SHOWN and bool(words)
    return Again(
        reason=reason.value,
        variant=HOLDOUT if situations[answer].is_holdout else variant or "",
        creative=words[inputs["seed"] % len(words)] if is_shown else None,
        propensity=_propensity(reason, share=share, words=len(words) if is_shown else 1),
    )


def _propensity(reason: Reason, *, share: float, words: int) -> float:
    return share / words if reason in HANGS_ON_CHANCE else 1.0
