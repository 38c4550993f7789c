"""Which media are parts of one video: by file where they are spans of it, by the owner's names where they are files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.datasets.test_classification_sets import EK_HEADER, EK_ROWS
from vlret.datasets.base import BenchmarkSet
from vlret.datasets.registry import load

from .conftest import Put


def sources(found: BenchmarkSet) -> list[str]:
    return [medium.source for medium in found.media]


def test_spans_of_a_file_share_it(put: Put, tmp_path: Path):
    put("ek100/EPIC_100_verb_classes.csv", "id,key\n0,take\n1,put-in\n")
    put("ek100/EPIC_100_noun_classes.csv", "id,key\n2,plate\n7,extract:vanilla\n")
    put("ek100/EPIC_100_validation.csv", EK_HEADER + EK_ROWS)
    assert sources(load("ek100", tmp_path)) == ["P01_11.MP4"] * 2
    table = "end,start,task,text,video_id\n1,0,226,pick,a\n2,1,226,mix,a\n9,1,226,mix,b\n"
    put("youcook2/validation_youcook.csv", table)
    assert sources(load("youcook2", tmp_path)) == ["a.mp4", "a.mp4", "b.mp4"]


def test_egoexo4d_clips_are_of_takes(put: Put, tmp_path: Path):
    names = ("val/take_1/a.mp4", "val/take_1/b.mp4", "val/take_2/a.mp4")
    put(
        "egoexo4d/keystep_segment_val.json",
        {"segments": [{"ego_segment_name": n, "label_id": 0} for n in names]},
    )
    put("egoexo4d/label_mapping.csv", "label_id,step_unique_id,step_name\n0,15,Stir\n")
    assert sources(load("egoexo4d", tmp_path)) == ["val/take_1", "val/take_1", "val/take_2"]


def test_msvd_clips_are_of_youtube_videos(put: Put, tmp_path: Path):
    put("msvd/captions_msvd.json", {"a_b_1_2": ["x"], "a_b_3_9": ["y"], "c_1_2": ["z"]})
    put("msvd/test_list.txt", "a_b_1_2\na_b_3_9\nc_1_2\n")
    assert sources(load("msvd", tmp_path)) == ["a_b", "a_b", "c"]


def test_msrvtt_clips_are_of_addresses_where_the_file_has_them(put: Put, tmp_path: Path):
    videos = [{"video_id": f"video{i}", "split": "test", "url": f"https://x/{i // 2}"} for i in range(3)]
    sentences = [{"video_id": f"video{i}", "caption": "a"} for i in range(3)]
    put("msrvtt/test_videodatainfo.json", {"videos": videos, "sentences": sentences})
    assert sources(load("msrvtt", tmp_path, split="full")) == ["https://x/0", "https://x/0", "https://x/1"]


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "n_media", "n_sources"),
    [
        ("ek100", 9668, 138), ("msvd", 670, 522), ("ucf101", 3783, 707), ("hmdb51", 1530, 478),
        ("youcook2", 3350, 436), ("coin", 9712, 2506),
    ],
)  # fmt: skip
def test_counts_of_the_real_files(annotations: Path, name: str, n_media: int, n_sources: int):
    found = sources(load(name, annotations))
    assert (len(found), len(set(found))) == (n_media, n_sources)
