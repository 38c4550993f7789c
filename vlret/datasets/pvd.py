"""PVD-Bench: the test split of Perception Encoder's video data set."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

from vlret.datasets.adapter import Adapter
from vlret.datasets.assemble import in_folders, retrieval
from vlret.datasets.base import Media, RetrievalSet, SetCard
from vlret.datasets.files import (
    AGAIN,
    DatasetError,
    find,
    parse_rows,
    read_json,
    read_table,
    text_of,
)
from vlret.datasets.published import published


def card() -> SetCard:
    """Card of the test split with the captions that people wrote.

    The number of tars and captions of the original is unknown: an incomplete copy cannot be detected.
    """
    return SetCard(
        name="pvd", title="PVD-Bench (PE Video)", task="retrieval", split="test",
        licence="the data set's own card; code: Apache-2.0",
        source="https://ai.meta.com/datasets/pe-video/: unpack the tars of test/ for the videos (KEY.mp4)",
        annotations=("pvd_test.csv | test/*.tar | test/*.json",), metric="R@1",
        choices={"caption": "human_caption"}, published=published("pvd"),
        overlaps={"PE Video": "inferred: from the same collection, of which this is the test split"},
    )  # fmt: skip


def read(folder: Path, card: SetCard) -> RetrievalSet:
    """Captions from a CSV (video_id, sentence), from the tars, or from the unpacked KEY.json files."""
    files = find(folder, card.annotations[0])
    if files[0].suffix == ".csv":
        rows: list[Any] = read_table(files[0], ("video_id", "sentence"))
        return retrieval(
            card, parse_rows(files[0], rows, lambda row: _pair(row["video_id"], row["sentence"]))
        )
    if files[0].suffix == ".tar":
        return retrieval(card, [pair for file in files for pair in parse_rows(file, _in_tar(file), _record)])
    records = [(file.stem, read_json(file, dict)) for file in files]
    return retrieval(card, parse_rows(folder / "test", records, _record))


def _in_tar(file: Path) -> list[tuple[str, Any]]:
    try:
        with tarfile.open(file) as tar:
            members = [m for m in tar if m.isfile() and m.name.endswith(".json")]
            return [(Path(m.name).stem, json.load(tar.extractfile(m))) for m in members]  # type: ignore[arg-type]
    except (tarfile.TarError, OSError, ValueError) as error:
        raise DatasetError(
            f"{file} cannot be read: {error}.", AGAIN, code="annotations_damaged", path=file
        ) from error


def _record(item: tuple[str, dict[str, Any]]) -> tuple[Media, str]:
    return _pair(item[0], item[1]["human_caption"])


def _pair(key: str, sentence: str) -> tuple[Media, str]:
    return Media(text_of(key), in_folders(f"{text_of(key)}.mp4", "videos", "test")), text_of(sentence)


ADAPTER = Adapter(card, read)
