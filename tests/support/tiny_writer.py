"""A real causal model of two small layers with a tokenizer of its own, drawn by chance."""

from __future__ import annotations

from pathlib import Path

from launchopt_ml.copywriting.prompting import SYSTEM

CORPUS = (
    SYSTEM,
    "Take a look at the blue mug in our shop. Meet the linen throw. See the details of it.",
    "You write advertising copy for a shop. State nothing that the facts do not state.",
    '{"headline": "Meet the mug", "body": "A mug.", "call_to_action": "Go", "alt_text": "Mug"}',
    "一起来看看这款白瓷茶杯。为你介绍新品，欢迎进店了解更多详情。",
)
TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SPECIAL = ["<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]


def save_tiny_writer(
    folder: Path, *, width: int = 32, layers: int = 2, words: int = 400, room: int = 4096
) -> Path:
    """Write it as transformers does: byte-level BPE, Llama, a chat template."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=words,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|end|>", additional_special_tokens=SPECIAL[1:]
    )
    fast.chat_template = TEMPLATE
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = LlamaConfig(
            vocab_size=len(fast),
            hidden_size=width,
            intermediate_size=2 * width,
            num_hidden_layers=layers,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=room,
            eos_token_id=0,
            bos_token_id=None,
            pad_token_id=None,
        )
        LlamaForCausalLM(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


def save_tiny_voice(folder: Path, *, model: Path) -> Path:
    """A LoRA adapter for it whose weights are no zeros, so that it changes what is written."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    with torch.random.fork_rng():
        torch.manual_seed(1)
        adapted = get_peft_model(
            AutoModelForCausalLM.from_pretrained(model),
            LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False),
        )
        adapted.save_pretrained(folder)
    return folder


def save_tiny_prefix(folder: Path, *, model: Path) -> Path:
    """A prefix of five tokens for it, drawn by chance."""
    import torch
    from peft import PrefixTuningConfig, TaskType, get_peft_model
    from transformers import AutoModelForCausalLM

    with torch.random.fork_rng():
        torch.manual_seed(1)
        adapted = get_peft_model(
            AutoModelForCausalLM.from_pretrained(model),
            PrefixTuningConfig(task_type=TaskType.CAUSAL_LM, num_virtual_tokens=5),
        )
        adapted.save_pretrained(folder)
    return folder
