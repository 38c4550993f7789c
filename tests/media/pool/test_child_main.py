"""child_main.py: what a decoding process says."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PIL import Image

from tests.media.make import picture
from vlret.media.pool import DecodeJob, DecodePool, FileFailed
from vlret.media.pool.child_main import _warning


@pytest.mark.parametrize(
    ("at_s", "time"), [(3.21, "3.2 s"), (0.0, "0.0 s"), (-0.1, "0.0 s"), (-0.001, "0.0 s")]
)
def test_damage_before_the_first_frame_is_at_its_time(at_s, time):
    assert _warning(SimpleNamespace(damaged_at=at_s, warnings=[])) == f"damaged after {time}"


def test_what_libraries_print_does_not_reach_the_user(tmp_path, capfd):
    path = tmp_path / "a.tiff"
    Image.fromarray(picture(5)).save(path, compression="tiff_lzw")
    data = path.read_bytes()
    path.write_bytes(data[:100] + bytes(300) + data[400:])
    with DecodePool() as pool:
        (event,) = pool.run([DecodeJob(path, "auto", 1)])
    assert isinstance(event, FileFailed)
    assert capfd.readouterr() == ("", "")
