"""`python -m tests.training.parallel.worker FOLDER` runs all cases in 2 processes, then in 4.

FOLDER/PROCESSES/RANK.safetensors holds the losses and gradients of process RANK, RANK.json beside it what else it saw.
The processes are forks of one that has imported everything: a start takes no time.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import torch
from safetensors.torch import save_file
from torch import distributed
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel

from tests.training.parallel.forked import SECONDS, all_end_well
from tests.training.parallel.pairs import COUNT, Batch, Step, cut, drawn_batch, step, tiny_pairs
from vlret.errors import UsageError
from vlret.training.losses.registry import LOSSES
from vlret.training.parallel import gather

SIZES = {2: [1, 2, 3], 4: [1, 2]}
"""Parts of a process, by the number of processes."""


def main(folder: Path, rank: int, n_processes: int) -> None:
    store = f"file://{folder / 'store'}"
    distributed.init_process_group(
        "gloo", store, timedelta(seconds=SECONDS), world_size=n_processes, rank=rank
    )
    own = cut(drawn_batch(), [COUNT // n_processes] * n_processes)[rank]
    cases = dict(steps(own, SIZES[n_processes]))
    tensors = {
        f"{case}/{name}": t
        for case, (loss, grads) in cases.items()
        for name, t in [("", loss), *grads.items()]
    }
    tensors["rows"], tensors["row_gradient"] = gathered_rows(rank)
    save_file({name: t.contiguous() for name, t in tensors.items()}, folder / f"{rank}.safetensors")
    (folder / f"{rank}.json").write_text(json.dumps(refused(rank)))
    distributed.destroy_process_group()


def steps(own: Batch, sizes: list[int]) -> Iterator[tuple[str, Step]]:
    """Each loss at once and in parts under DDP; the wrong gather; FSDP."""
    whole = [sum(sizes)]
    for name in LOSSES:
        for how, parts in (("whole", whole), ("parts", sizes)):
            module = DistributedDataParallel(tiny_pairs())
            yield f"{name}/{how}", step(name, own, parts, module, module.no_sync)
    with patch.object(gather._Gather, "backward", only_the_local_slice):
        yield "wrong", step("info_nce", own, whole, DistributedDataParallel(tiny_pairs()))
    for how, parts in (("whole", whole), ("parts", sizes)):
        yield f"fsdp/{how}", sharded_step(own, parts)


def sharded_step(own: Batch, sizes: list[int]) -> Step:
    """FSDP: the scale is a scalar, which cannot be sharded; its gradient is the same on every process anyway."""
    module = tiny_pairs()
    mesh = init_device_mesh("cpu", (distributed.get_world_size(),))
    for part in (*module.model.predictor.layers, module.model.y_encoder):
        fully_shard(part, mesh=mesh)
    fully_shard(module, mesh=mesh, ignored_params={module.model.logit_scale})

    @contextmanager
    def no_sync() -> Iterator[None]:
        module.set_requires_gradient_sync(False)
        yield
        module.set_requires_gradient_sync(True)

    loss, gradients = step("info_nce", own, sizes, module, no_sync)
    return loss, {n: g.full_tensor() if hasattr(g, "full_tensor") else g for n, g in gradients.items()}


def only_the_local_slice(ctx: object, gradient: torch.Tensor) -> torch.Tensor:
    """The well-known mistake: what other processes have for these rows is lost."""
    own = len(gradient) // distributed.get_world_size()
    return gradient[distributed.get_rank() * own :][:own]


def gathered_rows(rank: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows of all processes, and the gradient of (rank + 1) x the weighted sum of them by this process's own."""
    own = torch.tensor([[2.0 * rank], [2.0 * rank + 1]], requires_grad=True)
    rows = gather.gathered(own)
    (rows * (rows.detach() + 1) * (rank + 1)).sum().backward()
    assert own.grad is not None
    return rows.detach(), own.grad


def refused(rank: int) -> dict[str, object]:
    """What process `rank` is told when it has rank + 1 rows."""
    try:
        gather.gathered(torch.zeros(rank + 1, 3))
    except UsageError as error:
        return {"code": error.code, "given": error.fields["given"]}
    return {}


def ends_well(folder: Path, n_processes: int) -> bool:
    """Run all processes of a case."""
    folder.mkdir()
    return all_end_well(main, [(folder, rank, n_processes) for rank in range(n_processes)])


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(not all(ends_well(Path(sys.argv[1], str(n)), n) for n in SIZES))
