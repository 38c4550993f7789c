"""`python -m tests.training.joint.several FOLDER` trains the tiny recipe in several processes, case after case.

Each case leaves its run in FOLDER/NAME. The processes are forks of one that has imported everything, with the
environment that `torchrun` gives.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import accelerate
import torch
from accelerate import Accelerator, DistributedType
from accelerate.utils import FullyShardedDataParallelPlugin
from torch.distributed.tensor import DTensor

from tests.training.joint.tiny import decode_here, joint_recipe, use_tiny_model
from tests.training.parallel.forked import all_end_well, import_late_modules
from vlret.training import run
from vlret.training.joint.trainer import JointTrainer
from vlret.training.recipe import TrainingRecipe

STEPS = 3


class Case(NamedTuple):
    """So many processes, and pairs that each embeds at once: all of them, or parts of unequal size."""

    n_processes: int
    part: int
    loss: str = "info_nce"
    table: str = "pairs.csv"
    dtype: str = "float32"
    is_sharded: bool = False

    @property
    def alone(self) -> str:
        """The run of one process that this one equals."""
        return f"{self.loss}-{self.table}-{self.dtype}"


CASES = {
    "ddp-2": Case(2, 4),
    "ddp-2-sigmoid": Case(2, 3, "sigmoid"),
    "ddp-4-parts": Case(4, 1),
    "fsdp-2-parts": Case(2, 3, is_sharded=True),
    "fsdp-2-bfloat16": Case(2, 3, dtype="bfloat16", is_sharded=True),
    "fsdp-4-asked": Case(4, 1, table="asked.csv", is_sharded=True),
}


class Sharding(Accelerator):
    """Accelerate shards on GPUs only; FSDP2 itself works on the CPU."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.state.distributed_type = DistributedType.FSDP
        self.state.fsdp_plugin = FullyShardedDataParallelPlugin(fsdp_version=2)
        if self.mixed_precision != "no":
            self.state.fsdp_plugin.set_mixed_precision(self.mixed_precision)


class Checked(JointTrainer):
    """Sharded exactly where it should be."""

    def backward(self, batch: Any) -> float:
        layers = [p for name, p in self.module.named_parameters() if "layers" in name]
        expected = isinstance(self.accelerator, Sharding)
        assert {isinstance(p, DTensor) for p in layers} == {expected}
        assert not getattr(self.module, "broadcast_buffers", False)
        return super().backward(batch)


def case_recipe(folder: Path, case: Case, part: int) -> TrainingRecipe:
    """The tiny recipe with what a case changes."""
    return joint_recipe(folder, case.dtype, steps=STEPS, part=part, loss=case.loss, sets=(case.table,))


def one_process(folder: Path, name: str, rank: int, port: int) -> None:
    case = CASES[name]
    os.environ |= {
        "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(case.n_processes),
        "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
        "FSDP_CPU_RAM_EFFICIENT_LOADING": "true",  # as `accelerate launch` has it
    }  # fmt: skip
    accelerator = Sharding if case.is_sharded else Accelerator
    recipe = case_recipe(folder, case, case.part)
    with (
        patch.object(accelerate, "Accelerator", accelerator),
        patch("vlret.training.joint.run.JointTrainer", Checked),
    ):
        run.train(recipe, folder / name)
    torch.distributed.destroy_process_group()


def ends_well(folder: Path, name: str) -> bool:
    """Run all processes of a case; one that hangs is killed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return all_end_well(one_process, [(folder, name, rank, port) for rank in range(CASES[name].n_processes)])


if __name__ == "__main__":
    torch.set_num_threads(1)
    use_tiny_model()
    decode_here()
    import_late_modules()
    sys.exit(not all(ends_well(Path(sys.argv[1]), name) for name in CASES))
