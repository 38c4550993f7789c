"""Videos as the methods see them, kept between runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from tqdm import tqdm

from vlret.evaluation.embeddings.array_cache import Array, ArrayCache
from vlret.evaluation.embeddings.encoding_version import ENCODING_VERSION
from vlret.evaluation.standalone.selective.video import WindowedVideo
from vlret.index.fingerprint import fingerprint
from vlret.index.windows import Windows, embed_windows, window_job
from vlret.media.pool import ClipDecoded, DecodeJob, DecodePool, FileFailed
from vlret.media.pool.read_in_child import failure
from vlret.media.shots import require_detector
from vlret.models.base import Embedder

_CHANGE_SIZE = (64, 64)


def windowed_videos(
    paths: Sequence[Path], model: Embedder, rate_hz: float, length_s: float, cache: Path
) -> list[WindowedVideo]:
    """The windows, frame differences and shots of each video; what is in `cache` is not computed again.

    Raises:
        UsageError: a rate or length that is not positive, or a model without a vision tower.
        MissingExtraError: PySceneDetect is not installed.
        MediaError: a file cannot be read.
    """
    require_detector("content")
    rule = window_job(Path(), model, rate_hz, length_s).clips
    embedded = kept_windows(paths, model, rate_hz, length_s, cache)
    with ArrayCache(cache, {"encoding_version": ENCODING_VERSION, "clips": rule}) as seen:
        return [_video(path, windows, seen, rule) for path, windows in zip(paths, embedded, strict=True)]


def kept_windows(
    paths: Sequence[Path], model: Embedder, rate_hz: float, length_s: float, cache: Path
) -> list[Windows]:
    """The windows of each video; what is in `cache` is not embedded again.

    Raises:
        UsageError: a rate or length that is not positive, or a model without a vision tower.
        MediaError: a file cannot be read.
    """
    rule = window_job(Path(), model, rate_hz, length_s).clips
    recipe = {"encoding_version": ENCODING_VERSION, "clips": rule} | _recipe(model)
    with ArrayCache(cache, recipe) as embedded:
        bar = tqdm(paths, "videos", unit="video", disable=None)
        return [_windows(path, embedded, model, rate_hz, length_s) for path in bar]


def _recipe(model: Embedder) -> dict[str, Any]:
    card = model.card
    return {
        "kind": "windows", "name": card.name, "revision": card.revision, "weights_hash": card.weights_hash,
        "frames": card.frames, "query": card.default_query, "dtype": model.dtype,
    }  # fmt: skip


def _windows(path: Path, cache: ArrayCache, model: Embedder, rate_hz: float, length_s: float) -> Windows:
    key = fingerprint(path)
    if f"{key}|duration" not in cache:
        windows = embed_windows(model, path, rate_hz, length_s)
        cache.put(f"{key}|vectors", windows.vectors)
        cache.put(f"{key}|spans", np.stack([windows.starts_s, windows.ends_s]).astype(np.float32))
        cache.put(f"{key}|duration", np.array([windows.duration_s], np.float32))
    spans, vectors, duration = (_kept(cache, f"{key}|{name}") for name in ("spans", "vectors", "duration"))
    starts_s, ends_s = spans.astype(np.float64)
    return Windows(starts_s, ends_s, vectors, float(duration[0]))


def _video(path: Path, windows: Windows, cache: ArrayCache, rule: str) -> WindowedVideo:
    key = fingerprint(path)
    if f"{key}|changes" not in cache:
        cache.put(f"{key}|shots", _shots(path))
        cache.put(f"{key}|changes", _changes(path, rule))
    changes, shots_s = (_kept(cache, f"{key}|{name}").astype(np.float64) for name in ("changes", "shots"))
    n = len(windows.starts_s)  # damage may cost a window in one of the two passes
    changes = np.interp(np.linspace(0, 1, n), np.linspace(0, 1, len(changes)), changes)
    return WindowedVideo(
        windows.starts_s, windows.ends_s, windows.vectors, windows.duration_s, changes, shots_s
    )


def _kept(cache: ArrayCache, name: str) -> Array:
    return cast("Array", cache.get(name))


def _shots(path: Path) -> Array:
    """The start of each shot in seconds, float32."""
    return np.array(
        [one.clip.start for one in _decoded(DecodeJob(path, "shots", 1, size=(8, 8)))], np.float32
    )


def _changes(path: Path, rule: str) -> Array:
    """Mean absolute difference of each window's middle frame to that of the window before, the first 0."""
    job = DecodeJob(path, rule, 1, size=_CHANGE_SIZE)
    frames = np.stack([one.frames.pixels[0] for one in _decoded(job)]).astype(np.float32)
    return np.append(np.float32(0), np.abs(np.diff(frames, axis=0)).mean((1, 2, 3)))


def _decoded(job: DecodeJob) -> list[ClipDecoded]:
    with DecodePool() as pool:
        events = list(pool.run([job]))
    if isinstance(events[-1], FileFailed):
        raise failure(events[-1])
    return [event for event in events if isinstance(event, ClipDecoded)]
