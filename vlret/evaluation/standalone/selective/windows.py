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
from vlret.index.windows import embed_windows, window_job
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
    job = window_job(Path(), model, rate_hz, length_s)
    common = {"encoding_version": ENCODING_VERSION, "clips": job.clips}
    with ArrayCache(cache, common | _recipe(model)) as embedded, ArrayCache(cache, common) as seen:
        videos = []
        for path in tqdm(paths, "videos", unit="video", disable=None):
            key = fingerprint(path)
            if f"{key}|duration" not in embedded:
                _embed(embedded, key, path, model, rate_hz, length_s)
            if f"{key}|changes" not in seen:
                seen.put(f"{key}|shots", _shots(path))
                seen.put(f"{key}|changes", _changes(path, job.clips))
            videos.append(_video(key, embedded, seen))
        return videos


def _recipe(model: Embedder) -> dict[str, Any]:
    card = model.card
    return {
        "kind": "windows", "name": card.name, "revision": card.revision, "weights_hash": card.weights_hash,
        "frames": card.frames, "query": card.default_query, "dtype": str(model.dtype),
    }  # fmt: skip


def _embed(cache: ArrayCache, key: str, path: Path, model: Embedder, rate_hz: float, length_s: float) -> None:
    windows = embed_windows(model, path, rate_hz, length_s)
    cache.put(f"{key}|vectors", windows.vectors)
    cache.put(f"{key}|spans", np.stack([windows.starts_s, windows.ends_s]).astype(np.float32))
    cache.put(f"{key}|duration", np.array([windows.duration_s], np.float32))


def _video(key: str, embedded: ArrayCache, seen: ArrayCache) -> WindowedVideo:
    def kept(cache: ArrayCache, name: str) -> Array:
        return cast("Array", cache.get(f"{key}|{name}"))

    starts_s, ends_s = kept(embedded, "spans").astype(np.float64)
    changes, shots_s = (kept(seen, name).astype(np.float64) for name in ("changes", "shots"))
    duration_s = float(kept(embedded, "duration")[0])
    return WindowedVideo(starts_s, ends_s, kept(embedded, "vectors"), duration_s, changes, shots_s)


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
