"""Neighbours' votes by the meaning of texts: what a sentence encoder gives without learning."""

from __future__ import annotations

import numpy as np

from launchopt_ml.interest.baselines import (
    ActivityInterest,
    Baseline,
    ContentInterest,
    Relative,
    votes_of,
)
from launchopt_ml.interest.histories import Histories
from launchopt_ml.interest.neighbours import meaning
from launchopt_ml.interest.protocol import Launch


class MiniLMVotes(Baseline):
    """Who bought what has a near meaning."""

    name = "minilm_votes"

    def relative(self, histories: Histories, launch: Launch) -> Relative:
        """Summed sharpened cosines of what the customer bought; the mean over customers is 1."""
        profile = meaning(launch.products.embedding, histories.shop.products.embedding)
        return votes_of(histories, profile)


class MiniLMVotesActivity(Baseline):
    """The same, half and half with how much a customer buys."""

    name = "minilm_votes_activity"

    def relative(self, histories: Histories, launch: Launch) -> Relative:
        """The mean of both."""
        votes = MiniLMVotes().relative(histories, launch)
        activity = ActivityInterest().relative(histories, launch)
        return lambda rows: (votes(rows) + activity(rows)) / 2


class VotesTimesActivity(Baseline):
    """Votes by words times how much a customer buys: both must speak for it."""

    name = "votes_times_activity"

    def relative(self, histories: Histories, launch: Launch) -> Relative:
        """The geometric mean, a customer without any vote counting as a fiftieth of the mean."""
        votes = ContentInterest().relative(histories, launch)
        activity = ActivityInterest().relative(histories, launch)
        return lambda rows: np.sqrt((votes(rows) + 0.02) * (activity(rows) + 0.02))
