"""bench_page.py: one page that holds everything, asks for nothing and escapes what it was given."""

from __future__ import annotations

import re

import pytest

from tests.reports.bench_documents import from_json
from tests.reports.pages import Page
from vlret.reports.bench_page import bench_page


@pytest.mark.parametrize("task", ["retrieval", "classification", "vqa", "text", "states"])
def test_every_task_has_a_page_that_asks_for_nothing(results, task):
    html = bench_page(results[task])
    page = Page(html)
    assert not {"script", "link", "iframe", "a"} & set(page.tags)
    fetched = page.values("src", "srcset", "action", "href", "xlink:href")
    assert all(value.startswith(("data:image/", "#")) for value in fetched)
    assert "@import" not in html
    assert "default-src 'none'" in html
    assert "Painted: " + results[task].task in page.texts
    assert "svg" in page.tags
    assert "swaps_<b>|$x$& *" in page.texts


def test_the_table_tells_reported_from_measured(results):
    page = Page(bench_page(results["retrieval"]))
    assert page.values("class").count("reported") == 2
    assert "reported, arXiv 2512.10942v1, table 1" in page.texts
    assert "reported, arXiv 2512.10942v2, table 1" in page.texts
    assert {"R@1", "median rank", "[100.0, 100.0]", "37.6"} <= set(page.texts)


def test_reported_rows_are_marked_on_the_page(contaminated):
    texts = Page(bench_page(contaminated)).texts
    assert {
        "VL-JEPA BASE *",
        "VL-JEPA SFT *",
        "CLIP ViT-B",
        "* reported: VL-JEPA SFT: not zero-shot.",
    } <= set(texts)
    assert any(
        "trained on HowTo100M (these videos), which overlaps with this dataset." in text for text in texts
    )


def test_failures_have_pictures_of_the_right_clip_and_of_those_above(results):
    page = Page(bench_page(results["retrieval"]))
    assert "Failures of colour" in page.texts
    assert "None: every right answer ranks first." in page.texts
    assert "The 3 worst of swaps_<b>|$x$&" in page.texts
    alt = page.values("alt")
    assert (alt.count("red"), "blue" in alt) == (3, True)  # right twice, once above blue
    assert all(value.startswith("data:image/jpeg;base64,") for value in page.values("src"))


def test_classes_have_a_matrix_and_a_table(results):
    page = Page(bench_page(results["classification"]))
    assert {"Confusion matrix", "By class, hardest first", "By clip length", "2 to 5 s"} <= set(page.texts)


def test_more_than_50_classes_have_their_most_confused_pairs_and_a_cut_table(results):
    document = results["classification"].to_json()
    document["classes"] = [f"class {i}" for i in range(60)]
    document["labels"] = [list(range(i, 60, 6)) for i in range(6)]
    page = Page(bench_page(from_json(document)))
    assert "Confusion matrix" in page.texts
    assert page.texts.count("predicted") == 2  # a heading per model
    assert {"class 4", "1 of 1", "10 more classes are not shown."} <= set(page.texts)
    assert "figure" in page.tags
    matrices = [value for value in page.values("aria-label") if value.startswith("Confusion matrix of")]
    assert len(matrices) == 2


def test_media_that_are_gone_leave_no_picture_and_a_warning(results, caplog):
    document = results["retrieval"].to_json()
    for item in document["items"]:
        item["path"] = None if item["id"] == "red" else f"/nowhere/{item['id']}.mp4"
    page = Page(bench_page(from_json(document)))
    assert "img" not in page.tags
    assert "a red wall" in page.texts
    assert "/nowhere/blue.mp4" in caplog.text


def test_without_cost_the_page_says_so(results):
    document = results["retrieval"].to_json()
    for model in document["models"]:
        model["cost"] = None
    assert (
        "No cost is shown: it is not known for these embeddings."
        in Page(bench_page(from_json(document))).texts
    )


@pytest.mark.parametrize("task", ["retrieval", "classification", "vqa"])
def test_hostile_names_are_text_and_nothing_else(results, task):
    evil = "</style><script>alert(1)</script>\u202e\x1b[2J\udcff\n'\""
    document = results[task].to_json()
    document["models"][0]["name"] = evil
    document["dataset"]["title"] = evil
    for name in ("classes", "candidates"):
        document[name] = [f"{evil}{i}" for i in range(len(document.get(name) or []))]
    for item in document["items"]:
        item["id"] = evil
    html = bench_page(from_json(document))
    assert "script" not in Page(html).tags
    assert not re.search("[\x1b\u202e\ud800-\udfff]", html)
