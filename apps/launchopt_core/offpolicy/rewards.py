"""Models of an action's reward in a context: means of cells, and a ridge where these are thin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from launchopt_core.offpolicy.logs import Floats, Log, Policy

PENALTY = 1.0  # of the ridge, in rows
SLOPES_NEED = 20  # rows for each slope that an action has of its own
CELLS_NEED = 5  # rows for each pair of context and action, that its mean may stand alone
STRENGTH = 10.0  # rows that the ridge counts as in a cell, where cells lean on it


@dataclass(frozen=True)
class Ridge:
    """Reward = action + features, and each action's own slopes where the log has rows enough."""

    coefficients: Floats  # (width,)
    inverse: Floats  # (width, width), of the penalised Gram matrix
    has_slopes: bool

    @classmethod
    def fit(cls, log: Log) -> Self:
        """Least squares with a small penalty (Hoerl and Kennard, 1970, Technometrics 12)."""
        width = log.features.shape[1]
        has_slopes = width > 0 and log.actions * (width + 1) * SLOPES_NEED <= len(log)
        counts, sums = log.tally(np.ones(len(log))), log.tally(log.reward)
        context, action = counts.nonzero()
        chosen = np.zeros((len(context), log.actions))
        chosen[np.arange(len(context)), action] = 1
        design = _design(chosen, log.features[context], has_slopes=has_slopes)  # (cells, width)
        gram = (design * counts[context, action, None]).T @ design
        inverse = np.linalg.inv(gram + PENALTY * np.eye(gram.shape[1]))
        center = sums.sum() / counts.sum()
        target = design.T @ (sums - center * counts)[context, action]
        coefficients = np.append(inverse @ target, center)
        return cls(coefficients, np.asarray(inverse, dtype=np.float64), has_slopes)

    def design(self, share: Floats, features: Floats) -> Floats:
        """Rows of the design for actions chosen with these shares, (contexts, actions)."""
        return _design(share, features, has_slopes=self.has_slopes)

    def predict(self, log: Log) -> Floats:
        """The reward expected of every action in every context, (contexts, actions)."""
        slopes, center = self.coefficients[:-1], self.coefficients[-1]
        actions, width = log.actions, log.features.shape[1]
        shared = log.features @ slopes[actions : actions + width]
        own = slopes[None, :actions]
        if self.has_slopes:
            own = own + log.features @ slopes[actions + width :].reshape(actions, width).T
        return np.asarray(center + shared[:, None] + own, dtype=np.float64)


@dataclass(frozen=True)
class Expectation:
    """The expected reward, (contexts, actions), and what it would be made of by the ridge alone."""

    reward: Floats
    ridge: Ridge
    ridge_reward: Floats
    counts: Floats  # rows of each cell
    stands_alone: Floats  # (contexts, actions), 1 where the cell's mean is the expectation

    @classmethod
    def of(cls, log: Log) -> Self:
        """Cells' own means where the log is thick enough; the ridge elsewhere."""
        ridge = Ridge.fit(log)
        counts, sums = log.tally(np.ones(len(log))), log.tally(log.reward)
        is_thick = len(log) >= CELLS_NEED * (counts > 0).sum()
        alone = ((counts > 0) & is_thick).astype(float)
        base = ridge.predict(log)
        means = np.divide(sums, counts, out=np.zeros(counts.shape), where=counts > 0)
        return cls(np.where(alone > 0, means, base), ridge, base, counts, alone)

    def residuals(self, log: Log) -> Floats:
        """What each row's reward differs from its expectation, as if it had not been seen: (rows,).

        A mean follows its own rows, so that residuals are divided by the root of 1 - 1/n (HC2,
        MacKinnon and White, 1985); the only row of a cell is compared with the ridge.
        """
        place = log.context, log.action
        count, alone = self.counts[place], self.stands_alone[place] > 0
        lone = alone & (count == 1)
        expected = np.where(lone, self.ridge_reward[place], self.reward[place])
        share = np.where(alone & ~lone, 1 / count, 0.0)
        return np.asarray((log.reward - expected) / np.sqrt(1 - share), dtype=np.float64)

    def leverage(self, log: Log, policy: Policy) -> Floats:
        """How far the policy's value moves with the reward of each row, times the rows: (rows,)."""
        seen = np.bincount(log.context, minlength=log.contexts)[:, None] / len(log)
        mass = seen * policy.probability  # (contexts, actions)
        alone = mass * self.stands_alone
        per_row = np.divide(alone, self.counts, out=np.zeros(alone.shape), where=self.counts > 0)
        lever = per_row[log.context, log.action]
        rest = mass * (1 - self.stands_alone)
        if rest.any():
            lever = lever + self._through_ridge(log, rest)
        return np.asarray(lever * len(log), dtype=np.float64)

    def _through_ridge(self, log: Log, mass: Floats) -> Floats:
        towards = self.ridge.design(mass, log.features).sum(axis=0)
        moved = replace(self.ridge, coefficients=np.append(self.ridge.inverse @ towards, 0.0))
        through_slopes = moved.predict(log)[log.context, log.action]
        through_center = (mass.sum() - through_slopes.sum()) / len(log)
        return np.asarray(through_slopes + through_center, dtype=np.float64)


def leaning(log: Log) -> Floats:
    """Expected rewards in which each cell leans on the ridge, the less the more rows it has."""
    base = Ridge.fit(log).predict(log)
    counts, sums = log.tally(np.ones(len(log))), log.tally(log.reward)
    return (sums + STRENGTH * base) / (counts + STRENGTH)


def _design(share: Floats, features: Floats, *, has_slopes: bool) -> Floats:
    """(rows, actions) and (rows, width) -> the shares, the features, and their products."""
    whole = share.sum(axis=1, keepdims=True)
    parts = [share, features * whole]
    if has_slopes:
        parts.append((share[:, :, None] * features[:, None, :]).reshape(len(share), -1))
    return np.concatenate(parts, axis=1)
