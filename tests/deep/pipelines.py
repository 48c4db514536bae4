"""Small pipelines of transformers', made from configs: no hub is there."""

from __future__ import annotations

from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers

WORDS = ["[PAD]", "[UNK]", "[MASK]", "[EOS]", "a", "good", "bad", "day", "night"]


def tokenizer() -> Any:
    made = Tokenizer(models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="[PAD]", unk_token="[UNK]", mask_token="[MASK]", eos_token="[EOS]"
    )


def _small(**more: Any) -> Any:
    return transformers.BertConfig(
        vocab_size=len(WORDS),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        max_position_embeddings=16,
        **more,
    )


def classifier() -> Any:
    torch.manual_seed(0)
    model = transformers.BertForSequenceClassification(
        _small(id2label={0: "good", 1: "bad"}, label2id={"good": 0, "bad": 1})
    )
    return transformers.pipeline("text-classification", model=model.eval(), tokenizer=tokenizer())


def filler() -> Any:
    torch.manual_seed(0)
    return transformers.pipeline(
        "fill-mask", model=transformers.BertForMaskedLM(_small()).eval(), tokenizer=tokenizer()
    )


def writer() -> Any:
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=len(WORDS),
        n_embd=8,
        n_layer=1,
        n_head=2,
        n_positions=32,
        bos_token_id=3,
        eos_token_id=3,
        pad_token_id=0,
    )
    return transformers.pipeline(
        "text-generation", model=transformers.GPT2LMHeadModel(config).eval(), tokenizer=tokenizer()
    )
