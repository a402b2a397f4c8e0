"""A real BERT of one small layer, drawn by chance, for tests of what fine-tunes one."""

from __future__ import annotations

from pathlib import Path


def save_tiny_bert(folder: Path) -> Path:
    """Write it as transformers does, with the packaged encoder's words."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertModel

    from launchopt_ml.encoder import packaged_minilm

    tokenizer = AutoTokenizer.from_pretrained(packaged_minilm(), local_files_only=True)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = BertConfig(vocab_size=len(tokenizer), num_hidden_layers=1, **sizes)
        BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
