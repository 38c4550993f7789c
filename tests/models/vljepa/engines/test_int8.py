"""int8 by choice: near to float32, tied to the weights, and refused where it cannot be had."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.models.vljepa.engines.test_openvino_engine import MINI, PHOTOS, cosines
from tests.models.vljepa.tiny import tiny_folder, tiny_model
from tests.refusal import refused
from vlret.media.decode import read_clip
from vlret.models.registry import load_model
from vlret.models.vljepa.engines import choose
from vlret.models.vljepa.engines.int8_ranges import ranges_file, read_ranges, write_ranges

CLIPS = [read_clip(photo, 1, size=(260, 260)).pixels for photo in PHOTOS]


def test_vectors_are_near_to_those_in_float32_and_are_int8():
    model = load_model("vljepa-mini", "cpu", "int8")
    assert (model.engine, model.dtype) == ("openvino", "int8")
    expected = load_model("vljepa-mini", "cpu", "float32").embed_clips(CLIPS)
    found = cosines(model.embed_clips(CLIPS), expected)
    assert found.mean() > 0.98
    assert found.max() < 0.9999


def test_ranges_belong_to_the_weights(tmp_path: Path):
    shutil.copy(MINI / "x_encoder.safetensors", tmp_path)
    write_ranges(tmp_path, {"conv_stem": (-1.0, 1.0)})
    assert read_ranges(tmp_path) == {"conv_stem": (-1.0, 1.0)}
    with (tmp_path / "x_encoder.safetensors").open("ab") as file:
        file.write(b"more")
    with refused("weights_mismatch"):
        read_ranges(tmp_path)


@pytest.mark.parametrize("ranges", [None, [1, 2], {"conv_stem": [0]}, {"conv_stem": [0, "x"]}])
def test_damaged_ranges_are_refused(ranges: object, tmp_path: Path):
    shutil.copy(MINI / "x_encoder.safetensors", tmp_path)
    write_ranges(tmp_path, {})
    values = json.loads(ranges_file(tmp_path).read_text())
    ranges_file(tmp_path).write_text(json.dumps({**values, "ranges": ranges}))
    with refused("damaged_config"):
        read_ranges(tmp_path)


def test_the_shipped_ranges_are_those_of_the_shipped_weights():
    assert all(low < high for low, high in read_ranges(MINI).values())


def test_int8_is_refused_where_it_cannot_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tiny_folder(tmp_path, tiny_model())
    for name in (folder, "clip", "some_module:SomeClass"):
        with refused("dtype_unusable"):
            _ = load_model(name, "cpu", "int8").dtype
    with refused("dtype_unusable"):
        _ = load_model("vljepa-mini", "cpu", "int8", "torch").dtype
    monkeypatch.setitem(sys.modules, "openvino", None)
    with refused("dtype_unusable"):
        load_model("vljepa-mini", "cpu", "int8").embed_clips(CLIPS)


def test_texts_need_no_int8(monkeypatch: pytest.MonkeyPatch):
    """An index in int8 is searched by words on a machine without OpenVINO, too."""
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert load_model("vljepa-mini", "cpu", "int8").embed_texts(["a cat"]).shape == (1, 384)


def test_int8_is_computed_on_the_processor_of_a_machine_with_a_gpu(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(choose, "sees_gpu", lambda: True)
    assert load_model("vljepa-mini", "auto", "int8").engine == "openvino"
