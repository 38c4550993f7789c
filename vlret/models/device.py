"""Where a model runs and in which number format."""

from __future__ import annotations

import torch

from vlret.errors import UsageError

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def pick_device(name: str = "auto") -> torch.device:
    """The device that `name` (auto, cpu, cuda, cuda:N or mps) stands for on this machine.

    `auto` is the first CUDA GPU, else Apple's mps, else the processor.

    Raises:
        UsageError: no such device is known, or this machine does not have it.
    """
    if name == "auto":
        return torch.device("cuda" if _has("cuda") else "mps" if _has("mps") else "cpu")
    kind, _, number = name.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (number and not (kind == "cuda" and number.isdecimal())):
        raise UsageError(f"Device {name!r} is not known.", "Use auto, cpu, cuda, cuda:N or mps.")
    if not _has(kind):
        raise UsageError(
            f"Device {name!r} was asked for, but PyTorch sees no {kind} here.", "Use auto or cpu."
        )
    if number and int(number) >= torch.cuda.device_count():
        raise UsageError(
            f"Device {name!r} was asked for, but there are {torch.cuda.device_count()} CUDA GPUs."
        )
    return torch.device(name)


def pick_dtype(name: str, device: torch.device) -> torch.dtype:
    """The number format that `name` (auto, float32 or bfloat16) stands for on `device`.

    `auto` is bfloat16 where the device computes in it, float32 elsewhere.

    Raises:
        UsageError: the format is not known, or is float16.
    """
    if name == "auto":
        return torch.bfloat16 if _computes_bfloat16(device) else torch.float32
    if name == "float16":
        raise UsageError(
            "dtype float16 is not offered: activations may overflow its range.",
            "Use bfloat16, float32 or auto.",
        )
    if name not in _DTYPES:
        raise UsageError(f"dtype {name!r} is not known.", "Use auto, float32 or bfloat16.")
    return _DTYPES[name]


def _has(kind: str) -> bool:
    checks = {"cpu": lambda: True, "cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available}
    return bool(checks[kind]())


def _computes_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    # A processor without avx512_bf16 emulates bfloat16 more slowly than it computes float32.
    return device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()
