"""`VLJEPAConfig`: the transformers configuration of each tower, and what they share."""

from __future__ import annotations

from typing import Any, Literal

from huggingface_hub.dataclasses import strict
from transformers import AutoConfig, LlamaConfig, PretrainedConfig
from transformers.configuration_utils import SubConfigSpec

from vlret.models.vljepa.registry import TOWERS


@strict
class VLJEPAConfig(PretrainedConfig):  # type: ignore[misc]
    """A VL-JEPA of any size (paper, sections 2 and 3).

    Args:
        x_config: the X-encoder (V-JEPA 2, DINOv2, a timm backbone, any ViT); frozen.
        predictor_config: Llama-style blocks; attention is made bidirectional.
        y_config: the Y-encoder (Gemma 3 text or BERT-like).
        x_width: width of the X-encoder's tokens.
        dim: the shared space (paper: 1536).
        grid: visual tokens of a frame are averaged to `grid` x `grid`; 0 keeps them all.
        query_embeddings: `own` gives the predictor a frozen token table of its own (paper: Llama's);
            `y_encoder` reads the query as one token, the Y-encoder's pooled state of the whole of it.
        int8_embeddings: the Y-encoder's token table is frozen and kept as int8 rows with a scale each.
        frames, resolution: frames of a clip and their side in pixels.
        resize: how a frame gets that side: `squash` ignores its shape, `crop` resizes its shorter side and keeps the
            centre.
        image_mean, image_std: RGB in 0..1 is normalised by these.
        query_length, text_length: tokens read of a query and of a text (paper: 512).
        pad_token_id: a token of texts that stands for nothing else, never end-of-text; that of queries with a token
            table of their own is `predictor_config.pad_token_id`.
    """

    model_type = "vl_jepa"
    sub_configs_defaults = {  # noqa: RUF012
        "x_config": SubConfigSpec(config_class=AutoConfig, model_type="vjepa2"),
        "predictor_config": SubConfigSpec(config_class=LlamaConfig, model_type="llama"),
        "y_config": SubConfigSpec(config_class=AutoConfig, model_type="gemma3_text"),
    }

    x_config: Any = None
    predictor_config: Any = None
    y_config: Any = None
    x_width: int = 1024
    dim: int = 1536
    grid: int = 0
    query_embeddings: Literal["own", "y_encoder"] = "own"
    int8_embeddings: bool = False
    frames: int = 8
    resolution: int = 256
    resize: Literal["squash", "crop"] = "squash"
    image_mean: list[float] | tuple[float, ...] = (0.485, 0.456, 0.406)
    image_std: list[float] | tuple[float, ...] = (0.229, 0.224, 0.225)
    query_length: int = 512
    text_length: int = 512
    pad_token_id: int | None = 0

    def __post_init__(self, **kwargs: Any) -> None:
        """Turn the settings of optional towers into configurations; `sub_configs_defaults` does so for the others."""
        for tower in TOWERS.values():
            if tower.is_optional and isinstance(settings := kwargs.get(tower.config), dict):
                kwargs[tower.config] = AutoConfig.for_model(**settings)
        super().__post_init__(**kwargs)
