"""An `Embedder` behind mteb's EncoderProtocol, to run mteb's video tasks with it.

import mteb, vlret
from vlret.models.mteb import MTEBEncoder

mteb.evaluate(MTEBEncoder(vlret.load_model("vljepa-mini")), mteb.get_tasks(["MSRVTTT2V"]))
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from vlret.errors import MissingExtraError, UsageError
from vlret.media.sampling import sample_times
from vlret.models.base import Embedder
from vlret.types import Pixels, Vectors


class MTEBEncoder:
    """Texts through `embed_texts`, videos through `embed_clips`, a video with a text as the predictor's query.

    Frames are taken at the midpoints of equal spans of time, as many as the card says, whatever mteb's own
    samplers do. `mteb_model_meta` says so among its `experiment_kwargs`, which mteb makes part of the path of a
    result, with whatever else changes the vectors: number format and weights.
    """

    def __init__(self, embedder: Embedder) -> None:
        """Wrap `embedder`.

        Raises:
            MissingExtraError: mteb is not installed.
        """
        self.embedder = embedder
        self.mteb_model_meta = _meta(embedder)

    def encode(self, inputs: Iterable[Mapping[str, Any]], **_: Any) -> Vectors:
        """Unit vectors float32 [n, dim] of all rows of all batches.

        Args:
            inputs: batches with `text` (strings), `video` (torchcodec decoders, or uint8 tensors
                [t, 3, height, width]), or both.

        Raises:
            UsageError: a batch has neither, or both for a model without a predictor.
        """
        rows = [
            self._encode_batch(batch) for batch in tqdm(inputs, desc="batches", disable=None, leave=False)
        ]
        return np.concatenate(rows) if rows else np.empty((0, self.embedder.card.dim), np.float32)

    def similarity(self, a: Vectors | torch.Tensor, b: Vectors | torch.Tensor) -> torch.Tensor:
        """Cosines of all rows of `a` with all rows of `b`, [len(a), len(b)]."""
        return torch.as_tensor(a) @ torch.as_tensor(b).T

    def similarity_pairwise(self, a: Vectors | torch.Tensor, b: Vectors | torch.Tensor) -> torch.Tensor:
        """Cosines of the rows of `a` with the rows of `b` beside them, [len(a)]."""
        return (torch.as_tensor(a) * torch.as_tensor(b)).sum(-1)

    def _encode_batch(self, batch: Mapping[str, Any]) -> Vectors:
        if "video" not in batch and "text" not in batch:
            raise UsageError(
                f"A batch of mteb has {', '.join(batch)}.",
                "Run tasks whose rows are texts or videos.",
                code="unsupported_task",
                given=list(batch),
            )
        if "video" not in batch:
            return self.embedder.embed_texts(list(batch["text"]))
        n_frames = self.embedder.card.frames
        clips = [_frames(video, n_frames) for video in batch["video"]]
        if "text" not in batch:
            return self.embedder.embed_clips(clips)
        asked = zip(self.embedder.encode_clips(clips), batch["text"], strict=True)
        return np.concatenate([self.embedder.predict([clip], text) for clip, text in asked])


def _frames(video: Any, n_frames: int) -> Pixels:
    """uint8 [n_frames, height, width, 3] of a tensor [t, 3, height, width] or a torchcodec decoder."""
    if isinstance(video, torch.Tensor):
        chosen = video[sample_times(0, len(video), n_frames).astype(int)]
    else:
        about = video.metadata
        times_s = sample_times(about.begin_stream_seconds, about.end_stream_seconds, n_frames)
        chosen = video.get_frames_played_at(times_s.tolist()).data
    return chosen.permute(0, 2, 3, 1).contiguous().numpy()


def import_mteb() -> Any:
    """The package mteb.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import mteb
    except ImportError as error:
        raise MissingExtraError(
            "mteb is not installed.",
            'Run: pip install "mteb[video]>=2.26"',
            code="missing_package",
            package="mteb",
        ) from error
    return mteb


def _meta(embedder: Embedder) -> Any:
    import_mteb()
    from mteb.models.model_meta import ModelMeta, ScoringFunction

    card = embedder.card
    unknown: dict[str, Any] = dict.fromkeys(
        ("loader", "release_date", "languages", "n_parameters", "memory_usage_mb", "license", "open_weights",
         "public_training_code", "public_training_data", "training_datasets", "use_instructions")
    )  # fmt: skip
    return ModelMeta(
        name="vlret/" + re.sub(r"[^\w.-]+", "-", card.name).strip("-"),
        revision=card.revision,
        embed_dim=card.dim,
        max_tokens=card.text_length,
        framework=["PyTorch"],
        similarity_fn_name=ScoringFunction.COSINE,
        modalities=["text", "video"],
        experiment_kwargs={
            "dtype": embedder.dtype,
            "frame_times": "midpoint",
            "frames": card.frames,
            "weights": card.weights_hash[:12],
        },
        **unknown,
    )
