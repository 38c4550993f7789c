"""Label Studio: a task for each file, with the labels as predictions that a person can correct.

The formats: https://labelstud.io/guide/predictions, https://labelstud.io/tags/timelinelabels.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from vlret.remote_path import RemotePath
from vlret.reports.exports.clip import ExportClip
from vlret.reports.exports.labelled import json_bytes, of_one_kind, score_of
from vlret.reports.exports.timeline import Source, frames_of

_MEDIA = "/data/local-files/?d="  # Label Studio serves its own disk there


def label_studio(clips: Sequence[ExportClip], title: str) -> bytes:
    """Return tasks of videos, or of images if there is no video."""
    tasks: dict[Path, dict[str, Any]] = {}
    for clip, source in of_one_kind(clips, "Label Studio"):
        results = tasks.setdefault(source.path, _task(source))["predictions"][0]["result"]
        results.append({"id": str(len(results) + 1), "score": score_of(clip), **_region(clip, source)})
    return json_bytes(list(tasks.values()))


def _task(source: Source) -> dict[str, Any]:
    path = source.path
    address = (
        str(path)
        if isinstance(path, RemotePath)
        else _MEDIA + quote(os.fsencode(path.absolute())).lstrip("/")
    )
    fps = {"fps": float(source.time.rate)} if source.time else {}
    data = {"video" if source.time else "image": address, **fps}
    return {"data": data, "predictions": [{"model_version": "vlret", "result": []}]}


def _region(clip: ExportClip, source: Source) -> dict[str, Any]:
    """Return a span of frames, which count from 1, the last one included; or the choice for an image."""
    if source.time is None:
        choice = {"choices": [clip.text]}
        return {"type": "choices", "from_name": "label", "to_name": "image", "value": choice}
    first, after = frames_of(clip, source)
    span = {"ranges": [{"start": first + 1, "end": after}], "timelinelabels": [clip.text]}
    return {"type": "timelinelabels", "from_name": "label", "to_name": "video", "value": span}
