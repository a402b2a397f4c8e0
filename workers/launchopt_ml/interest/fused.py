"""Several scorers over a panel in one pass. It says what they say of the same pairs one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from launchopt_ml.interest.facts import FACTS
from launchopt_ml.interest.features import PAIR, Panel
from launchopt_ml.interest.learner import REACH, Scorer

PAIRS_AT_ONCE = 8_192  # so that what is made on the way stays in the processor's cache


@dataclass(frozen=True)
class Fused:
    """The mean of what the scorers say; what is true of a customer alone is worked out once."""

    parts: list[Part]

    @classmethod
    def of(cls, scorers: list[Scorer]) -> Fused:
        """Made once for many panels; later changes of the scorers do not matter."""
        with torch.inference_mode():
            return cls([Part.of(scorer) for scorer in scorers])

    def __call__(self, panel: Panel) -> NDArray[np.float32]:
        """(customers, products): logits."""
        _, customers, products = panel.pair.shape
        said = np.zeros((customers, products), dtype=np.float32)
        step = max(PAIRS_AT_ONCE // max(products, 1), 1)
        with torch.inference_mode():
            pair, into = torch.from_numpy(panel.pair), torch.from_numpy(said)
            traits, facts = torch.from_numpy(panel.traits), torch.from_numpy(panel.facts)
            for part in self.parts:
                own = part.of_customers(traits)  # (width, customers)
                for start in range(0, customers, step):
                    rows = slice(start, start + step)
                    into[rows] += part.of_pairs(pair[:, rows], own=own[:, rows])
                into += part.level(facts)
            into /= len(self.parts)
        return said


@dataclass(frozen=True)
class Part:
    """One scorer, its standardising folded into its first layer and that layer taken apart.

    The first layer's last row is the line, the others go on into the bend.
    """

    scorer: Scorer
    least: Tensor  # (PAIR, 1, 1), of what a pair's features may be
    most: Tensor
    of_pair: Tensor  # (width, PAIR)
    of_traits: Tensor  # (width, TRAITS), standardised
    constant: Tensor  # (width, 1)
    further: list[nn.Linear]  # layers of the bend

    @classmethod
    def of(cls, scorer: Scorer) -> Part:
        """As the scorer stands."""
        count = len(PAIR)
        first, *further = (layer for layer in scorer.bend if isinstance(layer, nn.Linear))
        weight = torch.cat([first.weight, scorer.line.weight])  # (width, inputs)
        bias = torch.cat([first.bias, scorer.line.bias])
        mean, scale = scorer.mean[:count], scorer.scale[:count]
        of_pair = weight[:, :count] / scale
        return cls(
            scorer,
            (mean - REACH * scale)[:, None, None],
            (mean + REACH * scale)[:, None, None],
            of_pair,
            weight[:, count:],
            (bias - of_pair @ mean)[:, None],
            further,
        )

    def level(self, facts: Tensor) -> Tensor:
        """(products,)."""
        standard = self.scorer.standard(facts, which=slice(-len(FACTS), None))
        logit: Tensor = self.scorer.level(standard).squeeze(-1)
        return logit

    def of_customers(self, traits: Tensor) -> Tensor:
        """(width, customers): what the first layer makes of traits, and its constant."""
        standard = self.scorer.standard(traits, which=slice(len(PAIR), -len(FACTS)))
        return torch.addmm(self.constant, self.of_traits, standard.T)

    def of_pairs(self, pair: Tensor, *, own: Tensor) -> Tensor:
        """(PAIR, customers, products) and (width, customers) -> (customers, products): taste."""
        _, customers, products = pair.shape
        inside = torch.clamp(pair, self.least, self.most).reshape(len(PAIR), -1)
        first = (self.of_pair @ inside).view(-1, customers, products) + own[:, :, None]
        second, last = self.further
        bend = nn.functional.silu(first[:-1].view(second.in_features, -1), inplace=True)
        bend = torch.addmm(second.bias[:, None], second.weight, bend)
        bend = last.weight @ nn.functional.silu(bend, inplace=True)
        return first[-1] + bend.view(customers, products)
