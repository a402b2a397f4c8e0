"""What weighs a pair's features: taste by a small network, the level by a line, calibrated."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from torch import Tensor, nn

from launchopt_ml.curves import note
from launchopt_ml.interest.examples import Examples
from launchopt_ml.interest.facts import FACTS
from launchopt_ml.interest.level import base_log_odds, level_of
from launchopt_ml.interest.parameters import Parameters

FOLDS = 4
FEWEST_STEPS = 200  # a small shop is gone through more often
BATCH = 4096
USUAL = Parameters()
BINS = 40
EVERY = slice(None)
REACH = 5.0  # standard deviations beyond which a feature is cut off


class Scorer(nn.Module):
    """Logit of (pairs, features), which are standardised within.

    Taste, a line plus a bend, tells customers apart; the level, a line through the facts (the last
    of the features), tells products apart.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, features: int, *, hidden: int = USUAL.hidden) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("scale", torch.ones(features))
        inputs = features - len(FACTS)
        self.level = nn.Linear(len(FACTS), 1)
        self.line = nn.Linear(inputs, 1)
        self.bend = nn.Sequential(
            nn.Linear(inputs, hidden),
            nn.SiLU(),
            nn.Linear(hidden, hidden),
            nn.SiLU(),
            nn.Linear(hidden, 1, bias=False),
        )

    def forward(self, features: Tensor) -> Tensor:
        """(..., features) -> (...)."""
        standard = self.standard(features)
        logit: Tensor = self.level(standard[..., -len(FACTS) :]).squeeze(-1)
        return logit + self.taste(standard)

    def taste(self, standard: Tensor) -> Tensor:
        """(..., features) -> (...), whatever the product's facts."""
        own = standard[..., : -len(FACTS)]
        logit: Tensor = self.line(own) + self.bend(own)
        return logit.squeeze(-1)

    def standard(self, features: Tensor, *, which: slice = EVERY) -> Tensor:
        """(..., features) of spread 1, cut off at REACH; or some of them, if these are `which`."""
        return ((features - self.mean[which]) / self.scale[which]).clamp(-REACH, REACH)


def fold_of(skus: NDArray[np.str_]) -> NDArray[np.integer]:
    """The fold of each product, by its sku, so that a launch is learned from or held out whole."""
    names, inverse = np.unique(skus, return_inverse=True)
    folds = np.array([zlib.crc32(name.encode()) % FOLDS for name in names], dtype=np.int64)
    return folds[inverse]


def train(examples: Examples, *, seed: int, parameters: Parameters = USUAL) -> Scorer:
    """Taste from launches and rehearsals, then the level, if there were launches."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        scorer = Scorer(examples.features.shape[1], hidden=parameters.hidden)
    features = torch.from_numpy(examples.features)  # (pairs, features)
    launches = torch.from_numpy(examples.is_launch)
    has_launches = bool(launches.any())
    facts = features[launches] if has_launches else features
    scorer.mean.copy_(features.mean(0))
    scorer.scale.copy_(features.std(0).clamp_min(1e-3))
    scorer.mean[-len(FACTS) :] = facts[:, -len(FACTS) :].mean(0)
    scorer.scale[-len(FACTS) :] = facts[:, -len(FACTS) :].std(0).clamp_min(1e-3)
    standard = scorer.standard(features)
    _learn_taste(scorer, standard, examples, seed=seed, parameters=parameters)
    _learn_level(scorer, standard, examples, half_life_days=parameters.half_life_days)
    return scorer.eval().requires_grad_(False)


def _learn_taste(
    scorer: Scorer, standard: Tensor, examples: Examples, *, seed: int, parameters: Parameters
) -> None:
    """Weighted logistic loss around each product's own level, AdamW, one cycle of the rate.

    With its level given, a product teaches who buys it and not how many. One seed gives one set
    of weights.
    """
    generator = torch.Generator().manual_seed(seed)
    level = torch.from_numpy(base_log_odds(examples))  # (pairs,)
    target = torch.from_numpy(examples.bought.astype(np.float32))  # (pairs,)
    weight = torch.from_numpy(_faded(examples, half_life_days=parameters.half_life_days))
    weight = weight / weight.mean()
    batch = min(max(len(standard) // 100, 256), BATCH)
    batches = -(-len(standard) // batch)
    epochs = max(parameters.epochs, -(-FEWEST_STEPS // batches))
    optimiser = torch.optim.AdamW(
        [*scorer.line.parameters(), *scorer.bend.parameters()],
        parameters.learning_rate,
        weight_decay=parameters.weight_decay,
    )
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, parameters.learning_rate, total_steps=epochs * batches
    )
    for epoch in range(epochs):
        losses = []
        for rows in torch.split(torch.randperm(len(standard), generator=generator), batch):
            loss = nn.functional.binary_cross_entropy_with_logits(
                scorer.taste(standard[rows]) + level[rows], target[rows], weight=weight[rows]
            )
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            cycle.step()
            losses.append(loss.detach())
        note(f"loss/seed_{seed}", epoch, torch.stack(losses).mean().item)


def _learn_level(
    scorer: Scorer, standard: Tensor, examples: Examples, *, half_life_days: float
) -> None:
    """Set the level's weights; without launches it stays 0."""
    nn.init.zeros_(scorer.level.weight)
    nn.init.zeros_(scorer.level.bias)
    if not examples.is_launch.any():
        return
    own = standard[torch.from_numpy(examples.is_launch)]
    with torch.inference_mode():
        taste = scorer.taste(own).numpy()
        weights, offset = level_of(
            examples.launches,
            facts=own[:, -len(FACTS) :].numpy(),
            taste=taste,
            expected=_in_proportion_to_time(scorer),
            half_life_days=half_life_days,
        )
    with torch.no_grad():
        scorer.level.weight.copy_(torch.from_numpy(weights)[None])
        scorer.level.bias.fill_(offset)


def _in_proportion_to_time(scorer: Scorer) -> NDArray[np.float64]:
    """(FACTS,): twice as many days on sale, twice the odds; nothing else is expected."""
    weights = np.zeros(len(FACTS))
    place = FACTS.index("days_on_sale")
    weights[place] = float(scorer.scale[-len(FACTS) + place])
    return weights


def _faded(examples: Examples, *, half_life_days: float) -> NDArray[np.float32]:
    """(pairs,): their weight, that of old ones faded."""
    return (examples.weight * 0.5 ** (examples.age / half_life_days)).astype(np.float32)


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
    """One scorer for each fold, trained on the others' products.

    Calibrated on the launches left out, which have to be there.
    """
    scorers = train_tastes(examples, seed=seed, parameters=parameters)
    launches = examples.launches
    fold = fold_of(launches.sku)
    said = np.empty(len(fold), dtype=np.float32)
    for held_out, scorer in enumerate(scorers):
        out = fold == held_out
        said[out] = logits([scorer], launches.features[out])
    weight = _faded(launches, half_life_days=parameters.half_life_days)
    return scorers, Calibration.of(said, bought=launches.bought, weight=weight)


def train_tastes(examples: Examples, *, seed: int, parameters: Parameters = USUAL) -> list[Scorer]:
    """One scorer for each fold; where nothing was launched yet their level is 0."""
    fold = fold_of(examples.sku)
    return [
        train(examples.take(fold != held_out), seed=seed + held_out, parameters=parameters)
        for held_out in range(FOLDS)
    ]
