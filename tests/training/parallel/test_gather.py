"""One process, with and without a process group; several processes: test_processes.py."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import distributed

from vlret.training.parallel.gather import gathered


def test_rows_of_one_process_are_themselves(tmp_path: Path) -> None:
    rows = torch.randn(3, 2, requires_grad=True)
    assert gathered(rows) is rows
    distributed.init_process_group("gloo", f"file://{tmp_path / 'store'}", world_size=1, rank=0)
    try:
        assert gathered(rows) is rows
    finally:
        distributed.destroy_process_group()
