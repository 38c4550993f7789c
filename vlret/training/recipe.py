"""A training recipe: one TOML file, one dataclass per table."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from vlret.errors import UsageError
from vlret.models.device import check_names
from vlret.models.vljepa.checks import check_config
from vlret.training.recipe_file import check_table, read_tables, read_toml, wrong_value
from vlret.training.recipe_stages import CachedStage, JointStage, Stage, read_stages

Kind = TypeVar("Kind", bound=Stage)


@dataclass(frozen=True)
class TrainingSets:
    """What a model is trained on.

    Attributes:
        folder: directory of the datasets.
        trained_on: for the model card: all datasets of the stages and those of the published towers, by name; those
            of a finished model that it starts from are added.
        sets: datasets in it that the stages on cached features are trained on; joint stages name their own.
        views: cached views of each photograph of `sets`.
    """

    folder: Path
    trained_on: tuple[str, ...]
    sets: tuple[str, ...] = ()
    views: int = 1


@dataclass(frozen=True)
class InitialWeights:
    """What a training starts from: published towers, or a whole model.

    Attributes:
        x_encoder: file of the X-encoder's weights.
        y_encoder: directory of the Y-encoder's.
        predictor: directory of a Llama whose last layers the predictor takes.
        query_tokenizer: tokenizer.json of queries, where the predictor has a token table of its own.
        model: in place of all others, a finished VL-JEPA, by name or directory.
    """

    x_encoder: Path | None = None
    y_encoder: Path | None = None
    predictor: Path | None = None
    query_tokenizer: Path | None = None
    model: str = ""


@dataclass(frozen=True)
class TrainingRecipe:
    """All choices of one training run; every field stands in the TOML file under its own name.

    Attributes:
        name: of the finished model.
        device: auto, cpu, cuda, cuda:N or mps.
        dtype: of the forward pass of towers that learn: float32, bfloat16 or auto; weights stay in float32.
        seed: of all random numbers.
        data, initial: what to train on and what to start from.
        stages: what is done, in order; `[[stages]]` with a `kind` each.
        model: the fields of `VLJEPAConfig`; each tower has a table with its own transformers configuration. Empty
            where the training starts from a whole model.
        licence: of the finished weights, for the card: that of the weights it starts from may decide it.
    """

    name: str
    device: str
    dtype: str
    seed: int
    data: TrainingSets
    initial: InitialWeights
    stages: tuple[Stage, ...]
    model: dict[str, Any] = field(default_factory=dict)
    licence: str = "Apache-2.0"

    def stage(self, kind: type[Kind]) -> Kind | None:
        """Return the stage on cached features of this kind, None if there is none."""
        return next((stage for stage in self.stages if isinstance(stage, kind)), None)

    @property
    def cached(self) -> tuple[CachedStage, ...]:
        """The stages on cached features."""
        return tuple(stage for stage in self.stages if not isinstance(stage, JointStage))

    @property
    def joint(self) -> tuple[JointStage, ...]:
        """The joint stages, which follow the others."""
        return tuple(stage for stage in self.stages if isinstance(stage, JointStage))


TABLES = {"data": TrainingSets, "initial": InitialWeights}


def read_recipe(file: str | Path) -> TrainingRecipe:
    """Read and check a recipe.

    Raises:
        UsageError: it does not exist, is not TOML, or a field is unknown, missing or wrong.
    """
    path = Path(file)
    values = read_toml(path)
    check_table(TrainingRecipe, values, str(path))
    check_names(values["device"], values["dtype"])
    tables = read_tables(TABLES, values, path)
    _check_initial(tables["initial"], values, str(path))
    recipe = TrainingRecipe(**tables | {"stages": read_stages(values["stages"], str(path))})
    _check_sets(recipe, str(path))
    return recipe


def _check_sets(recipe: TrainingRecipe, path: str) -> None:
    """Refuse too few sets, or one that is named twice."""
    named = [(recipe.data.sets, f"[data] of {path}")] if recipe.cached else []
    named += [(stage.sets, f"stage {stage.name} of {path}") for stage in recipe.joint]
    for sets, where in named:
        if len(set(sets)) < max(1, len(sets)):
            raise wrong_value("sets", list(sets), where, "one dataset or more, each once")


def _check_initial(initial: InitialWeights, values: dict[str, Any], path: str) -> None:
    """Refuse anything but a whole model, or towers and a table that describes the model."""
    towers = (initial.x_encoder, initial.y_encoder, initial.predictor, initial.query_tokenizer)
    if initial.model and ("model" in values or any(towers)):
        raise UsageError(
            f"[initial] of {path} starts from a whole model, which leaves nothing to describe.",
            "Remove [model] and the weights of towers, or `model` of [initial].",
            code="recipe_fields",
        )
    if not initial.model:
        if "model" not in values or not initial.x_encoder or not initial.y_encoder:
            raise UsageError(
                f"{path} does not say what model it trains: it lacks [model], or towers in [initial].",
                "Give x_encoder and y_encoder of [initial] and a table [model], or `model` of [initial] alone.",
                code="recipe_fields",
            )
        _check_model(values["model"], path)


def _check_model(model: dict[str, Any], where: str) -> None:
    try:
        check_config(model)
    except ValueError as error:
        raise UsageError(
            f"[model] of {where}: {error}.",
            "Its fields are those of VLJEPAConfig.",
            code="recipe_value",
            path=where,
        ) from error
    hidden, heads = (model["predictor_config"].get(name) for name in ("hidden_size", "num_attention_heads"))
    where = f"[model.predictor_config] of {where}"
    for name, value in (("num_attention_heads", heads), ("hidden_size", hidden)):
        if type(value) is not int or value < 1:
            raise wrong_value(name, value, where, "a whole number from 1")
    if hidden % (2 * heads):
        raise wrong_value("hidden_size", hidden, where, f"a multiple of twice the heads, which are {heads}")
