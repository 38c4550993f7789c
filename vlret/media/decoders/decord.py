"""decord's own frames, to reproduce a pipeline that used decord.

decord picks frames by number: the frame at time t is number `floor(t * mean rate)`. That equals the truth on
constant-rate, closed-GOP files only (see docs/media.md). It can hang for good while holding the interpreter lock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from vlret.errors import MediaError, MissingExtraError
from vlret.media.frame_size import Size
from vlret.media.open_media import Media
from vlret.media.sampling import Times
from vlret.media.unreadable_error import UnreadableError
from vlret.types import Frames


class DecordDecoder:
    """Frames by decord, with decord's timestamps."""

    name = "decord"
    can_hang = True

    def check_installed(self) -> None:
        """Raise MissingExtraError unless decord is installed; it is not imported."""
        if find_spec("decord") is None:
            raise _missing()

    def frames(self, media: Media, rows: Sequence[Times], size: Size | None) -> Iterator[Frames]:
        """As `Decoder.frames`; decord scales bilinearly."""
        reader = _Reader(media.path, size)
        return (reader.frames_at(times) for times in rows)


class _Reader:
    """A file open in decord."""

    def __init__(self, path: Path, size: Size | None) -> None:
        decord = _import_decord()
        width, height = size or (-1, -1)
        try:
            self._reader = decord.VideoReader(str(path), width=width, height=height, num_threads=1)
            stamps = self._reader.get_frame_timestamp(range(len(self._reader)))
        except (decord.DECORDError, RuntimeError, IndexError) as error:
            raise _failed(path, "open") from error
        self._path, self._starts = path, np.asarray(stamps, np.float64)[:, 0]
        self._error = decord.DECORDError

    def frames_at(self, times: Times) -> Frames:
        """Return the frames that decord has at `times` (s), with decord's timestamps."""
        rate = float(self._reader.get_avg_fps())
        numbers = np.floor(times * rate + 1e-6).astype(int).clip(0, len(self._starts) - 1)
        try:
            pixels = self._reader.get_batch(numbers.tolist()).asnumpy()
        except (self._error, RuntimeError, IndexError) as error:
            raise _failed(self._path, "decode") from error
        return Frames(pixels, self._starts[numbers] - self._starts[0])


def _failed(path: Path, verb: str) -> MediaError:
    return UnreadableError(path, f"decord cannot {verb} it", "Use the decoder auto.", code="decoder_failed")


def _missing() -> MissingExtraError:
    return MissingExtraError(
        "The decoder decord is not installed; it has wheels for x86-64 Linux and Windows only.",
        "Run: pip install decord, or use the decoder auto.",
        code="missing_package",
        package="decord",
    )


def _import_decord() -> Any:
    try:
        import decord
    except ImportError as error:
        raise _missing() from error
    decord.logging.set_level(decord.logging.QUIET)
    return decord
