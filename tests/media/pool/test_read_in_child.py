from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from vlret.errors import MediaError
from vlret.media.decode import read_clip
from vlret.media.pool import DecodePool
from vlret.media.pool.read_in_child import read_in_child
from vlret.types import Clip

Odd = Callable[[str], Path]


@pytest.mark.parametrize("size", [None, (64, 48)])
def test_frames_equal_read_clip(odd: Odd, size: tuple[int, int] | None) -> None:
    with DecodePool() as pool:
        files = [odd(name) for name in ("vfr.mkv", "one_frame.mp4", "exif.jpg")]
        for clip in (*files, Clip(files[0], 0.1, 0.4), Clip(files[0], 0.2), Clip(files[2])):
            found, expected = read_in_child(pool, clip, 4, size), read_clip(clip, 4, size=size)
            np.testing.assert_array_equal(found.pixels, expected.pixels)
            np.testing.assert_array_equal(found.times, expected.times)


def test_what_cannot_be_read_says_why(odd: Odd, tmp_path: Path) -> None:
    with DecodePool() as pool:
        for path, reason in ((odd("text.mp4"), "not a media file"), (tmp_path / "none.mp4", "not found")):
            with pytest.raises(MediaError) as caught:
                read_in_child(pool, path, 4)
            assert caught.value.message == f"{path}: {reason}."


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
def test_a_decoder_that_hangs_costs_its_file_only(odd: Odd) -> None:
    with DecodePool(limit_s=10.0) as pool:
        read_in_child(pool, odd("constant.mp4"), 4)
        pool._limit_s = 0.5
        os.kill(pool.pids[0], signal.SIGSTOP)
        with pytest.raises(MediaError, match=r"constant\.mp4: the decoder did not answer for 0\.5 s"):
            read_in_child(pool, odd("constant.mp4"), 4)
        pool._limit_s = 10.0
        assert len(read_in_child(pool, odd("constant.mp4"), 4)) == 4
