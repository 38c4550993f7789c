"""A checkpoint as open-vljepa saves it, of any size, by the published list of keys; and what belongs to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import VJEPA2Config, VJEPA2Model

from tests.models.vljepa.plain_forward import Sizes, State
from vlret.models.vljepa.open_vljepa import SETTINGS, convert

QUERY_WORDS = ["<pad>", "<bos>", "<unk>", "Describe", "the", "video", ".", "What", "do", "you", "see", "?"]
TEXT_WORDS = ["<pad>", "<eos>", "<bos>", "<unk>", "a", "dog", "cat", "runs", "on", "the", "beach", "red"]
SMALL: dict[str, Any] = {
    **SETTINGS, "dim": 20, "x_width": 52, "resolution": 32, "query_length": 16, "text_length": 16,
    "x_config": {
        "model_type": "vjepa2", "hidden_size": 52, "num_hidden_layers": 2, "num_attention_heads": 2, "crop_size": 32,
        "pred_hidden_size": 12, "pred_num_attention_heads": 1, "pred_num_hidden_layers": 1,
    },
    "predictor_config": {
        **SETTINGS["predictor_config"], "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3,
        "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 20, "pad_token_id": 0,
        "rope_parameters": {
            "rope_type": "llama3", "rope_theta": 1000.0, "factor": 4.0, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0, "original_max_position_embeddings": 32,
        },
    },
    "y_config": {
        **SETTINGS["y_config"], "hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 7,
        "num_attention_heads": 3, "head_dim": 8, "max_position_embeddings": 64, "query_pre_attn_scalar": 16,
        "sliding_window": 6, "vocab_size": 16,
    },
}  # fmt: skip
SIZES = Sizes(
    x_heads=2, side=2, llama_heads=4, llama_theta=1000.0, llama_factor=4.0, llama_original=32, y_heads=3, y_scalar=16,
    y_window=3,
)  # fmt: skip


def shapes(settings: dict[str, Any] = SETTINGS) -> dict[str, tuple[int, ...]]:
    """The published list of keys and shapes; those of best.pt by default."""
    llama, gemma, dim = settings["predictor_config"], settings["y_config"], settings["dim"]
    width, y_width = llama["hidden_size"], gemma["hidden_size"]
    found: dict[str, tuple[int, ...]] = {
        "predictor.embed_tokens.weight": (llama["vocab_size"], width),
        "predictor.norm.weight": (width,),
        "predictor.vis_proj.weight": (width, settings["x_width"]),
        "predictor.vis_proj.bias": (width,),
        "predictor.out_proj.weight": (dim, width),
        "predictor.out_proj.bias": (dim,),
        "y_encoder.model.embed_tokens.weight": (gemma["vocab_size"], y_width),
        "y_encoder.model.norm.weight": (y_width,),
        "y_encoder.projector.weight": (dim, y_width),
        "y_encoder.projector.bias": (dim,),
    }
    kv = width // llama["num_attention_heads"] * llama["num_key_value_heads"]
    for layer in range(llama["num_hidden_layers"]):
        name = f"predictor.layers.{layer}"
        found |= _layer(name, width, width, kv, llama["intermediate_size"])
        found |= {
            f"{name}.{norm}.weight": (width,) for norm in ("input_layernorm", "post_attention_layernorm")
        }
    head = gemma["head_dim"]
    queries, kv = head * gemma["num_attention_heads"], head * gemma["num_key_value_heads"]
    for layer in range(gemma["num_hidden_layers"]):
        name = f"y_encoder.model.layers.{layer}"
        found |= _layer(name, y_width, queries, kv, gemma["intermediate_size"])
        found |= {f"{name}.self_attn.{part}_norm.weight": (head,) for part in "qk"}
        norms = (
            "input_layernorm",
            "post_attention_layernorm",
            "pre_feedforward_layernorm",
            "post_feedforward_layernorm",
        )
        found |= {f"{name}.{norm}.weight": (y_width,) for norm in norms}
    return found


def _layer(name: str, width: int, queries: int, kv: int, inner: int) -> dict[str, tuple[int, ...]]:
    return {
        f"{name}.self_attn.q_proj.weight": (queries, width),
        f"{name}.self_attn.k_proj.weight": (kv, width),
        f"{name}.self_attn.v_proj.weight": (kv, width),
        f"{name}.self_attn.o_proj.weight": (width, queries),
        f"{name}.mlp.gate_proj.weight": (inner, width),
        f"{name}.mlp.up_proj.weight": (inner, width),
        f"{name}.mlp.down_proj.weight": (width, inner),
    }


def random_state(settings: dict[str, Any] = SMALL, seed: int = 0) -> State:
    """Weights of these shapes under which every layer matters."""
    made = torch.Generator().manual_seed(seed)
    return {
        key: torch.randn(shape, generator=made) * (0.3 if len(shape) == 1 else 1.5 / shape[-1] ** 0.5)
        for key, shape in shapes(settings).items()
    }


def save_checkpoint(file: Path, state: State) -> Path:
    """As open-vljepa's training saves it."""
    config = {
        "predictor": {"llama_name": "meta-llama/Llama-3.2-1B", "n_keep_layers": 8},
        "data": {"num_frames": 8},
    }
    torch.save({"epoch": 49, "model_state_dict": state, "loss": 0.5, "config": config}, file)
    return file


def save_x_encoder(folder: Path, settings: dict[str, Any] = SMALL) -> Path:
    """V-JEPA 2 with random weights, its mask predictor too, as transformers saves it."""
    torch.manual_seed(5)
    model = VJEPA2Model(VJEPA2Config(**settings["x_config"]))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    model.save_pretrained(folder)
    return folder / "model.safetensors"


def save_tokenizer(file: Path, words: list[str], template: str) -> Path:
    """One token a word; `template` says what stands around a text."""
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens([word for word in words if word.startswith("<")])
    special = [(word, words.index(word)) for word in ("<bos>", "<eos>") if word in template]
    tokenizer.post_processor = processors.TemplateProcessing(single=template, special_tokens=special)
    tokenizer.save(str(file))
    return file


def converted(folder: Path) -> tuple[Path, State, State]:
    """A model directory converted from a small checkpoint; the weights of the X-encoder and of the checkpoint."""
    from safetensors.torch import load_file

    state = random_state()
    x_encoder = save_x_encoder(folder / "x")
    out = convert(
        save_checkpoint(folder / "best.pt", state),
        x_encoder,
        save_tokenizer(folder / "llama.json", QUERY_WORDS, "<bos> $A"),
        save_tokenizer(folder / "gemma.json", TEXT_WORDS, "<bos> $A <eos>"),
        folder / "model",
        SMALL,
    )
    return out, load_file(x_encoder), state
