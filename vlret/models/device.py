"""Where a model runs, in which number format, with which library and in how many threads."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vlret.errors import UsageError
from vlret.text import printable

if TYPE_CHECKING:
    import torch

DTYPES = ("auto", "float32", "bfloat16", "int8")
ENGINES = ("auto", "torch", "openvino")
NOT_MINI = "OpenVINO computes only vljepa-mini and models of the same configuration"

_lock = threading.Lock()
_n_inside = _outside = 0


def check_names(device: str, dtype: str, engine: str = "auto") -> None:
    """Refuse names that no machine knows, without importing torch.

    Raises:
        UsageError: the device, number format or engine is not known, or the format is float16.
    """
    _refuse_unknown("engine", engine, ENGINES)
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
    _refuse_unknown("dtype", dtype, DTYPES)


def _refuse_unknown(what: str, given: object, allowed: Sequence[str]) -> None:
    if not isinstance(given, str) or given not in allowed:
        raise UsageError(
            f"Unknown {what} {given!r}.",
            f"Use {', '.join(allowed)}.",
            code="unknown_engine" if what == "engine" else "unknown_dtype",
            given=given,
            allowed=allowed,
        )


def refuse_without_openvino(model: object, dtype: str, engine: str, reason: str) -> None:
    """Refuse what only OpenVINO could do, for a model that it does not compute here.

    Raises:
        UsageError: the dtype is int8 or the engine openvino.
    """
    if dtype == "int8":
        raise UsageError(
            f"dtype int8 cannot be used for {printable(model)}: {reason}.",
            "Use auto, float32 or bfloat16.",
            code="dtype_unusable",
            given=dtype,
            reason=reason,
        )
    if engine == "openvino":
        raise UsageError(
            f"The engine openvino cannot be used for {printable(model)}: {reason}.",
            "Use auto or torch.",
            code="engine_unusable",
            given=engine,
            reason=reason,
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
        UsageError: the format is not known, or is float16 or int8.
    """
    import torch

    check_names("auto", name)
    refuse_without_openvino("a model in PyTorch", name, "torch", NOT_MINI)
    if name == "bfloat16" or (name == "auto" and _computes_bfloat16(device)):
        return torch.bfloat16
    if device.type == "cuda":
        torch.backends.cudnn.allow_tf32 = False
    return torch.float32


def n_threads() -> int:
    """The number of threads in which PyTorch computes in the calling thread; it is not imported to tell."""
    return int(sys.modules["torch"].get_num_threads()) if "torch" in sys.modules else n_cores()


def n_cores() -> int:
    """Logical cores that this process may use, or OMP_NUM_THREADS."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    if given.isdecimal() and int(given) > 0:
        return int(given)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def torch_threads(n: int) -> Iterator[None]:
    """Let PyTorch, if it is imported, compute in `n` threads when the calling thread calls it.

    PyTorch gives a new thread the number that was set last, in whichever thread; blocks may overlap in several
    threads, so the last one to end sets what the first one found.
    """
    global _n_inside, _outside  # noqa: PLW0603 - PyTorch's setting is global, too
    if "torch" not in sys.modules:
        yield
        return
    import torch

    with _lock:
        before = torch.get_num_threads()
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
