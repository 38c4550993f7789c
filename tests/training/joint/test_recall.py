"""R@1 on dev against values counted by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.refusal import refused
from tests.training.pairs.media import write_table
from vlret.training.joint.recall import DevEmbeddings, embed_dev
from vlret.training.pairs import PairLoader, read_pairs


def test_any_clip_with_the_text_counts() -> None:
    clips = np.eye(4, dtype=np.float32)
    texts = clips[[1, 0, 2, 0]]  # the first two are exchanged, the last one finds clip 0
    ids = np.arange(4)
    assert DevEmbeddings(clips, texts, ids, np.array([0, 1, 2, 3])).recall() == pytest.approx(25)
    assert DevEmbeddings(clips, texts, ids, np.array([0, 0, 2, 3])).recall() == pytest.approx(75)
    assert DevEmbeddings(clips, texts, ids, np.array([0, 0, 2, 0])).recall() == pytest.approx(100)


def test_dev_clips_of_which_none_can_be_read_are_refused(tmp_path: Path) -> None:
    write_table(tmp_path / "t.jsonl", [{"path": f"{n}.mp4", "caption": "x"} for n in "abc"])
    loader = PairLoader(read_pairs(["t.jsonl"], tmp_path), 1, 2)
    with refused("no_dev_split"):
        embed_dev(lambda pairs: (torch.ones(len(pairs), 2),) * 2, loader, torch.device("cpu"))
