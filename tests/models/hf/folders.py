"""Tiny random dual encoders of transformers, saved with their tokenizers and processors as on the hub."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from tests.models.open_clip_folders import WORDS, tiny_tokenizer

TOWER = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
TEXT = {**TOWER, "vocab_size": len(WORDS) + 3, "max_position_embeddings": 16, "pad_token_id": 0,
        "bos_token_id": 2, "eos_token_id": 1}  # fmt: skip
PICTURE = {**TOWER, "image_size": 32, "patch_size": 8}
_SQUARE = {"height": 32, "width": 32}


def tokenizer(max_length: int = 16) -> PreTrainedTokenizerFast:
    """Whole words; what is not among them is unknown, such as words in capitals."""
    made = tiny_tokenizer()
    made.model_max_length = max_length
    return made


def siglip2_tokenizer() -> Any:
    """SigLIP 2's own class: lower case, and pairs of characters up to whole words with the space before them."""
    merges = []
    for word in WORDS:
        parts = [(word[:i], word[i]) for i in range(1, len(word))]
        merges += [pair for pair in (*parts, ("▁", word)) if pair not in merges]
    names = dict.fromkeys([*"▁", *"".join(WORDS), *map("".join, merges)])
    vocabulary = {name: i for i, name in enumerate(["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *names])}
    made = transformers.Siglip2Tokenizer(
        vocab=vocabulary, merges=merges, padding_side="right", model_max_length=16
    )
    made._tokenizer.post_processor = TemplateProcessing(single="$A <eos>", special_tokens=[("<eos>", 1)])
    return made


def save_clip(folder: Path) -> Path:
    """CLIP with the pictures of CLIP: the short side scaled, the middle cut out."""
    return _of_clip(folder, transformers.CLIPModel, transformers.CLIPConfig)


def save_metaclip_2(folder: Path) -> Path:
    """MetaCLIP 2."""
    return _of_clip(folder, transformers.MetaClip2Model, transformers.MetaClip2Config)


def save_altclip(folder: Path) -> Path:
    """AltCLIP: a RoBERTa reads the texts."""
    text = {**TEXT, "project_dim": 16, "max_position_embeddings": 20}
    return _of_clip(folder, transformers.AltCLIPModel, transformers.AltCLIPConfig, text)


def save_chinese_clip(folder: Path) -> Path:
    """Chinese CLIP: a BERT reads the texts."""
    return _of_clip(folder, transformers.ChineseCLIPModel, transformers.ChineseCLIPConfig)


def save_groupvit(folder: Path) -> Path:
    """GroupViT: patches gather in groups."""
    vision = {
        **PICTURE, "depths": [1, 1], "num_group_tokens": [4, 0], "num_output_groups": [4, 2], "hidden_size": 16,
    }  # fmt: skip
    return _of_clip(
        folder, transformers.GroupViTModel, transformers.GroupViTConfig, vision=vision,
        projection_intermediate_dim=24,
    )  # fmt: skip


def save_siglip(folder: Path) -> Path:
    """SigLIP, which is also what the SigLIP 2 models of one resolution are: with a tokenizer that keeps capitals."""
    config = transformers.SiglipConfig(text_config={**TEXT, "projection_size": 16}, vision_config=PICTURE)
    return _save(folder, transformers.SiglipModel, config, transformers.SiglipImageProcessor(size=_SQUARE))


def save_siglip2(folder: Path) -> Path:
    """SigLIP 2 of every aspect ratio: patches with a mask."""
    text = {**TEXT, "projection_size": 16, "vocab_size": len(siglip2_tokenizer())}
    config = transformers.Siglip2Config(
        text_config=text, vision_config={**TOWER, "patch_size": 8, "num_patches": 16}
    )
    pictures = transformers.Siglip2ImageProcessor(patch_size=8, max_num_patches=16)
    return _save(folder, transformers.Siglip2Model, config, pictures, siglip2_tokenizer())


def save_align(folder: Path) -> Path:
    """ALIGN: an EfficientNet and a BERT."""
    vision = {
        "image_size": 32, "hidden_dim": 16, "width_coefficient": 0.1, "depth_coefficient": 0.1, "in_channels": [16, 16],
        "out_channels": [16, 16], "kernel_sizes": [3, 3], "strides": [1, 2], "num_block_repeats": [1, 1],
        "expand_ratios": [1, 6], "depthwise_padding": [],
    }  # fmt: skip
    pictures = transformers.EfficientNetImageProcessor(size=_SQUARE, crop_size=_SQUARE)
    config = transformers.AlignConfig(text_config=TEXT, vision_config=vision, projection_dim=8)
    return _save(folder, transformers.AlignModel, config, pictures)


def save_xclip(folder: Path) -> Path:
    """X-CLIP of four frames."""
    vision = {**PICTURE, "num_frames": 4, "mit_hidden_size": 12, "mit_intermediate_size": 24,
              "mit_num_hidden_layers": 1, "mit_num_attention_heads": 2}  # fmt: skip
    config = transformers.XCLIPConfig(
        text_config=TEXT, vision_config=vision, projection_dim=12, prompt_num_attention_heads=2
    )
    pictures = transformers.VideoMAEImageProcessor(size={"shortest_edge": 32}, crop_size=_SQUARE)
    return _save(folder, transformers.XCLIPModel, config, pictures)


def save_videoprism(folder: Path) -> Path:
    """VideoPrism LvT of four frames; its processor's own settings are not those that its model wants."""
    vision = {**TOWER, "image_size": 32, "num_frames": 4, "tubelet_size": [1, 8, 8], "num_spatial_layers": 2,
              "num_temporal_layers": 1, "num_auxiliary_layers": 1}  # fmt: skip
    del vision["num_hidden_layers"]
    config = transformers.VideoPrismConfig(text_config=TEXT, vision_config=vision)
    videos = transformers.LlavaOnevisionVideoProcessor()
    return _save(folder, transformers.VideoPrismClipModel, config, videos)


_PE_TEXT = {**TEXT, "model_type": "modernbert", "global_attn_every_n_layers": 1, "local_attention": 8,
            "cls_token_id": 2, "sep_token_id": 1}  # fmt: skip
_PE_VISION = {
    "architecture": "vit_pe_core_tiny_patch16_384", "do_pooling": True, "num_classes": 8, "global_pool": "map",
    "model_args": {"embed_dim": 16, "depth": 1, "num_heads": 2, "img_size": [32, 32]},
}  # fmt: skip
_PE_ENCODER = {**TOWER, "head_dim": 8, "vision_config": _PE_VISION}


def save_pe_video(folder: Path) -> Path:
    """PE-Video, which reads any number of frames."""
    config = transformers.PeVideoConfig(text_config=_PE_TEXT, video_config=_PE_ENCODER)
    return _save(folder, transformers.PeVideoModel, config, _pe_videos())


def save_pe_audio_video(folder: Path) -> Path:
    """PE-AV, with a video side and one of sound."""
    audio = {**TOWER, "head_dim": 8, "dac_config": {"encoder_hidden_size": 8, "downsampling_ratios": [2, 2],
             "hidden_size": 16, "codebook_dim": 8}}  # fmt: skip
    both = {**TOWER, "head_dim": 8, "audio_config": {**audio, "model_type": "pe_audio_encoder"},
            "video_config": {**_PE_ENCODER, "model_type": "pe_video_encoder"}}  # fmt: skip
    config = transformers.PeAudioVideoConfig(text_config=_PE_TEXT, audio_video_config=both)
    return _save(folder, transformers.PeAudioVideoModel, config, _pe_videos())


SAVE: dict[str, Callable[[Path], Path]] = {
    "align": save_align,
    "altclip": save_altclip,
    "chinese_clip": save_chinese_clip,
    "clip": save_clip,
    "groupvit": save_groupvit,
    "metaclip_2": save_metaclip_2,
    "pe_audio_video": save_pe_audio_video,
    "pe_video": save_pe_video,
    "siglip": save_siglip,
    "siglip2": save_siglip2,
    "videoprism": save_videoprism,
    "xclip": save_xclip,
}


def _of_clip(
    folder: Path, model: Any, config: Any, text: Any = TEXT, vision: Any = PICTURE, **more: Any
) -> Path:
    pictures = transformers.CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=_SQUARE)
    made = config(text_config=text, vision_config=vision, projection_dim=12, **more)
    return _save(folder, model, made, pictures)


def _pe_videos() -> Any:
    return transformers.PeVideoVideoProcessor(
        size=_SQUARE, do_normalize=True, image_mean=[0.5] * 3, image_std=[0.5] * 3, num_frames=4,
        do_sample_frames=False, do_resize=True, do_rescale=True,
    )  # fmt: skip


def _save(folder: Path, model: Any, config: Any, processor: Any, texts: Any = None) -> Path:
    """Random weights, all of them: zeros of an untrained model would hide what is left out."""
    torch.manual_seed(0)
    made = model(config)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
        for name, parameter in made.named_parameters():
            if name.endswith("text_video_logit_scale"):
                parameter.fill_(20.0)
    made.save_pretrained(folder)
    processor.save_pretrained(folder)
    (texts or tokenizer()).save_pretrained(folder)
    return folder
