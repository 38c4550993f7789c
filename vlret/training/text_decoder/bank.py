"""The bank of sentences that comes with a text decoder: what it writes itself, not the captions of datasets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vlret.models.base import Embedder
from vlret.models.captioners.bank import embed_bank, save_bank
from vlret.models.captioners.base import Captioner
from vlret.models.captioners.retrieval import RetrievalCaptioner
from vlret.training.text_decoder.captions import Captions
from vlret.training.text_decoder.scores import threshold_of
from vlret.types import Vectors


def make_bank(
    captioner: Captioner,
    images: NDArray[np.float16],
    captions: Captions,
    dev: Vectors,
    embedder: Embedder,
    most: int,
    file: Path,
) -> None:
    """Write at most `most` captions of the training images to `file`, and their embeddings.

    Sentences that someone wrote as a caption of a dataset are left out: their terms may not allow to pass them on.

    Args:
        captioner: the finished text decoder.
        images: predicted embeddings of the training images, float16 [n, dim].
        dev: those of dev images, float32 [n, dim], on which the threshold is fitted.
    """
    order = np.random.default_rng(0).permutation(len(images))
    known = set(captions.texts)
    written = [one.text for one in captioner.caption(images[order].astype(np.float32))]
    sentences = [text for text in dict.fromkeys(written) if text and text not in known][:most]
    bank = embed_bank(sentences, embedder, file.stem)
    save_bank(replace(bank, unknown_threshold=threshold_of(RetrievalCaptioner(bank), dev)), file)
