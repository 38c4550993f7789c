"""Names of devices and dtypes."""

from __future__ import annotations

import pytest
import torch

from tests.refusal import refused
from vlret.models.device import check_device, pick_device, pick_dtype
from vlret.models.registry import load_model


@pytest.mark.parametrize("name", ["gpu", "cpu:1", "cuda:x", "cuda:-1", "", "mps:0", "cuda:0:1"])
def test_unknown_devices_are_refused(name):
    with refused("unknown_device"):
        pick_device(name)


def test_a_missing_device_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with refused("no_such_device"):
        pick_device("cuda:0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert pick_device("cuda:1") == torch.device("cuda", 1)
    with refused("no_such_device") as refusal:
        pick_device("cuda:2")
    assert "2 CUDA GPUs" in refusal.value.message


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps"])
def test_a_missing_device_is_refused_where_nothing_runs_on_it(name, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with refused("no_such_device") as refusal:
        check_device(name)
    assert refusal.value.fields["given"] == name
    with refused("no_such_device"):
        load_model("vljepa-mini", name)  # texts alone would run in numpy
    check_device("auto")
    check_device("cpu")


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_auto_takes_the_fastest_device(monkeypatch, cuda, mps, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert pick_device("auto").type == expected


@pytest.mark.parametrize("supported", [True, False])
def test_auto_dtype_follows_the_processor(monkeypatch, supported):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: supported)
    expected = torch.bfloat16 if supported else torch.float32
    assert pick_dtype("auto", torch.device("cpu")) == expected


def test_dtypes():
    cpu = torch.device("cpu")
    assert (pick_dtype("float32", cpu), pick_dtype("bfloat16", cpu)) == (torch.float32, torch.bfloat16)
    with refused("unknown_dtype") as refusal:
        pick_dtype("float16", cpu)
    assert "overflow" in refusal.value.message
    with refused("dtype_unusable"):
        pick_dtype("int8", cpu)


@pytest.mark.parametrize(
    ("name", "device", "rounded"),
    [("float32", "cuda", False), ("bfloat16", "cuda", True), ("float32", "cpu", True)],
)
def test_float32_on_a_gpu_is_not_rounded(monkeypatch, name, device, rounded):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    pick_dtype(name, torch.device(device))
    assert torch.backends.cudnn.allow_tf32 is rounded
