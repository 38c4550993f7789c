"""Windows of a stream are those of `embed_windows` over the same file, however its frames come in."""

from __future__ import annotations

import numpy as np
import pytest

from tests.cli.conftest import paint_video
from tests.conftest import ColourEmbedder
from vlret.index.windows import embed_windows
from vlret.media.live.frame_queue import LiveFrame
from vlret.media.live.reader import StreamReader
from vlret.media.live.source import stream_source
from vlret.tasks.stream.windows import StreamWindows
from vlret.types import Vectors


class FrameByFrame(ColourEmbedder):
    """One token a frame."""

    encodes_frames_alone = True

    def encode_pixels(self, clips):
        return [token for clip in clips for token in [super(FrameByFrame, self).encode_pixels([clip])[0]]]


def windows_of(model: ColourEmbedder, frames: list[LiveFrame], batch: int = 3) -> list[tuple[float, Vectors]]:
    windows = StreamWindows(model, 2.0, 2.0)
    found = []
    for first in range(0, len(frames), batch):
        found += windows.push(frames[first : first + batch])
    return found + windows.flush()


def frame(time_s: float, value: int = 0) -> LiveFrame:
    return LiveFrame(time_s, np.full((8, 8, 3), value, np.uint8))


@pytest.mark.parametrize("kind", [ColourEmbedder, FrameByFrame])
def test_full_windows_are_those_of_embed_windows(kind, tmp_path):
    paint_video(tmp_path / "a.mp4", "red", "blue", "green", seconds=3)
    model = kind()
    with StreamReader(stream_source(tmp_path / "a.mp4"), 2.0, model.card.decode_size) as reader:
        frames = [frame for batch in reader.batches(8) for frame in batch]
    found = windows_of(model, frames)
    expected = embed_windows(model, tmp_path / "a.mp4", progress=False)
    assert [end for end, _ in found] == pytest.approx(np.arange(1, 19) / 2)
    full = {round(end, 3): vector for end, vector in found}
    for end, vector in zip(expected.ends_s, expected.vectors, strict=True):
        np.testing.assert_allclose(full[round(end, 3)], vector, atol=1e-5)


def test_each_frame_is_encoded_once_where_they_are_encoded_alone():
    model = FrameByFrame()
    windows_of(model, [frame(0.25 + i / 2, i) for i in range(20)])
    assert model.n_clips_seen == 20


def test_the_first_windows_hold_the_frames_that_there_are():
    found = windows_of(ColourEmbedder(), [frame(0.25, 255), frame(0.75, 255)])
    assert [end for end, _ in found] == [0.5, 1.0]


def test_a_single_frame_is_a_window():
    windows = StreamWindows(ColourEmbedder(frames=8), 2.0, 2.0)
    assert windows.push([frame(0.125, 255)]) == []
    ((end, vector),) = windows.flush()
    assert end == 0.25
    assert vector[0] > 0.5
    assert windows.flush() == []


def test_behind_a_gap_a_window_holds_nothing_from_before_it():
    found = windows_of(ColourEmbedder(), [frame(0.25, 255), frame(30.25, 0)])
    black = ColourEmbedder().embed_clips([np.zeros((1, 8, 8, 3), np.uint8)])[0]
    assert [end for end, _ in found] == [0.5, 30.5]
    np.testing.assert_allclose(found[1][1], black, atol=1e-6)


def test_dropped_frames_leave_windows_at_their_times():
    found = windows_of(
        ColourEmbedder(frames=8), [frame(0.125 + i / 4) for i in range(16) if i not in (4, 5, 6)]
    )
    assert [end for end, _ in found] == [0.5, 1.0, 2.0, 2.5, 3.0, 3.5, 4.0]


def test_a_model_of_few_frames_still_sees_one_in_each_step():
    assert StreamWindows(ColourEmbedder(frames=1), 2.0, 2.0).frames_hz == 2.0
    assert StreamWindows(ColourEmbedder(frames=8), 2.0, 2.0).frames_hz == 4.0
