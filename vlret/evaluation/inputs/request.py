"""What a user wants benchmarked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class BenchRequest:
    """A dataset, the models that are compared on it, and how.

    Attributes:
        task: retrieval, classification, vqa or text.
        dataset, annotations, choices: a dataset of `vlret.datasets.registry`, the directory with one subdirectory
            of annotations per dataset (default: `annotations` below `data`), and choices that the dataset leaves open.
        captions, labels, questions: a custom dataset instead (`vlret.datasets.custom`); `labels` may be a directory
            with one subdirectory per class.
        index: search this index for the captions; everything else is taken from it.
        data: directory of the media (default: that of the custom dataset).
        models: names for `load_model`.
        vlms: vision-language models that are asked the questions, by names for `load_vlm`.
        prompt: their template with one `{}` for the question ("": each one's own).
        precomputed: Parquet files for `PrecomputedEmbeddings`.
        protocol: fields of `Protocol` that differ from the usual ones of the dataset.
    """

    task: str
    dataset: str | None = None
    annotations: Path | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    captions: Path | None = None
    labels: Path | None = None
    questions: Path | None = None
    index: Path | None = None
    data: Path | None = None
    models: Sequence[str] = ()
    vlms: Sequence[str] = ()
    prompt: str = ""
    precomputed: Sequence[Path] = ()
    protocol: Mapping[str, Any] = field(default_factory=dict)

    @property
    def custom(self) -> Path | None:
        """The file or directory of a custom dataset."""
        return self.captions or self.labels or self.questions

    @property
    def media_folder(self) -> Path | None:
        """The directory of the media: `data`, else that of a custom dataset."""
        if self.data or self.custom is None:
            return self.data
        return self.custom if self.custom.is_dir() else self.custom.parent
