"""The options of each task of `vlret bench`: one class per task.

Its fields are what the command line of the task offers, its docstring is the help.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

from vlret.cli import options
from vlret.errors import UsageError

if TYPE_CHECKING:
    from vlret.evaluation.inputs.request import BenchRequest

_ANNOTATIONS = "Directory with one subdirectory of annotations per dataset"

Dataset = Annotated[str | None, typer.Option(help="A dataset listed by `vlret bench datasets`.")]
Annotations = Annotated[Path | None, typer.Option(help=f"{_ANNOTATIONS}.")]
Choices = Annotated[
    list[str] | None,
    typer.Option("--choice", metavar="NAME=VALUE", help="A choice that the dataset leaves open."),
]
AllowMissing = Annotated[
    bool, typer.Option("--allow-missing", help="Allow missing media; recorded with every figure.")
]
Precomputed = Annotated[
    list[Path] | None,
    typer.Option(
        "--vectors", metavar="FILE.parquet", help="Precomputed embeddings: columns kind, key, vector."
    ),
]


@dataclass(frozen=True, kw_only=True)
class TaskOptions:
    """Options of every task. None leaves what is usual for the dataset or the model."""

    task: ClassVar[str]
    in_protocol: ClassVar[tuple[str, ...]] = ("ties", "allow_missing")
    """The options that are fields of `Protocol`."""

    dataset: Dataset = None
    data: Annotated[Path | None, typer.Option(help="Directory of the videos or images.")] = None
    annotations: Annotated[
        Path | None, typer.Option(help=f"{_ANNOTATIONS} (default: annotations/ in --data).")
    ] = None
    choices: Choices = None
    models: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="NAME", help="As for `vlret index`; repeat it to compare several."),
    ] = None
    out: Annotated[
        Path | None, typer.Option(help="Directory for the result as JSON, HTML, tables and ranks.")
    ] = None
    ties: Annotated[
        str | None, typer.Option(help="Rank of ties: expected (default), optimistic or pessimistic.")
    ] = None
    allow_missing: AllowMissing = False
    cache: Annotated[Path | None, typer.Option(help="Directory of the embedding cache.")] = None
    device: options.Device = "auto"
    dtype: options.Dtype = "auto"
    engine: options.Engine = "auto"
    json: options.AsJson = False

    def request(self) -> BenchRequest:
        """What is to be benchmarked."""
        from vlret.evaluation.inputs.request import BenchRequest

        given = {field.name: getattr(self, field.name) for field in fields(self)}
        protocol = {name: _frozen(given[name]) for name in self.in_protocol if given[name]}
        of_request = {field.name for field in fields(BenchRequest)} - {"choices"}
        chosen = {name: value for name, value in given.items() if name in of_request and value}
        return BenchRequest(self.task, choices=named_values(self.choices), protocol=protocol, **chosen)

    def execution(self) -> dict[str, Any]:
        """How it is run: arguments of `bench` beside the request."""
        names = ("out", "cache", "device", "dtype", "engine", "workers")
        return {name: getattr(self, name) for name in names if hasattr(self, name)}


@dataclass(frozen=True, kw_only=True)
class MediaOptions(TaskOptions):
    """Options of every task over videos or images."""

    in_protocol = (*TaskOptions.in_protocol, "frames", "sampling", "resize", "query", "undecodable")

    frames: Annotated[int | None, typer.Option(min=1, help="Frames per clip (default: the dataset's).")] = (
        None
    )
    sampling: Annotated[str | None, typer.Option(help="Frame sampling: midpoint (default) or endpoints.")] = (
        None
    )
    resize: Annotated[
        str | None,
        typer.Option(help="model (default): the model's own transform, which may crop; or squash."),
    ] = None
    query: Annotated[str | None, typer.Option(help="Query for the predictor (default: the model's).")] = None
    undecodable: Annotated[
        str | None, typer.Option(help="Media that cannot be decoded: wrong (default) or excluded.")
    ] = None
    workers: Annotated[int, typer.Option(min=1, help="Number of decoding processes.")] = 1


@dataclass(frozen=True, kw_only=True)
class RetrievalOptions(MediaOptions):
    """Text-to-video and video-to-text retrieval on a dataset or your own index.

    Example: vlret bench retrieval --dataset msrvtt --data videos/ --annotations annotations/ --model vljepa-mini
    --model clip --out results/run
    """

    task = "retrieval"
    in_protocol = (*MediaOptions.in_protocol, "text_tokens", "rerank")

    captions: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="A custom dataset: columns path, caption.")
    ] = None
    index: Annotated[Path | None, typer.Option(help="Search this index for the captions.")] = None
    precomputed: Precomputed = None
    text_tokens: Annotated[
        int | None, typer.Option(min=3, help="Also score all texts truncated to this many CLIP tokens.")
    ] = None
    rerank: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Also rerank with dual_softmax, pe_reweighting or qb_norm, which use the other test queries.",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ClassificationOptions(MediaOptions):
    """Zero-shot classification of a dataset, a CSV, or a directory with one subdirectory per class.

    Example: vlret bench classification --dataset kinetics400 --data videos/ --annotations annotations/
    --model vljepa-mini --model clip --out results/run
    """

    task = "classification"
    in_protocol = (*MediaOptions.in_protocol, "prompts")

    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            help="A custom dataset: columns path, label; or a directory with one subdirectory per class.",
        ),
    ] = None
    precomputed: Precomputed = None
    prompts: Annotated[
        list[str] | None,
        typer.Option(
            "--prompt",
            metavar="TEXT",
            help="Template with one {} for the class name (default: the dataset's).",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class VqaOptions(MediaOptions):
    """Question answering from candidate answers.

    Example: vlret bench vqa --dataset pope --data photos/ --annotations annotations/ --model vljepa-mini
    --vlm HuggingFaceTB/SmolVLM-256M-Instruct --out results/run
    """

    task = "vqa"

    questions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A custom dataset: path, question, answers, answer (.jsonl, .json or .csv).",
        ),
    ] = None
    vlms: Annotated[
        list[str] | None,
        typer.Option(
            "--vlm",
            metavar="MODEL",
            help="A vision-language model of transformers, OWNER/MODEL or its directory: scored by what it writes "
            "and by the likelihood of the candidates; repeat it for several.",
        ),
    ] = None
    prompt: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help="For --vlm: template with one {} for the question (default: the model's)."
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class TextOptions(TaskOptions):
    """Text encoders alone: find the one of three captions with a different meaning.

    Example: vlret bench text --dataset visla --annotations annotations/ --model vljepa-mini --model clip
    --out results/run
    """

    task = "text"

    data: Annotated[Path | None, typer.Option(help="Directory with annotations/ in it.")] = None
    precomputed: Precomputed = None


TASKS: tuple[type[TaskOptions], ...] = (RetrievalOptions, ClassificationOptions, VqaOptions, TextOptions)


def command(options_of_task: type[TaskOptions], run: Callable[[TaskOptions], None]) -> Callable[..., None]:
    """A function for typer with the fields of `options_of_task` as its options, which calls `run` with them."""

    def verb(**values: Any) -> None:
        run(options_of_task(**values))

    verb.__doc__ = options_of_task.__doc__
    verb.__signature__ = signature(options_of_task, eval_str=True)  # type: ignore[attr-defined]
    return verb


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def named_values(words: list[str] | None) -> dict[str, str]:
    """`--choice NAME=VALUE` as names and values.

    Raises:
        UsageError: one has another form.
    """
    pairs = [(word, *word.partition("=")) for word in words or []]
    for word, _, mark, _ in pairs:
        if not mark:
            raise UsageError(
                f"--choice was given as {word!r}.", "Write NAME=VALUE.", code="bad_choice_option", given=word
            )
    return {name: value for _, name, _, value in pairs}
