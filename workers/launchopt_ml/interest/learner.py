"""The small network that weighs a pair's features, learned on past launches and calibrated."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from torch import Tensor, nn

from launchopt_ml.curves import note
from launchopt_ml.interest.episodes import Examples
from launchopt_ml.interest.parameters import Parameters

FOLDS = 4
FEWEST_STEPS = 400  # a small shop is gone through more often
BATCH = 4096
USUAL = Parameters()
BINS = 40
REACH = 5.0  # standard deviations beyond which a feature is cut off


class Scorer(nn.Module):
    """A line plus a bend: logit of (pairs, features) standardised within."""

    mean: Tensor
    scale: Tensor

    def __init__(self, features: int, *, hidden: int = USUAL.hidden) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("scale", torch.ones(features))
        self.line = nn.Linear(features, 1)
        self.bend = nn.Sequential(
            nn.Linear(features, hidden),
            nn.SiLU(),
            nn.Linear(hidden, hidden),
            nn.SiLU(),
            nn.Linear(hidden, 1, bias=False),
        )

    def forward(self, features: Tensor) -> Tensor:
        """(..., features) -> (...)."""
        standard = ((features - self.mean) / self.scale).clamp(-REACH, REACH)
        logit: Tensor = self.line(standard) + self.bend(standard)
        return logit.squeeze(-1)


def fold_of(skus: NDArray[np.str_]) -> NDArray[np.integer]:
    """The fold of each product, by its sku, so that a launch is learned from or held out whole."""
    names, inverse = np.unique(skus, return_inverse=True)
    folds = np.array([zlib.crc32(name.encode()) % FOLDS for name in names], dtype=np.int64)
    return folds[inverse]


def train(examples: Examples, *, seed: int, parameters: Parameters = USUAL) -> Scorer:
    """Weighted logistic loss, AdamW, one cycle of the rate. One seed gives one set of weights."""
    generator = torch.Generator().manual_seed(seed)
    features = torch.from_numpy(examples.features)  # (pairs, features)
    target = torch.from_numpy(examples.bought.astype(np.float32))  # (pairs,)
    weight = torch.from_numpy(examples.weight / examples.weight.mean())  # (pairs,)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        scorer = Scorer(features.shape[1], hidden=parameters.hidden)
    scorer.mean.copy_(features.mean(0))
    scorer.scale.copy_(features.std(0).clamp_min(1e-3))
    rate = float((target * weight).mean())
    nn.init.constant_(scorer.line.bias, float(np.log(rate / (1 - rate))))
    batch = min(max(len(features) // 100, 256), BATCH)
    batches = -(-len(features) // batch)
    epochs = max(parameters.epochs, -(-FEWEST_STEPS // batches))
    optimiser = torch.optim.AdamW(
        scorer.parameters(), parameters.learning_rate, weight_decay=parameters.weight_decay
    )
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, parameters.learning_rate, total_steps=epochs * batches
    )
    for epoch in range(epochs):
        for rows in torch.split(torch.randperm(len(features), generator=generator), batch):
            loss = nn.functional.binary_cross_entropy_with_logits(
                scorer(features[rows]), target[rows], weight=weight[rows]
            )
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            cycle.step()
        note(f"loss/seed_{seed}", epoch, loss.item)
    return scorer.eval().requires_grad_(False)


def logits(scorers: list[Scorer], features: NDArray[np.float32]) -> NDArray[np.float32]:
    """(..., features) -> (...): the mean of what the scorers say."""
    with torch.inference_mode():
        rows = torch.from_numpy(features)
        said = torch.stack([scorer(rows) for scorer in scorers]).mean(0)
        return np.asarray(said.numpy(), dtype=np.float32)


@dataclass(frozen=True)
class Calibration:
    """A rising line through knots, from what a scorer says to the log-odds that came true.

    Between knots it is straight and beyond them it keeps on with slope 1, so that no two scores
    become equal and ranks stay.
    """

    said: NDArray[np.float64]
    true: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        said: NDArray[np.floating],
        *,
        bought: NDArray[np.bool_],
        weight: NDArray[np.floating],
    ) -> Calibration:
        """Isotonic regression over bins of equal numbers of buyers (Zadrozny and Elkan, 2002)."""
        order = np.argsort(said, kind="stable")
        buyers = np.cumsum((weight * bought)[order])
        edge = np.minimum((buyers / buyers[-1] * BINS).astype(int), BINS - 1)
        mass = np.bincount(edge, weight[order], BINS).astype(np.float64)
        some = mass > 0
        rate = np.bincount(edge, (weight * bought)[order], BINS)[some] / mass[some]
        centre = np.bincount(edge, (weight * said)[order], BINS)[some] / mass[some]
        rising = isotonic_regression(np.clip(rate, 1e-6, 1 - 1e-6), weights=mass[some]).x
        true = np.log(rising / (1 - rising))
        first = np.concatenate([[True], np.diff(true) > 1e-9])  # one knot for each level
        return cls(_means(centre, mass[some], first), true[first])

    def __call__(self, said: NDArray[np.floating]) -> NDArray[np.float32]:
        """Log-odds, of any shape."""
        inside = np.clip(said, self.said[0], self.said[-1])
        line = np.interp(inside, self.said, self.true) + (said - inside)
        return np.asarray(line, dtype=np.float32)


def _means(
    value: NDArray[np.floating], weight: NDArray[np.floating], first: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Weighted means over runs that begin where `first` is true."""
    run = np.cumsum(first) - 1
    total = np.bincount(run, value * weight) / np.bincount(run, weight)
    return np.asarray(total, dtype=np.float64)


def train_folds(
    examples: Examples, *, seed: int, parameters: Parameters = USUAL
) -> tuple[list[Scorer], Calibration]:
    """One scorer for each fold, trained on the others' launches; calibrated on those left out."""
    fold = fold_of(examples.sku)
    said = np.empty(len(fold), dtype=np.float32)
    scorers = []
    for held_out in range(FOLDS):
        out = fold == held_out
        scorers.append(train(examples.take(~out), seed=seed + held_out, parameters=parameters))
        said[out] = logits(scorers[-1:], examples.features[out])
    weight = examples.weight * 0.5 ** (examples.age / parameters.half_life_days)
    return scorers, Calibration.of(said, bought=examples.bought, weight=weight)
