"""`vlret demo`: all features on fifteen sample files that are part of the package."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from vlret.cli import options, output

if TYPE_CHECKING:
    from vlret.index.index import Index
    from vlret.models.base import Embedder
    from vlret.reports.write_page import Section

SENTENCES = ("people walking across a square", "a rocket takes off", "a city with lights at night")
QUESTIONS = (
    ("photos/cat_face.jpg", "what animal is it?", ("a cat", "a dog", "a horse", "a bird")),
    (
        "videos/city_traffic.mp4",
        "where is it?",
        ("in a city street", "in a kitchen", "in a forest", "at sea"),
    ),
)


def demo(
    out: Annotated[Path, typer.Option(help="Directory for the index and the page.")] = Path("demo"),
    model: options.Model = options.DEFAULT_MODEL,
    device: options.Device = "auto",
) -> None:
    """Try vlret on sample files that are part of the package.

    Indexes them, searches for three sentences, labels them, asks two questions, and writes an HTML page.
    """
    from importlib.resources import as_file, files

    from vlret.models.registry import load_model
    from vlret.reports.write_page import write_page

    started_s = perf_counter()
    with ExitStack() as stack:
        samples = stack.enter_context(as_file(files("vlret") / "assets" / "samples"))
        index = _index(samples, out / "index", model, device)
        embedder = load_model(model, device)
        output.show_lines("\n2. Search them with a sentence")
        sections = [_search(index, embedder, sentence) for sentence in SENTENCES]
        sections.append(_label(index, embedder, samples))
        _question(embedder, samples)
        write_page(out / "results.html", "vlret demo", sections)
    output.show_lines(
        _CLOSING.format(seconds=perf_counter() - started_s, page=out / "results.html", index=out / "index")
    )


def _index(samples: Path, folder: Path, model: str, device: str) -> Index:
    from vlret.index.build import build_index
    from vlret.index.index import Index

    output.show(f"1. Index the samples with {model}: files -> clips -> frames -> embeddings")
    output.show_lines(_indented(str(build_index([samples], folder, model=model, device=device))))
    return Index.open(folder)


def _search(index: Index, model: Embedder, sentence: str) -> Section:
    from vlret.reports.search_page import SearchSection, full_bar
    from vlret.reports.timecode import span
    from vlret.tasks.search import search

    hits = search(index, sentence, model=model, k=4)
    output.show(f"   {sentence}:")
    for hit in hits[:3]:
        output.show(
            f"     {hit.rank}  {hit.score:.3f}  {span(hit.start, hit.end):<11}  {Path(hit.path).name}"
        )
    note, full = "The most similar clips, best first.", full_bar(index.card.temperature)
    return SearchSection(f'Search: "{sentence}"', note, hits, full)


def _label(index: Index, model: Embedder, samples: Path) -> Section:
    from vlret.reports.label_page import LabelSection
    from vlret.tasks.label import classify

    lines = (samples / "captions.jsonl").read_text("utf-8").splitlines()
    names = [json.loads(line)["label"] for line in lines]
    items = classify(index, names, model=model)
    output.show_lines(f"\n3. Label each clip with one of {len(names)} labels")
    for item in items:
        output.show(f"   {item.label:<22} {item.probability:4.0%}  {Path(item.path).name}")
    note = f"The most probable of {len(names)} labels: {', '.join(names)}."
    return LabelSection("Labels", note, items)


def _question(model: Embedder, samples: Path) -> None:
    from vlret.tasks.vqa import answer

    output.show_lines("\n4. Ask questions")
    for name, question, answers in QUESTIONS:
        found = answer(model, samples / name, question, answers)
        scores = ", ".join(f"{candidate.answer} {candidate.score:.3f}" for candidate in found.candidates)
        output.show(f"   {Path(name).name}: {question} -> {found.answer}   ({scores})")


def _indented(text: str) -> str:
    return "\n".join(f"   {line}" for line in text.splitlines())


_CLOSING = """
Done in {seconds:.0f} s. Open {page} in a browser, or search and play the samples there:
   vlret serve {index}

Do the same with your own videos:
   vlret index ~/Videos --out indexes/videos
   vlret search indexes/videos "a dog runs on the beach" --html dog.html
   vlret label indexes/videos --labels "cooking,sports,travel,family" --out labels.csv
   vlret vqa holiday.mp4 "where is it?" --answers "at the sea" --answers "in the mountains"
Or continue with the samples:
   vlret search {index} "a red sports car" --all-clips"""
