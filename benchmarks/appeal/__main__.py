"""Whether the model of clicks finds which words work, where they do, and stays out where not.

python -m benchmarks.appeal [--seeds 10] [--texts 60,200]

The texts are the phrasebook's about products of online_retail (LAUNCHOPT_DATA), read by the
packaged encoder. THE CLICKS ARE SIMULATED: no open data has clicks on texts like ours. Where words
matter, naming a price, speaking to "you" and being short raise the rate, which nobody tells the
model; each launch has a level and each text something of its own. Candidates are judged on texts
of launches that the model has not seen.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import spearmanr

from benchmarks.copy.products import retail_facts
from launchopt_ml.copywriting import Brief, PhrasebookWriter
from launchopt_ml.copywriting.appeal import Appeal, Array, Showings, apart, unit
from launchopt_ml.copywriting.appeal_judged import judge
from launchopt_ml.encoder import MINILM, encoder_from, packaged_minilm

CANDIDATES = 200  # new texts to be ranked
TEXTS_OF_A_LAUNCH = 10
EXPOSURES = 500  # of each text
BASE = -3.5  # log odds of a click, near 3 %


def main() -> None:
    """One JSON object for each kind of shop."""
    options = _options()
    corpus = Corpus.read(max(options.texts) + CANDIDATES)
    for effect in (0.0, 1.0):
        for count in options.texts:
            told = [
                _trial(corpus, count, effect=effect, seed=seed) for seed in range(options.seeds)
            ]
            print(json.dumps(_summary(told, effect=effect, count=count)), flush=True)


@dataclass(frozen=True)
class Corpus:
    """Texts of some launches as vectors, and what each adds to the log odds where words matter."""

    vectors: Array
    launch: NDArray[np.object_]
    pull: Array

    @classmethod
    def read(cls, count: int) -> Corpus:
        """Write and read them."""
        texts, launch = _texts(count)
        encoder = encoder_from(packaged_minilm(), name=MINILM, device="cpu")
        return cls(apart(unit(encoder.encode(texts)), launch), launch, _pull(texts))


def _texts(count: int) -> tuple[list[str], NDArray[np.object_]]:
    """(texts, the launch of each): so many candidates for each of some products."""
    facts = retail_facts()
    if not facts:
        raise SystemExit("online_retail is not in LAUNCHOPT_DATA; nothing was measured.")
    some = [facts[at] for at in np.random.default_rng(0).permutation(len(facts))[:count]]
    briefs = [Brief(facts=each, channel="onsite") for each in some]
    drafts = PhrasebookWriter().write(
        briefs, candidates=TEXTS_OF_A_LAUNCH, rng=np.random.default_rng(0)
    )
    texts = [
        (f"{draft.headline} {draft.body} {draft.call_to_action}", f"launch {number}")
        for number, each in enumerate(drafts)
        for draft in each
    ][:count]
    return [text for text, _ in texts], np.array([launch for _, launch in texts], dtype=object)


def _pull(texts: list[str]) -> Array:
    """(texts,) what each text adds to the log odds of a click, where words matter."""
    length = np.array([len(text) for text in texts], dtype=float)
    price = np.array(["£" in text for text in texts], dtype=float)
    you = np.array(["you" in text.casefold() for text in texts], dtype=float)
    return np.asarray(0.5 * price + 0.3 * you - 0.3 * (length - length.mean()) / length.std())


def _trial(corpus: Corpus, count: int, *, effect: float, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    turned = np.roll(np.arange(len(corpus.launch)), -seed * TEXTS_OF_A_LAUNCH)
    shown = _shown(corpus, turned[: count + CANDIDATES], first=count, effect=effect, rng=rng)
    known, asked = shown.take(np.arange(count)), shown.take(np.arange(count, len(shown)))
    started = time.perf_counter()
    verdict = judge(known, rng=rng)
    told = Appeal.fit(known).outlook(asked)
    seconds = time.perf_counter() - started
    true = asked.clicks / asked.exposures  # of the candidates it is the rate itself
    return {
        "promoted": verdict.beats_the_mean,
        "loss": verdict.difference / verdict.baseline,
        "rank": spearmanr(told.rate, true).statistic if effect else 0.0,
        "gain": true[np.argsort(-told.rate)[: CANDIDATES // 5]].mean() / true.mean() - 1,
        "held": np.mean((told.low <= true) & (true <= told.high)),
        "seconds": seconds,
    }


def _shown(
    corpus: Corpus, rows: NDArray[np.int64], *, first: int, effect: float, rng: Generator
) -> Showings:
    """What was shown, and behind it the candidates with their true rate in the place of clicks."""
    launch, count = corpus.launch[rows], len(rows)
    names = np.unique(launch.astype(str))
    level = dict(zip(names, rng.normal(0, 0.3, len(names)), strict=True))
    levels = np.array([level[str(each)] for each in launch])
    levels[first:] = 0.0  # of the candidates, so that only their words tell them apart
    pull = effect * (corpus.pull[rows] - corpus.pull.mean())
    rate = expit(BASE + pull + levels + rng.normal(0, 0.1, count))
    clicks = rng.binomial(EXPOSURES, rate).astype(float)
    clicks[first:] = EXPOSURES * rate[first:]
    return Showings(
        text=corpus.vectors[rows],
        persona=np.zeros_like(corpus.vectors[rows]),
        channel=np.full(count, "onsite", dtype=object),
        launch=launch,
        words=np.array([str(row) for row in rows], dtype=object),
        exposures=np.full(count, float(EXPOSURES)),
        clicks=clicks,
    )


def _summary(told: list[dict[str, Any]], *, effect: float, count: int) -> dict[str, Any]:
    def mean(name: str) -> float:
        return round(float(np.mean([each[name] for each in told])), 4)

    return {
        "words_matter": bool(effect),
        "texts": count,
        "exposures_of_each": EXPOSURES,
        "shops": len(told),
        "entered_service": mean("promoted"),
        "held_out_log_loss_against_mean": mean("loss"),
        "rank_correlation_with_the_truth": mean("rank") if effect else None,
        "clicks_of_the_fifth_ranked_first_against_all": mean("gain"),
        "true_rate_within_90_percent": mean("held"),
        "seconds": mean("seconds"),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=10, help="shops of each kind")
    parser.add_argument(
        "--texts",
        type=lambda text: tuple(map(int, text.split(","))),
        default=(60, 200),
        help="texts that were shown",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
