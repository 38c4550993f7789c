"""The families by the `model_type` of their configuration."""

from __future__ import annotations

from vlret.models.hf import images, pe, videoprism, xclip
from vlret.models.hf.family import ImageFamily, VideoFamily

FAMILIES: dict[str, ImageFamily | VideoFamily] = {
    "align": images.ALIGN,
    "altclip": images.ALT_CLIP,
    "chinese_clip": images.CHINESE_CLIP,
    "clip": images.CLIP,
    "groupvit": images.GROUP_VIT,
    "metaclip_2": images.METACLIP_2,
    "pe_audio_video": pe.PE_AUDIO_VIDEO,
    "pe_video": pe.PE_VIDEO,
    "siglip": images.SIGLIP,
    "siglip2": images.SIGLIP2,
    "videoprism": videoprism.VIDEO_PRISM,
    "xclip": xclip.X_CLIP,
}
