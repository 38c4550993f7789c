from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vlret.media.video.container import open_container, packets_of


class Ending:
    """A container whose packets end with an error."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def demux(self, stream: object) -> Iterator[bytes]:
        raise self.error
        yield b""


@pytest.mark.parametrize("error", [IndexError("a new stream turned up"), EOFError(), MemoryError()])
def test_only_the_end_of_a_file_is_an_end(error: Exception):
    if isinstance(error, IndexError):
        assert list(packets_of(Ending(error), None, lambda: None)) == []
    else:
        with pytest.raises(type(error)):
            list(packets_of(Ending(error), None, lambda: None))


def test_packets_are_counted_and_one_thread_decodes(odd: Callable[[str], Path]):
    container, stream = open_container(odd("constant.mp4"))
    ticks: list[int] = []
    with container:
        assert len(list(packets_of(container, stream, lambda: ticks.append(1)))) == 40
        assert stream.codec_context.thread_count == 1
    assert len(ticks) >= 40
