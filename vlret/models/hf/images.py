"""CLIP and its relatives, which read images."""

from __future__ import annotations

from typing import Any

from vlret.models.hf.family import ImageFamily


class Siglip(ImageFamily):
    """SigLIP and SigLIP 2: lower case, padded to the full length, and no mask over the padding."""

    __slots__ = ()

    def dim(self, config: Any) -> int:
        """See `Family.dim`: the towers have no projection."""
        return int(config.vision_config.hidden_size)


def _siglip(name: str) -> Siglip:
    return Siglip(
        model=f"{name}Model",
        text_tower=f"{name}TextModel",
        vision_tower=f"{name}VisionModel",
        padding="max_length",
        longest=64,
        masks=False,
        clean=str.lower,
    )


def _projected(name: str) -> ImageFamily:
    return ImageFamily(
        model=f"{name}Model",
        text_tower=f"{name}TextModelWithProjection",
        vision_tower=f"{name}VisionModelWithProjection",
    )


CLIP = _projected("CLIP")
METACLIP_2 = _projected("MetaClip2")
SIGLIP = _siglip("Siglip")
SIGLIP2 = _siglip("Siglip2")
ALT_CLIP = ImageFamily(model="AltCLIPModel", longest=77)
CHINESE_CLIP = ImageFamily(model="ChineseCLIPModel", longest=52)
GROUP_VIT = ImageFamily(model="GroupViTModel")
ALIGN = ImageFamily(model="AlignModel", padding="max_length", longest=64, scale=("temperature", float))
"""Its weight is the temperature itself."""
