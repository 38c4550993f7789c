"""The recipe of a text decoder: one TOML file, one dataclass per table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vlret.errors import UsageError
from vlret.models.captioners.decoder_card import MOST
from vlret.models.captioners.decoder_folder import KINDS
from vlret.models.device import check_names
from vlret.training.recipe_file import check_table, read_tables, read_toml, wrong_value


@dataclass(frozen=True)
class DecoderData:
    """The captions that a text decoder learns to write.

    Attributes:
        folder: directory of the datasets.
        sets: datasets in it, photographs or clips with captions; their splits train and extra are used, and dev to
            choose the best epoch.
        sentences: JSON Lines files in it, of one image's `captions` each, that are trained on without images.
        trained_on: for the card: all of these by name.
        vocabulary: tokens of the vocabulary that is made from the captions; 0 takes that of `language_model.weights`.
    """

    folder: Path
    sets: tuple[str, ...]
    sentences: tuple[str, ...]
    trained_on: tuple[str, ...]
    vocabulary: int


@dataclass(frozen=True)
class DecoderStage:
    """How a text decoder learns; noise makes up for what an embedding of a clip lacks of one of its caption.

    Attributes:
        epochs: passes over all captions.
        batch: captions of a step.
        rate, weight_decay: AdamW's; the rate rises and falls in one cycle.
        dropout: share of the input tokens that are left out.
        noise: length of the Gaussian noise that is added to an embedding of length 1.
        label_smoothing: of the cross-entropy.
    """

    epochs: int
    batch: int
    rate: float
    weight_decay: float
    dropout: float
    noise: float
    label_smoothing: float


@dataclass(frozen=True)
class DecoderRecipe:
    """All choices of the training of a text decoder; every field stands in the TOML file under its own name.

    Attributes:
        name: of the finished decoder, as results state it.
        embedder: model whose embeddings it reads: a name, or the directory of one.
        licence: of the weights.
        device: auto, cpu, cuda, cuda:N or mps.
        dtype: of the forward pass: float32, bfloat16 or auto; weights are trained in float32.
        seed: of all random numbers.
        prefix_length: inputs of the language model that an embedding becomes.
        beams, longest: for the card: how it decodes by default.
        bank: sentences of the bank that is written beside it, at most; 0: none.
        language_model: its transformers configuration; or `weights`, the directory or GGUF file of a published one.
        data: what to train on.
        texts: stage on embeddings of captions, without images.
        predictions: stage on predicted embeddings of the training images; absent: not run.
    """

    name: str
    embedder: str
    licence: str
    device: str
    dtype: str
    seed: int
    prefix_length: int
    beams: int
    longest: int
    bank: int
    language_model: dict[str, Any]
    data: DecoderData
    texts: DecoderStage
    predictions: DecoderStage | None = None


TABLES = {"data": DecoderData, "texts": DecoderStage, "predictions": DecoderStage}


def is_decoder_recipe(file: str | Path) -> bool:
    """Whether `file` is the recipe of a text decoder.

    Raises:
        UsageError: it does not exist, or is not TOML.
    """
    return "language_model" in read_toml(Path(file))


def read_decoder_recipe(file: str | Path) -> DecoderRecipe:
    """Read and check a recipe.

    Raises:
        UsageError: it does not exist, is not TOML, or a field is unknown, missing or wrong.
    """
    path = Path(file)
    values = read_toml(path)
    check_table(DecoderRecipe, values, str(path))
    check_names(values["device"], values["dtype"])
    _check_language_model(values["language_model"], values["data"], str(path))
    for name in ("prefix_length", "beams", "longest"):
        if not 1 <= values[name] <= MOST[name]:
            raise wrong_value(name, values[name], str(path), f"1 to {MOST[name]}")
    return DecoderRecipe(**read_tables(TABLES, values, path))


def _check_language_model(settings: dict[str, Any], data: dict[str, Any], path: str) -> None:
    where = f"[language_model] of {path}"
    if "weights" in settings:
        if len(settings) > 1 or not isinstance(settings["weights"], str):
            raise UsageError(
                f"{where} has weights and {', '.join(sorted(settings.keys() - {'weights'}))}.",
                "Give the weights of a published model, or the configuration of a new one.",
                code="recipe_fields",
            )
    elif settings.get("model_type") not in KINDS:
        raise wrong_value("model_type", settings.get("model_type"), where, ", ".join(KINDS))
    elif not data.get("vocabulary"):
        raise wrong_value("vocabulary", data.get("vocabulary"), f"[data] of {path}", "1 or more")
