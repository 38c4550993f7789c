"""The towers of a VL-JEPA by name: adding one means one class and one entry here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn
    from transformers import PretrainedConfig

LOG_SCALE = "logit_scale"
"""The one weight that belongs to no tower; the predictor's file holds it."""


@dataclass(frozen=True, slots=True)
class Tower:
    """One tower of a VL-JEPA; its weights are the file NAME.safetensors of a model folder.

    Attributes:
        config: the field of `VLJEPAConfig` that holds the tower's own transformers configuration.
        kinds: values of its `model_type` that are known to work; others of transformers might ask the hub.
        implementation: `module:Class` in this package; the class takes the whole `VLJEPAConfig`.
        is_optional: a model has the tower only if its configuration has the field.
    """

    config: str
    kinds: tuple[str, ...]
    implementation: str
    is_optional: bool = False

    def build(self, config: PretrainedConfig) -> nn.Module:
        """The tower with random weights."""
        module, _, name = self.implementation.partition(":")
        tower: nn.Module = getattr(import_module(module), name)(config)
        return tower


TOWERS = {
    "x_encoder": Tower(
        "x_config",
        ("vjepa2", "dinov2", "vit", "timm_wrapper"),
        "vlret.models.vljepa.encoders:XEncoder",
    ),
    "predictor": Tower("predictor_config", ("llama",), "vlret.models.vljepa.predictor:Predictor"),
    "y_encoder": Tower("y_config", ("bert", "gemma3_text"), "vlret.models.vljepa.encoders:YEncoder"),
}


def towers_of(settings: Mapping[str, Any]) -> dict[str, Tower]:
    """The towers that a model with the fields `settings` in its config.json has, in the order of `TOWERS`."""
    return {
        name: tower
        for name, tower in TOWERS.items()
        if not tower.is_optional or settings.get(tower.config) is not None
    }


def tower_file(folder: Path, name: str) -> Path:
    """The weights of the tower `name` in a model folder."""
    return folder / f"{name}.safetensors"


def tower_files(folder: Path) -> list[Path]:
    """The weights of all towers in a model folder, in the order of `TOWERS`."""
    files = {tower_file(folder, name): tower for name, tower in TOWERS.items()}
    return [file for file, tower in files.items() if not tower.is_optional or file.is_file()]
