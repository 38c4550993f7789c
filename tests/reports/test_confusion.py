"""confusion.py: counts by true and predicted class, as tables that are accessible by keyboard."""

from __future__ import annotations

import re

from tests.reports.bench_documents import from_json
from tests.reports.pages import Page
from vlret.reports.confusion import confusions


def document(results, classes, labels, answers):
    """A classification of one model that gives `answers` to items with `labels`."""
    made = results["classification"].to_json()
    made["classes"], made["labels"], made["models"] = (
        classes,
        [[label] for label in labels],
        made["models"][:1],
    )
    made["models"][0]["parts"][0]["per_query"]["top"] = [[answer] for answer in answers]
    return from_json(made)


def cells(html: str) -> list[list[str]]:
    """The counts of the first matrix, row by row."""
    body = html.partition("<table class='matrix'>")[2].partition("<tbody>")[2].partition("</tbody>")[0]
    return [re.findall("<td[^>]*>([^<]*)</td>", row) for row in body.split("</tr>")[:-1]]


def test_rows_are_the_truth_and_columns_the_answers(results):
    html = confusions(document(results, ["a", "b", "c"], [0, 0, 0, 1, 2, 2], [0, 0, 1, 1, 0, 0]))
    assert cells(html) == [["2", "1", ""], ["", "1", ""], ["2", "", ""]]
    page = Page(html)
    assert page.values("title") == ["2 of 3, 67%", "1 of 3, 33%", "1 of 1, 100%", "2 of 2, 100%"]
    assert page.values("style") == [f"--share:{share}" for share in ("0.667", "0.333", "1.000", "1.000")]
    assert page.values("class").count("right") == 3
    assert [page.values("scope").count(kind) for kind in ("col", "row")] == [3, 3]


def test_a_matrix_is_reached_by_the_keyboard_and_has_a_name(results):
    page = Page(confusions(document(results, ["a", "b"], [0], [1])))
    assert page.values("tabindex") == ["0"]
    assert page.values("aria-label") == ["Confusion matrix of colour"]


def test_of_many_classes_the_mistakes_and_the_matrix_of_their_classes(results):
    names = [f"class {n}" for n in range(60)]
    html = confusions(document(results, names, [3, 3, 9, 9, 20], [3, 50, 9, 9, 20]))
    assert {"class 3", "1 of 2", "50.0"} <= set(Page(html).texts)
    assert cells(html) == [["1", "1"], ["", ""]]
    assert "class 9" not in Page(html).texts


def test_of_many_classes_without_a_mistake_there_is_no_matrix(results):
    html = confusions(document(results, [f"class {n}" for n in range(60)], [3, 4], [3, 4]))
    assert "None." in Page(html).texts
    assert "<table" not in html


def test_names_are_text(results):
    names = ["$a$ <script>", "\udcff\x01 日本", "\u202eb"]
    page = Page(confusions(document(results, names, [0, 1, 2], [0, 1, 2])))
    assert "script" not in page.tags
    assert {"$a$ <script>", "\\udcff\\x01 日本", "\\u202eb"} <= set(page.texts)


def test_other_tasks_have_none(results):
    assert confusions(results["retrieval"]) == ""
