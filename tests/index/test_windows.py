"""Sliding windows of real, tiny media, against `embed_clips` on the same frames."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ColourEmbedder
from tests.index.conftest import write_image, write_video
from tests.media.make import ffmpeg, video
from tests.models.open_clip_folders import CLIP, save_folder
from tests.models.vljepa.tiny import tiny_folder, tiny_model
from vlret.errors import MediaError, UsageError
from vlret.index.build import build_index
from vlret.index.windows import embed_windows
from vlret.media.decode import decode
from vlret.models.registry import load_model
from vlret.types import Clip


class FrameEmbedder(ColourEmbedder):
    """The same, one token a frame, and a list of how many frames each call encoded."""

    encodes_frames_alone = True

    def __init__(self) -> None:
        super().__init__()
        self.n_frames: list[int] = []

    def encode_pixels(self, clips):
        self.n_frames.append(sum(map(len, clips)))
        return [(clip.mean((1, 2)) / 255).astype(np.float32) for clip in clips]


@pytest.fixture(scope="module")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """6 s at 5 frames a second: red, green, blue."""
    return write_video(tmp_path_factory.mktemp("windows") / "v.mp4", ["red", "green", "blue"], seconds_each=2)


def test_windows_slide_by_the_rate_and_end_with_the_file(colours: Path) -> None:
    windows = embed_windows(ColourEmbedder(), colours)
    assert windows.starts_s.tolist() == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]
    assert windows.ends_s.tolist() == [2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6]
    assert windows.duration_s == pytest.approx(6)
    assert windows.warning is None
    red, green, blue = ColourEmbedder().embed_texts(["red", "green", "blue"])
    for row, colour in ((0, red), (4, green), (8, blue)):
        assert windows.vectors[row] @ colour > 0.99


def test_rate_and_length_are_arguments(colours: Path) -> None:
    windows = embed_windows(ColourEmbedder(), colours, rate_hz=1, length_s=3)
    assert windows.starts_s.tolist() == [0, 1, 2, 3]
    assert windows.ends_s.tolist() == [3, 4, 5, 6]


@pytest.mark.parametrize("kind", ["dinov2", "vjepa2", "open_clip"])
def test_a_window_is_what_embed_clips_gives_on_its_frames(kind: str, colours: Path, tmp_path: Path) -> None:
    if kind == "open_clip":
        folder = save_folder(tmp_path / "model", CLIP)
    else:
        folder = tiny_folder(tmp_path / "model", tiny_model(x=kind))
    model = load_model(folder, "cpu", "float32")
    assert model.encodes_frames_alone == (kind != "vjepa2")
    windows = embed_windows(model, colours, rate_hz=3, length_s=1.7)
    spans = zip(windows.starts_s, windows.ends_s, strict=True)
    expected = model.embed_clips([Clip(colours, start, end) for start, end in spans])
    np.testing.assert_allclose(windows.vectors, expected, atol=1e-4)
    assert np.abs(windows.vectors[0] - windows.vectors[-1]).max() > 1e-3  # else nothing was compared


def test_each_frame_is_encoded_once(colours: Path) -> None:
    model = FrameEmbedder()
    windows = embed_windows(model, colours)
    np.testing.assert_allclose(windows.vectors, embed_windows(ColourEmbedder(), colours).vectors, atol=1e-5)
    assert len(windows.vectors) * model.card.frames == 36
    assert sum(model.n_frames) == 12  # 2 s hold 4 frames, every 0.5 s another one


def test_the_frame_shown_at_a_time_is_the_last_that_began(tmp_path: Path) -> None:
    """Frames at 0, 0.1, ... 0.9 and from 2 s on every 0.5 s, so that most of a window's times fall between them."""
    steady = video(tmp_path / "steady.mp4", n=40)
    path = tmp_path / "uneven.mkv"
    ffmpeg("-i", steady, "-vf", "setpts='if(lt(N,10),N*0.1,2+(N-10)*0.5)/TB'", "-fps_mode", "passthrough",
           "-c:v", "libx264", "-preset", "ultrafast", path)  # fmt: skip
    model = FrameEmbedder()
    windows = embed_windows(model, path)
    for row in (0, 2, 5, 20):
        start, end = windows.starts_s[row], windows.ends_s[row]
        times = start + (np.arange(4) + 0.5) * (end - start) / 4
        expected = model.embed_clips([decode(path, times, size=(8, 8)).pixels])[0]
        np.testing.assert_allclose(windows.vectors[row], expected, atol=1e-5)


def test_an_image_is_one_window(tmp_path: Path) -> None:
    windows = embed_windows(FrameEmbedder(), write_image(tmp_path / "red.png", "red"))
    assert (windows.starts_s.tolist(), windows.ends_s.tolist(), windows.duration_s) == ([0], [0], 0)
    assert windows.vectors[0] @ ColourEmbedder().embed_texts(["red"])[0] > 0.99


@pytest.mark.parametrize("n_frames", [1, 2, 6])
def test_a_short_video_is_one_window(tmp_path: Path, n_frames: int) -> None:
    windows = embed_windows(FrameEmbedder(), video(tmp_path / "short.mp4", n=n_frames))
    assert windows.starts_s.tolist() == [0]
    assert windows.ends_s == pytest.approx(n_frames / 10)
    assert windows.vectors.shape == (1, 4)


def test_a_damaged_video_gives_its_good_windows_and_a_warning(tmp_path: Path) -> None:
    path = write_video(tmp_path / "cut.mkv", ["grey", "red", "green", "blue"], seconds_each=2)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    report = build_index(path, tmp_path / "index", ColourEmbedder(), clips="window:2:0.5", progress=False)
    windows = embed_windows(ColourEmbedder(), path)
    assert len(windows.vectors) == report.clips
    assert [windows.warning] == ([file.reason for file in report.partial] or [None])


@pytest.mark.parametrize("content", [b"this is no video", b"", None])
def test_reasons_are_those_of_an_index_run(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "broken.mp4"
    if content is None:
        with pytest.raises(MediaError, match="not found"):
            embed_windows(ColourEmbedder(), path)
        return
    path.write_bytes(content)
    report = build_index(path, tmp_path / "index", ColourEmbedder(), progress=False)
    with pytest.raises(MediaError) as error:
        embed_windows(ColourEmbedder(), path)
    assert error.value.fields["reason"] == report.skipped[0].reason


@pytest.mark.parametrize(
    "arguments", [{"rate_hz": 0}, {"rate_hz": "2"}, {"length_s": -1}, {"length_s": np.inf}]
)
def test_rate_and_length_are_positive(colours: Path, arguments: dict[str, object]) -> None:
    with pytest.raises(UsageError) as error:
        embed_windows(ColourEmbedder(), colours, **arguments)
    assert error.value.code == "not_positive"


def test_no_process_is_left_behind_when_the_model_fails(colours: Path) -> None:
    class Failing(ColourEmbedder):
        def encode_pixels(self, clips):
            raise RuntimeError("no memory")

    before = _children()
    with pytest.raises(RuntimeError, match="no memory"):
        embed_windows(Failing(), colours)
    for _ in range(50):
        if _children() <= before:
            break
        time.sleep(0.1)
    assert _children() <= before


def _children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())
