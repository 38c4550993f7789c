"""Writes the reports of a result beside its `result.json`."""

from __future__ import annotations

import json
from pathlib import Path

from vlret.evaluation.results.export import file_name, file_names
from vlret.evaluation.results.result import BenchResult
from vlret.files import replace_file
from vlret.reports.bench_page import bench_page
from vlret.reports.bench_tables import to_confusion_csv, to_csv, to_latex, to_markdown
from vlret.reports.other_forms import clip_benchmark, mteb

PAGE = "result.html"


def write_reports(result: BenchResult, folder: Path) -> list[Path]:
    """Write `result.html`, `.md`, `.tex` and `.csv`, `confusion.csv`, and the result in other programs' forms.

    The confusion is written for classification, for any number of classes. The other forms are
    `clip_benchmark/MODEL.json` (retrieval and classification) and `mteb/MODEL/REVISION/TASK.json`.

    Raises:
        OutputError: a file cannot be written.
    """
    texts = {
        Path(PAGE): bench_page(result), Path("result.md"): to_markdown(result),
        Path("result.tex"): to_latex(result), Path("result.csv"): to_csv(result),
    }  # fmt: skip
    if confused := to_confusion_csv(result):
        texts[Path("confusion.csv")] = confused
    names = file_names(model.name for model in result.models)
    for model, form in clip_benchmark(result).items():
        texts[Path("clip_benchmark", f"{names[model]}.json")] = json.dumps(form, indent=2)
    for (model, revision, task), form in mteb(result).items():
        folders = Path("mteb", names[model], file_name(revision))
        texts[folders / f"{file_name(task)}.json"] = json.dumps(form, indent=2)
    for name, text in texts.items():
        # A file name that is not UTF-8 comes as lone surrogates, which no encoding writes.
        replace_file(folder / name, text.encode("utf-8", errors="replace"))
    return [folder / name for name in texts]
