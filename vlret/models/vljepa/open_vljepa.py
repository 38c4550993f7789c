"""The checkpoint of open-vljepa (`best.pt` of cun-bjy/open-vljepa on the Hugging Face hub) to a model directory.

The file holds predictor and Y-encoder; its frozen X-encoder is V-JEPA 2 as Meta publishes it, and its two tokenizers
are those of Llama 3.2 and EmbeddingGemma.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from vlret.errors import ModelError
from vlret.files import replace_file
from vlret.models.base import ModelCard
from vlret.models.folder import as_model_error
from vlret.models.vljepa.checks import QUERY_TOKENIZER, refuse_mismatch, weights_hash
from vlret.models.vljepa.configuration import VLJEPAConfig
from vlret.models.vljepa.modeling import VLJEPAModel, save_towers
from vlret.models.vljepa.publish import README, Publication, model_card
from vlret.models.vljepa.published import read_published, vjepa2
from vlret.models.weights import check_pickle

WHAT = "a checkpoint of open-vljepa"
TEMPERATURE = 0.07
QUERY = "Describe the video."
LICENCE = "Llama 3.2 Community License and Gemma Terms of Use (V-JEPA 2: MIT)"
TRAINED_ON = ("CC3M", "MSR-VTT", "VideoMix22M (V-JEPA 2)")
SETTINGS: dict[str, Any] = {
    "dim": 1536, "x_width": 1024, "grid": 0, "frames": 8, "resolution": 256, "resize": "crop",
    "query_embeddings": "own", "query_length": 64, "text_length": 64, "pad_token_id": 0,
    "x_config": {
        "model_type": "vjepa2", "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16,
        "crop_size": 256,
    },
    "predictor_config": {
        "model_type": "llama", "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 8,
        "num_attention_heads": 32, "num_key_value_heads": 8, "max_position_embeddings": 131072,
        "rms_norm_eps": 1e-5, "vocab_size": 128256, "pad_token_id": 128004,
        "rope_parameters": {
            "rope_type": "llama3", "rope_theta": 500000.0, "factor": 32.0, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0, "original_max_position_embeddings": 8192,
        },
    },
    "y_config": {
        "model_type": "gemma3_text", "hidden_size": 768, "intermediate_size": 1152, "num_hidden_layers": 24,
        "num_attention_heads": 3, "num_key_value_heads": 1, "head_dim": 256, "max_position_embeddings": 2048,
        "query_pre_attn_scalar": 256, "sliding_window": 512, "use_bidirectional_attention": True,
        "vocab_size": 262144,
    },
}  # fmt: skip
"""Fields of `VLJEPAConfig`."""
_X = "x_encoder.model."
_NAMES = {
    "predictor.vision_proj.": "predictor.vis_proj.",
    "predictor.head.": "predictor.out_proj.",
    "y_encoder.head.": "y_encoder.projector.",
}
"""Beginnings of names here to those in the checkpoint; all others are the same."""
_ROTARY = re.compile(r"(predictor|y_encoder\.model)\.rotary_emb\w*\.\w*inv_freq")
"""Tables that follow from the configuration; some versions of transformers save them."""


def convert(
    checkpoint: Path,
    x_encoder: Path,
    query_tokenizer: Path,
    text_tokenizer: Path,
    out: Path,
    settings: Mapping[str, Any] = SETTINGS,
) -> Path:
    """Write the model directory `out` from a checkpoint and what is not in it; returns `out`.

    Args:
        checkpoint: the file written by `torch.save`; nothing in it is run.
        x_encoder: safetensors of V-JEPA 2 as transformers saves it.
        query_tokenizer, text_tokenizer: tokenizer.json of Llama 3.2 and of EmbeddingGemma.
        out: created; files of an earlier conversion are replaced.
        settings: fields of `VLJEPAConfig`.

    Raises:
        ModelError: a file is missing or damaged, holds anything but weights, or not exactly those of the model.
        OutputError: `out` cannot be written.
    """
    config = VLJEPAConfig(**settings)
    with torch.device("meta"):
        expected = VLJEPAModel(config).state_dict()
    state = read_checkpoint(checkpoint, expected)
    of_x_encoder = {key.removeprefix(_X): value for key, value in expected.items() if key.startswith(_X)}
    published = read_published(x_encoder, of_x_encoder, vjepa2, "the X-encoder of open-vljepa, a V-JEPA 2")
    state |= {f"{_X}{key}": value for key, value in published.items()}
    state["logit_scale"] = torch.tensor(math.log(1 / TEMPERATURE))
    replace_file(out / "config.json", config.to_json_string().encode())
    with as_model_error(f"The weights in {checkpoint} cannot be written"):
        save_towers(out, state)
    for file, name in ((text_tokenizer, "tokenizer.json"), (query_tokenizer, QUERY_TOKENIZER)):
        replace_file(out / name, file.read_bytes())
    card = _card(out, config)
    readme = model_card(Publication(out, card, config.to_dict(), {}), f"./{out.name}")
    replace_file(out / README, readme.encode())
    replace_file(out / "card.json", (json.dumps(card.to_dict(), indent=1) + "\n").encode())
    return out


def read_checkpoint(file: Path, expected: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the weights of predictor and Y-encoder by their names in `expected`, mapped from the disk.

    Names and shapes are checked before memory is taken for any of them.

    Raises:
        ModelError: see `convert`.
    """
    check_pickle(file)
    names = {_published(own): own for own in expected if own.startswith(("predictor.", "y_encoder."))}
    found = _weights_of(file, "meta")
    refuse_mismatch(str(file), names.keys() - found.keys(), found.keys() - names.keys(), WHAT)
    for name, own in names.items():
        if found[name].shape != expected[own].shape or not found[name].is_floating_point():
            raise ModelError(
                f"The weights {name} in {file} are {found[name].dtype} {list(found[name].shape)}, "
                f"not floats {list(expected[own].shape)}.",
                "Give the checkpoint of open-vljepa.",
                code="weights_mismatch",
                path=file,
            )
    values = _weights_of(file, "cpu")
    return {own: values[name] for name, own in names.items()}


def _weights_of(file: Path, device: str) -> dict[str, torch.Tensor]:
    """The state of the model by its names in the file, without what follows from the configuration."""
    with as_model_error(f"{file} cannot be read as {WHAT}"):
        content = torch.load(str(file), map_location=device, weights_only=True, mmap=True)
    state = content.get("model_state_dict") if isinstance(content, dict) else None
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise ModelError(
            f"{file} is not {WHAT}: it has no weights under model_state_dict.",
            "Give best.pt of cun-bjy/open-vljepa.",
            code="not_open_vljepa",
            path=file,
        )
    return {str(key): value for key, value in state.items() if not _ROTARY.fullmatch(str(key))}


def _published(own: str) -> str:
    start = next((name for name in _NAMES if own.startswith(name)), "")
    return _NAMES.get(start, "") + own.removeprefix(start)


def _card(folder: Path, config: VLJEPAConfig) -> ModelCard:
    digest = weights_hash(folder)
    return ModelCard(
        name="open-vljepa",
        revision=digest[:12],
        weights_hash=digest,
        dim=config.dim,
        frames=config.frames,
        resolution=config.resolution,
        resize=config.resize,
        licence=LICENCE,
        prompts=("{}",),
        temperature=TEMPERATURE,
        text_length=config.text_length,
        takes_query=True,
        default_query=QUERY,
        preprocessing=f"mean {list(config.image_mean)}, deviation {list(config.image_std)}",
        trained_on=TRAINED_ON,
    )
