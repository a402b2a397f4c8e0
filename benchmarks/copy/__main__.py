"""What the writers of copy keep, invent, repeat, cost and how fast they are.

python -m benchmarks.copy [--creatives 10000] [--show 200] [--words] [--model PATH]
                          [--server URL --server-model NAME] [--prices 0.15,0.60] [--hour 0.05]

The phrasebook writes about the products of online_retail and the Chinese examples (LAUNCHOPT_DATA;
skipped where absent). transformers writes with `--model`, else with a small model drawn by chance:
its words mean nothing, its pace and its JSON do. openai asks `--server`, else a local server
process with fixed answers, which shows the cost of asking alone. Claims are judged by a checker
that shares no code with the ledger. `--show N` prints creatives to be read by a person.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.copy.measuring import Written, figures, masked
from benchmarks.copy.products import briefs_of, chinese_facts, retail_facts
from launchopt_core.claims import TONES, Facts, check
from launchopt_ml.copywriting import Brief, PhrasebookWriter, Writer
from launchopt_ml.copywriting.served import Budget, ServedWriter, Server
from launchopt_ml.copywriting.transformer import TransformersWriter
from tests.support.copy_servers import copy_server
from tests.support.tiny_writer import save_tiny_writer

MADE_UP = Facts(title="BLUE ENAMEL MUG", description="Holds 300 ml.", category="Kitchen")


def main() -> None:
    """Print one JSON object for each writer and corpus."""
    options = _options()
    corpora = {"online_retail": retail_facts(), "chinese_ad_copy": chinese_facts()}
    for name, products in corpora.items():
        if products:
            _tell("phrasebook", name, _phrasebook(products, options))
        else:
            print(json.dumps({"corpus": name, "skipped": "the file is not in LAUNCHOPT_DATA"}))
    some = (corpora["online_retail"] or [MADE_UP])[:16]
    if not options.show:
        _tell("transformers", "online_retail", _transformers(some, options))
        _tell("openai", "online_retail", _openai(some, options))


def _phrasebook(products: list[Facts], options: argparse.Namespace) -> dict[str, Any]:
    briefs = briefs_of(products, count=options.creatives // 2, tones=TONES)
    started = time.process_time()
    written = _written(PhrasebookWriter(), briefs, candidates=1)
    seconds = time.process_time() - started
    if options.show:
        _show(written, options.show // 2, seed=options.seed)
    if options.words:
        _show_words(written)
    words = sum(len(f"{draft.headline} {draft.body}".split()) for _, draft in written)
    return {
        **figures(written),
        **_headlines(products),
        "words_per_second": round(words / seconds),
        "cost_per_1000": _machine_cost(seconds, len(written), options),
    }


def _headlines(products: list[Facts]) -> dict[str, Any]:
    """Distinct headlines over 1,000 products, and patterns once the title is masked."""
    first = products[:1000]
    briefs = [Brief(facts=facts, channel="onsite") for facts in first]
    written = _written(PhrasebookWriter(), briefs, candidates=1)
    patterns = {masked(brief, draft) for brief, draft in written}
    distinct = len({draft.headline for _, draft in written}) / len(written)
    return {"headlines_of": len(written), "distinct_headlines": round(distinct, 3),
            "patterns": len(patterns)}  # fmt: skip


def _transformers(products: list[Facts], options: argparse.Namespace) -> dict[str, Any]:
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        path = options.model or str(
            save_tiny_writer(Path(folder), width=576, layers=10, words=8000)
        )
        writer = TransformersWriter(model=path)
        briefs = [Brief(facts=facts, channel="google_search") for facts in products]
        rows = writer.rows_of(briefs, candidates=1)
        writer.answers(rows[:1], seed=0)  # loading is not measured
        paces = {1: _pace(writer, rows[:4], 1), 16: _pace(writer, rows, 16)}
        texts = [text for _, _, answers in paces.values() for text in answers]
        parsed = [_parses(text) for text in texts]
    return {
        "model": options.model or "drawn by chance",
        "device": "cuda" if torch.cuda.is_available() else "cpu, one thread",
        "answers": len(texts),
        "parse": round(sum(parsed) / len(parsed), 3),
        "tokens_per_second_one_at_a_time": round(paces[1][0]),
        "tokens_per_second_in_batches_of_16": round(paces[16][0]),
        "times_as_fast": round(paces[16][0] / paces[1][0], 2),
        "cost_per_1000": _machine_cost(paces[16][1], len(rows), options),
        **_of_real_model(writer, briefs, options),
    }


def _of_real_model(
    writer: TransformersWriter, briefs: list[Brief], options: argparse.Namespace
) -> dict[str, Any]:
    """What it writes means something only where the model has learned something."""
    return figures(_written(writer, briefs, candidates=1)) if options.model else {}


def _pace(writer: TransformersWriter, rows: list[Any], size: int) -> tuple[float, float, list[str]]:
    """(tokens a second, seconds, answers) in batches of a size."""
    import torch

    clock = time.perf_counter if torch.cuda.is_available() else time.process_time
    writer.tokens_written = 0
    started = clock()
    answers = [
        text
        for start in range(0, len(rows), size)
        for text in writer.answers(rows[start : start + size], seed=start)
    ]
    seconds = clock() - started
    return writer.tokens_written / seconds, seconds, answers


def _openai(products: list[Facts], options: argparse.Namespace) -> dict[str, Any]:
    briefs = [Brief(facts=facts) for facts in products]
    budget = Budget(tokens=10_000_000, money=10.0, prices=options.prices)
    with _server(options) as server:
        started = time.perf_counter()
        written = _written(ServedWriter(server=server, budget=budget), briefs, candidates=1)
        seconds = time.perf_counter() - started
    passed = [
        check(draft.parts(), facts=brief.facts, channel=brief.channel).is_accepted
        for brief, draft in written
    ]
    return {
        "server": options.server or "a local process with fixed answers",
        **figures(written),
        "passes_the_ledger": round(sum(passed) / max(len(passed), 1), 3),
        "tokens_per_second": round(budget.written / seconds),
        "tokens_per_creative": round((budget.read + budget.written) / max(len(written), 1)),
        "cost_per_1000": round(1000 * budget.spent / max(len(written), 1), 4),
    }


@contextmanager
def _server(options: argparse.Namespace) -> Iterator[Server]:
    if options.server:
        yield Server(address=options.server, model=options.server_model)
    else:
        with tempfile.TemporaryDirectory() as folder, copy_server(Path(folder)) as local:
            yield Server(address=local.address, model="fixed")


def _written(writer: Writer, briefs: list[Brief], *, candidates: int) -> Written:
    drafts = writer.write(briefs, candidates=candidates, rng=np.random.default_rng(0))
    return [
        (brief, draft)
        for brief, each in zip(briefs, drafts, strict=True)
        if isinstance(each, tuple)
        for draft in each
    ]


def _parses(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _machine_cost(seconds: float, creatives: int, options: argparse.Namespace) -> float:
    return round(1000 * seconds / creatives / 3600 * options.hour, 6)


def _show(written: Written, count: int, *, seed: int) -> None:
    """Creatives from all over, to be read one by one."""
    some = np.random.default_rng(seed).choice(len(written), size=count, replace=False)
    for brief, draft in (written[at] for at in sorted(some.tolist())):
        print(f"[{brief.channel}, {brief.tone}] " + " | ".join(draft.parts().values()))


def _show_words(written: Written) -> None:
    """Every word that stands in no fact, the rarest last."""
    counts: Counter[str] = Counter()
    for brief, draft in written:
        known = " ".join(value for _, value in brief.facts.sources()).casefold()
        text = " ".join(draft.parts().values()).casefold()
        counts.update({word for word in text.split() if word.strip(".,:!?…\"'") not in known})
    print(*(f"{word} {count}" for word, count in counts.most_common()), sep="; ")


def _tell(writer: str, corpus: str, told: dict[str, Any]) -> None:
    print(json.dumps({"writer": writer, "corpus": corpus, **told}, ensure_ascii=False), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--creatives", type=int, default=10_000, help="of the phrasebook, in all")
    parser.add_argument("--show", type=int, default=0, help="print so many creatives to read")
    parser.add_argument("--seed", type=int, default=1, help="of the creatives shown")
    parser.add_argument("--words", action="store_true", help="print the words of no fact")
    parser.add_argument("--model", default="", help="name or path of a causal model")
    parser.add_argument("--server", default="", help="address of an OpenAI-compatible server")
    parser.add_argument("--server-model", default="", help="the model it is asked for")
    parser.add_argument(
        "--prices",
        type=lambda text: tuple(map(float, text.split(","))),
        default=(0.15, 0.60),
        help="of a million tokens read, written",
    )
    parser.add_argument("--hour", type=float, default=0.05, help="price of an hour of the machine")
    return parser.parse_args()


if __name__ == "__main__":
    main()
