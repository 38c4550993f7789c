"""One process or several, and what is not installed."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from tests.refusal import refused
from vlret.training import processes, run
from vlret.training.log import open_log
from vlret.training.processes import is_main_process, start_processes
from vlret.training.recipe import TrainingRecipe


@pytest.mark.parametrize(("dtype", "precision"), [("float32", "no"), ("bfloat16", "bf16")])
def test_device_and_number_format_may_change_within_a_process(dtype: str, precision: str) -> None:
    accelerator = start_processes("cpu", dtype)
    assert accelerator.device == torch.device("cpu")
    assert (accelerator.mixed_precision, accelerator.num_processes) == (precision, 1)
    assert is_main_process()


def test_without_accelerate_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "accelerate", None)
    with refused("missing_package") as refusal:
        start_processes("cpu", "float32")
    assert refusal.match(r"accelerate.*pip install 'vlret\[train\]'")


def test_without_tensorboard_the_error_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with refused("missing_package") as refusal, open_log(tmp_path, "a", 0, 3, writes=True):
        pass
    assert refusal.match("tensorboard")


def test_a_process_that_does_not_write_leaves_no_log(tmp_path: Path) -> None:
    with open_log(tmp_path / "none", "a", 0, 3, writes=False):
        pass
    assert not (tmp_path / "none").exists()


def test_one_gpu_by_number_is_not_for_several_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "pick_device", torch.device)
    monkeypatch.setenv("WORLD_SIZE", "2")
    with refused("one_device_for_several"):
        start_processes("cuda:1", "float32")


def test_stages_on_cached_features_want_one_process(
    recipe: TrainingRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    several = SimpleNamespace(num_processes=2, is_main_process=True)
    monkeypatch.setattr(run, "start_processes", lambda device, dtype: several)
    with refused("one_process"):
        run.train(recipe, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_plugin_of_fsdp_1_is_refused() -> None:
    with refused("fsdp_version"):
        processes._shard_by_layers(SimpleNamespace(fsdp_version=1), half=False)
