"""The model card of a version: what it is for, what it is not, and what it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PREDICTS = "that a customer buys a new product within a horizon"
USE = [
    "Rank customers for the launch of a product that nobody has bought yet.",
    "Add probabilities up to the buyers that a launch may expect, with a wide margin.",
]
LIMITS = [
    "A probability to buy is not the effect of contacting somebody; the experiment tells that.",
    "How well launches sell swings by half from season to season, and no model sees it beforehand.",
    "It knows a season that it has seen: within a first year nothing tells what winter sells.",
    "It knows this shop alone, and of a customer only what the shop has recorded.",
    "It reads neither age nor gender, and infers no sensitive attribute.",
]
PRIOR_LIMIT = (
    "Too few past launches were there to learn from: its weights are assumptions, set by hand."
)
WAY = ("learner", "parameters", "features", "source")


def card_of(card: Mapping[str, Any], *, learner: str) -> dict[str, Any]:
    """The card that a model wrote, completed for whoever must decide about it."""
    limits = [PRIOR_LIMIT, *LIMITS] if card.get("source") == "prior" else LIMITS
    return {
        "predicts": PREDICTS,
        "learner": learner,
        "parameters": {},
        "intended_use": USE,
        "limits": limits,
        **card,
    }


def learn_alike(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Whether two cards tell of the same way of learning."""
    return all(first.get(name) == second.get(name) for name in WAY)
