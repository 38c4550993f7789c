"""Which engine computes a saved VL-JEPA on this machine."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from vlret.models.device import NOT_MINI, pick_device, refuse_without_openvino
from vlret.models.vljepa.checks import read_config
from vlret.models.vljepa.engines.int8_ranges import ranges_file
from vlret.models.vljepa.engines.mini_weights import MINI, has_bfloat16

if TYPE_CHECKING:
    from vlret.models.vljepa.engines.base import PoolTexts
    from vlret.models.vljepa.engines.openvino_engine import OpenVINOEngine

log = logging.getLogger(__name__)
_NO_MATTER = ("architectures", "transformers_version", "y_config")
_DRIVERS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
"""What a Linux machine with a GPU has: of NVIDIA, AMD, or under Windows."""


class Requested(NamedTuple):
    """What the user asked for, in names; `auto` leaves the choice open."""

    device: str
    dtype: str
    engine: str


def open_openvino(
    folder: Path, name: str, settings: Mapping[str, Any], requested: Requested, pool: PoolTexts
) -> OpenVINOEngine | None:
    """The OpenVINO engine of the model `name`, or None where PyTorch computes it.

    Engine `auto` means PyTorch for another X-encoder than vljepa-mini's, on a GPU, for a bfloat16 that the
    processor does not compute in, and where OpenVINO cannot be imported.

    Raises:
        UsageError: the engine is openvino or the dtype int8, and OpenVINO cannot compute this model on this machine.
    """
    device, dtype, engine = requested
    reason = "PyTorch was requested" if engine == "torch" else _why_not(folder, settings, device, dtype)
    if reason is None:
        from vlret.models.vljepa.engines.openvino_engine import OpenVINOEngine, computes_bfloat16

        if dtype == "auto":
            dtype = "bfloat16" if computes_bfloat16() else "float32"
        return OpenVINOEngine(folder, settings, dtype, pool)
    refuse_without_openvino(name, dtype, engine, reason)
    log.info("PyTorch computes %s: %s", name, reason)
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
    return _why_not_here(dtype)


def _why_not_here(dtype: str) -> str | None:
    try:
        import openvino  # noqa: F401
    except ImportError as error:  # not installed, or a library that it needs is not
        return f"OpenVINO cannot be imported ({error})"
    from vlret.models.vljepa.engines.openvino_engine import computes_bfloat16

    if dtype == "bfloat16" and not computes_bfloat16():
        return "this processor does not compute in bfloat16"
    return None


def fits(settings: Mapping[str, Any]) -> bool:
    """Whether a model has the X-encoder and the predictor of vljepa-mini; its Y-encoder does not matter."""
    return _of_vision(settings) == _of_vision(_mini())


@cache
def _mini() -> Mapping[str, Any]:
    return read_config(MINI)


def _of_vision(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key not in _NO_MATTER}


def sees_gpu() -> bool:
    """Whether PyTorch computes on a GPU here; it is imported to find out only where there is a driver of one."""
    may_have = not sys.platform.startswith("linux") or any(Path(driver).exists() for driver in _DRIVERS)
    return may_have and bool(find_spec("torch")) and pick_device("auto").type != "cpu"
