"""Which engine computes a saved VL-JEPA on this machine."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vlret.models.device import NOT_MINI, engine_unusable, int8_unusable, pick_device
from vlret.models.folder import read_object
from vlret.models.vljepa.engines.int8_ranges import ranges_file
from vlret.models.vljepa.engines.mini_weights import MINI, has_bfloat16

if TYPE_CHECKING:
    from vlret.models.vljepa.engines.base import PoolTexts
    from vlret.models.vljepa.engines.openvino_engine import OpenVINOEngine

_NO_MATTER = ("architectures", "transformers_version", "y_config")
_DRIVERS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
"""What a Linux machine with a GPU has: of NVIDIA, AMD, or under Windows."""


def open_openvino(
    folder: Path, settings: Mapping[str, Any], engine: str, device: str, dtype: str, pool: PoolTexts
) -> OpenVINOEngine | None:
    """The OpenVINO engine of a model, or None where PyTorch computes it.

    `engine="auto"` means PyTorch for another X-encoder than vljepa-mini's, on a GPU, for a bfloat16 that the
    processor does not compute in, and where OpenVINO is not installed.

    Raises:
        UsageError: `engine` is openvino or `dtype` int8, and OpenVINO cannot compute this model on this machine.
    """
    reason = _why_not(folder, settings, device, dtype) if engine != "torch" else "PyTorch was requested"
    if reason is None:
        from vlret.models.vljepa.engines.openvino_engine import OpenVINOEngine, computes_bfloat16

        native = computes_bfloat16() if dtype in ("auto", "bfloat16") else False
        if dtype != "bfloat16" or native:
            chosen = ("bfloat16" if native else "float32") if dtype == "auto" else dtype
            return OpenVINOEngine(folder, settings, chosen, pool)
        reason = "this processor does not compute in bfloat16"
    if dtype == "int8":
        raise int8_unusable(folder, reason)
    if engine == "openvino":
        raise engine_unusable(folder, reason)
    return None


def _why_not(folder: Path, settings: Mapping[str, Any], device: str, dtype: str) -> str | None:
    """Why OpenVINO does not compute this model on this machine, None if it does."""
    if not fits(settings):
        return NOT_MINI
    if dtype == "int8" and not ranges_file(folder).is_file():
        return f"the model has no {ranges_file(folder).name}"
    if has_bfloat16(folder):
        return "the weights of the model are in bfloat16"
    if device not in ("auto", "cpu") or (device == "auto" and dtype != "int8" and sees_gpu()):
        return "OpenVINO computes on the processor, not on the GPU"
    return None if find_spec("openvino") else "OpenVINO is not installed"


def fits(settings: Mapping[str, Any]) -> bool:
    """Whether a model has the X-encoder and the predictor of vljepa-mini; its Y-encoder does not matter."""
    return _of_vision(settings) == _of_vision(_mini())


@cache
def _mini() -> Mapping[str, Any]:
    return read_object(MINI / "config.json")


def _of_vision(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key not in _NO_MATTER}


def sees_gpu() -> bool:
    """Whether PyTorch computes on a GPU here; it is imported to find out only where there is a driver of one."""
    may_have = not sys.platform.startswith("linux") or any(Path(driver).exists() for driver in _DRIVERS)
    return may_have and bool(find_spec("torch")) and pick_device("auto").type != "cpu"
