"""Writes a result: JSON, ranks as Parquet, TREC runs and what is right as TREC qrels."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd

from vlret.evaluation.results.queries import names_of, pool_of
from vlret.evaluation.results.result import BenchResult
from vlret.evaluation.results.section import ResultSection
from vlret.files import replace_file

RESULT = "result.json"
RANKS = "ranks.parquet"
_LONGEST = 60  # characters: of three bytes each, with a section's name, below the 255 bytes of file systems


def write_result(result: BenchResult, folder: Path) -> list[Path]:
    """Write `result.json`, `ranks.parquet`, TREC runs and the qrels to score them, each by an atomic rename.

    ranks.parquet has a row for each model, section and query: model, part, rerank, query, best, worst (ranks from
    1), top (ids, best first) and a column for each per-query figure. There is a run for each model and section that
    ranks items, and one qrels file for each section. Their names end with `missing` or `trimmed` for a partial copy.

    Raises:
        OutputError: a file cannot be written.
    """
    written = [folder / RESULT, folder / RANKS]
    replace_file(written[0], json.dumps(result.to_json(), allow_nan=False).encode())
    replace_file(written[1], pd.DataFrame(list(_rows(result))).to_parquet(index=False))
    for name, text in _trec_files(result).items():
        written.append(folder / name)
        replace_file(written[-1], text.encode())
    return written


def lacking(result: BenchResult) -> dict[str, Any]:
    """What a partial copy lacks: how many items are `missing`, and which annotation files are `trimmed`."""
    return {"missing": len(result.missing), "trimmed": result.dataset.choices.get("trimmed", "")}


def file_names(names: Iterable[str]) -> dict[str, str]:
    """A file name of its own for each of `names`, `_2`, `_3`... added where it is taken."""
    made: dict[str, str] = {}
    for name in names:
        # Some systems take capital letters for small ones.
        taken = {other.casefold() for other in made.values()}
        stem, number = file_name(name), 2
        free = stem
        while free.casefold() in taken:
            free, number = f"{stem}_{number}", number + 1
        made[name] = free
    return made


def file_name(text: str) -> str:
    """As the name of a file or folder that every system takes: `a:b/c` is `a__b__c`; long ones by their end."""
    plain = re.sub(r"[^\w.-]+", "-", re.sub(r"[/\\:]+", "__", text))
    return plain[-_LONGEST:].strip("._-") or "model"


def _rows(result: BenchResult) -> Iterator[dict[str, Any]]:
    for model in result.models:
        for section in model.sections:
            names, pool = names_of(result, section.queries_are), pool_of(result, section)
            for record in section.records:
                top = [pool.names[record.query][number] for number in record.top or ()]
                yield {
                    "model": model.name, "part": section.name, "rerank": section.rerank,
                    "query": _plain(names[record.query]), "best": record.best, "worst": record.worst,
                    "top": list(map(_plain, top)), **record.values,
                }  # fmt: skip


def _trec_files(result: BenchResult) -> dict[str, str]:
    """The runs and qrels by the names of their files."""
    names = file_names(model.name for model in result.models)
    marks = [name for name, what in lacking(result).items() if what]
    files: dict[str, str] = {}
    for model in result.models:
        for section in model.sections:
            if not section.records.top:
                continue
            stem = "_".join([file_name(section.name), *marks])
            rerank = [] if section.rerank == "none" else [section.rerank]
            run = "_".join([names[model.name], file_name(section.name), *rerank, *marks])
            files[f"{run}.trec"] = "".join(_run(result, model.name, section))
            if f"{stem}.qrels" not in files:
                files[f"{stem}.qrels"] = "".join(_qrels(result, section))
    return files


def _run(result: BenchResult, model: str, section: ResultSection) -> Iterator[str]:
    """Lines `query Q0 item rank score run`."""
    pool = pool_of(result, section)
    for name, record in zip(names_of(result, section.queries_are), section.records, strict=True):
        best = zip(record.top or (), _apart(record.top_scores or ()), strict=True)
        for rank, (number, score) in enumerate(best, 1):
            item = pool.names[record.query][number]
            yield f"{_token(name)} Q0 {_token(item)} {rank} {score} {_token(model)}\n"


def _qrels(result: BenchResult, section: ResultSection) -> Iterator[str]:
    """Lines `query 0 item 1`, one for each right item."""
    names, pool = names_of(result, section.queries_are), pool_of(result, section)
    for name, right in zip(names, pool.right, strict=True):
        for item in right:
            yield f"{_token(name)} 0 {_token(item)} 1\n"


def _apart(scores: Sequence[float]) -> list[np.float32]:
    """Falling scores as float32, which is what TREC's programs hold them in: what differed differs still."""
    made: list[np.float32] = []
    for place, score in enumerate(scores):
        new = np.float32(score)
        if place and score == scores[place - 1]:
            new = made[-1]
        elif place and new >= made[-1]:
            new = np.nextafter(made[-1], np.float32(-np.inf))
        made.append(new)
    return made


def _plain(name: str) -> str:
    """A file name that is not UTF-8 comes with lone surrogates, which neither Parquet nor text files take."""
    return str(name).encode(errors="backslashreplace").decode()


def _token(name: str) -> str:
    """A name as one word: blanks as `%20`, so that no two names become one."""
    return re.sub(r"[\s%]", lambda blank: quote(blank[0]), _plain(name))
