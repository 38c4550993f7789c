"""Tiny datasets whose pictures and frames carry their number."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.media.make import number_of, picture
from vlret.training.pairs import PairBatch, PairLoader


def png(number: int) -> bytes:
    """A picture of 64 x 48 pixels that shows `number`."""
    buffer = io.BytesIO()
    Image.fromarray(picture(number, 64, 48)).save(buffer, "png")
    return buffer.getvalue()


def write_pictures(folder: Path, numbers: Iterable[int]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        (folder / f"{number}.png").write_bytes(png(number))


def write_table(file: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(map(json.dumps, rows)))
    return file


def write_set(folder: Path, numbers: Iterable[int], **more: Any) -> str:
    """A table `captions.jsonl` of pictures in `folder`, each with two captions."""
    chosen = list(numbers)
    write_pictures(folder, chosen)
    rows = [{"image": f"{n}.png", "captions": [f"number {n}", f"a picture of {n}"], **more} for n in chosen]
    return str(write_table(folder / "captions.jsonl", rows))


def write_tar(file: Path, members: Mapping[str, bytes]) -> Path:
    with tarfile.open(file, "w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return file


def numbers_in(batch: PairBatch) -> list[int]:
    """What the first frame of each clip shows."""
    return [number_of(pixels[0]) for pixels in batch.pixels]


def first_batches(loader: PairLoader, n: int, first_step: int = 0) -> list[PairBatch]:
    batches = loader.batches(first_step)
    found = list(islice(batches, n))
    batches.close()
    return found


def is_told(batch: PairBatch) -> bool:
    """Whether each text names the number that its clip shows."""
    return [int(text.split()[-1]) for text in batch.texts] == numbers_in(batch)


def same_batches(one: list[PairBatch], other: list[PairBatch]) -> bool:
    return len(one) == len(other) and all(
        a.texts == b.texts
        and a.queries == b.queries
        and np.array_equal(a.media_ids, b.media_ids)
        and all(map(np.array_equal, a.pixels, b.pixels))
        for a, b in zip(one, other, strict=True)
    )
