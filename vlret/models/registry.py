"""The models that vlret knows by name, and how a name or a directory becomes an `Embedder`."""

from __future__ import annotations

import importlib.metadata
import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vlret.errors import MissingExtraError, ModelError, UsageError
from vlret.models.device import NOT_MINI, check_names, refuse_without_openvino
from vlret.text import printable

if TYPE_CHECKING:
    from vlret.models.base import Embedder

ASSETS = Path(__file__).parent.parent / "assets"
OPEN_CLIP = "open_clip:"
SENTENCE_TRANSFORMER = "st:"
TRANSFORMERS = "hf:"
_CLASS = re.compile(r"(?!open_clip:|st:|hf:)[\w.]+:[A-Za-z_]\w*")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """What is known of a model before its weights are opened.

    `source` is a directory of the package or open_clip's ARCH/TAG; `hub` is the repository of the Hugging
    Face hub that holds the weights ("" when they come with the package).
    """

    description: str
    dim: int
    frames: int
    resolution: int
    licence: str
    source: str
    hub: str = ""

    @property
    def installed(self) -> bool:
        """Whether the weights are on this machine."""
        if not self.hub:
            return (ASSETS / self.source / "config.json").is_file()
        from vlret.models.hub import is_cached

        return is_cached(self.hub)

    @property
    def how_to_get(self) -> str:
        """The command that downloads the weights, or where they come from."""
        if not self.hub:
            return "comes with vlret"
        from vlret.models.hub import fetch_command

        return fetch_command(self.hub)


MODELS = {
    "vljepa-mini": ModelSpec(
        description="VL-JEPA small enough for a laptop: EfficientNet-Lite2, predictor, MiniLM",
        dim=384,
        frames=8,
        resolution=260,
        licence="Apache-2.0",
        source="vljepa-mini",
    ),
    "clip": ModelSpec(
        description="OpenAI CLIP ViT-B/16",
        dim=512,
        frames=8,
        resolution=224,
        licence="MIT",
        source="ViT-B-16/openai",
        hub="timm/vit_base_patch16_clip_224.openai",
    ),
    "siglip2": ModelSpec(
        description="Google SigLIP 2 ViT-B/16",
        dim=768,
        frames=8,
        resolution=224,
        licence="Apache-2.0",
        source="ViT-B-16-SigLIP2/webli",
        hub="timm/ViT-B-16-SigLIP2",
    ),
    "pe-core": ModelSpec(
        description="Meta Perception Encoder PE-Core-B/16",
        dim=1024,
        frames=8,
        resolution=224,
        licence="Apache-2.0",
        source="PE-Core-B-16/meta",
        hub="timm/PE-Core-B-16",
    ),
}


def load_model(
    name_or_folder: str | Path, device: str = "auto", dtype: str = "auto", engine: str = "auto"
) -> Embedder:
    """Return the model of that name, ready to embed.

    Args:
        name_or_folder: a name of `list_models`, `open_clip:ARCH/TAG`, `st:OWNER/MODEL` or `st:DIRECTORY`
            (sentence-transformers), `hf:OWNER/MODEL` or `hf:DIRECTORY` (dual encoders of transformers, published
            VL-JEPAs), a directory that holds a VL-JEPA (config.json of model_type vl_jepa)
            or an open_clip model (open_clip_config.json), or `module:Class`, a custom `Embedder` whose constructor
            needs no arguments. A name takes precedence over a directory of the same name: write `./clip` for the
            directory. Check a name that comes from a file with `vlret.models.trust` first.
        device: auto, cpu, cuda, cuda:N or mps.
        dtype: auto (bfloat16 where the device computes in it), float32, bfloat16 or int8 (vljepa-mini by OpenVINO).
        engine: auto, torch, or openvino (vljepa-mini and models of its configuration, on a processor). auto takes
            the fastest that computes the model in this dtype.

    Raises:
        UsageError: the name, device, dtype or engine is unknown, the engine cannot be used, or the model does not
            read texts.
        ModelError: the weights are missing or do not match, or the directory is damaged or hostile.
        MissingExtraError: sentence-transformers is needed and not installed.
    """
    check_model(name_or_folder, device, dtype, engine)
    name = str(name_or_folder)
    if name in MODELS:
        spec = MODELS[name]
        return (
            _open_clip(spec.source, device, dtype)
            if spec.hub
            else _vljepa(ASSETS / spec.source, device, dtype, engine)
        )
    if name.startswith(OPEN_CLIP):
        return _open_clip(name.removeprefix(OPEN_CLIP), device, dtype)
    if name.startswith(SENTENCE_TRANSFORMER):
        return _sentence_transformer(name.removeprefix(SENTENCE_TRANSFORMER), device, dtype)
    if name.startswith(TRANSFORMERS):
        return _transformers(name.removeprefix(TRANSFORMERS), device, dtype, engine)
    if _is_class(name):
        from vlret.models.custom_class import load_custom

        return load_custom(name)
    return _load_folder(Path(name), device, dtype, engine)


def check_model(
    name_or_folder: str | Path, device: str = "auto", dtype: str = "auto", engine: str = "auto"
) -> None:
    """Refuse a name that `load_model` does not know, without loading a model.

    Raises:
        UsageError: the name, device, dtype or engine is unknown, or the engine does not compute this model.
        MissingExtraError: sentence-transformers is needed and not installed.
    """
    check_names(device, dtype, engine)
    name = str(name_or_folder)
    _check_known(name)
    if not _may_be_vljepa(name):
        refuse_without_openvino(name, dtype, engine, NOT_MINI)


def _check_known(name: str) -> None:
    if name in MODELS:
        return
    if name.startswith(OPEN_CLIP):
        from vlret.models.open_clip import find_tag

        find_tag(name.removeprefix(OPEN_CLIP))
    elif name.startswith(SENTENCE_TRANSFORMER):
        _check_sentence_transformer(name.removeprefix(SENTENCE_TRANSFORMER))
    elif name.startswith(TRANSFORMERS):
        from vlret.models.hub import hf_repository_of

        hf_repository_of(name.removeprefix(TRANSFORMERS))
    elif not _is_class(name) and not Path(name).is_dir():
        raise _unknown(name)


def library_of(name: str) -> str:
    """Return the prefix of a library whose models may be directories, `st:` or `hf:`; "" of any other name."""
    return next((prefix for prefix in (SENTENCE_TRANSFORMER, TRANSFORMERS) if name.startswith(prefix)), "")


def list_models() -> list[dict[str, Any]]:
    """Return the models known by name.

    Keys: name, description, dim, frames, resolution (pixels), licence, installed, how_to_get.
    """
    keys = ("description", "dim", "frames", "resolution", "licence", "installed", "how_to_get")
    return [{"name": name, **{key: getattr(spec, key) for key in keys}} for name, spec in MODELS.items()]


def _may_be_vljepa(name: str) -> bool:
    if name in MODELS:
        return not MODELS[name].hub
    if name.startswith(TRANSFORMERS):
        return True
    return Path(name).is_dir() and not (Path(name) / "open_clip_config.json").is_file()


def _is_class(name: str) -> bool:
    return bool(_CLASS.fullmatch(name)) and not Path(name).is_dir()


def _load_folder(folder: Path, device: str, dtype: str, engine: str) -> Embedder:
    if (folder / "open_clip_config.json").is_file():
        from vlret.models.open_clip import OpenCLIP

        return OpenCLIP.from_folder(folder, device, dtype)
    if _is_vljepa(folder):
        return _vljepa(folder, device, dtype, engine)
    raise ModelError(
        f"{folder} does not hold a model that vlret can load.",
        "Give a directory with an open_clip_config.json, or with a config.json of model_type vl_jepa; those of "
        "sentence-transformers are given as st:DIRECTORY, dual encoders of transformers as hf:DIRECTORY.",
        code="not_a_model",
        path=folder,
    )


def _is_vljepa(folder: Path) -> bool:
    from vlret.models.folder import check_folder, read_object

    if not (folder / "config.json").is_file():
        return False
    check_folder(folder)
    return read_object(folder / "config.json").get("model_type") == "vl_jepa"


def _vljepa(folder: Path, device: str, dtype: str, engine: str) -> Embedder:
    from vlret.models.vljepa.embedder import VLJEPA

    return VLJEPA(folder, device, dtype, engine)


def _open_clip(source: str, device: str, dtype: str) -> Embedder:
    from vlret.models.open_clip import OpenCLIP

    return OpenCLIP.from_hub(source, device, dtype)


def _sentence_transformer(source: str, device: str, dtype: str) -> Embedder:
    from vlret.models.sentence_transformer import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder.from_source(source, device, dtype)


def _transformers(source: str, device: str, dtype: str, engine: str) -> Embedder:
    from vlret.models.hf.embedder import from_source
    from vlret.models.hub import fetch_transformers, hf_repository_of

    repository = hf_repository_of(source)
    folder = fetch_transformers(repository) if repository else Path(source)
    if _is_vljepa(folder):
        return _vljepa(folder, device, dtype, engine)
    refuse_without_openvino(f"{TRANSFORMERS}{source}", dtype, engine, NOT_MINI)
    return from_source(source, device, dtype)


def _check_sentence_transformer(source: str) -> None:
    from vlret.models.hub import repository_of

    # before 6.0 the library ran the code in a local directory, whatever trust_remote_code said
    if int(_version("sentence-transformers").partition(".")[0]) < 6:
        raise MissingExtraError(
            "sentence-transformers 6 or newer is not installed.",
            'Run: pip install "sentence-transformers>=6.0"',
            code="missing_package",
            package="sentence-transformers",
        )
    repository_of(source)


def _version(package: str) -> str:
    """The installed version of a package, "0" if there is none."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "0"


def _unknown(name: str) -> UsageError:
    if _URL.match(name):
        return UsageError(
            f"{printable(name)!r} is a URL, and models are not loaded from URLs.",
            "Download the directory and give its path, or give open_clip:ARCH/TAG, st:OWNER/MODEL or hf:OWNER/MODEL.",
            code="unknown_model",
            given=name,
        )
    near = get_close_matches(name.lower(), MODELS)
    meant = f"; did you mean {' or '.join(near)}?" if near else "."
    return UsageError(
        f"{printable(name)!r} is neither a model nor a directory{meant}",
        f"Give {', '.join(MODELS)}, open_clip:ARCH/TAG, st:OWNER/MODEL, "
        "hf:OWNER/MODEL, a model directory or module:Class.",
        code="unknown_model",
        given=name,
        allowed=list(MODELS),
    )
