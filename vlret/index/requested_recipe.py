"""The recipe that a run requests, checked against the recipe of an existing index."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from vlret.index.manifest import IndexRecipe
from vlret.index.meaning import full_rule
from vlret.media.decoders.registry import find_decoder
from vlret.media.sampling import check_sampling
from vlret.media.shots import require_detector
from vlret.models import registry
from vlret.models.base import Embedder
from vlret.models.device import check_names


@dataclass(frozen=True, slots=True)
class RequestedRecipe:
    """The arguments of `build_index` that decide vectors; None and "auto" leave the choice open.

    `name` is what a loaded model can be loaded by, where that is not the name on its card.
    """

    model: str | Embedder
    clips: str
    n_frames: int | None
    sampling: str
    decoder: str
    device: str
    dtype: str
    engine: str = "auto"
    name: str = ""

    @classmethod
    def of_index(cls, recipe: IndexRecipe, embedder: Embedder) -> RequestedRecipe:
        """The recipe of an existing index, whose model is loaded already."""
        return cls(
            embedder,
            recipe.clips,
            recipe.n_frames,
            recipe.sampling,
            recipe.decoder,
            "auto",
            recipe.dtype,
            name=recipe.model,
        )

    def validate(self) -> None:
        """Refuse invalid settings before anything is opened or written.

        Raises:
            UsageError: an unknown clip rule, sampling, decoder, device, dtype or engine, or fewer than one frame.
            MissingExtraError: the clip rule or decoder needs a package that is not installed.
        """
        check_names(self.device, self.dtype, self.engine)
        full_rule(self.clips)
        check_sampling(1 if self.n_frames is None else self.n_frames, self.sampling)
        if self.clips.startswith("shots"):
            require_detector(self.clips.partition(":")[2] or "content")
        find_decoder(self.decoder).check_installed()

    def check(self, folder: Path, existing: IndexRecipe) -> None:
        """Check against the recipe of the index in `folder`; loads a model only where names differ.

        Raises:
            IndexFolderError: something differs; the message holds both values.
        """
        requested: dict[str, object] = {
            "clips": full_rule(self.clips), "sampling": self.sampling, "decoder": self._decoder,
        }  # fmt: skip
        if self.n_frames is not None:
            requested["n_frames"] = self.n_frames
        if self.dtype != "auto":
            requested["dtype"] = self.dtype
        existing.require(folder, **requested)
        if isinstance(self.model, Embedder) or _portable_name(self.model) not in (
            existing.model,
            existing.card.name,
        ):
            self.load(folder, existing)

    def load(self, folder: Path, existing: IndexRecipe | None) -> Embedder:
        """Return the model; for an existing index, the one that it was built with.

        Raises:
            IndexFolderError: it is another than the index's.
        """
        dtype = existing.dtype if existing and self.dtype == "auto" else self.dtype
        embedder = self._open(dtype)
        if existing:
            existing.require_card(folder, embedder.card)
            existing.require(folder, dtype=embedder.dtype, query=embedder.card.default_query)
        return embedder

    def _open(self, dtype: str) -> Embedder:
        if isinstance(self.model, Embedder):
            return self.model
        return registry.load_model(self.model, device=self.device, dtype=dtype, engine=self.engine)

    def recipe(self, embedder: Embedder) -> IndexRecipe:
        """The recipe of a new index.

        Raises:
            UsageError: the model cannot use so many frames of a clip.
        """
        n_frames = embedder.card.frames if self.n_frames is None else self.n_frames
        embedder.check_frames(n_frames)
        return IndexRecipe(
            model=self.name or _portable_name(self.model),
            card=embedder.card,
            query=embedder.card.default_query,
            dtype=embedder.dtype,
            clips=full_rule(self.clips),
            n_frames=n_frames,
            sampling=self.sampling,
            decoder=self._decoder,
            engine=embedder.engine,
        )

    @property
    def _decoder(self) -> str:
        return find_decoder(self.decoder).name


def _portable_name(model: str | Embedder) -> str:
    """What the model can be loaded by from anywhere: a folder by its absolute path."""
    if isinstance(model, Embedder):
        return model.card.name
    name = str(model)
    kind = registry.library_of(name)
    folder = name.removeprefix(kind)
    is_name = name in registry.MODELS or not os.path.isdir(folder)
    return name if is_name else f"{kind}{os.path.abspath(folder)}"
