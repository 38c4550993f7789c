"""Tiny random models in sentence-transformers' own folder format, and a plain one of transformers."""

from __future__ import annotations

from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, Transformer
from transformers import (
    BertConfig,
    BertModel,
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPProcessor,
    PreTrainedTokenizerFast,
    Qwen2VLImageProcessor,
    Qwen3VLConfig,
    Qwen3VLModel,
    Qwen3VLProcessor,
    Qwen3VLVideoProcessor,
)

from tests.models.open_clip_folders import WORDS, tiny_tokenizer

_TOWER = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
_VOCABULARY = {"vocab_size": len(WORDS) + 3, "max_position_embeddings": 16, "pad_token_id": 0}

_MARKS = {
    "image_token_id": "<|image_pad|>",
    "video_token_id": "<|video_pad|>",
    "vision_start_token_id": "<|vision_start|>",
    "vision_end_token_id": "<|vision_end|>",
}
_TEMPLATE = (
    "{% for message in messages %}{% for part in message.content %}{% if part.type == 'image' %}"
    "<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ part.text }}{% endif %}{% endfor %} <eos>{% endfor %}"
)


def save_clip(folder: Path) -> Path:
    """A CLIP of 12 dimensions as transformers saves it, with its processor."""
    torch.manual_seed(0)
    vision = {**_TOWER, "image_size": 32, "patch_size": 8}
    text = {**_TOWER, **_VOCABULARY, "bos_token_id": 2, "eos_token_id": 1}
    CLIPModel(CLIPConfig(vision_config=vision, text_config=text, projection_dim=12)).save_pretrained(folder)
    pictures = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    CLIPProcessor(image_processor=pictures, tokenizer=_tokenizer()).save_pretrained(folder)
    return folder


def save_modules(folder: Path, clip: Path) -> Path:
    """`clip` and a layer to 5 dimensions as sentence-transformers saves them, with a prompt of its own."""
    torch.manual_seed(1)
    model = SentenceTransformer(
        modules=[Transformer(str(clip)), Dense(12, 5)],
        prompts={"own": "a photo of "},
        default_prompt_name="own",
        device="cpu",
    )
    model.save(str(folder), create_model_card=False)
    return folder


def save_video(folder: Path) -> Path:
    """A Qwen3-VL that reads chat messages of texts, images and videos of every size, 16 dimensions."""
    torch.manual_seed(0)
    tokenizer = _tokenizer(64)
    tokenizer.add_special_tokens({"additional_special_tokens": list(_MARKS.values())})
    config = Qwen3VLConfig(
        text_config={
            **_TOWER, "num_key_value_heads": 2, "head_dim": 8, "vocab_size": len(tokenizer),
            "max_position_embeddings": 64,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 1, 1]},
        },
        vision_config={
            "depth": 2, "hidden_size": 16, "intermediate_size": 32, "num_heads": 2, "patch_size": 8,
            "out_hidden_size": 16, "num_position_embeddings": 16, "deepstack_visual_indexes": [0],
        },
        **{name: tokenizer.convert_tokens_to_ids(mark) for name, mark in _MARKS.items()},
    )  # fmt: skip
    Qwen3VLModel(config).save_pretrained(folder / "qwen")
    Qwen3VLProcessor(
        image_processor=Qwen2VLImageProcessor(
            patch_size=8, size={"shortest_edge": 256, "longest_edge": 4096}
        ),
        tokenizer=tokenizer,
        video_processor=Qwen3VLVideoProcessor(patch_size=8),
        chat_template=_TEMPLATE,
    ).save_pretrained(folder / "qwen")
    modules = [Transformer(str(folder / "qwen")), Pooling(16, "lasttoken"), Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder / "st"), create_model_card=False)
    return folder / "st"


def save_text_only(folder: Path) -> Path:
    """A BERT with mean pooling."""
    torch.manual_seed(0)
    BertModel(BertConfig(**_TOWER, **_VOCABULARY)).save_pretrained(folder / "bert")
    _tokenizer().save_pretrained(folder / "bert")
    modules = [Transformer(str(folder / "bert")), Pooling(16, "mean")]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder / "st"), create_model_card=False)
    return folder / "st"


def _tokenizer(max_length: int = 16) -> PreTrainedTokenizerFast:
    tokenizer = tiny_tokenizer()
    tokenizer.model_max_length = max_length
    return tokenizer
