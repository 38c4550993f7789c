"""Tiny random vision-language models of each family, in transformers' own folder format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    AutoModelForImageTextToText,
    BertTokenizer,
    Blip2Config,
    Blip2Processor,
    BlipImageProcessor,
    CLIPImageProcessor,
    CLIPVisionConfig,
    GotOcr2ImageProcessor,
    Idefics3Config,
    Idefics3ImageProcessor,
    Idefics3Processor,
    InstructBlipConfig,
    InstructBlipProcessor,
    InternVLConfig,
    InternVLProcessor,
    InternVLVideoProcessor,
    LlamaConfig,
    LlavaConfig,
    LlavaOnevisionConfig,
    LlavaOnevisionImageProcessor,
    LlavaOnevisionProcessor,
    LlavaOnevisionVideoProcessor,
    LlavaProcessor,
    PaliGemmaConfig,
    PaliGemmaProcessor,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLProcessor,
    Qwen2VLConfig,
    Qwen2VLImageProcessor,
    Qwen2VLProcessor,
    Qwen2VLVideoProcessor,
    Qwen3VLConfig,
    Qwen3VLProcessor,
    Qwen3VLVideoProcessor,
    SiglipImageProcessor,
    SmolVLMConfig,
    SmolVLMImageProcessor,
    SmolVLMProcessor,
    SmolVLMVideoProcessor,
    T5Config,
    VideoLlavaConfig,
    VideoLlavaImageProcessor,
    VideoLlavaProcessor,
    VideoLlavaVideoProcessor,
)

_SPECIAL = (
    "<pad>", "<s>", "</s>", "<image>", "<video>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>",
    "<|image_pad|>", "<|video_pad|>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>",
    *(f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)),
)  # fmt: skip
IDS = {token: number for number, token in enumerate(_SPECIAL)}
_N_TOKENS = len(_SPECIAL) + 256
_TEXT = {
    "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "vocab_size": _N_TOKENS, "max_position_embeddings": 2048, "bos_token_id": 1,
    "pad_token_id": 0, "initializer_range": 0.5,
}  # fmt: skip
_VISION = {
    "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 16,
    "patch_size": 8, "initializer_range": 0.5,
}  # fmt: skip
_SIDE = {"height": 16, "width": 16}

_QWEN = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{% for part in message.content %}"
    "{% if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif part.type == 'video' %}<|vision_start|><|video_pad|><|vision_end|>"
    "{% else %}{{ part.text }}{% endif %}{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_INTERNVL = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{% for part in message.content %}"
    "{% if part.type == 'text' %}{{ part.text }}{% else %}<{{ part.type }}>\n{% endif %}{% endfor %}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_SMOLVLM = (
    "<|im_start|>{% for message in messages %}{{ message.role | capitalize }}:"
    "{% if message.content[0].type != 'image' %} {% endif %}{% for part in message.content %}"
    "{% if part.type == 'text' %}{{ part.text }}{% else %}<{{ part.type }}>{% endif %}{% endfor %}"
    "<end_of_utterance>\n{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"
)
_VICUNA = (
    "{% for message in messages %}{{ message.role | upper }}: {% for part in message.content %}"
    "{% if part.type == 'text' %}{{ part.text }}{% else %}<{{ part.type }}>\n{% endif %}{% endfor %} {% endfor %}"
    "{% if add_generation_prompt %}ASSISTANT:{% endif %}"
)


def tokenizer(**names: str) -> PreTrainedTokenizerFast:
    """One token a byte, and the special tokens of all families."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {**IDS, **{letter: len(IDS) + number for number, letter in enumerate(letters)}}
    made = Tokenizer(models.BPE(vocabulary, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    found = PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="<pad>", bos_token="<s>", eos_token="</s>", **names
    )
    found.add_special_tokens({"additional_special_tokens": list(_SPECIAL[3:])})
    return found


def _save(folder: Path, config: Any, processor: Any, end: str = "</s>", **generation: Any) -> Path:
    torch.manual_seed(0)
    model = AutoModelForImageTextToText.from_config(config)
    language = getattr(model, "language_model", model) if "blip" in config.model_type else model
    for one in (model, language):
        one.generation_config.update(eos_token_id=IDS[end], pad_token_id=0, **generation)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def save_instructblip(folder: Path, text: Any = None) -> Path:
    """InstructBLIP with a Llama as language model."""
    qformer = {**_VISION, "num_hidden_layers": 2, "vocab_size": 30, "max_position_embeddings": 256}
    config = InstructBlipConfig(
        vision_config=_VISION, qformer_config=qformer, num_query_tokens=3, image_token_index=IDS["<image>"],
        text_config=text or LlamaConfig(**_TEXT, eos_token_id=2),
    )  # fmt: skip
    words = {
        word: number for number, word in enumerate(("[PAD]", "[UNK]", "[CLS]", "[SEP]", "red", "blue", "?"))
    }
    processor = InstructBlipProcessor(
        BlipImageProcessor(size=_SIDE), tokenizer(), BertTokenizer(vocab=words), num_query_tokens=3
    )
    return _save(folder, config, processor)


def save_instructblip_t5(folder: Path) -> Path:
    """InstructBLIP with an encoder-decoder as language model."""
    text = T5Config(
        vocab_size=_N_TOKENS, d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4, decoder_start_token_id=0,
        initializer_factor=5.0, eos_token_id=2,
    )  # fmt: skip
    return save_instructblip(folder, text)


def save_blip2(folder: Path) -> Path:
    """BLIP-2 with a Llama as language model."""
    config = Blip2Config(
        vision_config=_VISION, qformer_config={**_VISION, "max_position_embeddings": 256}, num_query_tokens=3,
        image_token_index=IDS["<image>"], text_config=LlamaConfig(**_TEXT, eos_token_id=2),
    )  # fmt: skip
    return _save(
        folder, config, Blip2Processor(BlipImageProcessor(size=_SIDE), tokenizer(), num_query_tokens=3)
    )


def save_idefics3(folder: Path) -> Path:
    """Idefics 3, which SmolVLM-256M and -500M are."""
    config = Idefics3Config(
        text_config=LlamaConfig(**_TEXT, eos_token_id=2), vision_config=_VISION, image_token_id=IDS["<image>"]
    )
    images = Idefics3ImageProcessor(
        size={"longest_edge": 32}, max_image_size={"longest_edge": 16}, do_image_splitting=True
    )
    processor = Idefics3Processor(images, tokenizer(), image_seq_len=1, chat_template=_SMOLVLM)
    return _save(folder, config, processor, "<end_of_utterance>", repetition_penalty=5.0)


def save_smolvlm(folder: Path) -> Path:
    """SmolVLM 2, which takes videos."""
    config = SmolVLMConfig(
        text_config=LlamaConfig(**_TEXT, eos_token_id=2), vision_config=_VISION, image_token_id=IDS["<image>"]
    )
    sizes = {"size": {"longest_edge": 16}, "max_image_size": {"longest_edge": 16}}
    processor = SmolVLMProcessor(
        SmolVLMImageProcessor(**sizes, do_image_splitting=False),
        tokenizer(),
        SmolVLMVideoProcessor(**sizes, video_sampling={"fps": 1, "max_frames": 64}),
        image_seq_len=1,
        chat_template=_SMOLVLM,
    )
    return _save(folder, config, processor, "<end_of_utterance>")


def save_llava(folder: Path, chat_template: str | None = _VICUNA) -> Path:
    """LLaVA 1.5."""
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(**_VISION, projection_dim=16), text_config=LlamaConfig(**_TEXT, eos_token_id=2),
        image_token_index=IDS["<image>"],
    )  # fmt: skip
    processor = LlavaProcessor(
        CLIPImageProcessor(size={"shortest_edge": 16}, crop_size=_SIDE), tokenizer(), patch_size=8,
        vision_feature_select_strategy="default", num_additional_image_tokens=1, chat_template=chat_template,
    )  # fmt: skip
    return _save(folder, config, processor)


def save_llava_onevision(folder: Path) -> Path:
    """LLaVA-OneVision, which takes videos."""
    text = {**_TEXT, "model_type": "qwen2", "eos_token_id": 2}
    vision = {**_VISION, "model_type": "siglip_vision_model", "vision_use_head": False}
    points = [[16, 16], [16, 32], [32, 16], [32, 32]]
    config = LlavaOnevisionConfig(
        vision_config=vision, text_config=text, image_token_index=IDS["<image>"], video_token_index=IDS["<video>"],
        image_grid_pinpoints=points, vision_feature_layer=-1, vision_feature_select_strategy="full",
    )  # fmt: skip
    processor = LlavaOnevisionProcessor(
        LlavaOnevisionImageProcessor(size=_SIDE, image_grid_pinpoints=points), tokenizer(),
        LlavaOnevisionVideoProcessor(size=_SIDE), num_image_tokens=4, vision_feature_select_strategy="full",
        chat_template=_QWEN.replace("<|image_pad|>", "<image>").replace("<|video_pad|>", "<video>"),
    )  # fmt: skip
    return _save(folder, config, processor, "<|im_end|>")


def save_internvl(folder: Path) -> Path:
    """InternVL 3, which writes a line for each frame of a video."""
    sides = {"image_size": [16, 16], "patch_size": [4, 4]}
    config = InternVLConfig(
        vision_config={**_VISION, **sides}, text_config={**_TEXT, "model_type": "qwen2", "eos_token_id": 2},
        image_token_id=IDS["<image>"], image_seq_length=4,
    )  # fmt: skip
    marks = {
        "start_image_token": "<|vision_start|>", "end_image_token": "<|vision_end|>",
        "context_image_token": "<image>", "video_token": "<video>",
    }  # fmt: skip
    processor = InternVLProcessor(
        GotOcr2ImageProcessor(size=_SIDE), tokenizer(extra_special_tokens=marks), InternVLVideoProcessor(size=_SIDE),
        image_seq_length=4, chat_template=_INTERNVL,
    )  # fmt: skip
    return _save(folder, config, processor, "<|im_end|>")


def save_video_llava(folder: Path) -> Path:
    """Video-LLaVA, of clips of eight frames."""
    config = VideoLlavaConfig(
        vision_config=CLIPVisionConfig(**_VISION, projection_dim=16), text_config=LlamaConfig(**_TEXT, eos_token_id=2),
        image_token_index=IDS["<image>"], video_token_index=IDS["<video>"],
    )  # fmt: skip
    sizes = {"size": {"shortest_edge": 16}, "crop_size": _SIDE}
    processor = VideoLlavaProcessor(
        VideoLlavaImageProcessor(**sizes), VideoLlavaVideoProcessor(**sizes), tokenizer(), patch_size=8,
        vision_feature_select_strategy="default", chat_template=_VICUNA,
    )  # fmt: skip
    return _save(folder, config, processor)


def save_paligemma(folder: Path) -> Path:
    """PaliGemma, whose input sees itself in both directions."""
    text = {**_TEXT, "model_type": "gemma", "head_dim": 8, "eos_token_id": 2}
    config = PaliGemmaConfig(
        vision_config={**_VISION, "model_type": "siglip_vision_model", "vision_use_head": False}, text_config=text,
        image_token_index=IDS["<image>"], projection_dim=32,
    )  # fmt: skip
    images = SiglipImageProcessor(size=_SIDE, image_seq_length=4)
    return _save(folder, config, PaliGemmaProcessor(images, tokenizer()))


def _qwen(folder: Path, config: Any, processor: Any, video: Any, vision: dict[str, Any], rope: Any) -> Path:
    marks = {f"{name}_token_id": IDS[f"<|{name}|>"] for name in ("vision_start", "vision_end")}
    made = config(
        text_config={**_TEXT, "head_dim": 8, "rope_parameters": rope, "eos_token_id": 6}, vision_config=vision,
        image_token_id=IDS["<|image_pad|>"], video_token_id=IDS["<|video_pad|>"], **marks,
    )  # fmt: skip
    size = {"patch_size": 4, "size": {"shortest_edge": 64, "longest_edge": 1024}}
    tokens = tokenizer(extra_special_tokens={"image_token": "<|image_pad|>", "video_token": "<|video_pad|>"})
    return _save(
        folder,
        made,
        processor(Qwen2VLImageProcessor(**size), tokens, video(**size), chat_template=_QWEN),
        "<|im_end|>",
    )


_ROPE = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 1, 2]}


def save_qwen2_vl(folder: Path) -> Path:
    """Qwen2-VL."""
    vision = {"depth": 2, "embed_dim": 16, "hidden_size": 32, "num_heads": 2, "patch_size": 4, "mlp_ratio": 2}
    return _qwen(folder, Qwen2VLConfig, Qwen2VLProcessor, Qwen2VLVideoProcessor, vision, _ROPE)


def save_qwen2_5_vl(folder: Path) -> Path:
    """Qwen2.5-VL, whose positions follow the seconds of a video."""
    vision = {
        "depth": 2, "hidden_size": 16, "intermediate_size": 24, "num_heads": 2, "patch_size": 4, "window_size": 16,
        "out_hidden_size": 32, "fullatt_block_indexes": [1],
    }  # fmt: skip
    return _qwen(folder, Qwen2_5_VLConfig, Qwen2_5_VLProcessor, Qwen2VLVideoProcessor, vision, _ROPE)


def save_qwen3_vl(folder: Path) -> Path:
    """Qwen3-VL, which writes the seconds of a video's frames into the text."""
    vision = {
        "depth": 2, "hidden_size": 16, "intermediate_size": 24, "num_heads": 2, "patch_size": 4, "out_hidden_size": 32,
        "num_position_embeddings": 16, "deepstack_visual_indexes": [0],
    }  # fmt: skip
    rope = {**_ROPE, "mrope_interleaved": True}
    return _qwen(folder, Qwen3VLConfig, Qwen3VLProcessor, Qwen3VLVideoProcessor, vision, rope)


FAMILIES: dict[str, Callable[[Path], Path]] = {
    "instructblip": save_instructblip,
    "instructblip_t5": save_instructblip_t5,
    "blip2": save_blip2,
    "idefics3": save_idefics3,
    "smolvlm": save_smolvlm,
    "llava": save_llava,
    "llava_onevision": save_llava_onevision,
    "internvl": save_internvl,
    "video_llava": save_video_llava,
    "paligemma": save_paligemma,
    "qwen2_vl": save_qwen2_vl,
    "qwen2_5_vl": save_qwen2_5_vl,
    "qwen3_vl": save_qwen3_vl,
}
