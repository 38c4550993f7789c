"""Sets written from a small data folder of the same form as the real one."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.selective import assemble
from benchmarks.selective.clips import FREE_SET, TAR_SETS
from tests.media.make import probe, video


@pytest.fixture
def data(tmp_path: Path) -> Path:
    clip = video(tmp_path / "clip.mp4")
    for name in TAR_SETS:
        _tar_set(tmp_path / "videos" / name, clip)
    free = tmp_path / "videos" / FREE_SET
    (free / "clips").mkdir(parents=True)
    (free / "clips" / "free.mp4").write_bytes(clip.read_bytes())
    (free / "captions.jsonl").write_text(json.dumps({"video": "clips/free.mp4", "caption": "a free clip"}))
    return tmp_path


def _tar_set(folder: Path, clip: Path) -> None:
    folder.mkdir(parents=True)
    rows = []
    with tarfile.open(folder / "clips-000.tar", "w") as tar:
        for split in ("train", "test"):
            tar.add(clip, f"{split}.mp4")
            row = {"video": f"{split}.mp4", "split": split, "shard": "clips-000.tar", "seconds": 4.0}
            rows.append(row | {"captions": [f"{folder.name} {split} {i}" for i in range(7)]})
    rows[1]["first_sentence"] = f"{folder.name} first"
    (folder / "captions.jsonl").write_text("\n".join(map(json.dumps, rows)))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.selective.plan.VIDEO_S", (20.0, 21.0))
    monkeypatch.setattr(assemble, "N_VIDEOS", {"test": 2, "dev": 1})


@pytest.mark.usefixtures("small")
def test_four_sets(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assemble.main(data, out)
    tables = {name: pd.read_csv(out / name / "annotations.csv") for name in ("test_cuts", "dev_cuts")}
    test, dev = tables.values()
    assert list(test.columns[:4]) == ["path", "start", "end", "text"]
    assert set(test["path"]) == {"00.mp4", "01.mp4"}
    assert set(test["trained_on"]) == {"no"}
    assert set(dev["trained_on"]) == {"yes"}
    assert not test["text"].str.contains("train").any()
    assert dev["text"].str.contains("train").all()
    assert dev.groupby(["path", "start"]).size().max() == 5
    for name in ("test", "dev"):
        cuts, fades = (out / f"{name}_{joins}" / "annotations.csv" for joins in ("cuts", "fades"))
        assert cuts.read_bytes() == fades.read_bytes()
    assert probe(out / "test_fades" / "00.mp4").duration == pytest.approx(
        test[test["path"] == "00.mp4"]["end"].max(), abs=0.11
    )


@pytest.mark.usefixtures("small")
def test_videos_that_are_there_are_kept(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assemble.main(data, out)
    kept, gone = out / "test_cuts" / "00.mp4", out / "test_cuts" / "01.mp4"
    before = gone.read_bytes()
    kept.write_bytes(b"kept")
    gone.unlink()
    assemble.main(data, out)
    assert kept.read_bytes() == b"kept"
    assert gone.read_bytes() == before


@pytest.mark.usefixtures("small")
def test_a_video_is_whole_or_absent(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("benchmarks.selective.render._blended", stopped)
    with pytest.raises(KeyboardInterrupt):
        assemble.main(data, tmp_path / "out")
    assert not list((tmp_path / "out").rglob("00.mp4"))
