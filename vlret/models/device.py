"""Where a model runs and in which number format."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vlret.errors import UsageError

if TYPE_CHECKING:
    import torch

DTYPES = ("auto", "float32", "bfloat16")

_lock = threading.Lock()
_n_inside = _outside = 0


def check_names(device: str, dtype: str) -> None:
    """Refuse names that no machine knows, without importing torch.

    Raises:
        UsageError: the device or number format is not known, or the format is float16.
    """
    if not isinstance(device, str) or not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", device):
        raise UsageError(
            f"Unknown device {device!r}.",
            "Use auto, cpu, cuda, cuda:N or mps.",
            code="unknown_device",
            given=device,
        )
    if isinstance(dtype, str) and dtype == "float16":
        raise UsageError(
            "dtype float16 is not supported: activations may overflow its range.",
            "Use bfloat16, float32 or auto.",
            code="unknown_dtype",
            given=dtype,
            allowed=DTYPES,
        )
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise UsageError(
            f"Unknown dtype {dtype!r}.",
            f"Use {', '.join(DTYPES)}.",
            code="unknown_dtype",
            given=dtype,
            allowed=DTYPES,
        )


def check_device(name: str) -> None:
    """Refuse a device that this machine does not have; torch is imported only where one is named.

    Raises:
        UsageError: no such device is known, or this machine does not have it.
    """
    check_names(name, "auto")
    if name not in ("auto", "cpu"):
        pick_device(name)


def pick_device(name: str = "auto") -> torch.device:
    """The device that `name` (auto, cpu, cuda, cuda:N or mps) stands for on this machine.

    `auto` is the first CUDA GPU, else Apple's mps, else the processor.

    Raises:
        UsageError: no such device is known, or this machine does not have it.
    """
    import torch

    check_names(name, "auto")
    if name == "auto":
        return torch.device("cuda" if _has("cuda") else "mps" if _has("mps") else "cpu")
    kind, _, number = name.partition(":")
    if not _has(kind):
        raise UsageError(
            f"PyTorch finds no {kind} device on this machine, and {name!r} was requested.",
            "Use auto or cpu.",
            code="no_such_device",
            given=name,
        )
    if number and int(number) >= torch.cuda.device_count():
        raise UsageError(
            f"This machine has {torch.cuda.device_count()} CUDA GPUs, and {name!r} was requested.",
            "Numbers start at 0.",
            code="no_such_device",
            given=name,
        )
    return torch.device(name)


def pick_dtype(name: str, device: torch.device) -> torch.dtype:
    """The number format that `name` (auto, float32 or bfloat16) stands for on `device`.

    `auto` is bfloat16 where the device computes in it, float32 elsewhere. float32 on a CUDA GPU means
    that convolutions compute in it from now on: PyTorch's own choice, TensorFloat-32, keeps ten bits.

    Raises:
        UsageError: the format is not known, or is float16.
    """
    import torch

    check_names("auto", name)
    if name == "bfloat16" or (name == "auto" and _computes_bfloat16(device)):
        return torch.bfloat16
    if device.type == "cuda":
        torch.backends.cudnn.allow_tf32 = False
    return torch.float32


def n_threads() -> int:
    """The number of threads in which a model that is called here computes."""
    import torch

    return torch.get_num_threads()


@contextmanager
def model_threads(n: int) -> Iterator[None]:
    """Let models compute in `n` threads when the calling thread calls them.

    Blocks may overlap in several threads: PyTorch gives a new thread the number that was set last, in whichever
    thread, so the last block to end sets what the first one found.
    """
    global _n_inside, _outside  # noqa: PLW0603 - PyTorch's setting is global, too
    import torch

    before = n_threads()
    with _lock:
        _outside = _outside if _n_inside else before
        _n_inside += 1
        torch.set_num_threads(n)
    try:
        yield
    finally:
        with _lock:
            _n_inside -= 1
            torch.set_num_threads(before if _n_inside else _outside)


def _has(kind: str) -> bool:
    import torch

    if kind == "cpu":
        return True
    return torch.cuda.is_available() if kind == "cuda" else torch.backends.mps.is_available()


def _computes_bfloat16(device: torch.device) -> bool:
    import torch

    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    # A processor without avx512_bf16 emulates bfloat16 more slowly than it computes float32.
    return device.type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())
