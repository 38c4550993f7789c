"""The page and the files of `vlret bench selective`."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from vlret.evaluation.standalone.selective.result import SelectiveResult
from vlret.files import replace_file
from vlret.reports.bench_html import section, table
from vlret.reports.selective_plot import curve
from vlret.reports.selective_table import cells, columns, lines, to_csv
from vlret.reports.write_page import page_text, text

PAGE, JSON = "result.html", "result.json"


def write_selective(result: SelectiveResult, folder: Path) -> None:
    """Write result.json, result.html and result.csv.

    Raises:
        OutputError: a file cannot be written.
    """
    document = {"schema": 1, **result.to_json()}
    texts = {PAGE: selective_page(result), "result.csv": to_csv(result), JSON: json.dumps(document, indent=1)}
    for name, content in texts.items():
        replace_file(folder / name, content.encode("utf-8", errors="replace"))


def selective_page(result: SelectiveResult) -> str:
    """Headlines, curves, table and protocol as one file that loads nothing else."""
    style = (files("vlret") / "assets" / "bench.css").read_text("utf-8")
    body = [f"<style>{style}</style>", _lead(result), _headlines(result), _plots(result), _table(result)]
    return page_text(f"{result.set['name']}: selective decoding", "".join(body))


def _lead(result: SelectiveResult) -> str:
    about = result.set
    counted = (
        f"{about['videos']} videos, {about['seconds'] / 60:.0f} minutes, {about['annotations']} annotations"
    )
    made = (
        f"{result.model['name']}, captioner {result.captioner}, {result.created[:16].replace('T', ' ')} UTC"
    )
    return f"<p class='lead'>{text(f'{counted}. {made}.')}</p>"


def _headlines(result: SelectiveResult) -> str:
    said = "".join(f"<p>{text(line)}</p>" for line in lines(result))
    return section("Fewest decodes as good as one a second", f"<div class='notes'>{said}</div>")


def _plots(result: SelectiveResult) -> str:
    drawn = "".join(f"<figure>{curve(result, metric)}</figure>" for metric in result.points[0].scores)
    return section("Quality against seconds per decode", f"<div class='plots'>{drawn}</div>")


def _table(result: SelectiveResult) -> str:
    rows = "".join(
        f"<tr><th>{text(first)}</th>{''.join(f'<td>{text(cell)}</td>' for cell in rest)}</tr>"
        for first, *rest in map(cells, result.points)
    )
    protocol = result.protocol
    windows = f"Windows of {protocol.length_s:g} s, {protocol.rate_hz:g} a second. Delay on-line: at most "
    notes = [
        f"{windows}{protocol.online_delay_s:g} s.", f"Pairing: {protocol.pairing}.", f"CIDEr: {protocol.cider}.",
        f"Embedding: {protocol.embedding}.", f"SODA: {protocol.soda}.", f"Intervals: {protocol.intervals}.",
        "As good: the intervals of both differences from uniform at 1 Hz, of CIDEr and embedding, include zero or lie "
        "above it.",
    ]  # fmt: skip
    said = "".join(f"<p>{text(note)}</p>" for note in notes)
    return section("All points", f"{table(columns(result), rows)}<div class='notes'>{said}</div>")
