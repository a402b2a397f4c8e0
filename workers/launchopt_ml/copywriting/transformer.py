"""The transformers writer: an instruction-tuned causal model on this machine, in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.random import Generator

from launchopt_core.claims import Draft
from launchopt_ml.copywriting.adapters import Prefix, length_of, spoken
from launchopt_ml.copywriting.constrained import Decoder, Shape
from launchopt_ml.copywriting.distinct import distinct_drafts
from launchopt_ml.copywriting.generation import write_answers
from launchopt_ml.copywriting.prompting import draft_from, messages_for
from launchopt_ml.copywriting.vocabulary import Vocabulary
from launchopt_ml.copywriting.writer import Brief, WriterFailed

BATCH = 16


@dataclass(frozen=True)
class Row:
    """One answer to be written: its place in the order, and its prompt."""

    brief: int
    prompt: list[int]
    shape: Shape


class TransformersWriter:
    """Any causal model by name or path, with the adapter of a brand's voice where one is named.

    It loads at the first writing, so that a process that never writes holds no weights.
    """

    name = "transformers"
    version = "1"

    def __init__(
        self, *, model: str, adapter: str = "", batch: int = BATCH, loaded: Loaded | None = None
    ) -> None:
        self.model_name, self.adapter, self.batch = model, adapter, batch
        self.tokens_written = 0
        if loaded is not None:
            self._loaded = loaded

    def write(
        self, briefs: Sequence[Brief], *, candidates: int = 3, rng: Generator
    ) -> list[tuple[Draft, ...]]:
        """Each brief's drafts that could be read and differ. Raises WriterFailed."""
        answers: list[list[str]] = [[] for _ in briefs]
        seed = int(rng.integers(2**31))
        for number, rows in enumerate(self._batches(briefs, candidates)):
            for row, text in zip(rows, self.answers(rows, seed=seed + number), strict=True):
                answers[row.brief].append(text)
        return [
            _drafts(brief, texts, candidates) for brief, texts in zip(briefs, answers, strict=True)
        ]

    def rows_of(self, briefs: Sequence[Brief], *, candidates: int) -> list[Row]:
        """A row for each candidate of each brief."""
        shapes: dict[tuple[str, str], Shape] = {}
        rows = []
        for number, brief in enumerate(briefs):
            key = (brief.channel, brief.facts.language)
            shape = shapes.setdefault(key, Shape.of(brief, self._loaded.vocabulary))
            row = Row(number, self._loaded.prompt(messages_for(brief)), shape)
            rows += [row] * candidates
        return rows

    def answers(self, rows: Sequence[Row], *, seed: int) -> list[str]:
        """Write a batch of answers, one to each row."""
        loaded = self._loaded
        longest = length_of(loaded.prefix) + max(len(row.prompt) for row in rows)
        self._require_room(longest + max(row.shape.most_tokens for row in rows))
        decoder = Decoder([row.shape for row in rows], loaded.vocabulary)
        prompts = [row.prompt for row in rows]
        write_answers(
            loaded.model, prompts, decoder, pad=loaded.pad, seed=seed, prefix=loaded.prefix
        )
        self.tokens_written += sum(len(answer.ids) for answer in decoder.answers)
        return decoder.texts()

    def _batches(self, briefs: Sequence[Brief], candidates: int) -> Iterator[list[Row]]:
        """Rows of like length together, so that little is padded."""
        rows = self.rows_of(briefs, candidates=candidates)
        order = np.argsort([len(row.prompt) for row in rows], kind="stable")
        for start in range(0, len(rows), self.batch):
            yield [rows[place] for place in order[start : start + self.batch]]

    def _require_room(self, tokens: int) -> None:
        room = getattr(self._loaded.model.config, "max_position_embeddings", None)
        if room and tokens > room:
            raise WriterFailed(f"the model reads {room} tokens at most; {tokens} are needed")

    @cached_property
    def _loaded(self) -> Loaded:
        return Loaded.of(self.model_name, self.adapter)


@dataclass(frozen=True)
class Loaded:
    """A model with its tokenizer, and what stands before all that it reads."""

    model: Any
    tokenizer: Any
    vocabulary: Vocabulary
    pad: int
    prefix: Prefix = ()

    @classmethod
    def of(cls, name: str, adapter: str) -> Loaded:
        """Load by name or path, in bf16 on a CUDA device, else fp32. Raises WriterFailed."""
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        on_gpu = torch.cuda.is_available()
        dtype = torch.bfloat16 if on_gpu else torch.float32
        try:
            tokenizer = AutoTokenizer.from_pretrained(name)
            model: Any = AutoModelForCausalLM.from_pretrained(name, dtype=dtype)
            model, prefix = _with_voice(model, adapter, device="cuda" if on_gpu else "cpu")
        except (OSError, ValueError) as error:
            what = f"the brand voice {adapter!r}" if adapter else f"the model {name!r}"
            raise WriterFailed(f"{what} cannot be loaded ({type(error).__name__})") from error
        pad = tokenizer.pad_token_id
        pad = tokenizer.eos_token_id if pad is None else pad
        return cls(model, tokenizer, Vocabulary(tokenizer), 0 if pad is None else pad, prefix)

    def speaking(self, model: Any) -> Loaded:
        """The same with a model that was adapted here."""
        reader, prefix = spoken(model)
        return replace(self, model=reader, prefix=prefix)

    def prompt(self, messages: list[dict[str, str]]) -> list[int]:
        """The tokens of a chat, by the model's own template where it has one."""
        if getattr(self.tokenizer, "chat_template", None):
            text = self.tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=True
            )
            return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])
        text = "".join(f"{each['role']}: {each['content']}\n\n" for each in messages)
        return list(self.tokenizer(text + "assistant: ")["input_ids"])


def _with_voice(model: Any, adapter: str, *, device: str) -> tuple[Any, Prefix]:
    if not adapter:
        return model.eval().to(device), ()
    from peft import PeftModel

    return spoken(PeftModel.from_pretrained(model, adapter).eval().to(device))


def _drafts(brief: Brief, texts: Sequence[str], candidates: int) -> tuple[Draft, ...]:
    read = (draft_from(text, brief=brief) for text in texts)
    return distinct_drafts((draft for draft in read if draft), count=candidates)
