"""Retrieval sets: the documented forms and what is easily read wrongly in each."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest

from vlret.datasets.base import RetrievalSet
from vlret.datasets.files import DatasetError
from vlret.datasets.registry import load

from .conftest import Put


def pairs(found: RetrievalSet) -> list[tuple[str, str]]:
    return [(found.media[owner].id, text) for owner, text in zip(found.owner, found.texts, strict=True)]


MSRVTT = {
    "videos": [
        {"video_id": "video0", "split": "train", "start time": 137.72, "end time": 149.44},
        {"video_id": "video1", "split": "validate", "start time": 0.0, "end time": 1.0},
        {"video_id": "video2", "split": "test", "start time": 0.0, "end time": 1.0},
    ],
    "sentences": [
        {"caption": "a cave", "video_id": "video0", "sen_id": 0},
        {"caption": "a cat", "video_id": "video2", "sen_id": 1},
        {"caption": "a dog", "video_id": "video1", "sen_id": 2},
        {"caption": "an animal", "video_id": "video2", "sen_id": 3},
    ],
}


@pytest.mark.parametrize(
    "name", ["test_videodatainfo.json", "MSRVTT_data.json", "test_videodatainfo.json.zip"]
)
def test_msrvtt_full_takes_the_test_split_of_the_owners_file_or_the_merged_one(
    put: Put, tmp_path: Path, name: str
):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("test_videodatainfo.json", json.dumps(MSRVTT))
    put(f"msrvtt/{name}", packed.getvalue() if name.endswith("zip") else MSRVTT)
    found = load("msrvtt", tmp_path, split="full")
    assert pairs(found) == [("video2", "a cat"), ("video2", "an animal")]
    assert found.media[0].files[0] == "video2.mp4"
    assert (found.media[0].start, found.media[0].end) == (0.0, None)  # the files are cut already
    assert found.card.split == "full"
    assert not found.card.published  # the paper's figures are not of this split


def test_msrvtt_1k_a_goes_by_video_id_not_by_the_other_two_keys(put: Put, tmp_path: Path):
    put("msrvtt/MSRVTT_JSFUSION_test.csv", "key,vid_key,video_id,sentence\nret0,msr9770,video9770,a person\n")
    found = load("msrvtt", tmp_path)
    assert pairs(found) == [("video9770", "a person")]
    assert ("VL-JEPA BASE", 40.0) in [(row.model, row.value) for row in found.card.published]


@pytest.mark.data
def test_msrvtt_1k_a_keeps_its_repeated_sentences(annotations: Path):
    found = load("msrvtt", annotations)
    assert len(set(found.texts)) == 995


def test_activitynet_joins_stripped_sentences(put: Put, tmp_path: Path):
    told = {"v_a": {"duration": 9.0, "timestamps": [[0, 5], [5, 9]], "sentences": ["One. ", "  Two\nmore."]}}
    put("activitynet/val_1.json", told)
    found = load("activitynet", tmp_path)
    assert pairs(found) == [("v_a", "One. Two more.")]
    assert {"v_a.mp4", "v_a.mkv", "v_a.webm"} <= set(found.media[0].files)
    assert found.card.frames == 32


def test_activitynet_reads_the_form_of_vindlu(put: Put, tmp_path: Path):
    put(
        "activitynet/anet_ret_val_1.json",
        [{"video": "v_a.mp4", "caption": ["One.", " Two."], "duration": 9.0}],
    )
    assert pairs(load("activitynet", tmp_path)) == [("v_a", "One. Two.")]


@pytest.mark.data
def test_activitynet_in_both_forms_is_the_same(annotations: Path, put: Put, tmp_path: Path):
    put(
        "activitynet/anet_ret_val_1.json",
        (annotations / "activitynet/anet_ret_val_1.first50.json").read_bytes(),
    )
    assert pairs(load("activitynet", tmp_path)) == pairs(load("activitynet", annotations))[:50]


DIDEMO = [
    {"video": "1@N_2_ab.mov", "description": "last thing", "times": [[4, 4]]},
    {"video": "3@N_4_cd.", "description": "other", "times": [[0, 0]]},
    {"video": "1@N_2_ab.mov", "description": "first thing ", "times": [[0, 0]]},
    {"video": "1@N_2_ab.mp4", "description": "again", "times": [[0, 0]]},
]


def test_didemo_joins_in_file_order_under_the_listed_name(put: Put, tmp_path: Path):
    put("didemo/test_data.json", DIDEMO)
    put("didemo/test_list.txt", "3@N_4_cd.\n1@N_2_ab.mov\n")
    found = load("didemo", tmp_path)
    assert pairs(found) == [("3@N_4_cd", "other"), ("1@N_2_ab", "last thing first thing")]
    assert found.media[1].files[:2] == ("1@N_2_ab.mp4", "1@N_2_ab.mov")
    assert found.media[1].end is None
    assert load("didemo", tmp_path, window="30s").media[0].end == 30.0
    both = load("didemo", tmp_path, descriptions="all")
    assert pairs(both)[0] == ("1@N_2_ab", "last thing first thing again")


def test_a_listed_video_without_captions_is_told_in_the_choices(put: Put, tmp_path: Path):
    put("didemo/test_data.json", DIDEMO)
    put("didemo/test_list.txt", "3@N_4_cd.\ngone.mov\n")
    found = load("didemo", tmp_path)
    assert len(found.media) == 1
    assert found.card.choices["without captions"] == "1 of 2 listed"


@pytest.mark.data
def test_didemo_has_33_videos_under_two_names(annotations: Path):
    listed, both = load("didemo", annotations), load("didemo", annotations, descriptions="all")
    assert {medium.id for medium in listed.media} == {medium.id for medium in both.media}
    assert len(set(listed.texts)) == 1004
    assert sum(a != b for a, b in zip(sorted(listed.texts), sorted(both.texts), strict=True)) >= 33


CORPUS = (
    "VideoID,Start,End,WorkerID,Source,AnnotationTime,Language,Description\n"
    "mv89psg6zh4,33,46,588702,unverified,55,Slovene,Papagaj se umiva\n"
    "mv89psg6zh4,33,46,362812,clean,49,English,A bird; it's bathing @ a sink.\n"
)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("captions_msvd.json", {"mv89psg6zh4_33_46": ["A bird; it's bathing @ a sink."], "x_1_2": ["no"]}),
        ("video_corpus.csv", CORPUS),
        ("AllVideoDescriptions.txt", "# header\n\nmv89psg6zh4_33_46 A bird; it's bathing @ a sink.\n"),
    ],
)
def test_msvd_reads_each_public_form(put: Put, tmp_path: Path, name: str, content: object):
    put(f"msvd/{name}", content)
    put("msvd/test_list.txt", "mv89psg6zh4_33_46\n")
    found = load("msvd", tmp_path)
    assert pairs(found) == [("mv89psg6zh4_33_46", "A bird; it's bathing @ a sink.")]
    assert "mv89psg6zh4_33_46.avi" in found.media[0].files


def test_msvd_splits_the_captions_of_perception_encoders_table_at_the_mark(put: Put, tmp_path: Path):
    """The table holds the test clips alone, so that no list is needed; a clip may have its ending."""
    put("msvd/msvd_test.csv", 'video_id,sentence\nb_1_2.avi,"a bird, bathing@ a sink @"\na_1_2,a car\n')
    found = load("msvd", tmp_path)
    assert pairs(found) == [("b_1_2", "a bird, bathing"), ("b_1_2", "a sink"), ("a_1_2", "a car")]
    assert "b_1_2.avi" in found.media[0].files
    assert pairs(load("msvd", tmp_path, captions="one")) == [("b_1_2", "a bird, bathing"), ("a_1_2", "a car")]
    put("msvd/test_list.txt", "a_1_2\n")
    assert pairs(load("msvd", tmp_path)) == [("a_1_2", "a car")]


def test_msvd_never_unpickles(put: Put, tmp_path: Path):
    put("msvd/raw-captions.pkl", b"cos\nsystem\n(S'touch ran'\ntR.")
    put("msvd/test_list.txt", "a_1_2\n")
    with pytest.raises(DatasetError, match=r"captions_msvd.json or .*raw-captions.pkl is a pickle"):
        load("msvd", tmp_path)


def test_youcook2_reads_columns_by_name(put: Put, tmp_path: Path):
    put(
        "youcook2/validation_youcook.csv",
        "end,start,task,text,video_id\n60,47,226,pick the ends,xHr8X2Wpmno\n",
    )
    found = load("youcook2", tmp_path)
    assert pairs(found) == [("xHr8X2Wpmno/1", "pick the ends")]
    assert (found.media[0].start, found.media[0].end) == (47.0, 60.0)


def test_youcook2_reads_the_owners_validation_part(put: Put, tmp_path: Path):
    def video(subset: str) -> dict:
        parts = [{"segment": [90, 102], "id": 0, "sentence": "spread margarine, on bread"}]
        return {"duration": 241.62, "subset": subset, "recipe_type": "113", "annotations": parts}

    put(
        "youcook2/youcookii_annotations_trainval.json",
        {"database": {"a": video("training"), "b": video("validation")}},
    )
    found = load("youcook2", tmp_path)
    assert pairs(found) == [("b/1", "spread margarine, on bread")]
    assert "validation/113/b.mp4" in found.media[0].files


def test_pvd_takes_the_human_caption_from_tars(tmp_path: Path):
    (tmp_path / "pvd/test").mkdir(parents=True)
    with tarfile.open(tmp_path / "pvd/test/0.tar", "w") as tar:
        for name, content in (("k1.mp4", b"x"), ("k1.json", b'{"human_caption": "h", "model_caption": "m"}')):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    found = load("pvd", tmp_path)
    assert pairs(found) == [("k1", "h")]
    assert found.media[0].files[0] == "k1.mp4"


@pytest.mark.parametrize(
    ("name", "content"),
    [("pvd_test.csv", 'video_id,sentence\nk1,"h, long"\n'), ("test/k1.json", {"human_caption": "h, long"})],
)
def test_pvd_reads_table_and_unpacked_records(put: Put, tmp_path: Path, name: str, content: object):
    put(f"pvd/{name}", content)
    assert pairs(load("pvd", tmp_path)) == [("k1", "h, long")]


def test_dream1k_takes_the_reference_not_the_empty_text(put: Put, tmp_path: Path):
    answer = {"content": [{"reference": "A ghost rises.", "text": "", "type": "text"}], "role": "assistant"}
    put("dream1k/DREAM-1k.jsonl", [{"messages": [{"content": []}, answer], "idx": 1, "vid": 7}])
    assert pairs(load("dream1k", tmp_path)) == [("7", "A ghost rises.")]


VDC = [
    {
        "video_id": "0730-a",
        "video_name": "n1",
        "captions": {"detailed_caption": "long", "short_caption": "short"},
    }
]


def test_vdc1k_has_a_choice_of_captions(put: Put, tmp_path: Path):
    put("vdc1k/VDC_1k_captions.jsonl", VDC)
    found = load("vdc1k", tmp_path)
    assert pairs(found) == [("0730-a", "long")]
    assert found.media[0].files[0] == "n1.mp4"
    assert "0730-a.mp4" in found.media[0].files
    assert pairs(load("vdc1k", tmp_path, caption="short")) == [("0730-a", "short")]
    with pytest.raises(DatasetError, match=r"VDC_1k_captions.jsonl, row 1: 'camera_caption' is missing"):
        load("vdc1k", tmp_path, caption="camera")
