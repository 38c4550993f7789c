"""The processes of a training, one a GPU, as Hugging Face Accelerate starts them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import torch
from torch import distributed

from vlret.errors import MissingExtraError, UsageError
from vlret.models.device import pick_device, pick_dtype

if TYPE_CHECKING:
    from accelerate import Accelerator


def start_processes(device: str, dtype: str) -> Accelerator:
    """Return Accelerate's view of this process and the others of the training.

    `accelerate launch` and `torchrun` start several; started alone, a process trains alone. Weights stay in float32,
    and `dtype` is that of the forward pass.

    Raises:
        MissingExtraError: Accelerate is not installed.
        UsageError: this machine has no such device, or one numbered GPU is asked of several processes.
    """
    try:
        from accelerate import Accelerator
        from accelerate.state import AcceleratorState
        from accelerate.utils import DistributedDataParallelKwargs
    except ImportError as error:
        raise missing_train("accelerate") from error
    chosen = pick_device(device)
    if chosen.index is not None:
        _use_alone(chosen)
    half = pick_dtype(dtype, chosen) == torch.bfloat16
    # a training before this one in the same process may have had another device or number format
    AcceleratorState._reset_state(reset_partial_state=True)
    accelerator = Accelerator(
        cpu=chosen.type == "cpu",
        mixed_precision="bf16" if half else "no",
        # all buffers are constants: no need to send them before each forward pass
        kwargs_handlers=[DistributedDataParallelKwargs(broadcast_buffers=False)],
    )
    if plugin := getattr(accelerator.state, "fsdp_plugin", None):
        _shard_by_layers(plugin, half)
    return accelerator


def is_main_process() -> bool:
    """Whether this is the only process, or the first one: it writes and speaks for all."""
    return os.environ.get("RANK", "0") == "0"


def wait_for_all() -> None:
    """Wait until all processes are here."""
    if distributed.is_available() and distributed.is_initialized():
        distributed.barrier()


def missing_train(package: str) -> MissingExtraError:
    """Return the error that a package of the extra `train` is not installed."""
    return MissingExtraError(
        f"Training needs the package {package}.",
        "pip install 'vlret[train]'",
        code="missing_package",
        package=package,
    )


def _use_alone(device: torch.device) -> None:
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise UsageError(
            f"The recipe asks for {device}, but each of several processes takes a GPU of its own.",
            'Set device = "cuda" or "auto" in the recipe.',
            code="one_device_for_several",
            given=str(device),
        )
    torch.cuda.set_device(device)


def _shard_by_layers(plugin: Any, half: bool) -> None:
    """Split each transformer layer by itself: gathering all of the model at once would need its whole memory.

    With `half`, layers compute in bfloat16, but the gradients of parts and of processes are added up in float32.
    """
    from torch.distributed.fsdp import MixedPrecisionPolicy
    from torch.distributed.fsdp.wrap import transformer_auto_wrap_policy

    if plugin.fsdp_version != 2:
        raise UsageError(
            "FSDP of version 1 cannot hold frozen and learning weights in one model.",
            "Start the processes with FSDP version 2 (accelerate launch --fsdp_version 2).",
            code="fsdp_version",
            given=plugin.fsdp_version,
        )
    plugin.auto_wrap_policy = transformer_auto_wrap_policy
    if half:
        plugin.mixed_precision_policy = MixedPrecisionPolicy(torch.bfloat16, torch.float32)
