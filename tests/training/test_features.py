"""Texts of any length are read as if each were alone, and none is padded to the length of a much longer one."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.models.vljepa.tiny import tiny_model
from vlret.datasets.tar_set import Item
from vlret.models.vljepa.encoders import YEncoder
from vlret.training import features
from vlret.training.features import BATCH_TEXTS, further_features, pool_texts

LENGTHS = [6, 3, 4] + [5] * 2 * BATCH_TEXTS + [14]


def some_texts() -> list[list[int]]:
    texts = torch.randint(4, 16, (len(LENGTHS), max(LENGTHS)), generator=torch.Generator().manual_seed(0))
    return [[2, *row[: length - 2].tolist(), 3] for row, length in zip(texts, LENGTHS, strict=True)]


def test_texts_of_any_order_and_length_are_read_alike() -> None:
    encoder, texts = tiny_model().eval().y_encoder, some_texts()
    with torch.no_grad():
        alone = torch.cat([pool_texts(encoder, [text]) for text in texts])
        assert torch.allclose(pool_texts(encoder, texts), alone, atol=1e-5)


def test_a_long_text_does_not_pad_short_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder, texts, read = tiny_model().eval().y_encoder, some_texts(), []
    pool = YEncoder.pool

    def watched(self: YEncoder, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        read.append(ids.shape)
        return pool(self, ids, mask)

    monkeypatch.setattr(YEncoder, "pool", watched)
    pool_texts(encoder, texts)
    assert max(n for n, _ in read) <= BATCH_TEXTS
    assert sum(n for n, _ in read) == len(texts)
    assert sum(n * longest for n, longest in read) < 1.3 * sum(LENGTHS)
    assert len(read) <= 6


def encode(array: torch.Tensor) -> torch.Tensor:
    return array + 1


def test_features_that_were_begun_for_others_start_anew(tmp_path: Path) -> None:
    items = [Item(str(n), Path(), "train") for n in range(3)]
    file = tmp_path / "a.npy"
    further_features(np.zeros((3, 1, 2), np.float16), encode, items, file)
    features._open_array(file, (3, 1, 4), ["0", "1", "2"])  # killed before its first batch
    made = further_features(np.zeros((3, 1, 4), np.float16), encode, items, file)
    assert (np.asarray(made) == 1).all()


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="the system cannot take room beforehand")
def test_the_room_of_an_array_is_taken_at_once(tmp_path: Path) -> None:
    features._open_array(tmp_path / "a.npy", (1000, 100), [])
    status = (tmp_path / "a.npy").stat()
    assert status.st_blocks * 512 >= status.st_size > 200_000
