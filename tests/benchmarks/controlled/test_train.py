"""Training resumes to the same weights, whenever it is stopped."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file

from benchmarks.controlled import train as loop
from benchmarks.controlled.models import TOKEN_MODEL, VL_JEPA
from benchmarks.controlled.train import load_weights, train, weights_file
from tests.benchmarks.controlled.conftest import RECIPE

ENDS = (16, 48)


def run(workshop, kind, folder):
    model = workshop.model(kind, 0)
    train(model, workshop.pairs, RECIPE, 1e-3, 0, ENDS, folder)
    return model


@pytest.mark.parametrize("kind", [VL_JEPA, TOKEN_MODEL])
@pytest.mark.parametrize("stopped", [1, 3, 5])
def test_a_stopped_run_ends_with_the_weights_of_a_whole_one(workshop, kind, stopped, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "SAVE_EVERY", 2)
    run(workshop, kind, tmp_path / "whole")
    steps = 0

    def stop(self, loss, step=loop.TrainingState.step):
        nonlocal steps
        steps += 1
        if steps > stopped:
            raise KeyboardInterrupt
        return step(self, loss)

    with monkeypatch.context() as patched:
        patched.setattr(loop.TrainingState, "step", stop)
        with pytest.raises(KeyboardInterrupt):
            run(workshop, kind, tmp_path / "stopped")
    run(workshop, kind, tmp_path / "stopped")
    for end in ENDS:
        whole, resumed = (load_file(weights_file(tmp_path / name, end)) for name in ("whole", "stopped"))
        assert whole.keys() == resumed.keys()
        assert all(whole[name].equal(resumed[name]) for name in whole)


@pytest.mark.parametrize("kind", [VL_JEPA, TOKEN_MODEL])
def test_kept_weights_are_those_of_their_checkpoint(workshop, kind, tmp_path):
    model = run(workshop, kind, tmp_path)
    loaded = workshop.model(kind, 1)
    load_weights(loaded, tmp_path, ENDS[-1])
    both = [
        (ours, theirs)
        for ours, theirs in zip(loaded.parameters(), model.parameters(), strict=True)
        if ours.requires_grad
    ]
    assert all(torch.allclose(ours, theirs, atol=1e-3) for ours, theirs in both)
    load_weights(loaded, tmp_path, ENDS[0])
    assert any(not torch.allclose(ours, theirs, atol=1e-4) for ours, theirs in both)
