"""A whole run over painted videos, and what is kept between runs."""

from __future__ import annotations

import numpy as np
import pytest

from tests.cli.conftest import paint_video
from tests.conftest import COLOURS, ColourEmbedder
from tests.refusal import refused
from vlret.errors import MediaError
from vlret.evaluation.standalone.selective import windows
from vlret.evaluation.standalone.selective.annotations import read_videos
from vlret.evaluation.standalone.selective.methods import METHODS
from vlret.evaluation.standalone.selective.run import run_selective
from vlret.evaluation.standalone.selective.windows import windowed_videos
from vlret.models.captioners.bank import embed_bank
from vlret.models.captioners.retrieval import RetrievalCaptioner

ROWS = (
    "path,start,end,text\na.mp4,0,4,something red\na.mp4,4,8,something blue\na.mp4,8,12,something green\n"
    "b.mp4,0,4,something grey\nb.mp4,4,8,something red\n"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    paint_video(folder / "a.mp4", "red", "blue", "green", seconds=4)
    paint_video(folder / "b.mp4", "grey", "red", seconds=4)
    (folder / "annotations.csv").write_text(ROWS)
    return folder


@pytest.fixture(scope="module")
def result(folder, tmp_path_factory):
    model = ColourEmbedder()
    bank = embed_bank([f"something {name}" for name in COLOURS], model, "colours")
    videos, missing = read_videos(folder / "annotations.csv", folder)
    cache = tmp_path_factory.mktemp("cache")
    return run_selective(
        videos, model, RetrievalCaptioner(bank), name="mine", missing=missing, length_s=1.0, cache=cache
    )


def test_a_point_for_each_setting(result):
    assert len(result.points) == sum(len(method.values) for method in METHODS)
    uniform = result.point("uniform", 1.0)
    assert uniform.decodes == uniform.sentences == 20
    assert uniform.seconds_per_decode == pytest.approx(1.0)
    assert uniform.scores["embedding"].value == pytest.approx(100, abs=0.1)
    assert uniform.minus_uniform["CIDEr"].high == uniform.minus_uniform["CIDEr"].low == 0
    assert uniform.repeated == pytest.approx(100 * 13 / 20)  # in a.mp4 the windows over two borders look grey


def test_selective_needs_one_decode_an_event(result):
    best = result.point("selective", 5.0)
    assert best.decodes == 4  # of five events: 12 s and 8 s every 5 s
    found = {one.method: one for one in result.headlines}
    assert found["selective"].times_fewer >= 20 / 4 - 1e-9 or not best.is_as_good
    assert found["online"].times_fewer >= 20 / 5
    assert found["online"].point.longest_delay_s <= 3.0
    assert found["online, reuse"].point.decodes <= 5


def test_what_the_result_says(result):
    document = result.to_json()
    assert document["task"] == "selective"
    assert document["set"]["videos"] == 2
    assert document["set"]["annotations"] == 5
    assert document["set"]["seconds"] == pytest.approx(20.0)
    assert document["captioner"]
    assert document["model"]["name"] == "colour"


def test_windows_changes_and_shots(folder, tmp_path):
    (video,) = windowed_videos([folder / "a.mp4"], ColourEmbedder(), 2.0, 1.0, tmp_path)
    assert video.duration_s == pytest.approx(12.0)
    assert len(video) == len(video.changes) == 23
    assert video.starts_s[:3].tolist() == [0.0, 0.5, 1.0]
    assert video.shots_s == pytest.approx([0.0, 4.0])  # blue and green are too near for PySceneDetect
    assert set(np.argsort(-video.changes)[:2]) <= {7, 8, 15, 16}
    assert video.changes[0] == 0


def test_windows_are_kept(folder, tmp_path, monkeypatch):
    model, paths = ColourEmbedder(), [folder / "a.mp4", folder / "b.mp4"]
    first = windowed_videos(paths[:1], model, 2.0, 1.0, tmp_path)
    seen = model.n_clips_seen
    monkeypatch.setattr(windows, "_decoded", lambda job: pytest.fail(f"{job} is decoded again"))
    again = windowed_videos(paths[:1], model, 2.0, 1.0, tmp_path)
    assert model.n_clips_seen == seen
    for name in ("starts_s", "ends_s", "vectors", "changes", "shots_s"):
        assert np.array_equal(getattr(first[0], name), getattr(again[0], name))
    monkeypatch.undo()
    windowed_videos(paths, model, 2.0, 1.0, tmp_path)
    assert model.n_clips_seen > seen
    other = windowed_videos(paths[:1], model, 1.0, 1.0, tmp_path)
    assert len(other[0]) < len(first[0])


def test_a_file_that_cannot_be_read(folder, tmp_path):
    (folder / "broken.mp4").write_bytes(b"no video")
    with pytest.raises(MediaError):
        windowed_videos([folder / "broken.mp4"], ColourEmbedder(), 2.0, 1.0, tmp_path)
    with refused("not_positive"):
        windowed_videos([folder / "a.mp4"], ColourEmbedder(), 0.0, 1.0, tmp_path)
