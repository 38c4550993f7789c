"""COCO-style JSON: images as in https://cocodataset.org/#format-data, videos as in YouTube-VIS, with start and end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vlret.reports.exports.clip import ExportClip
from vlret.reports.exports.labelled import json_bytes, score_of
from vlret.reports.exports.timeline import Source, end_s, frames_of, read_sources


def coco(clips: Sequence[ExportClip], title: str) -> bytes:
    """Return the clips as annotations, their texts as categories."""
    readable, sources = read_sources(clips)
    ids = {text: number for number, text in enumerate(dict.fromkeys(clip.text for clip in readable), start=1)}
    files = {source.path: _file(number, source) for number, source in enumerate(sources.values(), start=1)}
    annotations = [
        {
            "id": number,
            "category_id": ids[clip.text],
            **_place(clip, sources[clip.path], files[clip.path]["id"]),
            "score": score_of(clip),
        }
        for number, clip in enumerate(readable, start=1)
    ]
    document = {
        "info": {"description": title},
        "licenses": [],
        "videos": [file for path, file in files.items() if sources[path].time],
        "images": [file for path, file in files.items() if not sources[path].time],
        "annotations": annotations,
        "categories": [{"id": number, "name": name, "supercategory": ""} for name, number in ids.items()],
    }
    return json_bytes(document)


def _file(number: int, source: Source) -> dict[str, Any]:
    size = {"width": source.width, "height": source.height}
    rate = {"length": source.time.n_frames, "fps": float(source.time.rate)} if source.time else {}
    return {"id": number, "file_name": str(source.path.absolute()), **size, **rate}


def _place(clip: ExportClip, source: Source, file_id: int) -> dict[str, Any]:
    """Return the seconds and frames of an annotation of a video; the box of one of an image is the whole image."""
    if source.time is None:
        box, area = [0, 0, source.width, source.height], source.width * source.height
        return {"image_id": file_id, "bbox": box, "area": area, "iscrowd": 0}
    first, after = frames_of(clip, source)
    seconds = {"start": clip.start, "end": end_s(clip, source.time)}
    return {"video_id": file_id, **seconds, "start_frame": first, "end_frame": after}
