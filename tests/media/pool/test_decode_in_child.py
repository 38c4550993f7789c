from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from vlret.errors import MediaError
from vlret.media.decode import decode

Odd = Callable[[str], Path]


@pytest.mark.usefixtures("fake_decord")
def test_a_decoder_that_hangs_is_killed(odd: Odd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("vlret.media.pool.decode_in_child.LIMIT_S", 1.0)
    path = shutil.copy(odd("constant.mp4"), tmp_path / "hang.mp4")
    with pytest.raises(MediaError, match=r"hang\.mp4: the decoder did not answer for 1 s and was stopped"):
        decode(path, [0.0], decoder="decord")
