"""label_page.py: labels with counts, the largest first, "unknown" last."""

from __future__ import annotations

from tests.reports.pages import Page
from vlret.reports.label_page import LabelSection
from vlret.reports.write_page import write_page
from vlret.types import Label, LabelScore


def label(name: str, probability: float = 0.5) -> Label:
    top = (LabelScore("cat", 0.5, probability), LabelScore("dog", 0.25, 0.25))
    return Label(f"/v/{name}-{probability}.mp4", 0.0, 5.0, name, 0.5, probability, 0.1, top)


def page_of(path, labels) -> Page:
    write_page(path, "Labels", [LabelSection("", "Labelled.", labels)])
    return Page(path.read_text("utf-8"))


def test_groups_have_counts_the_largest_first_and_unknown_last(tmp_path):
    names = ["unknown"] * 4 + ["dog"] * 2 + ["cat"] * 3 + ["ant"] * 2
    page = page_of(tmp_path / "p.html", [label(name) for name in names])
    order = ["cat", "ant", "dog", "unknown"]
    counts = list(zip(page.texts, page.texts[1:], strict=False))
    first = page.texts.index("Labelled.")
    shown = [text for text in page.texts[first:] if text in (*order, "2", "3", "4")][:8]
    assert shown == ["cat", "3", "ant", "2", "dog", "2", "unknown", "4"]
    assert counts.count(("unknown", "4")) == 2  # in the list, and over its group
    assert [value for value in page.values("href") if value.startswith("#")] == [
        f"#label-{n}" for n in range(4)
    ]
    assert [value for value in page.values("id") if value] == [f"label-{n}" for n in range(4)]


def test_the_most_probable_clips_of_a_group_come_first(tmp_path):
    page = page_of(tmp_path / "p.html", [label("cat", 0.25), label("cat", 0.75), label("cat", 0.5)])
    names = [text for text in page.texts if text.endswith(".mp4")]
    assert names == [f"cat-{probability}.mp4" for probability in (0.75, 0.5, 0.25)]
    assert {"75%", "50%", "25%"} <= set(page.texts)


def test_300_clips_are_shared_out_among_the_groups(tmp_path):
    page = page_of(tmp_path / "p.html", [label("cat", n / 1000) for n in range(200)] + [label("dog")])
    assert page.tags.count("article") == 151
    assert "150 of 200" in page.texts


def test_more_labels_than_clips_shown_are_all_counted(tmp_path):
    page = page_of(tmp_path / "p.html", [label(f"name{n}") for n in range(302)])
    assert page.tags.count("article") == 300
    assert page.tags.count("li") == 302


def test_no_labels_say_so(tmp_path):
    assert "No clips were labelled." in page_of(tmp_path / "p.html", []).texts
