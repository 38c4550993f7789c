"""`vlret.caption`: an index, media, clips that are unknown, odd files, and what is refused."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np
import pytest

import vlret
from tests.cli.conftest import paint_video
from tests.conftest import COLOURS, ColourEmbedder
from tests.media.odd import MAKERS
from tests.refusal import refused
from vlret.index.build import build_index
from vlret.models.captioners.bank import Bank, embed_bank
from vlret.models.captioners.base import Captioner
from vlret.models.captioners.retrieval import RetrievalCaptioner
from vlret.tasks import caption
from vlret.tasks.caption import caption_files, open_source
from vlret.tasks.index_clips import IndexClips
from vlret.tasks.media_clips import MediaClips
from vlret.types import Caption, SkippedFile


def colours(threshold: float | None = None) -> RetrievalCaptioner:
    bank = embed_bank([f"something {name}" for name in COLOURS], ColourEmbedder(), "colours")
    return RetrievalCaptioner(Bank(bank.name, bank.texts, bank.vectors, bank.space, threshold))


class Counting(Captioner):
    """Its text says in which call it was made; the second row of each call gets none."""

    name, revision, space = "counting", "1", ColourEmbedder().card.weights_hash

    def __init__(self) -> None:
        self.calls: list[int] = []

    def caption(self, embeddings):
        self.calls.append(len(embeddings))
        return [Caption("" if row == 1 else str(len(self.calls)), 0.5) for row in range(len(embeddings))]


def test_an_index_is_captioned_without_its_media(painted_index):
    model = ColourEmbedder()
    items = vlret.caption(painted_index, colours(), model=model)
    assert model.n_clips_seen == 0
    assert [(Path(item.path).name, item.start, item.end, item.text) for item in items] == [
        ("blue.png", 0, 0, "something blue"),
        ("green.png", 0, 0, "something green"),
        ("grey.png", 0, 0, "something grey"),
        ("long.gif", 0, 10, "something red"),
        ("long.gif", 10, 20, "something blue"),
        ("purple.png", 0, 0, "something grey"),
        ("red.png", 0, 0, "something red"),
        ("teal.png", 0, 0, "something grey"),
    ]
    vectors = {text: ColourEmbedder().embed_texts([text])[0] for text in {item.text for item in items}}
    for item, vector in zip(items, painted_index.vectors(), strict=True):
        assert item.score == pytest.approx(float(vectors[item.text] @ vector), abs=1e-5)


def test_media_and_their_index_are_captioned_alike(painted, painted_index):
    of_index = vlret.caption(painted_index, colours(), model=ColourEmbedder())
    of_media = vlret.caption(painted, colours(), model=ColourEmbedder(), every_s=10)
    assert [(item.path, item.start, item.end, item.text) for item in of_media] == [
        (item.path, item.start, item.end, item.text) for item in of_index
    ]
    assert [item.score for item in of_media] == pytest.approx([item.score for item in of_index], abs=1e-3)


def test_a_caption_for_every_so_many_seconds(painted):
    items = vlret.caption(painted / "long.gif", colours(), model=ColourEmbedder(), every_s=5)
    assert [(item.start, item.end, item.text) for item in items] == [  # others hold no frame of their own
        (0, 5, "something red"),
        (10, 15, "something blue"),
    ]


def spans(items) -> list[tuple[str, float, float, str]]:
    return [(Path(item.path).name, item.start, item.end, item.text) for item in items]


def test_one_caption_a_segment(painted, tmp_path):
    paint_video(tmp_path / "a.mp4", "red", "blue", "green", seconds=6)
    (tmp_path / "red.png").write_bytes((painted / "red.png").read_bytes())
    build_index(tmp_path, tmp_path / "index", ColourEmbedder(), clips="window:2", progress=False)
    of_index = vlret.caption(tmp_path / "index", colours(), model=ColourEmbedder(), selective=True)
    assert sorted(spans(of_index)) == [
        ("a.mp4", 0, 6, "something red"),
        ("a.mp4", 6, 12, "something blue"),
        ("a.mp4", 12, 18, "something green"),
        ("red.png", 0, 0, "something red"),
    ]
    of_media = vlret.caption(tmp_path, colours(), model=ColourEmbedder(), selective=True)
    assert sorted(span for span in spans(of_media)) == [
        (name, pytest.approx(start, abs=0.6), pytest.approx(end, abs=0.6), text)
        for name, start, end, text in sorted(spans(of_index))
    ]
    assert all(item.score > 0.99 for item in of_media)  # of an exact vector, not of a mean over a change


def test_below_the_threshold_a_clip_is_unknown(painted):
    items = vlret.caption(
        [painted / "purple.png", painted / "red.png"], colours(0.99), model=ColourEmbedder()
    )
    assert [item.text for item in items] == ["unknown", "something red"]
    assert 0.5 < items[0].score < 0.99 <= items[1].score
    given = vlret.caption(painted / "purple.png", colours(), model=ColourEmbedder(), threshold=0.99)
    own = vlret.caption(painted / "purple.png", colours(0.99), model=ColourEmbedder(), threshold=0.5)
    assert (given[0].text, own[0].text) == ("unknown", "something grey")
    exact = colours(items[1].score)
    assert vlret.caption(painted / "red.png", exact, model=ColourEmbedder())[0].text == "something red"


def test_short_files_are_captioned_together_and_no_text_is_unknown(painted_index, monkeypatch):
    captioner = Counting()
    monkeypatch.setattr(caption, "_CLIPS_AT_ONCE", 3)
    monkeypatch.setattr(caption, "_WAIT_S", 1e9)
    items = vlret.caption(painted_index, captioner, model=ColourEmbedder())
    assert captioner.calls == [3, 3, 2]
    assert [item.text for item in items] == ["1", "unknown", "1", "2", "unknown", "2", "3", "unknown"]


def test_files_that_come_slowly_do_not_wait_for_each_other(painted_index, monkeypatch):
    captioner = Counting()
    monkeypatch.setattr(caption, "_WAIT_S", 0.0)
    vlret.caption(painted_index, captioner, model=ColourEmbedder())
    assert captioner.calls == [1, 1, 1, 2, 1, 1, 1]


def test_files_that_cannot_be_read_are_skipped_with_a_warning(painted, tmp_path, caplog):
    (tmp_path / "bad.mp4").write_text("no video")
    (tmp_path / "red.png").symlink_to(painted / "red.png")
    with caplog.at_level(logging.WARNING, "vlret"):
        items = vlret.caption(tmp_path, colours(), model=ColourEmbedder())
    assert [Path(item.path).name for item in items] == ["red.png"]
    assert "bad.mp4" in caplog.text
    with refused("no_media"):
        vlret.caption(tmp_path / "bad.mp4", colours(), model=ColourEmbedder())


def reasons(source, model) -> dict[str, str]:
    found = open_source(source, model)
    results = caption_files(found, colours(), found.roots, progress=False)
    skipped = [*found.skipped, *(one for one in results if isinstance(one, SkippedFile))]
    return {file.path.name: file.reason for file in skipped}


def test_odd_files_get_captions_or_the_reasons_of_an_index_run(odd, tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    for name in MAKERS:
        os.link(odd(name), library / name)
    report = build_index(library, tmp_path / "index", ColourEmbedder(), progress=False)
    assert reasons(library, ColourEmbedder()) == {file.path.name: file.reason for file in report.skipped}


@pytest.mark.data
def test_robustness_files_get_captions_or_the_reasons_of_an_index_run(data_dir, tmp_path):
    library = data_dir / "videos" / "robustness" / "files"
    report = build_index(library, tmp_path / "index", ColourEmbedder(), progress=False)
    assert reasons(library, ColourEmbedder()) == {file.path.name: file.reason for file in report.skipped}


@pytest.mark.parametrize("every_s", [0, -1, float("nan"), float("inf"), "10"])
def test_an_interval_that_cannot_be(painted, every_s):
    with refused("bad_interval"):
        vlret.caption(painted, colours(), model=ColourEmbedder(), every_s=every_s)


def test_what_is_refused(painted, painted_index, tmp_path):
    model = ColourEmbedder()
    with refused("every_of_index"):
        vlret.caption(painted_index, colours(), model=model, every_s=5)
    with refused("index_among_sources"):
        vlret.caption([painted, painted_index.folder], colours(), model=model)
    with refused("source_missing"):
        vlret.caption(tmp_path / "none", colours(), model=model)
    with refused("no_media"):
        vlret.caption(tmp_path, colours(), model=model)
    with refused("wrong_type"):
        vlret.caption([5], colours(), model=model)
    with refused("no_captioner"):
        vlret.caption(painted, model=model)
    for threshold in (1.1, float("nan"), "0.5"):
        with refused("invalid_threshold"):
            vlret.caption(painted, colours(), model=model, threshold=threshold)
    with refused("every_and_selective"):
        vlret.caption(painted, colours(), model=model, every_s=5, selective=True)
    with refused("captioner_of_other_model"):
        vlret.caption(
            painted, RetrievalCaptioner(Bank("b", ["a"], np.ones((1, 4), np.float32), "x")), model=model
        )


def test_relative_paths_start_at_the_directory_that_all_share(painted, tmp_path):
    names = ["a/x.png", "b/x.png", "b/c/y.png"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((painted / "red.png").read_bytes())

    def relative(*sources: str) -> list[str]:
        source = MediaClips([tmp_path / name for name in sources], ColourEmbedder())
        return sorted(source.relative(path) for path in source.roots)

    assert relative("a", "b") == sorted(names)
    assert relative("b") == ["c/y.png", "x.png"]
    assert relative("a/x.png", "b/x.png") == ["a/x.png", "b/x.png"]
    assert relative("a/x.png") == ["x.png"]


def test_a_relative_path_leads_nowhere_else_whatever_an_index_says(painted_index):
    source = IndexClips(painted_index, ColourEmbedder())
    source.roots = {"/a/../b/x.mp4": "/a/../b", "/a/c/y.mp4": "/a/c"}
    assert [source.relative(path) for path in source.roots] == ["b/x.mp4", "a/c/y.mp4"]


def test_the_clips_of_an_index_are_in_order_of_time_whatever_that_of_its_rows(painted_index, monkeypatch):
    index = vlret.Index.open(painted_index.folder)
    rows, vectors = index.rows()[::-1].reset_index(drop=True), index.vectors()[::-1]
    monkeypatch.setattr(index, "rows", lambda: rows)
    monkeypatch.setattr(index, "vectors", lambda: vectors)
    items = vlret.caption(index, colours(), model=ColourEmbedder())
    found = [(item.start, item.text) for item in items if item.path.endswith("long.gif")]
    assert found == [(0, "something red"), (10, "something blue")]


def test_captions_of_segments_are_not_kept_as_those_of_clips(painted_index):
    clips, segments = (IndexClips(painted_index, ColourEmbedder(), selective) for selective in (False, True))
    assert all(clips.state(path) != segments.state(path) for path in clips.roots)


def test_an_empty_index_has_no_captions(tmp_path):
    (tmp_path / "bad.mp4").write_text("no video")
    build_index(tmp_path / "bad.mp4", tmp_path / "index", ColourEmbedder(), progress=False)
    assert vlret.caption(tmp_path / "index", colours(), model=ColourEmbedder()) == []
