"""trim.py: saving a clip as a file."""

from __future__ import annotations

import errno
import subprocess
from pathlib import Path

import av
import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image

from tests.media.make import H264, ffmpeg, number_of, sequential, video
from tests.reports.conftest import write_counted
from vlret.errors import MediaError, OutputError
from vlret.reports import encode_clip, trim
from vlret.reports.trim import save_clip
from vlret.types import Clip


def numbers(path) -> list[int]:
    """The number that each frame carries."""
    with av.open(str(path)) as file:
        return [round(frame.to_ndarray(format="rgb24").mean() / 8) for frame in file.decode(video=0)]


def times(path) -> list[float]:
    with av.open(str(path)) as file:
        return [frame.time for frame in file.decode(video=0)]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0.0, 1.0, range(10)),
        (1.3, 2.0, range(13, 20)),
        (1.35, 2.01, range(13, 21)),  # the frame that is on screen at the start comes first
        (2.5, None, range(25, 30)),
        (2.5, 99.0, range(25, 30)),
    ],
)
def test_the_clip_holds_the_frames_of_its_span(tmp_path, counted_video, start, end, expected):
    saved = save_clip(Clip(counted_video, start, end), tmp_path / "out")
    assert numbers(saved) == list(expected)
    wanted = [max(i / 10 - start, 0.0) for i in expected]
    assert times(saved) == pytest.approx(wanted, abs=1e-3)


# Frame n begins at n * (n + 9) / 100 s; ten frames a second, but two hundred between the seconds 2 and 2.8.
UNEVEN = {"slower": "N*(N+9)/100", "burst": r"if(lt(N\,20)\,N/10\,if(lt(N\,180)\,2+(N-20)/200\,N/10-15))"}


@pytest.fixture(scope="module")
def uneven(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("uneven")
    clock = ("-fps_mode", "vfr", "-enc_time_base", "1/1000")
    return {
        name: video(folder / f"{name}.mkv", "-vf", f"settb=1/1000,setpts=({rule})/TB", *clock, *H264, n=200)
        for name, rule in UNEVEN.items()
    }


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [("slower", 0.0, 30.0), ("slower", 0.35, 2.2), ("slower", 379.0, None), ("slower", 60.1, 60.2),
     ("burst", 1.0, 4.0), ("burst", 2.003, 2.1)],
)  # fmt: skip
def test_a_variable_frame_rate_keeps_all_frames_and_their_times(tmp_path, uneven, name, start, end):
    true = sequential(uneven[name])
    at_start = max(time_s for time_s, _ in true if time_s <= start)
    wanted = [(max(t - start, 0), n) for t, n in true if t >= at_start and (end is None or t < end)]
    with av.open(str(save_clip(Clip(uneven[name], start, end), tmp_path / "out"))) as file:
        frames = [(frame.time, number_of(frame.to_ndarray(format="rgb24"))) for frame in file.decode(video=0)]
    assert [n for _, n in frames] == [n for _, n in wanted]
    np.testing.assert_allclose([t for t, _ in frames], [t for t, _ in wanted], atol=1e-4)


def test_joined_recordings_are_saved_across_the_joint_without_sound(tmp_path, caplog):
    source = tmp_path / "joined.ts"
    parts = [write_counted(tmp_path / f"{n}.ts", n_frames=n, sound=True).read_bytes() for n in (20, 30)]
    source.write_bytes(b"".join(parts))
    saved = save_clip(Clip(source, 1.0, 3.5), tmp_path / "out")
    assert numbers(saved) == [*range(10, 20), *range(15)]
    with av.open(str(saved)) as file:
        assert not file.streams.audio
    assert "saved without sound because its timestamps jump" in caplog.text


def test_a_picture_that_stays_is_saved_with_the_sound_over_it(tmp_path):
    source = tmp_path / "screen.mp4"
    tone = ("-f", "lavfi", "-i", "sine=duration=20:sample_rate=48000")
    ffmpeg("-i", write_counted(tmp_path / "a.mp4", n_frames=20), *tone, "-c:v", "copy", "-c:a", "aac", source)
    saved = save_clip(Clip(source, 10.0, 14.0), tmp_path / "out")
    assert numbers(saved) == [19]
    with av.open(str(saved)) as file:
        assert file.duration / av.time_base == pytest.approx(4.0, abs=0.1)


def test_names_carry_the_time_and_never_overwrite(tmp_path, counted_video):
    before = counted_video.read_bytes()
    clip = Clip(counted_video, 1.0, 2.0)
    saved = [save_clip(clip, counted_video.parent) for _ in range(2)]
    assert [path.name for path in saved] == ["counted_0-01.mp4", "counted_0-01_2.mp4"]
    assert counted_video.read_bytes() == before
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("..-a b:*?é.mp4", "a_b_é_0-00.mp4"),
        ("%%%.mp4", "clip_0-00.mp4"),
        ("-rf.mp4", "rf_0-00.mp4"),
        (".hidden\n.mp4", "hidden_0-00.mp4"),
        ("con.mp4", "con__0-00.mp4"),
        ("LPT1.x.mp4", "LPT1.x__0-00.mp4"),
        ("映" * 80 + ".mp4", "映" * 40 + "_0-00.mp4"),
    ],
)
def test_names_are_safe(tmp_path, name, saved):
    write_counted(tmp_path / name, n_frames=3)
    assert save_clip(Clip(tmp_path / name), tmp_path / "out").name == saved


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("a.html", "a.png"),
        ("a.p*ng\n", "a.png"),
        ("noname", "noname.png"),
        ("a.JPG", "a.jpg"),
        ("b..", "b.png"),
    ],
)
def test_an_image_with_a_strange_name_gets_a_plain_suffix(tmp_path, name, saved):
    Image.new("RGB", (4, 4), "red").save(tmp_path / name, format="png")
    assert save_clip(Clip(tmp_path / name), tmp_path / "out").name == saved


def test_links_and_files_under_the_name_are_left_alone(tmp_path, counted_video):
    out, precious = tmp_path / "out", tmp_path / "precious"
    out.mkdir()
    precious.write_text("mine")
    (out / "counted_0-01.mp4").symlink_to(precious)
    (out / "counted_0-01_2.mp4").symlink_to(tmp_path / "not there")
    (out / "counted_0-01_3.mp4").mkdir()
    assert save_clip(Clip(counted_video, 1.0, 2.0), out).name == "counted_0-01_4.mp4"
    assert precious.read_text() == "mine"
    assert not (tmp_path / "not there").exists()


def test_a_directory_that_cannot_be_written_is_named(tmp_path, counted_video):
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(OutputError, match="file cannot be written") as error:
        save_clip(Clip(counted_video, 1.0, 2.0), tmp_path / "file")
    assert (error.value.code, error.value.fields["path"]) == ("write_failed", tmp_path / "file")


def test_a_full_disk_is_an_error_that_leaves_nothing(tmp_path, counted_video, monkeypatch):
    def full(*_):
        raise av.error.OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(trim, "encode", full)
    monkeypatch.setattr(trim, "copy_clip", full)
    with pytest.raises(OutputError, match="Free some space"):
        save_clip(Clip(counted_video, 1.0, 2.0), tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_an_image_is_copied(tmp_path):
    source = tmp_path / "a.PNG"
    Image.new("RGB", (4, 4), "red").save(source)
    saved = [save_clip(Clip(source), tmp_path) for _ in range(2)]
    assert [path.name for path in saved] == ["a.png", "a_2.png"] or saved[
        0
    ].read_bytes() == source.read_bytes()
    assert all(path.read_bytes() == source.read_bytes() for path in saved)


def test_the_sound_stays_with_the_picture(tmp_path):
    source = write_counted(tmp_path / "a.mp4", sound=True)
    saved = save_clip(Clip(source, 1.0, 2.0), tmp_path / "out")
    with av.open(str(saved)) as file:
        pieces = [frame.to_ndarray()[0] for frame in file.decode(audio=0)]
    sound = np.concatenate(pieces)
    assert len(sound) / 48_000 == pytest.approx(1.0, abs=0.1)
    # Loudness grows from 1/3 to 2/3 of the whole: that is the second second and no other.
    quarters = [np.abs(part).max() for part in np.array_split(sound[2400:-4800], 4)]
    assert quarters[0] == pytest.approx(0.4, abs=0.07)
    assert quarters[-1] == pytest.approx(0.6, abs=0.07)


def test_damaged_sound_leaves_the_picture_whole(tmp_path, caplog):
    source = write_counted(tmp_path / "a.mp4", sound=True)
    with av.open(str(source)) as file:
        places = [(packet.pos, packet.size) for packet in file.demux(audio=0) if packet.size]
    data = bytearray(source.read_bytes())
    for position, size in places[20:]:
        data[position : position + size] = b"\xff" * size
    source.write_bytes(data)
    saved = save_clip(Clip(source, 0.1), tmp_path / "out")
    assert numbers(saved) == list(range(1, 30))
    assert "the sound is damaged" in caplog.text


def test_a_turned_video_is_saved_upright_and_even(tmp_path):
    plain, source = tmp_path / "plain.mp4", tmp_path / "turned.mp4"
    with av.open(str(plain), "w") as out:
        video = out.add_stream("libx264", rate=10, options={"crf": "1"})
        video.width, video.height, video.pix_fmt = 65, 33, "yuv444p"
        picture = np.zeros((33, 65, 3), np.uint8)
        picture[:, :32] = 255  # the left half is white
        out.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(video.encode())
    command = [get_ffmpeg_exe(), "-v", "error", "-display_rotation", "90", "-i", plain, "-c", "copy", source]
    subprocess.run(command, check=True)
    saved = save_clip(Clip(source), tmp_path / "out")
    with av.open(str(saved)) as file:
        frame = next(file.decode(video=0))
        pixels = frame.to_ndarray(format="rgb24")
    assert (frame.rotation, pixels.shape) == (0, (64, 32, 3))
    assert pixels[:24].mean() < 10  # turned counter-clockwise, left is below
    assert pixels[-24:].mean() > 245


def test_what_cannot_be_read_leaves_nothing(tmp_path):
    (tmp_path / "bad.mp4").write_text("no video")
    for name in ("bad.mp4", "none.mp4"):
        with pytest.raises(MediaError, match=name):
            save_clip(Clip(tmp_path / name, 0, 1), tmp_path / "out")
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_a_clip_past_the_end_is_refused(tmp_path, counted_video):
    with pytest.raises(MediaError, match="ends at 3") as error:
        save_clip(Clip(counted_video, 5.0, 6.0), tmp_path / "out")
    assert error.value.code == "clip_past_end"


def test_an_interrupted_save_leaves_nothing(tmp_path, counted_video, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(encode_clip, "_pictures", stop)
    with pytest.raises(KeyboardInterrupt):
        save_clip(Clip(counted_video, 0.1, 1.0), tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())
