"""Ego-Exo4D's atomic descriptions in a small file of the same form."""

from __future__ import annotations

import json

import pytest

from vlret.datasets.atomic_descriptions import is_atomic_descriptions, read_atomic_descriptions
from vlret.datasets.files import DatasetError


def take(uid: str, name: str, task: str, camera: str = "aria01") -> dict:
    videos = {
        "cam01": {"0": {"relative_path": "frame_aligned_videos/cam01.mp4"}},
        camera: {"rgb": {"relative_path": f"frame_aligned_videos/{camera}_214-1.mp4"}},
    }
    return {
        "take_uid": uid, "take_name": name, "root_dir": name, "parent_task_name": task,
        "frame_aligned_videos": videos,
    }  # fmt: skip


def said(text: str, timestamp: float) -> dict:
    return {"text": text, "timestamp": timestamp, "subject": "C", "ego_visible": True, "unsure": False}


TAKES = [take("u1", "cmu_bike01_5", "Bike Repair"), take("u2", "upenn_Dance_1", "Dance"),
         take("u3", "fair_cooking_1", "Cooking", "aria02")]  # fmt: skip
ANNOTATIONS = {
    "u1": [
        {"rejected": False, "descriptions": [said("C holds a wheel.", 0.5), said("C turns  a nut.", 3.25)]},
        {"rejected": True, "descriptions": [said("nothing", 1.0)]},
        {"rejected": False, "descriptions": [said("C takes a wheel.", 0.75)]},
    ],
    "u2": [{"rejected": False, "descriptions": [said("C dances.", 1.0)]}],
    "u3": [{"rejected": False, "descriptions": [said("C cuts an onion.", 2.0)]}],
}


@pytest.fixture
def file(tmp_path):
    (tmp_path / "takes.json").write_text(json.dumps(TAKES))
    path = tmp_path / "annotations" / "atomic_descriptions_val.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"annotations": ANNOTATIONS}))
    return path


def test_descriptions_of_procedural_takes(file):
    found = read_atomic_descriptions(file)
    assert [(m.id, m.start, m.end, text) for m, text in found] == [
        ("cmu_bike01_5", 0.5, None, "C holds a wheel."), ("cmu_bike01_5", 3.25, None, "C turns a nut."),
        ("cmu_bike01_5", 0.75, None, "C takes a wheel."), ("fair_cooking_1", 2.0, None, "C cuts an onion."),
    ]  # fmt: skip
    assert found[0][0].files == (
        "takes/cmu_bike01_5/frame_aligned_videos/downscaled/448/aria01_214-1.mp4",
        "takes/cmu_bike01_5/frame_aligned_videos/aria01_214-1.mp4",
    )
    assert found[3][0].files[1].endswith("aria02_214-1.mp4")


def test_the_name_says_what_it_is(file, tmp_path):
    assert is_atomic_descriptions(file)
    assert not is_atomic_descriptions(tmp_path / "annotations.csv")


def test_files_of_another_form(file):
    takes = file.parent.parent / "takes.json"
    for bad in (json.dumps({"annotations": {"u1": [{}]}}), "{}", json.dumps({"annotations": {}})):
        file.write_text(bad)
        with pytest.raises(DatasetError):
            read_atomic_descriptions(file)
    takes.unlink()
    with pytest.raises(DatasetError, match=r"takes\.json"):
        read_atomic_descriptions(file)
