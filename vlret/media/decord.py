"""decord's own frames, for who must reproduce a paper's decord pipeline.

decord picks frames by number: the frame at time t is number `floor(t * mean rate)`. That equals the truth on
constant-rate, closed-GOP files only (see docs/media.md). It can hang for good holding the interpreter, so it
runs in a child process that is killed when it does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlret.errors import MediaError, MissingExtraError
from vlret.media.child import Child, ChildDied, Message
from vlret.media.info import MediaInfo
from vlret.media.read import clip_times
from vlret.types import Clip, Frames

LIMIT_S = 60.0
MEMORY_BYTES = 4 << 30


class DecordReader:
    """An open file in decord; only for use in a child process."""

    def __init__(self, path: Path, size: Sequence[int] | None) -> None:
        decord = _import_decord()
        width, height = size or (-1, -1)
        try:
            self._reader = decord.VideoReader(str(path), width=width, height=height, num_threads=1)
            stamps = self._reader.get_frame_timestamp(range(len(self._reader)))
        except (decord.DECORDError, RuntimeError, IndexError) as error:
            raise MediaError(f"{path}: decord cannot open it.", "Use the decoder auto.") from error
        self._path, self._starts = path, np.asarray(stamps, np.float64)[:, 0]
        self._error = decord.DECORDError

    def frames_at(self, times: Sequence[float] | NDArray[np.float64]) -> Frames:
        """The frames that decord has at `times` (s), with decord's time stamps."""
        rate = float(self._reader.get_avg_fps())
        numbers = np.floor(np.asarray(times) * rate + 1e-6).astype(int).clip(0, len(self._starts) - 1)
        try:
            pixels = self._reader.get_batch(numbers.tolist()).asnumpy()
        except (self._error, RuntimeError, IndexError) as error:
            raise MediaError(f"{self._path}: decord cannot decode it.", "Use the decoder auto.") from error
        return Frames(pixels, self._starts[numbers] - self._starts[0])


def read_clips_with_decord(
    info: MediaInfo, clips: Sequence[Clip], n_frames: int, sampling: str, size: Sequence[int] | None
) -> Iterator[tuple[Clip, Frames]]:
    """All clips of a file by decord, in order; only for use in a child process."""
    reader = DecordReader(clips[0].path, size)
    for clip in clips:
        yield clip, reader.frames_at(clip_times(clip, info, n_frames, sampling))


def decode_in_child(path: Path, times: NDArray[np.float64], size: tuple[int, int] | None) -> Frames:
    """decord's frames at `times` (s), decoded in a child process that is killed if it hangs."""
    _import_decord()
    child = Child(MEMORY_BYTES)
    try:
        child.send({"kind": "decord", "path": str(path), "times": times.tolist(), "size": size})
        return _frames(path, child.receive(LIMIT_S))
    except ChildDied as death:
        raise MediaError(f"{path}: {death}.", "Use the decoder auto.") from death
    finally:
        child.kill()


def _frames(path: Path, message: Message) -> Frames:
    header, pixels = message
    if pixels is None:
        raise MediaError(f"{path}: {header['reason']}.", "Use the decoder auto.")
    return Frames(pixels, np.asarray(header["times"], np.float64))


def require_decord() -> None:
    """MissingExtraError unless decord is installed; it is not imported."""
    if find_spec("decord") is None:
        raise _missing()


def _missing() -> MissingExtraError:
    return MissingExtraError(
        "The decoder decord is not installed; it has wheels for x86-64 Linux and Windows only.",
        "Run: pip install decord, or use the decoder auto.",
    )


def _import_decord() -> Any:
    try:
        import decord
    except ImportError as error:
        raise _missing() from error
    decord.logging.set_level(decord.logging.QUIET)
    return decord
