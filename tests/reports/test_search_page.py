"""search_page.py: hits of a file together, bars on a fixed scale, lost files marked."""

from __future__ import annotations

import re

import pytest

from tests.reports.pages import Page
from vlret.reports.search_page import SearchSection, full_bar
from vlret.reports.write_page import write_page
from vlret.types import Hit


def html_of(path, hits, full=1.0) -> str:
    write_page(path, "query", [SearchSection("", "Found.", hits, full)])
    return path.read_text("utf-8")


def widths(html: str) -> list[str]:
    return re.findall(r'<i style="width:([\d.]+)%', html)


def test_scores_and_time_codes_are_shown(tmp_path):
    hits = [Hit(1, 0.5, "a.mp4", 70.0, 80.5, 1), Hit(2, -0.1, "b.mp4", 0.0, 9.0, 2)]
    page = Page(html_of(tmp_path / "p.html", hits))
    assert "1:10-1:20.5" in page.texts
    assert {"0.500", "-0.100", "1. a.mp4", "2. b.mp4"} <= set(page.texts)


@pytest.mark.parametrize(
    ("full", "scores", "shares", "told"),
    [
        (1.0, (0.5, 0.25, -0.1), ["50.0", "25.0", "0.0"], "0 to 1."),
        (0.4, (0.2, 0.1, 0.0), ["50.0", "25.0", "0.0"], "0 to 0.4."),
        (0.4, (0.9, 0.4, 0.2), ["90.0", "40.0", "20.0"], "0 to 1."),
    ],
)
def test_bars_are_on_a_scale_that_the_page_names(tmp_path, full, scores, shares, told):
    hits = [Hit(n, score, f"{n}.mp4", 0.0, 9.0, n) for n, score in enumerate(scores, 1)]
    html = html_of(tmp_path / "p.html", hits, full)
    assert widths(html) == shares
    assert f"Found. Bars: cosine from {told}" in Page(html).texts


@pytest.mark.parametrize(
    ("temperature", "full"), [(0.01, 0.4), (0.0409, 1.0), (1 / 112, 0.4), (0.0, 0.1), (5.0, 1.0)]
)
def test_the_scale_is_the_model_s(temperature, full):
    assert full_bar(temperature) == full


def test_hits_of_a_file_are_together_with_a_timeline(tmp_path, counted_video):
    hits = [
        Hit(1, 0.5, str(counted_video), 1.0, 2.0, 1),
        Hit(2, 0.4, "other.mp4", 0.0, 9.0, 2),
        Hit(3, 0.3, str(counted_video), 0.0, 1.0, 3),
    ]
    html = html_of(tmp_path / "p.html", hits)
    page = Page(html)
    assert page.tags.count("article") == 2
    assert page.texts.count("counted.mp4") == 1
    order = [page.texts.index(words) for words in ("counted.mp4", "1.", "3.", "2. other.mp4")]
    assert order == sorted(order)
    assert re.findall(r"left:([\d.]+)%;width:([\d.]+)%", html) == [("33.33", "33.33"), ("0.00", "33.33")]
    assert "0:03" in page.texts
    address = counted_video.as_uri()
    assert page.values("href") == [f"{address}#t=1", address, f"{address}#t=1", address]


def test_one_hit_that_is_the_whole_file_needs_no_timeline(tmp_path, counted_video):
    assert (
        "timeline"
        not in html_of(tmp_path / "p.html", [Hit(1, 0.5, str(counted_video), 0.0, 3.0, 1)]).split("<body>")[1]
    )
    assert (
        "timeline"
        in html_of(tmp_path / "p.html", [Hit(1, 0.5, str(counted_video), 1.0, 3.0, 1)]).split("<body>")[1]
    )


def test_lost_files_are_marked_and_not_linked(tmp_path, caplog):
    (tmp_path / "bad.mp4").write_text("no video")
    hits = [Hit(n, 0.5, str(tmp_path / name), 5.0, 9.0, n) for n, name in enumerate(("no.mp4", "bad.mp4"), 1)]
    page = Page(html_of(tmp_path / "p.html", hits))
    assert {"1. no.mp4", "deleted or moved", "cannot be read"} <= set(page.texts)
    assert page.values("href") == [(tmp_path / "bad.mp4").as_uri() + "#t=5"]
    assert "img" not in page.tags
    assert "no.mp4" in caplog.text


def test_a_clip_that_its_file_has_no_more_leaves_the_others(tmp_path, counted_video):
    hits = [Hit(1, 0.5, str(counted_video), 100.0, 110.0, 1), Hit(2, 0.5, str(counted_video), 0.0, 3.0, 2)]
    page = Page(html_of(tmp_path / "p.html", hits))
    assert page.tags.count("img") == 3
    assert "cannot be read" in page.texts


def test_no_hits_say_so(tmp_path):
    page = Page(html_of(tmp_path / "p.html", []))
    assert "No results." in page.texts
    assert "Found." in page.texts


def test_300_clips_are_shown_and_how_many_more(tmp_path):
    hits = [Hit(rank, 0.5, f"lost{rank}.mp4", 0.0, 9.0, rank) for rank in range(1, 304)]
    page = Page(html_of(tmp_path / "p.html", hits))
    assert page.tags.count("article") == 300
    assert "3 more results not shown." in page.texts
