"""Tiny VL-JEPAs of each kind of tower, with random weights in every layer."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, Dinov2Config, Gemma3TextConfig, LlamaConfig, VJEPA2Config

from vlret.models.base import ModelCard
from vlret.models.vljepa.checks import weights_hash
from vlret.models.vljepa.configuration import VLJEPAConfig
from vlret.models.vljepa.encoders import Int8Embedding
from vlret.models.vljepa.modeling import VLJEPAModel

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "a",
    "dog",
    "cat",
    "runs",
    "is",
    "there",
    "?",
    "red",
    "green",
    "blue",
    "yes",
    "no",
]

X = {
    "dinov2": Dinov2Config(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, image_size=28, patch_size=7),
    "vjepa2": VJEPA2Config(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=2, crop_size=32, patch_size=16, frames_per_clip=4,
        pred_hidden_size=12, pred_num_attention_heads=1, pred_num_hidden_layers=1,
    ),
}  # fmt: skip
Y = {
    "bert": BertConfig(
        vocab_size=len(WORDS), hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
        max_position_embeddings=32,
    ),
    "gemma3_text": Gemma3TextConfig(
        vocab_size=len(WORDS), hidden_size=24, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1,
        head_dim=12, intermediate_size=40, sliding_window=8, use_bidirectional_attention=True,
    ),
}  # fmt: skip


def tiny_config(x: str = "dinov2", y: str = "bert", **changes: object) -> VLJEPAConfig:
    llama = LlamaConfig(
        vocab_size=len(WORDS), hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, max_position_embeddings=64,
    )  # fmt: skip
    settings = {
        "x_config": X[x].to_dict(), "predictor_config": llama.to_dict(), "y_config": Y[y].to_dict(), "x_width": 32,
        "dim": 20, "frames": 4, "resolution": 28 if x == "dinov2" else 32, "query_length": 16, "text_length": 16,
    }  # fmt: skip
    return VLJEPAConfig(**{**settings, **changes})


def tiny_model(x: str = "dinov2", y: str = "bert", seed: int = 0, **changes: object) -> VLJEPAModel:
    torch.manual_seed(seed)
    model = VLJEPAModel(tiny_config(x, y, **changes)).eval()
    with torch.no_grad():  # also what starts at zero, so that no path is silent
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    table = model.y_encoder.model.get_input_embeddings()
    if isinstance(table, Int8Embedding):
        table.quantise(torch.randn(table.weight.shape))
    return model


def tiny_folder(folder: Path, model: VLJEPAModel) -> Path:
    """The model saved with card and tokenizer, as an embedder opens it."""
    model.save_pretrained(folder)
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    if model.config.query_embeddings == "own":
        tokenizer.save(str(folder / "query_tokenizer.json"))
    digest = weights_hash(folder)
    card = ModelCard(
        name="tiny", revision="1", weights_hash=digest, dim=20, frames=4, resolution=model.config.resolution,
        resize=model.config.resize, licence="Apache-2.0", prompts=("a {}",), temperature=0.1, text_length=16,
        takes_query=True,
    )  # fmt: skip
    (folder / "card.json").write_text(json.dumps(card.to_dict()))
    return folder
