"""Brand voices on a model: LoRA changes its weights, a prefix stands before all that it reads.

A prefix is keys and values for each layer (Li and Liang, 2021). Generation begins its own cache
with them, so that they are read as if they had been the first tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

RANK = 8
PREFIX_TOKENS = 20
RATES = {"lora": 1e-3, "prefix": 1e-2}  # of learning; a prefix begins as noise

Prefix = tuple[tuple["torch.Tensor", "torch.Tensor"], ...]  # per layer (1, heads, tokens, width)


def adapted(model: Any, *, method: str) -> Any:
    """The model with a few weights to learn, all others frozen."""
    from peft import LoraConfig, PrefixTuningConfig, TaskType, get_peft_model

    if method == "prefix":
        config: Any = PrefixTuningConfig(
            task_type=TaskType.CAUSAL_LM, num_virtual_tokens=PREFIX_TOKENS
        )
    else:
        config = LoraConfig(
            task_type=TaskType.CAUSAL_LM, r=RANK, lora_alpha=2 * RANK, target_modules="all-linear"
        )
    return get_peft_model(model, config)


def spoken(model: Any) -> tuple[Any, Prefix]:
    """An adapted model as generation uses it: what reads tokens, and what was read before them."""
    if not model.active_peft_config.is_prompt_learning:
        return model, ()
    import torch

    with torch.inference_mode():
        layers = model.get_prompt(batch_size=1).layers
    return model.get_base_model(), tuple((layer.keys, layer.values) for layer in layers)


def length_of(prefix: Prefix) -> int:
    """How many tokens a prefix stands for."""
    return int(prefix[0][0].shape[-2]) if prefix else 0
