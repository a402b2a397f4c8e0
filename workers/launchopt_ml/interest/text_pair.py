"""The recipe common in the literature: a BERT fine-tuned to say whether two texts go together.

A customer's history is one text, the new product the other, and a classifier over both says
whether the product will be bought (next sentence prediction's form; Devlin and others, 2019).
It stands here to be chosen and to be compared with: it reads every pair anew, so that it scores
some tens of pairs a second on a CPU where the other learner scores hundreds of thousands.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray

from launchopt_ml.artifacts import load_artifact, save_artifact
from launchopt_ml.confusion import Confusion
from launchopt_ml.curves import note
from launchopt_ml.encoder import MINILM, EncoderUnavailable, packaged_minilm
from launchopt_ml.interest.episodes import Vantage
from launchopt_ml.interest.facts import days_on_sale
from launchopt_ml.interest.features import Rows
from launchopt_ml.interest.learner import Calibration, fold_of
from launchopt_ml.interest.pair_texts import TextPairs, history_texts, past_pairs
from launchopt_ml.interest.protocol import Launch, NotFitted, Reason
from launchopt_ml.shop import Shop

KIND = "text-pair"
THRESHOLD = 0.5
HELD_OUT_FOLD = 0
PAIRS_AT_ONCE = 64
USUAL_SAMPLE = 32
WEIGHT_DECAY = 0.01
Progress = Callable[[int, int], None]  # steps done, of so many


class TooFewLaunches(ValueError):
    """There is nothing to fine-tune on."""


@dataclass(frozen=True)
class Limits:
    """How much is read. The defaults are the literature's but for the number of pairs."""

    pairs: int = 6_400  # bought or not, half each; a quarter of the launches is held out of them
    tokens: int = 128  # every input is padded or cut to this
    batch: int = 16
    learning_rate: float = 3e-5
    history: int = 30  # products of a history that are told, the latest first


class TextPairInterest:
    """Fine-tunes the encoder in a folder; without one the packaged all-MiniLM-L6-v2.

    Its card holds the limits it kept and the confusion matrix on launches that were held out.
    """

    name: ClassVar[str] = KIND

    def __init__(
        self,
        encoder: str = "",
        *,
        limits: Limits | None = None,
        progress: Progress = lambda done, total: None,
    ) -> None:
        self.encoder = encoder
        self.limits = limits or Limits()
        self.progress = progress
        self.card: dict[str, Any] = {}
        self._judge: Judge | None = None

    def fit(self, shop: Shop, *, as_of: np.datetime64, seed: int = 0) -> Self:
        """Learn from the launches that ended before `as_of`. Raises TooFewLaunches."""
        known = shop.before(as_of).in_order()
        limits, rng = self.limits, np.random.default_rng(seed)
        pairs = past_pairs(known, as_of=as_of, count=limits.pairs, most=limits.history, rng=rng)
        learned, held_out = _divided(pairs)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            classifier = Classifier.fresh(self.encoder, limits=limits)
            classifier.learn(learned, progress=self.progress)
        said = classifier.log_odds(held_out.history, held_out.product)
        calibration = Calibration.of(said, bought=held_out.bought, weight=held_out.weight)
        usual_days = float(np.average(held_out.days_on_sale, weights=held_out.weight))
        self._judge = Judge(classifier, calibration, usual_days)
        self.card = {
            "features": ["history text", "product text"],
            "seed": seed,
            "as_of": str(as_of),
            "known_since": str(known.events.time[0]),
            "source": "launches",
            "launches": len(np.unique(learned.sku)),
            "buyers": int(learned.bought.sum()),
            "parameters": asdict(limits) | {"encoder": self.encoder or MINILM},
            "usual_days_on_sale": usual_days,
            "classification": _classification(said, held_out),
        }
        return self

    def prepare(self, shop: Shop, launch: Launch) -> TextPairSession:
        """Ready to score `launch` with the histories in `shop`."""
        return self._prepared(shop.before(launch.as_of).in_order(), launch)

    def prepare_from(self, vantage: Vantage, launch: Launch) -> TextPairSession:
        """The same from a vantage, of which it needs the shop alone."""
        return self._prepared(vantage.histories.shop, launch)

    def _prepared(self, known: Shop, launch: Launch) -> TextPairSession:
        if self._judge is None:
            raise NotFitted("Fit or load the text-pair model first.")
        texts = history_texts(known, most=self.limits.history)
        return TextPairSession(known.customers.id, texts, launch, self._judge)

    def save(self, folder: Path) -> None:
        """Write the classifier as transformers does, and beside it the calibration and the card."""
        if self._judge is None:
            raise NotFitted("Fit the text-pair model before saving it.")
        calibration = self._judge.calibration
        tensors = {"said": calibration.said, "true": calibration.true}
        save_artifact(folder, kind=KIND, tensors=tensors, card=self.card)
        self._judge.classifier.save(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The model as saved. Raises ArtifactUnreadable."""
        tensors, card = load_artifact(folder, kind=KIND)
        parameters = dict(card["parameters"])
        encoder = parameters.pop("encoder")
        model = cls("" if encoder == MINILM else encoder, limits=Limits(**parameters))
        model.card = {name: value for name, value in card.items() if name != "kind"}
        classifier = Classifier.fresh(str(folder), limits=model.limits)
        calibration = Calibration(tensors["said"], tensors["true"])
        model._judge = Judge(classifier, calibration, card["usual_days_on_sale"])
        return model


@dataclass(frozen=True)
class Classifier:
    """A transformers model with a head of two classes: not bought, bought."""

    tokenizer: Any
    model: Any
    limits: Limits

    @classmethod
    def fresh(cls, encoder: str, *, limits: Limits) -> Classifier:
        """The encoder in a folder; where it has no head, one is drawn from torch's generator."""
        os.environ["HF_HUB_OFFLINE"] = "1"
        folder = Path(encoder) if encoder else packaged_minilm()
        if not folder.is_dir():
            raise EncoderUnavailable(f"{folder} is not a folder with an encoder.")
        from transformers import AutoModelForSequenceClassification, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        model = AutoModelForSequenceClassification.from_pretrained(
            folder, num_labels=2, local_files_only=True
        )
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        return cls(tokenizer, model.eval().to(device), limits)

    def learn(self, pairs: TextPairs, *, progress: Progress) -> None:
        """Once through the pairs, in an order by chance; AdamW, one cycle of the rate."""
        batches = torch.split(torch.randperm(len(pairs)), self.limits.batch)
        rate = self.limits.learning_rate
        optimiser = torch.optim.AdamW(self.model.parameters(), rate, weight_decay=WEIGHT_DECAY)
        cycle = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=len(batches))
        bought = torch.from_numpy(pairs.bought.astype(np.int64))
        self.model.train()
        for step, rows in enumerate(batches, start=1):
            inputs = self._tokens(pairs.history[rows.numpy()], pairs.product[rows.numpy()])
            loss = self.model(**inputs, labels=bought[rows].to(self.model.device)).loss
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            cycle.step()
            note("loss", step, loss.item)
            progress(step, len(batches))
        self.model.eval()

    def log_odds(
        self, history: NDArray[np.object_], product: NDArray[np.object_]
    ) -> NDArray[np.float64]:
        """(pairs,): of bought against not, as among pairs of which half were bought."""
        said = [np.zeros(0)]
        with torch.inference_mode():
            for rows in _chunks(len(history)):
                logit = self.model(**self._tokens(history[rows], product[rows])).logits
                said.append((logit[:, 1] - logit[:, 0]).double().cpu().numpy())
        return np.concatenate(said)

    def save(self, folder: Path) -> None:
        """safetensors and JSON."""
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)

    def _tokens(self, history: NDArray[np.object_], product: NDArray[np.object_]) -> Any:
        """Both texts in one input, padded to `tokens`; the longer one is cut first."""
        tokens = self.tokenizer(
            history.tolist(),
            product.tolist(),
            truncation="longest_first",
            max_length=self.limits.tokens,
            padding="max_length",
            return_tensors="pt",
        )
        return tokens.to(self.model.device)


@dataclass(frozen=True)
class Judge:
    """What a classifier says, as chances over any number of days on sale."""

    classifier: Classifier
    calibration: Calibration
    usual_days: float  # on sale, of the pairs that it was calibrated on

    def chances(
        self, histories: NDArray[np.object_], products: NDArray[np.object_], days: NDArray[Any]
    ) -> NDArray[np.float32]:
        """(histories, products): the chance at a rate that is the same on every day."""
        said = self.classifier.log_odds(
            np.repeat(histories, len(products)), np.tile(products, len(histories))
        )
        log_odds = self.calibration(said).reshape(len(histories), len(products))
        log_missed = -np.logaddexp(0, log_odds.astype(np.float64))  # log of 1 - chance
        return np.asarray(-np.expm1(log_missed * days / self.usual_days), dtype=np.float32)


@dataclass(frozen=True)
class TextPairSession:
    """One launch against one shop."""

    customers: NDArray[np.str_]
    histories: NDArray[np.object_]
    launch: Launch
    judge: Judge

    def score(self, rows: Rows) -> NDArray[np.float32]:
        """(customers in rows, products), probabilities."""
        launch = self.launch
        days = days_on_sale(launch.products, as_of=launch.as_of, horizon_days=launch.horizon_days)
        return self.judge.chances(self.histories[rows], launch.products.text, days)

    def reasons(self, *, product: int, customers: NDArray[np.integer]) -> list[list[Reason]]:
        """The one factor there is: how many times a usual customer's chance the texts give."""
        alone = self.launch.products.take(np.array([product]))
        one = replace(self, launch=replace(self.launch, products=alone))
        step = max(len(self.customers) // USUAL_SAMPLE, 1)
        usual = float(one.score(slice(None, None, step)).mean())
        times = one.score(customers)[:, 0].astype(np.float64) / max(usual, 1e-12)
        return [[{"factor": KIND, "times": round(float(value), 3)}] for value in times]


def _divided(pairs: TextPairs | None) -> tuple[TextPairs, TextPairs]:
    """To learn from and to hold out, by launch."""
    if pairs is not None:
        out = fold_of(pairs.sku) == HELD_OUT_FOLD
        learned, held_out = pairs.take(~out), pairs.take(out)
        if _has_both(learned) and _has_both(held_out):
            return learned, held_out
    raise TooFewLaunches(
        "There are too few past launches with buyers to fine-tune on; the learner 'launch' needs"
        " none."
    )


def _has_both(pairs: TextPairs) -> bool:
    return bool(pairs.bought.any() and not pairs.bought.all())


def _classification(said: NDArray[np.float64], held_out: TextPairs) -> dict[str, Any]:
    """How it classifies launches that it never saw, half of whose pairs were bought."""
    confusion = Confusion.of(1 / (1 + np.exp(-said)) >= THRESHOLD, true=held_out.bought)
    return {
        "threshold": THRESHOLD,
        "pairs": len(held_out),
        "bought": int(held_out.bought.sum()),
        "launches": len(np.unique(held_out.sku)),
        **confusion.as_dict(),
    }


def _chunks(count: int) -> Iterator[slice]:
    return (slice(start, start + PAIRS_AT_ONCE) for start in range(0, count, PAIRS_AT_ONCE))
