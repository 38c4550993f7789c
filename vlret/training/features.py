"""What the frozen towers say of the training data, computed once and kept on disk."""

from __future__ import annotations

import io
import json
import os
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from vlret.datasets.tar_set import Item, read_bytes
from vlret.media.read import read_clip
from vlret.models.base import Embedder
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.models.vljepa.towers import padded
from vlret.types import Pixels

VIDEO = {".mp4"}
PHOTO_VIEWS = 4
BATCH = 16


def visual_features(
    items: Sequence[Item], embedder: Embedder, folder: Path, name: str
) -> NDArray[np.float16]:
    """Visual tokens of each item, float16 [n, views, tokens, width], read from or written to `folder`.

    The views of a photograph are itself, a part of it, and the mirror images of both; those of a clip are its
    frames. A run that was stopped goes on at the batch it had reached.
    """
    n_views = embedder.card.frames if Path(items[0].name).suffix in VIDEO else PHOTO_VIEWS
    shape = (len(items), n_views, *_token_shape(embedder))
    folder.mkdir(parents=True, exist_ok=True)
    array, done = _open_array(folder / f"{name}.npy", shape, [item.name for item in items])
    batches = range(done, len(items), BATCH)
    files = read_bytes(items[done:])
    for first in tqdm(batches, desc=f"features of {name}", unit="batch", disable=None):
        group = items[first : first + BATCH]
        views = [view for item in group for view in _views(item, next(files), embedder)]
        tokens = torch.stack(embedder.encode_pixels(views)).numpy()
        array[first : first + len(group)] = tokens.reshape(len(group), n_views, *shape[2:])
        array.flush()
        _write_done(folder / f"{name}.json", first + len(group), items)
    return array


def text_features(
    texts: Sequence[str], model: VLJEPAModel, ids: Sequence[list[int]], file: Path
) -> torch.Tensor:
    """The frozen Y-encoder's mean-pooled states before its head, float32 [n, hidden], cached in `file`."""
    stamp = file.with_suffix(".json")
    if stamp.is_file() and json.loads(stamp.read_text()) == list(texts):
        return torch.from_numpy(np.load(file))
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    rows = torch.empty(len(ids), model.config.y_config.hidden_size)
    with torch.inference_mode():
        for first in tqdm(range(0, len(order), 128), desc="texts", unit="batch", disable=None):
            group = order[first : first + 128]
            tokens, mask = padded([ids[i] for i in group], model.config.pad_token_id or 0)
            rows[group] = model.y_encoder.pool(tokens, mask)
    np.save(file, rows.numpy())
    stamp.write_text(json.dumps(list(texts)))
    return rows


def _views(item: Item, content: bytes, embedder: Embedder) -> list[Pixels]:
    if Path(item.name).suffix not in VIDEO:
        photo = Image.open(io.BytesIO(content)).convert("RGB")
        whole, part = np.asarray(photo)[None], np.asarray(photo.crop(_part(item.name, *photo.size)))[None]
        return [whole, whole[:, :, ::-1], part, part[:, :, ::-1]]
    with tempfile.NamedTemporaryFile(suffix=Path(item.name).suffix) as file:
        file.write(content)
        file.flush()
        frames = read_clip(file.name, embedder.card.frames, size=embedder.card.decode_size)
    return list(frames.pixels[:, None])


def _part(name: str, width: int, height: int) -> tuple[int, int, int, int]:
    """A random box of 70 to 90% of the sides, always the same for a photograph."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    share = rng.uniform(0.7, 0.9)
    part_width, part_height = int(width * share), int(height * share)
    left, top = rng.integers(width - part_width + 1), rng.integers(height - part_height + 1)
    return int(left), int(top), int(left) + part_width, int(top) + part_height


def _token_shape(embedder: Embedder) -> tuple[int, ...]:
    side = embedder.card.resolution
    return tuple(embedder.encode_pixels([np.zeros((1, side, side, 3), np.uint8)])[0].shape)


def _open_array(file: Path, shape: tuple[int, ...], names: list[str]) -> tuple[np.memmap[Any, Any], int]:
    """The array and how many of its rows are done; anything that was made of other items starts anew."""
    stamp = file.with_suffix(".json")
    if file.is_file() and stamp.is_file():
        state = json.loads(stamp.read_text())
        array: np.memmap[Any, Any] = np.load(file, mmap_mode="r+")
        if array.shape == shape and state["names"] == names:
            return array, state["done"]
    return np.lib.format.open_memmap(file, mode="w+", dtype=np.float16, shape=shape), 0


def _write_done(file: Path, done: int, items: Sequence[Item]) -> None:
    temporary = file.with_suffix(".tmp")
    temporary.write_text(json.dumps({"done": done, "names": [item.name for item in items]}))
    os.replace(temporary, file)
