from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from vlret.errors import UsageError
from vlret.media.decode import decode, read_clip
from vlret.media.decoders.registry import DECODERS, find_decoder
from vlret.media.frame_size import Size
from vlret.media.open_media import Media
from vlret.media.pool import DecodeJob, child_main
from vlret.media.pool.messages import read_message
from vlret.media.sampling import Times
from vlret.types import Frames

Odd = Callable[[str], Path]


class GreyDecoder:
    """A whole decoder: a frame as grey as its time in tenths of a second."""

    name = "grey"
    can_hang = False

    def check_installed(self) -> None:
        pass

    def frames(self, media: Media, rows: Sequence[Times], size: Size | None) -> Iterator[Frames]:
        width, height = size or (media.info.width, media.info.height)
        for times in rows:
            grey = np.round(10 * times).astype(np.uint8)
            yield Frames(np.broadcast_to(grey[:, None, None, None], (len(grey), height, width, 3)), times)


@pytest.fixture
def grey(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DECODERS, "grey", GreyDecoder())


def test_auto_is_pyav_and_every_name_finds_its_decoder():
    assert find_decoder("auto") is find_decoder("pyav")
    assert {name: find_decoder(name).name for name in DECODERS} == {"pyav": "pyav", "decord": "decord"}


def test_an_unknown_decoder_is_refused_with_the_known_ones():
    with pytest.raises(UsageError) as caught:
        find_decoder("opencv")
    assert caught.value.code == "unknown_decoder"
    assert caught.value.fields == {"given": "opencv", "allowed": ("auto", "pyav", "decord")}


@pytest.mark.usefixtures("grey")
def test_a_decoder_is_one_class(odd: Odd):
    """Used by `decode`, `read_clip` and the worker of a pool without a change to any of them."""
    path = odd("constant.mp4")
    assert decode(path, [2.0, 0.1], "grey", (4, 2)).pixels[:, 0, 0, 0].tolist() == [20, 1]
    assert read_clip(path, 4, decoder="grey").pixels.shape == (4, 96, 128, 3)
    job, out = DecodeJob(path, "window:2", 2, decoder="grey", size=(1, 1)), io.BytesIO()
    child_main._answer(child_main.KINDS, {"kind": "clips", **asdict(job), "path": str(path)}, out)
    out.seek(0)
    first, second, done = (read_message(out) for _ in range(3))
    assert [first[0]["times"], second[0]["times"]] == [[0.5, 1.5], [2.5, 3.5]]
    assert second[1].tolist() == [[[[25] * 3]], [[[35] * 3]]]
    assert done[0]["n_clips"] == 2
