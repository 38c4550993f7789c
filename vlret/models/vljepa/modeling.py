"""`VLJEPAModel`: the towers of a configuration in one transformers model of any size."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import nn
from torch.nn import functional
from transformers import AutoConfig, AutoModel, PreTrainedModel
from transformers import initialization as init

from vlret.errors import ModelError
from vlret.files import replace_file
from vlret.models.progress_bars import no_progress_bars
from vlret.models.vljepa.checks import refuse_mismatch
from vlret.models.vljepa.configuration import VLJEPAConfig
from vlret.models.vljepa.encoders import XEncoder, YEncoder
from vlret.models.vljepa.predictor import Predictor
from vlret.models.vljepa.registry import LOG_SCALE, TOWERS, tower_file, towers_of


class VLJEPAModel(PreTrainedModel):  # type: ignore[misc]
    """A VL-JEPA (paper, section 3.1): the prediction for (clip, query) lies near the embedding of its text."""

    config_class = VLJEPAConfig
    base_model_prefix = "vl_jepa"
    main_input_name = "frames"
    _supports_sdpa = True

    x_encoder: XEncoder
    predictor: Predictor
    y_encoder: YEncoder

    def __init__(self, config: VLJEPAConfig) -> None:
        super().__init__(config)
        for name, tower in towers_of(vars(config)).items():
            self.add_module(name, tower.build(config))
        # exp(logit_scale) multiplies cosines in the loss; starts at CLIP's 1 / 0.07
        self.logit_scale = nn.Parameter(torch.tensor(2.6592))
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        if getattr(module, "starts_at_zero", False):
            init.zeros_(module.weight)
        else:
            super()._init_weights(module)

    def encode(self, frames: torch.Tensor) -> torch.Tensor:
        """Visual tokens [n, tokens, x_width] of normalised frames [n, t, 3, h, w]."""
        return self.x_encoder(frames)  # type: ignore[no-any-return]

    def predict(
        self,
        visual: torch.Tensor,
        visual_mask: torch.Tensor | None = None,
        query_ids: torch.Tensor | None = None,
        query_mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Predicted embeddings [n, dim], unit length, from visual tokens and query token ids [n, q]."""
        if visual_mask is None:
            visual_mask = visual.new_ones(visual.shape[:2], dtype=torch.bool)
        if query_ids is None or query_mask is None:
            return functional.normalize(self.predictor(visual, visual_mask), dim=-1)
        query, mask = self.read_query(query_ids, query_mask)
        return functional.normalize(self.predictor(visual, visual_mask, query, mask), dim=-1)

    def embed_text(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Target embeddings [n, dim], unit length, of token ids [n, length] and their bool mask."""
        return functional.normalize(self.y_encoder(ids, mask), dim=-1)

    def read_query(self, ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Query tokens [n, q, width] for the predictor and their mask, from token ids [n, length] and theirs."""
        own = self.predictor.embed_tokens
        if own is not None:
            return own(ids), mask
        return self.y_encoder.pool(ids, mask)[:, None], mask.any(1, keepdim=True)

    def forward(
        self,
        frames: torch.Tensor,
        text_ids: torch.Tensor,
        text_mask: torch.Tensor,
        query_ids: torch.Tensor | None = None,
        query_mask: torch.Tensor | None = None,
    ) -> dict[str, torch.Tensor]:
        """`prediction` and `target` [n, dim], unit length, and `logits` [n, n] = scaled cosines."""
        prediction = self.predict(self.encode(frames), None, query_ids, query_mask)
        target = self.embed_text(text_ids, text_mask)
        logits = self.logit_scale.exp() * prediction @ target.T
        return {"prediction": prediction, "target": target, "logits": logits}

    def save_pretrained(self, save_directory: str | os.PathLike[str], **_: Any) -> None:
        """Write config.json and one safetensors file a tower, so that each can be loaded alone."""
        folder = Path(save_directory)
        self.config.architectures = [type(self).__name__]
        replace_file(folder / "config.json", self.config.to_json_string().encode())
        save_towers(folder, self.state_dict())

    @classmethod
    def from_pretrained(cls, folder: str | os.PathLike[str], *args: Any, **kwargs: Any) -> VLJEPAModel:
        """Load in float32 unless `dtype` says otherwise; missing or unexpected weights are refused."""
        kwargs.setdefault("dtype", torch.float32)
        with no_progress_bars():
            model, report = super().from_pretrained(folder, *args, **kwargs, output_loading_info=True)
        refuse_mismatch(str(folder), report["missing_keys"], report["unexpected_keys"])
        return model  # type: ignore[no-any-return]


def save_towers(folder: Path, state: Mapping[str, torch.Tensor]) -> None:
    """Write `state` as one safetensors file a tower, with the index that transformers reads.

    Raises:
        ModelError: a weight belongs to no tower.
    """
    home = {key: _tower_of(key) for key in state}
    for tower in (name for name in TOWERS if name in home.values()):
        tensors = {key: state[key].detach().contiguous() for key in state if home[key] == tower}
        replace_file(tower_file(folder, tower), save(tensors, metadata={"format": "pt"}))
    index = {
        "metadata": {"total_size": sum(t.numel() * t.element_size() for t in state.values())},
        "weight_map": {key: f"{tower}.safetensors" for key, tower in home.items()},
    }
    replace_file(folder / "model.safetensors.index.json", json.dumps(index, indent=1).encode())


def _tower_of(key: str) -> str:
    tower = "predictor" if key == LOG_SCALE else key.partition(".")[0]
    if tower not in TOWERS:
        raise ModelError(
            f"The weight {key} belongs to no tower of a VL-JEPA.",
            f"The name of a weight begins with that of its tower: {', '.join(TOWERS)}.",
            code="unknown_weights",
            given=key,
            allowed=list(TOWERS),
        )
    return tower


AutoConfig.register(VLJEPAConfig.model_type, VLJEPAConfig)
AutoModel.register(VLJEPAConfig, VLJEPAModel)
