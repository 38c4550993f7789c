"""A header that cannot be true is none."""

from __future__ import annotations

import pytest

from vlret.errors import MediaError
from vlret.media import header
from vlret.media.header import header_duration


def test_a_duration_beyond_all_recordings_is_refused(odd, monkeypatch):
    assert header_duration(odd("constant.mp4")) > 0
    monkeypatch.setattr(header, "MAX_SPAN_S", 1.0)
    with pytest.raises(MediaError) as caught:
        header_duration(odd("constant.mp4"))
    assert caught.value.code == "no_duration"
