"""Runs a benchmark request: reads the dataset, loads the models, scores them and writes the result."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from vlret.cache_folder import default_cache
from vlret.datasets.base import BenchmarkSet, RetrievalSet
from vlret.errors import MediaError, UsageError, VlretError
from vlret.evaluation.embeddings.precomputed import PrecomputedEmbeddings
from vlret.evaluation.inputs import applicability
from vlret.evaluation.inputs.load_dataset import load_dataset
from vlret.evaluation.inputs.request import BenchRequest
from vlret.evaluation.protocol.protocol import Protocol, protocol_for
from vlret.evaluation.results.export import write_result
from vlret.evaluation.results.result import BenchResult
from vlret.evaluation.runner import run
from vlret.evaluation.standalone.index_benchmark import rows_of, run_captions
from vlret.evaluation.tasks.missing import present
from vlret.evaluation.tasks.registry import task_of
from vlret.files import replace_file
from vlret.index.index import Index
from vlret.models.base import Embedder
from vlret.models.registry import check_model, load_model
from vlret.models.vlm.base import VisionLanguageModel
from vlret.models.vlm.find import check_vlm_name
from vlret.tasks.index_model import model_for_index

MISSING = "missing.txt"
_Loaded = Embedder | PrecomputedEmbeddings | VisionLanguageModel
_USED_WITH_INDEX = ("ties", "rerank", "allow_missing")


def bench(
    request: BenchRequest,
    *,
    out: Path | None = None,
    device: str = "auto",
    dtype: str = "auto",
    engine: str = "auto",
    cache: Path | None = None,
    workers: int = 1,
    say: Callable[[str], None] = lambda message: None,
) -> BenchResult:
    """Run a request; see `run` for the result, `write_result` for what is written to `out`.

    The protocol, output directories, annotations, media and names of models are checked before a model is loaded.

    Args:
        request: what is benchmarked.
        out: directory for the result.
        device, dtype, engine: of the models; an engine only of embedders.
        cache: directory of the embeddings kept between runs (default: `default_cache`).
        workers: processes that decode.
        say: receives progress messages.

    Raises:
        VlretError: the dataset, its files, a model or an argument is missing or does not fit. If media are missing,
            `missing.txt` in `out` lists all of them.
    """
    applicability.check_task(request.task, request.protocol, request.choices)
    applicability.check_vlms(request.task, request.vlms, request.prompt)
    if out:
        _require_writable(out, "out")
        (out / MISSING).unlink(missing_ok=True)  # of a run that was refused before
    if request.models or request.vlms or request.index:
        _require_writable(default_cache() if cache is None else cache, "cache")
    benchmark_set = load_dataset(request)
    applicability.check_dataset(benchmark_set, request.protocol)
    try:
        if request.index is not None:
            result = _bench_index(request, benchmark_set, device, dtype, engine, cache)
        else:
            result = _bench_models(request, benchmark_set, (device, dtype, engine), cache, workers, say)
    except VlretError as error:
        if out and "files" in error.fields:
            raise _with_list(error, out / MISSING) from error
        raise
    if out:
        write_result(result, out)
    return result


def _require_writable(folder: Path, argument: str) -> None:
    """Refuse a directory that cannot be written to, before hours of work are lost."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise UsageError(
            f"{existing} is not a writable directory.",
            "Choose another directory.",
            code="not_writable",
            path=existing,
            argument=argument,
        )


def _with_list(error: VlretError, file: Path) -> VlretError:
    """The same error, its files listed in `file`."""
    text = "".join(f"{name}\n" for name in error.fields["files"])
    replace_file(file, text.encode(errors="surrogateescape"))
    message = f"{error.message} All are listed in {file}."
    return type(error)(message, error.hint, code=error.code, **error.fields)


def _bench_models(
    request: BenchRequest,
    benchmark_set: BenchmarkSet,
    where: tuple[str, str, str],
    cache: Path | None,
    workers: int,
    say: Callable[[str], None],
) -> BenchResult:
    one_frame = {"frames": 1} if applicability.has_only_images(benchmark_set) else {}
    protocol = protocol_for(benchmark_set.card, **{**one_frame, **request.protocol})
    if request.models or request.vlms:
        _require_media(request, benchmark_set, protocol)
        for name in request.models:  # whether the class of `module:Class` exists shows when it is made
            check_model(name, *where)
        for name in request.vlms:
            check_vlm_name(name)
    elif request.precomputed:
        applicability.check_precomputed(request.protocol)
    models = _load(request, benchmark_set, where, say)
    if request.models or request.vlms:
        takes_query = any(isinstance(model, Embedder) and model.card.takes_query for model in models)
        applicability.check_predictor(request.protocol, takes_query)
    names = _names(models, [*map(str, request.precomputed), *request.models, *request.vlms])
    return run(
        benchmark_set, request.media_folder, models, protocol, names=names, cache=cache, workers=workers
    )


def _require_media(request: BenchRequest, benchmark_set: BenchmarkSet, protocol: Protocol) -> None:
    """As `present`; for a custom dataset, its file may be what is wrong."""
    try:
        present(task_of(benchmark_set), request.media_folder, protocol)
    except MediaError as error:
        if request.dataset is not None or protocol.allow_missing:
            raise
        raise MediaError(
            error.message,
            f"Correct the paths in {request.custom}, give the directory of the media, or allow missing media, "
            "which is recorded with every figure.",
            code="custom_media_missing",
            files=error.fields["files"],
            dataset=request.custom,
        ) from error


def _load(
    request: BenchRequest,
    benchmark_set: BenchmarkSet,
    where: tuple[str, str, str],
    say: Callable[[str], None],
) -> list[_Loaded]:
    """Precomputed embeddings, which are read quickly, and then the models."""
    models: list[_Loaded] = [_stored(path, benchmark_set) for path in request.precomputed]
    for name in request.models:
        say(f"loading {name}")
        models.append(load_model(name, *where))
    for name in request.vlms:
        from vlret.models.vlm.transformers_vlm import load_vlm

        say(f"loading {name}")
        models.append(load_vlm(name, request.prompt, *where[:2]))
    return models


def _names(models: Sequence[_Loaded], requested: Sequence[str]) -> Sequence[str]:
    """Names by card or file; as requested where two are equal, such as two states of one model."""
    names = [model.card.name if isinstance(model, Embedder) else model.name for model in models]
    return names if len(set(names)) == len(names) else requested


def _stored(path: Path, benchmark_set: BenchmarkSet) -> PrecomputedEmbeddings:
    """The embeddings of a file, some of which are of this dataset."""
    stored, task = PrecomputedEmbeddings(path), task_of(benchmark_set)
    task.check_model(stored)
    stored.require_some("media", [media.id for media in task.media])
    stored.require_some("text", task.texts())
    return stored


def _bench_index(
    request: BenchRequest,
    captions: BenchmarkSet,
    device: str,
    dtype: str,
    engine: str,
    cache: Path | None,
) -> BenchResult:
    _require_fits_index(request, dtype)
    if not isinstance(captions, RetrievalSet) or request.captions is None:
        raise UsageError(
            "An index is searched for the captions of a custom dataset.",
            "Give a file of captions.",
            code="index_needs_captions",
        )
    index = Index.open(request.index or Path())
    folder = request.captions.parent
    rows_of(captions, folder, index, request.protocol.get("allow_missing", False))
    model = model_for_index(index, request.models[0] if request.models else None, device, engine)
    return run_captions(captions, folder, index, model, cache=cache, **request.protocol)


def _require_fits_index(request: BenchRequest, dtype: str) -> None:
    """Refuse what the index itself decides."""
    unused = [name for name in request.protocol if name not in _USED_WITH_INDEX]
    more = {
        "a second model": request.models[1:], "precomputed embeddings": request.precomputed, "data": request.data,
        "dtype": dtype != "auto",
    }  # fmt: skip
    unused += [what for what, given in more.items() if given]
    if unused:
        raise UsageError(
            f"An index is searched as it was built. Not used: {', '.join(unused)}.",
            "Remove them.",
            code="not_used_with_index",
            given=unused,
        )
