"""bench_tables.py: a result as Markdown, LaTeX and CSV, with what was published and what the reader must know."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import pandas as pd
import pytest

from tests.reports.bench_documents import from_json
from vlret.reports.bench_tables import bench_rows, footer, to_confusion_csv, to_csv, to_latex, to_markdown

TASKS = ["retrieval", "classification", "vqa", "text", "states"]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def test_models_stand_side_by_side_and_published_rows_below(results):
    rows = bench_rows(results["retrieval"])
    assert [(row.model, row.section, row.pool) for row in rows] == [
        ("colour", "text to video", "4"),
        ("colour", "video to text", "5"),
        ("swaps_<b>|$x$& *", "text to video", "4"),
        ("swaps_<b>|$x$& *", "video to text", "5"),
        ("VL-JEPA BASE", "text to video", ""),
        ("VL-JEPA BASE", "text to video", ""),
    ]
    assert [row.source[:17] for row in rows[4:]] == ["arXiv 2512.10942v"] * 2
    assert [row.figures["hit@1"][0] for row in rows] == ["100.0", "100.0", "40.0", "50.0", "40.0", "37.6"]


def test_markdown_has_value_interval_and_pool(results):
    lines = to_markdown(results["retrieval"]).splitlines()
    assert lines[0] == "## Painted: retrieval"
    head, rule, *rows = [cells(line) for line in lines if line.startswith("|")]
    assert head[:5] == ["model", "part", "queries", "pool", "R@1"]
    assert all(set(cell) <= set("-:") for cell in rule)
    assert {len(row) for row in rows} == {len(head)}  # the bar in the model's name is no cell
    assert rows[0][:5] == ["colour", "text to video", "5", "4", "100.0 [100.0, 100.0]"]
    assert rows[2][0] == r"swaps\_\<b>\|$x$& \*"
    assert rows[4][0] == "*VL-JEPA BASE (reported, arXiv 2512.10942v2, table 1)*"
    assert rows[5][0] == "*VL-JEPA BASE (reported, arXiv 2512.10942v1, table 1)*"
    assert rows[5][4] == "*37.6*"


def test_the_reader_is_told_what_the_numbers_hang_on(results):
    text = "\n".join(footer(results["retrieval"]))
    assert "was trained on Painted, which overlaps with this dataset." in text
    assert "Chance in R@1: text to video 25.0, video to text 25.0." in text
    assert "not measured here" in text
    assert (
        "Protocol: Painted, split test; frames per clip: 2 (midpoint); resize: model; undecodable: wrong"
        in text
    )
    assert results["retrieval"].models[0].stamp.set["hash"][:12] in text


def test_of_precomputed_embeddings_nothing_is_claimed(results):
    document = results["retrieval"].to_json()
    unknown = dict.fromkeys(("frames", "sampling", "resize", "text_tokens", "prompts", "query"))
    document["models"][0]["stamp"]["protocol"] |= unknown
    document["models"][0]["no_vector_texts"] = []
    assert "frames per clip: 2 (midpoint)" in "\n".join(
        footer(from_json(document))
    )  # the other model looked at media
    document["models"][1]["stamp"]["protocol"] |= unknown
    document["models"][1]["no_vector_texts"] = []
    told = "\n".join(footer(from_json(document)))
    assert "split test; precomputed embeddings; ties: expected; scored set" in told
    assert "None" not in told


@pytest.mark.parametrize(("prompts", "told"), [([], "those of each model"), (["a {}"] * 80, "80 templates")])
def test_prompts_are_told(results, prompts, told):
    document = results["classification"].to_json()
    for model in document["models"]:
        model["stamp"]["protocol"]["prompts"] = prompts
    assert f"prompts: {told};" in "\n".join(footer(from_json(document)))


def test_what_differs_from_the_paper_s_protocol_is_named(results):
    document = results["retrieval"].to_json()
    told = footer(from_json(document))[-1]
    assert "differs in: frames at the midpoints" in told
    assert "pe_reweighting" in told
    for model in document["models"]:
        model["stamp"]["protocol"] |= {
            "sampling": "endpoints",
            "resize": "squash",
            "frames": 16,
        }
    document["missing"] = ["a"]
    assert footer(from_json(document))[-1].partition("differs in: ")[2] == (
        "16 frames per clip, not 2; plain cosine, not re-weighted over the queries (pe_reweighting); "
        "1 items missing."
    )
    published = results["retrieval"].dataset.published
    asked = replace(results["vqa"], dataset=replace(results["vqa"].dataset, published=published))
    assert footer(asked)[-1].endswith("it is unknown whether they agree with this run's.")
    assert not [line for line in footer(results["vqa"]) if "paper" in line]  # nothing is published for it


@pytest.mark.parametrize("task", TASKS)
def test_latex_is_balanced_and_escaped(results, task):
    text = to_latex(results[task])
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 1
    bare = re.sub(r"\\[\\&%$#_{}]", "", text)
    assert bare.count("{") == bare.count("}")
    body = text[text.index(r"\toprule") : text.index(r"\bottomrule")]
    rows = [line for line in body.splitlines() if line.endswith(r"\\")]
    n_columns = len(re.search(r"\{tabular\}\{(\w+)\}", text)[1])
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {n_columns - 1}
    assert r"swaps\_\textless{}b\textgreater{}\textbar{}\$x\$\&" in text


def test_published_rows_are_grey_in_latex(results):
    text = to_latex(results["retrieval"])
    assert r"\textcolor{gray}{VL-JEPA BASE (reported, arXiv 2512.10942v1, table 1)}" in text
    assert r"\textcolor{gray}{37.6}" in text


@pytest.mark.parametrize("task", TASKS)
def test_csv_has_every_figure_as_it_is(results, task):
    table = pd.read_csv(io.StringIO(to_csv(results[task])))
    measured = table[table["kind"] == "measured"]
    for model in results[task].models:
        for section in model.sections:
            own = measured[(measured["model"] == model.name) & (measured["part"] == section.name)]
            assert dict(zip(own["figure"], own["value"], strict=True)) == {
                name: figure.value for name, figure in section.figures.items()
            }
            assert set(own["pool"]) == {section.pool}
    assert len(table) - len(measured) == len(results[task].dataset.published)


def test_reported_rows_are_marked_in_every_form(contaminated):
    assert [row.model for row in bench_rows(contaminated)[4:]] == [
        "VL-JEPA BASE *",
        "VL-JEPA SFT *",
        "CLIP ViT-B",
    ]
    told = [
        "* reported: VL-JEPA BASE, VL-JEPA SFT: trained on HowTo100M (these videos), which overlaps with this dataset.",
        "* reported: VL-JEPA SFT: not zero-shot.",
    ]
    assert [line for line in footer(contaminated) if line.startswith("* reported")] == told
    markdown, latex = to_markdown(contaminated), to_latex(contaminated)
    assert r"| *VL-JEPA BASE \* (reported, a paper)* |" in markdown
    assert r"| *CLIP ViT-B (reported, a paper)* |" in markdown
    assert r"\textcolor{gray}{VL-JEPA BASE * (reported, a paper)}" in latex
    for line in told:
        assert line in latex
        assert line.replace("*", r"\*") in markdown
    table = pd.read_csv(io.StringIO(to_csv(contaminated)), keep_default_na=False)
    reported = table[table["kind"] == "reported"]
    assert reported[["model", "contaminated_by", "note"]].values.tolist() == [
        ["VL-JEPA BASE", "HowTo100M", ""], ["VL-JEPA SFT", "HowTo100M", "not zero-shot"], ["CLIP ViT-B", "", ""],
    ]  # fmt: skip


def test_csv_marks_what_was_published_and_what_overlaps(results):
    table = pd.read_csv(io.StringIO(to_csv(results["retrieval"])))
    reported = table[table["kind"] == "reported"]
    assert reported[["figure", "value"]].values.tolist() == [["hit@1", 40.0], ["hit@1", 37.6]]
    assert reported["pool"].isna().all()
    assert set(table[table["model"].str.startswith("swaps")]["contaminated_by"]) == {"Painted"}


def test_csv_marks_partial_copies(results):
    document = results["retrieval"].to_json()
    whole = pd.read_csv(io.StringIO(to_csv(from_json(document))))
    assert set(whole["missing"].dropna()) == {0}
    assert whole["trimmed"].isna().all()
    document["missing"], document["dataset"]["choices"]["trimmed"] = ["a", "b"], "x.first5.json"
    table = pd.read_csv(io.StringIO(to_csv(from_json(document))))
    measured, reported = table[table["kind"] == "measured"], table[table["kind"] == "reported"]
    assert set(measured["missing"]) == {2}
    assert set(measured["trimmed"]) == {"x.first5.json"}
    assert reported[["missing", "trimmed"]].isna().all(axis=None)  # what was published is not of this copy


def test_csv_holds_no_formula(results):
    document = results["classification"].to_json()
    document["classes"] = [f"=1+{name}" for name in document["classes"]]
    document["models"][0]["name"] = "@me"
    for text in (to_csv(from_json(document)), to_confusion_csv(from_json(document))):
        cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "@"))]
        assert "'@me" in cells
