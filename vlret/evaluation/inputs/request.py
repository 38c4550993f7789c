"""A benchmark by name: the set read, the models loaded, the run written."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vlret.datasets.base import BenchmarkSet, ClassificationSet, RetrievalSet, SetCard, TextSet
from vlret.errors import MediaError, UsageError, VlretError
from vlret.evaluation.embeddings.cache import default_cache
from vlret.evaluation.embeddings.precomputed import StoredVectors
from vlret.evaluation.inputs.heeded import (
    check_models_heed,
    check_set_heeds,
    check_task_heeds,
    check_vectors_heed,
    has_images_alone,
    option,
)
from vlret.evaluation.inputs.subset import N_NAMED, media_of, present, require_whole
from vlret.evaluation.results.export import write_result
from vlret.evaluation.results.protocol import Protocol
from vlret.evaluation.results.result import BenchResult
from vlret.evaluation.runner import protocol_for, run
from vlret.evaluation.tasks.index_benchmark import rows_of, run_captions
from vlret.files import replace_file
from vlret.index.index import Index
from vlret.models.base import Embedder
from vlret.models.registry import check_model, load_model
from vlret.tasks.fit import model_of
from vlret.tasks.label import readable

MISSING = "missing.txt"


@dataclass(frozen=True, slots=True)
class Order:
    """What a user asks for.

    Attributes:
        task: retrieval, classification, vqa or text.
        dataset, annotations, choices: a set of `vlret.datasets.registry`, the folder of the annotation
            folders (default: `annotations` below `data`), and choices that the set leaves open.
        captions, labels, questions: in place of it a table of one's own (`vlret.datasets.own`); `labels` may be a
            folder with one for each class.
        index: search this index for the captions, all else being taken from it.
        data: folder of the media (default: that of the CSV).
        models, vectors: names for `load_model`, and Parquet files for `StoredVectors`.
        protocol: fields of `Protocol` that are not the set's usual ones.
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
    vectors: Sequence[Path] = ()
    protocol: Mapping[str, Any] = field(default_factory=dict)

    @property
    def own(self) -> Path | None:
        """The table or folder of one's own."""
        return self.captions or self.labels or self.questions


def bench(
    order: Order,
    *,
    out: Path | None = None,
    device: str = "auto",
    dtype: str = "auto",
    cache: Path | None = None,
    workers: int = 1,
    say: Callable[[str], None] = lambda message: None,
) -> BenchResult:
    """Run what is asked for; see `run` for the result, `write_result` for what is written to `out`.

    Options, folders to write to, annotations, media and names of models are looked at before a model is loaded.
    `say` is told which model is being loaded.

    Raises:
        VlretError: the set, its files, a model or an option is not there or does not fit. If media are missing,
            `missing.txt` in `out` lists all.
    """
    check_task_heeds(order.task, order.protocol, order.choices)
    if out:
        _check_folder(out, "--out")
        (out / MISSING).unlink(missing_ok=True)  # of a run that was refused before
    if order.models or order.index:
        _check_folder(default_cache() if cache is None else cache, "--cache")
    benchmark_set = load_set(order)
    check_set_heeds(benchmark_set, order.protocol)
    try:
        if order.index is not None:
            result = _of_index(order, benchmark_set, device, dtype, cache)
        else:
            result = _of_models(order, benchmark_set, device, dtype, cache, workers, say)
    except VlretError as error:
        if "files" in error.fields:
            raise _where_all_are(error, out) from error
        raise
    if out:
        write_result(result, out)
    return result


def load_set(order: Order) -> BenchmarkSet:
    """The set that is asked for.

    Raises:
        UsageError: none or several are named, or the set is one for another task.
        DatasetError: annotation files are missing or damaged.
    """
    from vlret.datasets import registry

    named = {
        "--dataset": order.dataset, "--captions": order.captions, "--labels": order.labels,
        "--questions": order.questions,
    }  # fmt: skip
    given = [option for option, value in named.items() if value is not None]
    if len(given) != 1:
        other = {"classification": " and --labels FILE.csv", "vqa": " and --questions FILE.jsonl", "text": ""}
        raise UsageError(
            f"{' and '.join(given)} were given together." if given else "No set was named.",
            f"Give one of --dataset NAME{other.get(order.task, ' and --captions FILE.csv')}.",
        )
    if order.dataset is not None:
        made = registry.card(order.dataset, **order.choices)
        _check_task(made.task, order)
        _check_choices(made, order)
        found = registry.load(order.dataset, _annotations(order), **order.choices)
        require_whole(found.card, order.protocol.get("allow_missing", False))
        return found
    if order.choices or order.annotations:
        raise UsageError(
            "A set of your own has no choices and no annotation files.",
            "Leave out --choice and --annotations.",
        )
    own = _own_set(order)
    _check_task(own.card.task, order)
    return own


def _annotations(order: Order) -> Path:
    """The folder that is given, else `annotations` below that of the media."""
    if order.annotations is not None:
        return order.annotations
    beside = order.data / "annotations" if order.data else None
    if beside and beside.is_dir():
        return beside
    looked = f", and {beside} is no folder" if beside else ""
    raise UsageError(
        f"The annotations of the set are needed{looked}.",
        "Give their folder with --annotations (default: annotations/ in that of --data, where one is given).",
    )


def _check_names(names: Sequence[str], device: str, dtype: str) -> None:
    """Refuse what the registry does not know; whether a `module:Class` is there shows when it is made."""
    for name in names:
        check_model(name, device, dtype)


def _names(models: Sequence[Embedder | StoredVectors], asked: Sequence[str]) -> Sequence[str]:
    """Names by card or file; as asked for where two are alike, such as two states of one model."""
    names = [model.card.name if isinstance(model, Embedder) else model.name for model in models]
    return names if len(set(names)) == len(names) else asked


def _own_set(order: Order) -> BenchmarkSet:
    from vlret.datasets.own import read_captions, read_folder, read_labels, read_vqa

    if order.captions is not None:
        return read_captions(order.captions)
    if order.questions is not None:
        return read_vqa(order.questions)
    labels = order.labels or Path()
    return read_folder(labels) if labels.is_dir() else read_labels(labels)


def _check_task(task: str, order: Order) -> None:
    if task != order.task:
        name = order.dataset or order.own
        raise UsageError(f"{name} is a set for {task}, not for {order.task}.", f"Run vlret bench {task}.")


def _check_choices(made: SetCard, order: Order) -> None:
    """Refuse choices that another choice leaves without effect, such as the steps of a set of tasks."""
    from vlret.datasets import registry

    idle = [name for name in order.choices if name not in made.choices]
    if idle:
        apply = [name for name in registry.options(made.name) if name in made.choices]
        with_ = ", ".join(f"{name}={made.choices[name]}" for name in apply)
        raise UsageError(
            f"{', '.join(idle)} of {made.name} {'do' if idle[1:] else 'does'} not apply with {with_}.",
            f"Those that apply: {', '.join(apply)}.",
        )


def _check_folder(folder: Path, option: str) -> None:
    """Refuse a folder that cannot be written to, before hours of work are lost for it."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise UsageError(
            f"{there} is no folder that can be written to.", f"Choose another folder with {option}."
        )


def _require_media(order: Order, benchmark_set: BenchmarkSet, data: Path | None, protocol: Protocol) -> None:
    """As `present`; of a set of the user's own it is the file that may be wrong."""
    try:
        present(benchmark_set, data, protocol)
    except MediaError as error:
        if order.dataset is not None or protocol.allow_missing:
            raise
        raise MediaError(
            error.message,
            f"Correct the paths in {order.own}, give their folder with --data, or run with "
            "--allow-missing, which every number then says.",
            files=error.fields["files"],
        ) from error


def _load(
    order: Order, benchmark_set: BenchmarkSet, device: str, dtype: str, say: Callable[[str], None]
) -> list[Embedder | StoredVectors]:
    """Vectors made elsewhere, which are soon read, and then the models."""
    models: list[Embedder | StoredVectors] = [_stored(path, benchmark_set) for path in order.vectors]
    for name in order.models:
        say(f"loading {name}")
        models.append(load_model(name, device, dtype))
    return models


def _stored(path: Path, benchmark_set: BenchmarkSet) -> StoredVectors:
    """The vectors of a file, some of which are of this set."""
    stored = StoredVectors(path)
    if benchmark_set.card.task != "vqa":  # it takes no vectors at all, as `run` says
        stored.require_some("media", [medium.id for medium in media_of(benchmark_set)])
        stored.require_some("text", _texts_of(benchmark_set))
    return stored


def _texts_of(benchmark_set: BenchmarkSet) -> Sequence[str]:
    """The texts that the set needs vectors of."""
    if isinstance(benchmark_set, TextSet):
        return [
            text
            for triple in benchmark_set.triples
            for text in (triple.first, triple.second, triple.negative)
        ]
    if isinstance(benchmark_set, ClassificationSet):
        return [readable(name) for name in benchmark_set.classes]
    return benchmark_set.texts if isinstance(benchmark_set, RetrievalSet) else ()


def _own_folder(order: Order) -> Path | None:
    if order.own is None:
        return None
    return order.own if order.own.is_dir() else order.own.parent


def _of_models(
    order: Order,
    benchmark_set: BenchmarkSet,
    device: str,
    dtype: str,
    cache: Path | None,
    workers: int,
    say: Callable[[str], None],
) -> BenchResult:
    images = {"frames": 1} if has_images_alone(benchmark_set) else {}
    protocol = protocol_for(benchmark_set.card, **{**images, **order.protocol})
    data = order.data or _own_folder(order)
    if order.models:
        _require_media(order, benchmark_set, data, protocol)
        _check_names(order.models, device, dtype)
    elif order.vectors:
        check_vectors_heed(order.protocol)
    models = _load(order, benchmark_set, device, dtype, say)
    if order.models:
        takes_query = any(isinstance(model, Embedder) and model.card.takes_query for model in models)
        check_models_heed(order.protocol, takes_query)
    return run(
        benchmark_set, data, models, protocol,
        names=_names(models, [*map(str, order.vectors), *order.models]), cache=cache, workers=workers,
    )  # fmt: skip


def _where_all_are(error: VlretError, out: Path | None) -> VlretError:
    """The same error; of files that are not there it says where all are listed."""
    where = " All are listed with --out DIR, or with --json." if error.fields["files"][N_NAMED:] else ""
    if out:
        text = "".join(f"{file}\n" for file in error.fields["files"])
        replace_file(out / MISSING, text.encode(errors="surrogateescape"))
        where = f" All are listed in {out / MISSING}."
    return type(error)(f"{error.message}{where}", error.hint, code=error.code, **error.fields)


def _of_index(
    order: Order, captions: BenchmarkSet, device: str, dtype: str, cache: Path | None
) -> BenchResult:
    if dtype != "auto":
        raise UsageError("An index is searched in the number format it was made with.", "Leave out --dtype.")
    unfit = [option(name) for name in order.protocol if name not in ("ties", "rerank", "allow_missing")]
    more = {"a second model": order.models[1:], "vectors": order.vectors, "data": order.data}
    unfit += [what for what, given in more.items() if given]
    if not isinstance(captions, RetrievalSet) or order.captions is None or unfit:
        raise UsageError(
            f"An index is searched for captions as it was made{': not with ' * bool(unfit)}{', '.join(unfit)}.",
            "Give --captions FILE.csv --index INDEX.",
        )
    index = Index.open(order.index or Path())
    rows_of(captions, order.captions.parent, index, order.protocol.get("allow_missing", False))
    model = model_of(index, order.models[0] if order.models else None, device)
    return run_captions(captions, order.captions.parent, index, model, cache=cache, **order.protocol)
