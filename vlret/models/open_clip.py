"""CLIP, SigLIP 2, Perception Encoder and similar models through open_clip.

A model is always a directory with configuration, weights and tokenizer, whether it comes from the user or from the
hub: what travels with the weights is checked, never guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.tokenizer import HFTokenizer
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image

from vlret.errors import ModelError, UsageError
from vlret.models.base import ModelCard
from vlret.models.bounded import dry_run, require_types
from vlret.models.device import pick_device, pick_dtype
from vlret.models.dual_encoder import PROMPTS
from vlret.models.fields import numbers, whole
from vlret.models.folder import AGAIN, as_model_error, check_folder, read_object
from vlret.models.hub import CONFIG, WEIGHTS, fetch, find_weights, offline
from vlret.models.image_text import ImageTextEmbedder
from vlret.models.weights import check_pickle, sha256
from vlret.text import printable
from vlret.types import Pixels

_PREPROCESSING = ("mean", "std", "interpolation", "resize_mode")
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "spiece.model", "vocab.txt", "sentencepiece.bpe.model")
_TOKENIZER_CHOICES = ("clean", "strip_sep_token")
"""What `tokenizer_kwargs` may hold; open_clip would pass on all of it, `trust_remote_code` too."""
_CLIP_VOCABULARY = 49408
_ONE_MODEL = f"Use the {CONFIG} and the weights of one and the same model."
_TRAINED_ON = {
    "/openai": ("WIT-400M", "YFCC100M"),
    "/webli": ("WebLI",),
    "/meta": ("MetaCLIP",),
    ":PE-Core": ("PE Video",),
    "mscoco_finetuned": ("COCO captions",),
    "laion400m": ("LAION-400M",),
    "laion2b": ("LAION-2B",),
    "laion5b": ("LAION-5B",),
    "laion_aesthetic": ("LAION-5B",),
    "datacomp": ("DataComp",),
    "commonpool": ("CommonPool",),
    "/dfn": ("DFN",),
    "cc12m": ("CC12M",),
    "yfcc15m": ("YFCC100M",),
}
"""Datasets by a part of ARCH/TAG, as the authors of the weights name them; the content of web crawls is unknown."""


class OpenCLIP(ImageTextEmbedder):
    """A dual encoder of images and texts; the vision tower runs in `dtype`, the text tower always in float32."""

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        revision: str,
        device: str,
        dtype: str,
        tag: dict[str, Any],
        text_model: str | None = None,
    ) -> None:
        """Load the model in `folder`; `tag` is the entry of these weights in open_clip's table, or {}.

        `text_model` is the repository of the text tower's configuration, which the folder may name.

        Raises:
            UsageError: the device or dtype is not known.
            ModelError: a file is missing, does not fit or is hostile.
        """
        self._device = pick_device(device)
        self._dtype = pick_dtype(dtype, self._device)
        check_folder(folder)
        config = _read_config(folder, tag)
        weights = _weights(folder)
        text, quick_gelu = config["model_cfg"]["text_cfg"], bool(tag.get("quick_gelu"))
        _check_text(folder, text, text_model)
        with nullcontext() if text.get("hf_model_name") else offline():
            self._tokenizer = _tokenizer(folder, text)
            self._model = _build(folder, weights, config["preprocess_cfg"], quick_gelu)
        with as_model_error(f"The model in {folder} cannot be used", _ONE_MODEL):
            self._model.to(self._device).eval().visual.to(self._dtype)
            preprocess = PreprocessCfg(**self._model.visual.preprocess_cfg)
            self._transform = image_transform_v2(preprocess, is_train=False)
            self.card = self._card(preprocess, config, weights, name, revision, tag)

    def _card(
        self,
        preprocess: PreprocessCfg,
        config: dict[str, Any],
        weights: Path,
        name: str,
        revision: str,
        tag: dict[str, Any],
    ) -> ModelCard:
        return ModelCard(
            name=name,
            revision=revision,
            weights_hash=sha256([weights]),
            dim=config["model_cfg"]["embed_dim"],
            frames=8,
            resolution=max(preprocess.input_size[1:]),
            resize="own",
            licence=f"see https://huggingface.co/{tag['hf_hub'].rstrip('/')}" if tag else "see the folder",
            prompts=PROMPTS,
            temperature=1.0 / self._model.logit_scale.exp().item(),
            text_length=self._tokenizer.context_length,
            preprocessing=_summary(config, bool(tag.get("quick_gelu"))),
            trained_on=trained_on(name) if tag else (),
        )

    @classmethod
    def from_folder(cls, folder: Path, device: str = "auto", dtype: str = "auto") -> OpenCLIP:
        """Return the model in a directory with open_clip_config.json, weights and, if it has its own, the tokenizer."""
        name = str(folder.resolve())
        return cls(folder, name=name, revision="local", device=device, dtype=dtype, tag={})

    @classmethod
    def from_hub(cls, source: str, device: str = "auto", dtype: str = "auto") -> OpenCLIP:
        """Return the model that open_clip calls ARCH/TAG, from the hub's cache or else from the hub.

        Raises:
            UsageError: open_clip has no such pair.
            ModelError: the weights are not on this machine and cannot be downloaded.
        """
        tag = find_tag(source)
        folder = fetch(tag["hf_hub"].rstrip("/"))
        text = open_clip.get_model_config(source.partition("/")[0])["text_cfg"]
        return cls(
            folder, name=f"open_clip:{source}", revision=folder.name, device=device, dtype=dtype, tag=tag,
            text_model=text.get("hf_model_name"),
        )  # fmt: skip

    def is_cut(self, text: str) -> bool:
        """Whether `text` has more tokens than the text tower reads."""
        return _count_tokens(self._tokenizer, text) > self.card.text_length

    @property
    def encodes_in_threads(self) -> bool:
        """True on the processor."""
        return self.device == "cpu"

    def _encode_frames(self, frames: Sequence[Pixels]) -> torch.Tensor:
        images = torch.stack([self._transform(Image.fromarray(frame)) for frame in frames])
        vectors: torch.Tensor = self._model.encode_image(images.to(self._device, self._dtype))
        return vectors

    def _encode_texts(self, texts: list[str]) -> torch.Tensor:
        vectors: torch.Tensor = self._model.encode_text(self._tokenizer(texts).to(self._device))
        return vectors


def trained_on(name: str) -> tuple[str, ...]:
    """Return the datasets that the weights open_clip:ARCH/TAG were trained on, () where that is unknown."""
    return tuple(one for part, sets in _TRAINED_ON.items() if part in name for one in sets)


def find_tag(source: str) -> dict[str, Any]:
    """Return the entry of ARCH/TAG in open_clip's table of weights.

    Raises:
        UsageError: open_clip has no such pair, or its weights are a bare checkpoint.
    """
    arch, _, tag = source.partition("/")
    entry: dict[str, Any] = open_clip.get_pretrained_cfg(arch, tag)
    if not entry:
        known = ["/".join(pair) for pair in open_clip.list_pretrained()]
        near = ", ".join(get_close_matches(source, known, n=3, cutoff=0.0))
        raise UsageError(
            f"open_clip has no weights {source!r}.",
            f"The nearest are {near}.",
            code="unknown_model",
            given=source,
        )
    if not entry["hf_hub"].endswith("/"):
        raise UsageError(
            f"The weights {source!r} are a bare checkpoint without configuration and tokenizer.",
            f"Give a directory that holds them together with an {CONFIG}.",
            code="bare_checkpoint",
            given=source,
        )
    return entry


def _read_config(folder: Path, tag: dict[str, Any]) -> dict[str, Any]:
    """Return the directory's configuration; preprocessing that it omits is taken from the tag, if there is one."""
    path = folder / CONFIG
    try:
        config = read_object(path)
        model, given = config["model_cfg"], config.get("preprocess_cfg", {})
        model["vision_cfg"].keys(), model["text_cfg"].keys()
        whole(model, "embed_dim", 1, 1 << 16)
        preprocess = {key: given.get(key, tag.get(key)) for key in _PREPROCESSING}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{path} is not an open_clip configuration ({printable(error)}).",
            AGAIN,
            code="damaged_config",
            path=path,
        ) from error
    missing = [key for key, value in preprocess.items() if value is None]
    if missing:
        raise ModelError(
            f"The preprocess_cfg of {path} lacks {', '.join(missing)}.",
            "Add what the model was trained with: a guess would give wrong embeddings without an error.",
            code="no_preprocessing",
            path=path,
            missing=missing,
        )
    with as_model_error(f"{path} is not an open_clip configuration"):
        numbers(preprocess, "mean", 3), numbers(preprocess, "std", 3)
    return {"model_cfg": model, "preprocess_cfg": preprocess}


def _check_text(folder: Path, text: dict[str, Any], text_model: str | None) -> None:
    """Refuse a text tower or tokenizer that is not completely in the directory."""
    named = text.get("hf_model_name")
    if named and named != text_model:
        raise ModelError(
            f"The text tower of {folder} is a model of transformers ({printable(named)}) that does not lie in it.",
            "Give it as open_clip:ARCH/TAG, or use a model whose text tower is open_clip's own.",
            code="unsafe_model",
            path=folder,
        )
    given = text.get("tokenizer_kwargs") or {}
    if not isinstance(given, dict) or not given.keys() <= set(_TOKENIZER_CHOICES):
        raise ModelError(
            f"{folder / CONFIG} gives its tokenizer {printable(given)}.",
            f"Its tokenizer_kwargs may hold {' and '.join(_TOKENIZER_CHOICES)}.",
            code="unsafe_model",
            path=folder / CONFIG,
        )


def _summary(config: dict[str, Any], quick_gelu: bool) -> str:
    """What determines embeddings beside the weights, in one line."""
    preprocess = ", ".join(f"{key} {config['preprocess_cfg'][key]}" for key in _PREPROCESSING)
    return f"{preprocess}, quick_gelu {quick_gelu or bool(config['model_cfg'].get('quick_gelu'))}"


def _weights(folder: Path) -> Path:
    weights = find_weights(folder)
    if weights is None:
        raise ModelError(
            f"{folder / WEIGHTS[0]} does not exist.",
            f"Put {' or '.join(WEIGHTS)} beside {CONFIG}.",
            code="file_missing",
            path=folder / WEIGHTS[0],
        )
    return weights


def _tokenizer(folder: Path, text: dict[str, Any]) -> Any:
    is_named = bool(text.get("hf_tokenizer_name"))
    if is_named and not any((folder / name).is_file() for name in _TOKENIZERS):
        raise ModelError(
            f"{folder} has no {_TOKENIZERS[0]}, and open_clip does not contain the tokenizer of this model.",
            f"Run: hf download {printable(text['hf_tokenizer_name'])} tokenizer.json tokenizer_config.json "
            f"--local-dir {folder}",
            code="file_missing",
            path=folder / _TOKENIZERS[0],
        )
    with as_model_error(f"The tokenizer in {folder} cannot be read"):
        tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}")
        _check_vocabulary(folder, len(tokenizer.tokenizer) if is_named else tokenizer.vocab_size, text)
    return tokenizer


def _check_vocabulary(folder: Path, size: int, text: dict[str, Any]) -> None:
    expected = text.get("vocab_size", size if "hf_model_name" in text else _CLIP_VOCABULARY)
    # Some towers round their table up (30522 to 32000); another model's vocabulary differs by far more.
    if abs(size - expected) > expected // 10:
        raise ModelError(
            f"The tokenizer of {folder} has {size} entries, and the text tower was trained with {expected}.",
            "Put the tokenizer of these weights into the directory, and its hf_tokenizer_name into text_cfg.",
            code="wrong_tokenizer",
            path=folder,
        )


def _build(folder: Path, weights: Path, preprocess: dict[str, Any], quick_gelu: bool) -> Any:
    name = f"local-dir:{folder}"
    if weights.suffix != ".safetensors":
        check_pickle(weights)
    with as_model_error(f"The model in {folder} cannot be loaded", _ONE_MODEL):
        empty = dry_run(
            lambda: open_clip.create_model(name, load_weights=False, pretrained_text=False, device="meta"),
            [weights],
        )
        if weights.suffix == ".safetensors":
            require_types(empty, weights)
        return open_clip.create_model(
            name,
            force_preprocess_cfg=preprocess,
            force_quick_gelu=quick_gelu,
            require_pretrained=True,
            weights_only=True,
        )


def _count_tokens(tokenizer: Any, text: str) -> int:
    if isinstance(tokenizer, HFTokenizer):
        return len(tokenizer.tokenizer(tokenizer.clean_fn(text), verbose=False).input_ids)
    return len(tokenizer.encode(text)) + 2  # start and end of text
