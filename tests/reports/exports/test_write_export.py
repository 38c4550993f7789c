"""write_export.py: the formats by name, and those without frames: markers, tables, playlists."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import opentimelineio
import pytest

from tests.reports.test_caption_formats import read_back
from vlret.errors import MediaError, UsageError
from vlret.reports.exports.clip import ExportClip, clips_of_captions, clips_of_hits, clips_of_labels
from vlret.reports.exports.write_export import FORMATS, format_of, write_export
from vlret.types import ClipCaption, Hit, Label

A, B, PICTURE = Path("/films/a b.mp4"), Path("/films/&.mkv"), Path("/films/c.jpg")
TWO_FILES = [
    ExportClip(A, 10.0, 12.5, "a dog", 0.25, 0.9),
    ExportClip(PICTURE, 0.0, 0.0, "=1+1"),
    ExportClip(B, 3.0, 4.0, 'say "hi", <b>'),
]
ONE_FILE = [ExportClip(A, 60.0, 62.0, "later"), ExportClip(A, 1.0, 2.0, "earlier")]


@pytest.mark.parametrize("name", ["srt", "vtt"])
def test_markers_of_one_file_lie_on_its_times(tmp_path, name):
    file = written(tmp_path, name, ONE_FILE)
    assert file.read_text().index("earlier") < file.read_text().index("later")
    cues = read_back(file)
    assert cues == [(1000, 2000, "earlier"), (60_000, 62_000, "later")]


@pytest.mark.parametrize("name", ["srt", "vtt"])
def test_markers_of_several_files_lie_on_the_timeline(tmp_path, name):
    cues = read_back(written(tmp_path, name, TWO_FILES))
    assert [cue[:2] for cue in cues] == [(0, 2500), (2500, 7500), (7500, 8500)]


def test_a_clip_without_a_text_is_marked_with_its_name(tmp_path):
    assert read_back(written(tmp_path, "vtt", [ExportClip(A, 1.0, 2.0)]))[0][2] == "a b.mp4"


def test_csv():
    rows = list(csv.reader(io.StringIO(write_export(TWO_FILES, "csv", "x").decode())))
    assert rows == [
        ["path", "start", "end", "text", "score", "probability"],
        ["/films/a b.mp4", "10.0", "12.5", "a dog", "0.25", "0.9"],
        ["/films/c.jpg", "0.0", "0.0", "'=1+1", "", ""],
        ["/films/&.mkv", "3.0", "4.0", 'say "hi", <b>', "", ""],
    ]


def test_json_lines():
    lines = write_export(TWO_FILES, "jsonl", "x").decode().splitlines()
    assert json.loads(lines[0]) == {
        "path": "/films/a b.mp4", "start": 10.0, "end": 12.5, "text": "a dog", "score": 0.25, "probability": 0.9,
    }  # fmt: skip
    assert len(lines) == 3


def test_a_playlist_to_the_byte():
    assert write_export([*TWO_FILES, ExportClip(A, 5.0, None)], "m3u", "my\ndogs").decode() == (
        "#EXTM3U\n#PLAYLIST:my\\ndogs\n"
        "#EXTINF:3,a dog\n#EXTVLCOPT:start-time=10.000\n#EXTVLCOPT:stop-time=12.500\nfile:///films/a%20b.mp4\n"
        "#EXTINF:-1,=1+1\nfile:///films/c.jpg\n"
        '#EXTINF:1,say "hi", <b>\n#EXTVLCOPT:start-time=3.000\n#EXTVLCOPT:stop-time=4.000\nfile:///films/%26.mkv\n'
        "#EXTINF:-1,a b.mp4\n#EXTVLCOPT:start-time=5.000\nfile:///films/a%20b.mp4\n"
    )


def test_otio_has_sound_where_the_file_has_some_and_images_are_stills(shots):
    clips = [
        ExportClip(shots["plain"], 0, 1),
        ExportClip(shots["dropped"], 0, 1, "a dog", 0.5),
        ExportClip(shots["picture"], 0, 0),
    ]
    timeline = opentimelineio.adapters.read_from_string(
        write_export(clips, "otio", "dogs").decode(), "otio_json"
    )
    (picture,), (sound,) = timeline.video_tracks(), timeline.audio_tracks()
    assert timeline.name == "dogs"
    assert [item.name for item in picture] == ["plain.mp4", "A001 Beach & sea.MOV", "picture.jpg"]
    assert [type(item).__name__ for item in sound] == ["Gap", "Clip", "Gap"]
    assert [a.range_in_parent() == b.range_in_parent() for a, b in zip(picture, sound, strict=True)] == [
        True
    ] * 3
    assert picture[1].metadata["vlret"] == {"text": "a dog", "score": 0.5, "probability": None}
    assert picture[2].duration().to_seconds() == pytest.approx(5.005)


def test_a_file_that_cannot_be_read_is_left_out(shots, tmp_path, caplog):
    (tmp_path / "bad.mp4").write_text("no video")
    clips = [ExportClip(tmp_path / "bad.mp4", 0, 1), ExportClip(tmp_path / "gone.mp4", 0, 1)]
    assert (
        write_export([*clips, ExportClip(shots["plain"], 0, 1)], "edl", "x").decode().count("FROM CLIP NAME")
        == 1
    )
    assert "bad.mp4 is not exported" in caplog.text
    assert "gone.mp4 is not exported" in caplog.text
    for name in ("edl", "fcpxml", "otio"):
        with pytest.raises(MediaError) as error:
            write_export(clips, name, "x")
        assert error.value.code == "nothing_to_export"


def test_names_that_are_not_utf8(shots, tmp_path):
    path = tmp_path / b"\xff.mp4".decode(errors="surrogateescape")
    path.write_bytes(shots["plain"].read_bytes())
    for name in FORMATS:
        assert write_export([ExportClip(path, 0, 1, "\udcff")], name, "\udcff").decode()


def test_the_format_follows_from_the_suffix():
    assert {name: format_of(Path(f"a.b.{name.upper()}")) for name in FORMATS} == {
        name: name for name in FORMATS
    }


@pytest.mark.parametrize("name", ["a", "edl", ".edl", "a.mp4", "a.xml", "a.edl.txt"])
def test_another_suffix_is_refused(name):
    with pytest.raises(UsageError) as error:
        format_of(Path(name))
    assert (error.value.code, error.value.fields["given"]) == ("unknown_export_format", name)
    assert error.value.fields["allowed"] == list(FORMATS)


def test_an_unknown_format_is_refused():
    with pytest.raises(UsageError) as error:
        write_export(TWO_FILES, "xmeml", "x")
    assert error.value.code == "unknown_export_format"


def test_clips_of_hits_labels_and_captions():
    hit = Hit(1, 0.5, "a.mp4", 1.0, 2.0, 7, probability=0.75)
    assert clips_of_hits([hit], "a dog") == [ExportClip(Path("a.mp4"), 1.0, 2.0, "a dog", 0.5, 0.75)]
    label = Label("a.mp4", 1.0, None, "cat", 0.5, 0.75, 0.1, ())
    assert clips_of_labels([label]) == [ExportClip(Path("a.mp4"), 1.0, None, "cat", 0.5, 0.75)]
    caption = ClipCaption("a.mp4", 1.0, 2.0, "a cat", 0.5)
    assert clips_of_captions([caption]) == [ExportClip(Path("a.mp4"), 1.0, 2.0, "a cat", 0.5)]


def written(tmp_path, name, clips):
    file = tmp_path / f"a.{name}"
    file.write_bytes(write_export(clips, name, "x"))
    return file
