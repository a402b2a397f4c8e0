"""Sampling many answers at once: what prompts share is read once, and who is done leaves.

Prompts are padded on the left; keys and values are cached. What this is not: a server that takes in
new prompts while others are written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from launchopt_ml.copywriting.adapters import Prefix, length_of
from launchopt_ml.copywriting.constrained import Decoder

if TYPE_CHECKING:
    import torch

TEMPERATURE, TOP_P = 0.8, 0.95


@dataclass
class Batch:
    """Answers under way: what was read (rows, read), and the scores of what comes next."""

    cache: Any
    mask: torch.Tensor  # (rows, read), 0 where a prompt is padded
    logits: torch.Tensor  # (rows, vocabulary)

    def keep(self, rows: torch.Tensor) -> None:
        """Go on with these rows; a row may be named more than once."""
        self.cache.batch_select_indices(rows)
        self.mask, self.logits = self.mask[rows], self.logits[rows]


def write_answers(
    model: Any,
    prompts: Sequence[list[int]],
    decoder: Decoder,
    *,
    pad: int,
    seed: int,
    prefix: Prefix = (),
) -> None:
    """Write one answer to each prompt into the decoder. Equal neighbours are read once."""
    import torch

    chance = torch.Generator(device=model.device).manual_seed(seed)
    with torch.inference_mode():
        batch = _read(model, prompts, pad=pad, prefix=prefix)
        while True:
            scores = decoder.restrict(batch.logits.float())
            tokens = _drawn(scores, chance=chance)  # (rows,)
            done = decoder.follow(tokens)
            if done.all():
                return
            if done.any():
                going = (~done).nonzero()[:, 0]
                batch.keep(going)
                tokens = tokens[going]
            _step(model, batch, tokens)


def _read(model: Any, prompts: Sequence[list[int]], *, pad: int, prefix: Prefix = ()) -> Batch:
    """The prompts' common start once, then the rest of each distinct one, then a row for each."""
    import torch

    distinct = [p for at, p in enumerate(prompts) if at == 0 or p != prompts[at - 1]]
    shared = _shared_length(distinct)
    cache = _begun(model, distinct[0][:shared], prefix=prefix)
    if shared or prefix:
        cache.batch_select_indices(torch.zeros(len(distinct), dtype=torch.long))
    before = shared + length_of(prefix)
    longest = max(map(len, distinct))
    rest = [[pad] * (longest - len(p)) + list(p[shared:]) for p in distinct]
    mask = [[1] * before + [0] * (longest - len(p)) + [1] * (len(p) - shared) for p in distinct]
    seen = torch.tensor(mask, device=model.device)
    places = (seen.cumsum(1) - 1).clamp(min=0)[:, before:]
    out = model(
        input_ids=torch.tensor(rest, device=model.device),
        attention_mask=seen,
        position_ids=places,
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=1,
    )
    batch = Batch(cache, seen, out.logits[:, -1])
    batch.keep(torch.tensor(_row_of_each(prompts), device=model.device))
    return batch


def _begun(model: Any, start: Sequence[int], *, prefix: Prefix) -> Any:
    """A cache of one row that has read the prefix, then these tokens."""
    import torch

    from launchopt_ml.copywriting.roomy import roomy_cache

    cache = roomy_cache()
    for layer, (keys, values) in enumerate(prefix):
        cache.update(keys, values, layer)
    if start:
        ids = torch.tensor([list(start)], device=model.device)
        model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
    return cache


def _step(model: Any, batch: Batch, tokens: torch.Tensor) -> None:
    """Read one more token of each row."""
    import torch

    place = batch.mask.sum(1, keepdim=True)  # (rows, 1)
    batch.mask = torch.cat([batch.mask, batch.mask.new_ones(len(tokens), 1)], dim=1)
    out = model(
        input_ids=tokens[:, None],
        attention_mask=batch.mask,
        position_ids=place,
        past_key_values=batch.cache,
        use_cache=True,
    )
    batch.logits = out.logits[:, -1]


def _drawn(scores: torch.Tensor, *, chance: torch.Generator) -> torch.Tensor:
    """(rows,): a token of each row from the likeliest that hold TOP_P (Holtzman et al., 2020)."""
    import torch

    shares, order = (scores / TEMPERATURE).softmax(dim=1).sort(dim=1, descending=True)
    before = shares.cumsum(1) - shares
    kept = shares.masked_fill(before > TOP_P, 0.0)
    return order.gather(1, torch.multinomial(kept, 1, generator=chance))[:, 0]


def _shared_length(prompts: Sequence[list[int]]) -> int:
    """How many tokens all prompts begin with; each keeps one of its own at least."""
    most = min(map(len, prompts)) - 1
    first, last = min(prompts), max(prompts)
    return next((at for at in range(most) if first[at] != last[at]), most)


def _row_of_each(prompts: Sequence[list[int]]) -> list[int]:
    """The place of each prompt among the distinct ones."""
    rows, place = [], 0
    for at, prompt in enumerate(prompts):
        place += at > 0 and prompt != prompts[at - 1]
        rows.append(place)
    return rows
