"""edl.py: EDL to the byte."""

from __future__ import annotations

from vlret.reports.exports.clip import ExportClip
from vlret.reports.exports.write_export import write_export


def test_to_the_byte(shots):
    clips = [
        ExportClip(shots["dropped"], 0.5, 1.0, "a dog <runs>\n* TITLE: no"),
        ExportClip(shots["plain"], 0.0, 2.002),
        ExportClip(shots["picture"], 0.0, 0.0, "red"),
    ]
    folder = shots["plain"].parent
    assert write_export(clips, "edl", "dogs\nFCM: no").decode().replace(str(folder), "FOLDER") == "\r\n".join(
        [
            "TITLE: dogs\\nFCM: no",
            "FCM: DROP FRAME",
            "",
            "001  A001BEAC AA/V  C        01:00:00;14 01:00:01;00 01:00:00;00 01:00:00;16",
            "* FROM CLIP NAME: A001 Beach & sea.MOV",
            "* SOURCE FILE: FOLDER/A001 Beach & sea.MOV",
            "* COMMENT: a dog <runs>\\n* TITLE: no",
            "002  PLAIN    V     C        00:00:00:00 00:00:02:00 01:00:00;16 01:00:02;16",
            "* FROM CLIP NAME: plain.mp4",
            "* SOURCE FILE: FOLDER/plain.mp4",
            "003  PICTURE  V     C        00:00:00:00 00:00:05:00 01:00:02;16 01:00:07;16",
            "* FROM CLIP NAME: picture.jpg",
            "* SOURCE FILE: FOLDER/picture.jpg",
            "* COMMENT: red",
            "",
        ]
    )


def test_a_label_begins_again_at_midnight(tmp_path):
    from tests.media.make import H264, video

    path = video(tmp_path / "late.mov", *H264, "-timecode", "23:59:59:20", rate=25, n=25)
    text = write_export([ExportClip(path, 0.0, 0.4)], "edl", "x").decode()
    assert "23:59:59:20 00:00:00:05 01:00:00:00 01:00:00:10" in text


def test_the_label_of_a_file_of_another_rate_says_the_same_time(tmp_path, shots, caplog):
    from tests.media.make import H264, video

    film = video(tmp_path / "film.mov", *H264, "-timecode", "01:00:00:00", rate="24000/1001", n=48)
    clips = [
        ExportClip(shots["plain"], 0, 1),
        ExportClip(shots["plain"], 1, 2),
        ExportClip(film, 0.5005, 1.001),
    ]
    text = write_export(clips, "edl", "x").decode()
    assert "01:00:00:15 01:00:01:00" in text, "frame 12 of 24 is frame 15 of 30"
    assert "film.mov has 23.976 frames a second, the timeline 29.97" in caplog.text


def test_a_second_of_thirty_frames_in_a_timeline_of_29_97_keeps_its_speed(shots):
    clips = [ExportClip(shots["plain"], 0, 2.002)] * 2 + [ExportClip(shots["phone"], 0, 2)]
    text = write_export(clips, "edl", "x").decode()
    assert "16:37:10;02 16:37:12;02 01:00:04:00 01:00:06:00" in text


def test_reels_of_names_that_begin_alike_are_different(tmp_path, shots):
    import shutil

    names = ["holiday in May.mp4", "holiday in June.mp4", "Holiday-in-July.mp4", "山.mp4", "!.mp4"]
    clips = [ExportClip(shutil.copy(shots["plain"], tmp_path / name), 0, 1) for name in names]
    text = write_export(clips, "edl", "x").decode()
    reels = [line.split()[1] for line in text.splitlines() if line[:1] == "0"]
    assert reels == ["HOLIDAYI", "HOLI0002", "HOLI0003", "CLIP", "CLIP0002"]
