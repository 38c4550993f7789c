"""Features of the training data from frozen towers, computed once and cached on disk."""

from __future__ import annotations

import io
import json
import os
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn
from tqdm import tqdm

from vlret.datasets.tar_set import Item, read_bytes
from vlret.errors import MediaError, UsageError
from vlret.files import replace_file, replacing, unwritable
from vlret.media.decode import read_clip
from vlret.media.sources import VIDEO_SUFFIXES
from vlret.models.vljepa.encoders import YEncoder
from vlret.models.vljepa.load_towers import padded
from vlret.types import Pixels

BATCH = 16
BATCH_TEXTS, TEXTS_AT_ONCE = 64, 2048
LONGEST_TO_SHORTEST = 1.3
"""Of texts that are read together: one caption of 128 tokens must not pad 63 others to its length."""
PAD = 0
"""Padding is masked, so any token does."""

Encode = Callable[[Sequence[Pixels]], torch.Tensor]
"""One-frame clips uint8 [1, height, width, 3] to float rows [n, ...] on the CPU."""


def visual_features(
    items: Sequence[Item], encode: Encode, views: int, folder: Path, name: str
) -> NDArray[np.float16]:
    """Return features by `encode` of `views` views of each item, float16 [items, views, ...], cached in `folder`.

    The views of a photograph are itself, its mirror image, and crops of it, every second one mirrored; those
    of a clip are its frames. A stopped run resumes at the batch it had reached.
    """
    row = encode([np.zeros((1, 32, 32, 3), np.uint8)]).shape[1:]

    def groups(done: int) -> Iterator[NDArray[np.float16]]:
        for pixels in _ahead(_pixels(items[done:], views)):
            yield encode(pixels).reshape(-1, views, *row).numpy()

    return cached_rows(
        groups, (len(items), views, *row), [item.name for item in items], folder / f"{name}.npy"
    )


def further_features(
    array: NDArray[np.float16],
    encode: Callable[[torch.Tensor], torch.Tensor],
    items: Sequence[Item],
    file: Path,
) -> NDArray[np.float16]:
    """Return `encode` of the rows of `array` [items, views, ...], float16 [items, views, ...], cached in `file`."""

    def rows(part: NDArray[np.float16]) -> NDArray[np.float16]:
        flat = torch.from_numpy(np.asarray(part)).flatten(0, 1)
        encoded: NDArray[np.float16] = encode(flat).unflatten(0, part.shape[:2]).numpy()
        return encoded

    def groups(done: int) -> Iterator[NDArray[np.float16]]:
        yield from (rows(array[first : first + BATCH]) for first in range(done, len(array), BATCH))

    shape = rows(array[:1]).shape[1:]
    return cached_rows(groups, (len(array), *shape), [item.name for item in items], file)


def text_features(
    texts: Sequence[str], ids: Sequence[list[int]], y_encoder: YEncoder, file: Path
) -> torch.Tensor:
    """Return `pool_texts` of `texts`, whose token ids are `ids`, float32 [n, hidden], cached in `file`."""
    stamp = file.with_suffix(".json")
    if stamp.is_file() and json.loads(stamp.read_text()) == list(texts):
        return torch.from_numpy(np.load(file)).to(device_of(y_encoder))
    parts = [ids[first : first + TEXTS_AT_ONCE] for first in range(0, len(ids), TEXTS_AT_ONCE)]
    with torch.inference_mode():
        read = [pool_texts(y_encoder, part) for part in tqdm(parts, desc="texts", unit="part", disable=None)]
    rows = torch.cat(read)
    with replacing(file) as out:
        np.save(out, rows.cpu().numpy())
    replace_file(stamp, json.dumps(list(texts)).encode())
    return rows


def pool_texts(y_encoder: YEncoder, ids: Sequence[list[int]]) -> torch.Tensor:
    """Return the Y-encoder's pooled states [n, hidden] before its head; texts of similar length are read together."""
    groups, device = _of_similar_length([len(tokens) for tokens in ids]), device_of(y_encoder)
    batches = (padded([ids[i] for i in group], PAD) for group in groups)
    states = [y_encoder.pool(tokens.to(device), mask.to(device)) for tokens, mask in batches]
    return torch.cat(states)[torch.tensor([i for group in groups for i in group]).argsort()]


def device_of(tower: nn.Module) -> torch.device:
    """Return where the parameters of a tower lie."""
    return next(tower.parameters()).device


def _of_similar_length(lengths: Sequence[int]) -> list[list[int]]:
    """Return the positions of all texts in groups, short ones first."""
    groups: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lengths.__getitem__):
        full = groups and len(groups[-1]) == BATCH_TEXTS
        if not groups or full or lengths[i] > LONGEST_TO_SHORTEST * lengths[groups[-1][0]]:
            groups.append([])
        groups[-1].append(i)
    return groups


def _views(item: Item, content: bytes, count: int) -> list[Pixels]:
    try:
        return _decoded(item, content, count)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, MediaError) as error:
        raise UsageError(
            f"{item.name} of {item.shard} cannot be decoded: {error}.",
            "Remove it from the dataset.",
            code="undecodable_media",
            path=item.shard,
            item=item.name,
        ) from error


def _decoded(item: Item, content: bytes, count: int) -> list[Pixels]:
    if Path(item.name).suffix.lower() not in VIDEO_SUFFIXES:
        return _photo_views(item.name, Image.open(io.BytesIO(content)).convert("RGB"), count)
    with tempfile.NamedTemporaryFile(suffix=Path(item.name).suffix) as file:
        file.write(content)
        file.flush()
        return list(read_clip(file.name, count).pixels[:, None])


def _photo_views(name: str, photo: Image.Image, count: int) -> list[Pixels]:
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    views = [np.asarray(photo if n < 2 else photo.crop(_part(rng, *photo.size)))[None] for n in range(count)]
    return [view[:, :, ::-1] if n % 2 else view for n, view in enumerate(views)]


def _part(rng: np.random.Generator, width: int, height: int) -> tuple[int, int, int, int]:
    """A random box of 65 to 95% of the sides, its shape changed by up to 30%."""
    share, stretch = rng.uniform(0.65, 0.95), np.exp(rng.uniform(-0.15, 0.15))
    part_width, part_height = int(width * min(1, share * stretch)), int(height * min(1, share / stretch))
    left, top = rng.integers(width - part_width + 1), rng.integers(height - part_height + 1)
    return int(left), int(top), int(left) + part_width, int(top) + part_height


def cached_rows(
    groups: Callable[[int], Iterator[NDArray[np.float16]]],
    shape: tuple[int, ...],
    names: list[str],
    file: Path,
) -> NDArray[np.float16]:
    """Return the array float16 in `file`, whose rows are those of `names`; a stopped run resumes where it was.

    `groups(n)` yields rows from number n on in batches.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    array, done = _open_array(file, shape, names)
    with tqdm(
        total=len(names), initial=done, desc=f"features of {file.stem}", unit="item", disable=None
    ) as bar:
        for group in groups(done) if done < len(names) else ():
            array[done : done + len(group)] = group
            array.flush()
            done += len(group)
            replace_file(file.with_suffix(".json"), json.dumps({"done": done, "names": names}).encode())
            bar.update(len(group))
    return array


def _pixels(items: Sequence[Item], views: int) -> Iterator[list[Pixels]]:
    """The views of `BATCH` items at a time, in one list."""
    files = read_bytes(items)
    for first in range(0, len(items), BATCH):
        yield [view for item in items[first : first + BATCH] for view in _views(item, next(files), views)]


def _ahead(batches: Iterator[list[Pixels]]) -> Iterator[list[Pixels]]:
    """The same; one batch is decoded while the one before it is in use."""
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            yield batch


def _open_array(file: Path, shape: tuple[int, ...], names: list[str]) -> tuple[np.memmap[Any, Any], int]:
    """Return the array and how many of its rows are done; one of other items is started again."""
    stamp = file.with_suffix(".json")
    if file.is_file() and stamp.is_file():
        state = json.loads(stamp.read_text())
        array: np.memmap[Any, Any] = np.load(file, mmap_mode="r+")
        if array.shape == shape and state["names"] == names:
            return array, state["done"]
    stamp.unlink(missing_ok=True)  # before the rows that it counts are gone
    array = np.lib.format.open_memmap(file, mode="w+", dtype=np.float16, shape=shape)
    _reserve(file)
    return array, 0


def _reserve(file: Path) -> None:
    """Allocate the disk space now: writing to a mapped file on a full disk kills the process."""
    if hasattr(os, "posix_fallocate"):
        with file.open("r+b") as handle:
            try:
                os.posix_fallocate(handle.fileno(), 0, file.stat().st_size)
            except OSError as error:
                raise unwritable(file, error) from error
