"""Texts of any length are read as if each were alone, and none is padded to the length of a much longer one."""

from __future__ import annotations

import pytest
import torch

from tests.models.vljepa.tiny import tiny_model
from vlret.models.vljepa.encoders import YEncoder
from vlret.training.features import BATCH_TEXTS, pool_texts

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
