"""Model folders of absurd size, and damaged ones: more of `ATTACKS`."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors.numpy import load_file, save_file

from tests.security.hostile_models import ATTACKS, Attack, change, config_of, each, restamp
from tests.security.sandbox import Sandbox

__all__ = ["ATTACKS"]

HUGE = 10**9
LARGE = (64 << 20) + 1
"""Bytes: more than any text file of a model."""


def _sparse(file: Path, n_bytes: int) -> None:
    """A file of zeros that takes no room on the disk."""
    file.unlink(missing_ok=True)
    with file.open("wb") as opened:
        opened.truncate(n_bytes)


def _compressed(box: Sandbox) -> None:
    (box.stranger / "open_clip_model.safetensors").unlink()
    with zipfile.ZipFile(box.stranger / "open_clip_pytorch_model.bin", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("archive/data.pkl", bytes(1 << 20))


def _model(part: str, **fields: Any) -> Attack:
    return lambda box: change(config_of(box), "model_cfg", part, **fields)


each("clip", "beyond every model|larger than its weights|cannot be loaded|text tower was trained with", {
    "10^9 layers": _model("vision_cfg", layers=HUGE),
    "900 layers": _model("vision_cfg", layers=900),
    "900 text layers": _model("text_cfg", layers=900),
    "a width of 10^6": _model("vision_cfg", width=10**6),
    "an mlp of 10^9": _model("text_cfg", mlp_ratio=1e9),
    "pictures of 10^6": _model("vision_cfg", image_size=10**6),
    "texts of 10^6": _model("text_cfg", context_length=10**6),
    "a vocabulary of 10^7": _model("text_cfg", vocab_size=10**7),
    "no patches": _model("vision_cfg", patch_size=0),
    "negative layers": _model("vision_cfg", width=-16),
    "a patch of text": _model("vision_cfg", patch_size="x"),
})  # fmt: skip
each("clip", "is larger than|holds more than|are compressed|is not JSON|neither a file nor a directory", {
    "a configuration of 9 MB": lambda box: config_of(box).write_text(config_of(box).read_text() + " " * (9 << 20)),
    "a tokenizer of 64 MB": lambda box: _sparse(box.stranger / "tokenizer.json", LARGE),
    "a configuration of 64 MB": lambda box: _sparse(config_of(box), LARGE),
    "nested lists": lambda box: (box.stranger / "x.json").write_text("[" * 100_000 + "]" * 100_000),
    "a pickle that unpacks to more": _compressed,
    "a FIFO": lambda box: os.mkfifo(box.stranger / "tokenizer_config.json"),
})  # fmt: skip
each("vljepa", "Damaged .*field|larger than|beyond every model|do not match|as config.json says", {
    "a resolution of 20,000": lambda box: _both(box, resolution=20_000),
    "10^6 frames": lambda box: _both(box, frames=10**6),
    "frames and resolution together": lambda box: _both(box, frames=1024, resolution=2048),
    "texts of 10^9": lambda box: _both(box, text_length=HUGE),
    "vectors of 10^9": lambda box: _both(box, dim=HUGE),
    "10^9 predictor layers": lambda box: _tower(box, "predictor_config", num_hidden_layers=HUGE),
    "900 predictor layers": lambda box: _tower(box, "predictor_config", num_hidden_layers=900),
    "10^9 vision layers": lambda box: _tower(box, "x_config", num_hidden_layers=HUGE),
    "10^9 text layers": lambda box: _tower(box, "y_config", num_hidden_layers=HUGE),
    "900 text layers": lambda box: _tower(box, "y_config", num_hidden_layers=900),
    "a vocabulary of 10^7": lambda box: _tower(box, "y_config", vocab_size=10**7),
    "a vision width of 10^6": lambda box: _tower(box, "x_config", hidden_size=10**6),
    "900 vision layers": lambda box: _tower(box, "x_config", num_hidden_layers=900),
    "heads that do not divide": lambda box: _tower(box, "y_config", num_attention_heads=7),
    "no heads": lambda box: _tower(box, "y_config", num_attention_heads=0),
    "layers in words": lambda box: _tower(box, "y_config", num_hidden_layers="two"),
    "a mean in words": lambda box: change(box.stranger / "config.json", image_mean="grey"),
    "a resize that there is not": lambda box: _both(box, resize="stretch"),
    "no deviation": lambda box: change(box.stranger / "config.json", image_std=[0, 0, 0]),
    "a temperature in words": lambda box: change(box.stranger / "card.json", temperature="warm"),
    "prompts that are no list": lambda box: change(box.stranger / "card.json", prompts=7),
    "a name that is no text": lambda box: change(box.stranger / "card.json", name=["a"]),
    "an unknown field": lambda box: change(box.stranger / "card.json", more=1),
})  # fmt: skip
each("vljepa", "holds no JSON object|is larger than|is not JSON|does not exist", {
    "a card that is a list": lambda box: (box.stranger / "card.json").write_text("[]"),
    "a card of 64 MB": lambda box: _sparse(box.stranger / "card.json", LARGE),
    "a tokenizer of 64 MB": lambda box: _sparse(box.stranger / "tokenizer.json", LARGE),
    "a card that is a folder": lambda box: _folder(box.stranger / "card.json"),
    "a configuration in Latin-1": lambda box: (box.stranger / "config.json").write_bytes(b'{"a": "\xe9"}'),
})  # fmt: skip
each("vljepa", "do not match its card.json", {
    "weights of another model": lambda box: _change_weights(box, lambda value: value + 1, stamp=False),
    "a hash that is none": lambda box: change(box.stranger / "card.json", weights_hash="0" * 64),
})  # fmt: skip
each("vljepa", "not finite|cannot be run|is not a readable tokenizer", {
    "weights that are no numbers": lambda box: _change_weights(box, lambda value: value * float("nan")),
    "a tokenizer that is none": lambda box: (box.stranger / "tokenizer.json").write_text("{}"),
    "words beyond the vocabulary": lambda box: change(
        box.stranger / "tokenizer.json", "model", "vocab", dog=5000),
    "a tokenizer of queries that is none": lambda box: _query(box, lambda file: file.write_text("{}")),
    "words of queries beyond the vocabulary": lambda box: _query(
        box, lambda file: change(file, "model", "vocab", dog=5000)),
})  # fmt: skip
each("vljepa", "does not exist|is larger than", {
    "no tokenizer of queries": lambda box: _query(box, Path.unlink),
    "a tokenizer of queries of 64 MB": lambda box: _query(box, lambda file: _sparse(file, LARGE)),
})  # fmt: skip
each("st", "beyond every model|larger than|cannot be loaded|makes pictures", {
    "10^9 layers": lambda box: change(box.stranger / "config.json", "text_config", num_hidden_layers=HUGE),
    "900 layers": lambda box: change(box.stranger / "config.json", "text_config", num_hidden_layers=900),
    "a width of 10^6": lambda box: change(box.stranger / "config.json", "vision_config", hidden_size=10**6),
    "a dense layer of 10^7": lambda box: change(
        box.stranger / "1_Dense" / "config.json", in_features=10**7, out_features=10**7),
    "pictures of 10^6": lambda box: change(
        box.stranger / "processor_config.json", "image_processor", size={"height": 10**6, "width": 10**6}),
    "a README of 64 MB": lambda box: _sparse(box.stranger / "README.md", LARGE),
    "modules that are no list": lambda box: (box.stranger / "config_sentence_transformers.json").write_text("[]"),
})  # fmt: skip


def _both(box: Sandbox, **fields: Any) -> None:
    change(box.stranger / "config.json", **fields)
    change(box.stranger / "card.json", **fields)


def _query(box: Sandbox, damage: Callable[[Path], object]) -> None:
    """Damage the tokenizer of queries, and have one asked."""
    damage(box.stranger / "query_tokenizer.json")
    change(box.stranger / "card.json", default_query="a dog")


def _tower(box: Sandbox, tower: str, **fields: Any) -> None:
    change(box.stranger / "config.json", tower, **fields)


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _change_weights(box: Sandbox, made: Callable[[Any], Any], stamp: bool = True) -> None:
    file = box.stranger / "y_encoder.safetensors"
    save_file({name: made(value).astype(value.dtype) for name, value in load_file(file).items()}, file)
    if stamp:
        restamp(box.stranger)
