"""FiftyOne: a FiftyOneTemporalDetectionDataset of videos, or a FiftyOneImageClassificationDataset of images.

The formats: https://docs.voxel51.com/user_guide/import_datasets.html.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vlret.reports.exports.clip import ExportClip
from vlret.reports.exports.labelled import json_bytes, of_one_kind, score_of
from vlret.reports.exports.timeline import end_s


def fiftyone(clips: Sequence[ExportClip], title: str) -> bytes:
    """Return the labels by the absolute path of their file; images are left out if there are videos."""
    labels: dict[str, Any] = {}
    for clip, source in of_one_kind(clips, "FiftyOne"):
        path, label = str(source.path.absolute()), {"label": clip.text, "confidence": score_of(clip)}
        if source.time is None:
            labels[path] = label
        else:
            seconds = [clip.start, end_s(clip, source.time)]
            labels.setdefault(path, []).append({**label, "timestamps": seconds})
    return json_bytes({"labels": labels})
