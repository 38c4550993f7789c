"""A model that is built is never larger than its weights: whatever its configuration says, memory does not run out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn
from torch.nn.modules import module as hooks

from vlret.errors import ModelError
from vlret.models.folder import AGAIN
from vlret.models.weights import FLOATS, read_header

Built = TypeVar("Built")

_SLACK = 4  # tensors that are tied, left out when saved, or set a second time while weights are read
_SMALL = 1 << 24  # numbers that any model may have on top, such as tables of positions
_FEW = 1000  # tensors that it may have on top


def dry_run(build: Callable[[], Built], weights: Sequence[Path]) -> Built:
    """What `build` makes, on PyTorch's "meta" device: shapes without memory for their numbers.

    Raises:
        ModelError: it is larger than the weight files allow.
    """
    with no_larger_than(weights), torch.device("meta"):
        return build()


@contextmanager
def no_larger_than(weights: Sequence[Path]) -> Iterator[None]:
    """Refuse a module as soon as it has far more parameters than the weight files hold.

    Raises:
        ModelError: it has.
    """
    n_tensors = _FEW + _SLACK * sum(_tensors_of(file) for file in weights)
    n_numbers = _SMALL + _SLACK * sum(file.stat().st_size for file in weights)
    thread, made = threading.get_ident(), [0, 0]

    def count(_: nn.Module, __: str, tensor: torch.Tensor | None) -> None:
        if tensor is None or threading.get_ident() != thread:
            return
        made[0] += 1
        made[1] += tensor.numel()
        if made[0] > n_tensors or made[1] > n_numbers:
            names = ", ".join(str(file) for file in weights)
            raise ModelError(
                f"The configuration describes a model that is larger than its weights in {names}.",
                "Use the configuration and the weights of one and the same model.",
                code="unsafe_model",
                weights=[str(file) for file in weights],
            )

    handles = [
        hooks.register_module_parameter_registration_hook(count),
        hooks.register_module_buffer_registration_hook(count),
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def require_types(module: nn.Module, weights: Path) -> None:
    """Refuse weights that are whole numbers where the module's are not, or the other way round.

    PyTorch would convert them without a word.

    Raises:
        ModelError: a tensor is.
    """
    header = read_header(weights)
    for name, tensor in module.state_dict().items():
        found = header.get(name)
        if found and (found.dtype in FLOATS) != tensor.is_floating_point():
            raise ModelError(
                f"The weights {name} in {weights} have dtype {found.dtype}.",
                AGAIN,
                code="weights_mismatch",
                path=weights,
            )


def _tensors_of(file: Path) -> int:
    return len(read_header(file)) if file.suffix == ".safetensors" else _FEW
