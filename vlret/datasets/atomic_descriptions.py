"""Ego-Exo4D's atomic descriptions: what is done at which second of a take, by several annotators."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from vlret.datasets.base import Media
from vlret.datasets.files import DatasetError, find, parse_rows, read_json, seconds_of, text_of

PROCEDURAL = ("Cooking", "Bike Repair", "Health")
"""The parent tasks that are procedures."""


def is_atomic_descriptions(file: Path) -> bool:
    """Whether a file is named as its owner names it, such as `atomic_descriptions_val.json`."""
    return file.name.startswith("atomic_descriptions_") and file.suffix == ".json"


def read_atomic_descriptions(file: Path) -> list[tuple[Media, str]]:
    """The point in time and the text of each description of the procedural takes.

    Annotations that were rejected are left out. `takes.json` stands in the folder of `file` or the one above it; the
    video is the wearer's view, whole or scaled down to 448 pixels.

    Raises:
        DatasetError: a file is missing or not of the owner's form.

    Source: https://docs.ego-exo4d-data.org/annotations/atomic_descriptions (signed access).
    """
    takes = _takes(file)
    annotations = read_json(file, dict, "annotations")
    rows = [(takes[uid], one) for uid, of_take in annotations.items() if uid in takes for one in of_take]
    found = [
        pair for pairs in parse_rows(file, rows, lambda row: list(_descriptions(*row))) for pair in pairs
    ]
    if not found:
        raise DatasetError(
            f"{file} has no description of a procedural take.",
            f"Give the file of a split that has takes of {', '.join(PROCEDURAL)}.",
            code="annotations_damaged",
            path=file,
        )
    return found


def _takes(file: Path) -> dict[str, Media]:
    """The video of each procedural take by its uid."""
    folder = file.parent if (file.parent / "takes.json").is_file() else file.parent.parent
    path = find(folder, "takes.json")[0]
    rows = [take for take in read_json(path, list) if take.get("parent_task_name") in PROCEDURAL]
    return dict(parse_rows(path, rows, lambda take: (text_of(take["take_uid"]), _video(take))))


def _video(take: dict[str, Any]) -> Media:
    cameras = take["frame_aligned_videos"]
    wearer = next(name for name in sorted(cameras) if name.lower().startswith("aria"))
    video = PurePosixPath(cameras[wearer]["rgb"]["relative_path"])
    folder = f"takes/{take['root_dir']}"
    small = f"{video.parent}/downscaled/448/{video.name}"
    return Media(text_of(take["take_name"]), (f"{folder}/{small}", f"{folder}/{video}"))


def _descriptions(video: Media, annotation: dict[str, Any]) -> Iterator[tuple[Media, str]]:
    if annotation["rejected"]:
        return
    for one in annotation["descriptions"]:
        yield Media(video.id, video.files, seconds_of(one["timestamp"])), text_of(one["text"])
