"""html.py: one page that holds everything, asks for nothing and escapes what it was given."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from tests.reports.pages import Page
from vlret.reports.html import hits_section, labels_section, write_page
from vlret.types import Hit, Label, LabelScore

EVIL = '<script>alert("1")</script>&\'"'


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "a <b> & 'ü'.png"
    Image.new("RGB", (1000, 400), (10, 200, 30)).save(path)
    return path


def page_of(path, sections) -> Page:
    write_page(path, EVIL, sections)
    return Page(path.read_text("utf-8"))


def test_everything_is_escaped_and_inside(tmp_path, picture):
    hit = Hit(1, 0.5, str(picture), 0.0, 0.0, 7)
    label = Label(str(picture), 0.0, None, EVIL, 0.5, 0.9, 0.1, (LabelScore(EVIL, 0.5, 0.9),))
    page = page_of(
        tmp_path / "new" / "p.html", [hits_section(EVIL, EVIL, [hit]), labels_section(EVIL, EVIL, [label])]
    )
    assert not {"script", "link", "iframe", "a"} & set(page.tags)
    assert page.tags.count("img") == 2
    assert page.texts.count(EVIL) == 8  # title, h1; twice heading and note; label and its bar
    assert page.texts.count(picture.name) == 1  # under the label
    assert f"1. {picture.name}" in page.texts
    sources = page.values("src", "href", "srcset", "action")
    assert all(value.startswith("data:image/jpeg;base64,") for value in sources)
    style = (tmp_path / "new" / "p.html").read_text("utf-8").split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def test_the_picture_is_the_clip_s_own(tmp_path, picture):
    page = page_of(tmp_path / "p.html", [hits_section("q", "", [Hit(1, 0.5, str(picture), 0.0, 0.0, 7)])])
    data = page.values("src")[0].split(",")[1]
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
    assert pixels.shape == (192, 480, 3)
    assert np.abs(pixels.astype(int) - (10, 200, 30)).max() < 6


def test_scores_and_time_codes_are_shown(tmp_path):
    hits = [
        Hit(1, 0.5, "a.mp4", 70.0, 80.5, 1),
        Hit(2, 0.25, "b.mp4", 0.0, 9.0, 2),
        Hit(3, -0.1, "c.mp4", 0.0, 9.0, 3),
    ]
    page = page_of(tmp_path / "p.html", [hits_section("q", "", hits)])
    assert "1:10-1:20.5" in page.texts
    assert {"0.500", "0.250", "-0.100"} <= set(page.texts)
    widths = re.findall(r"width:([\d.]+)%", (tmp_path / "p.html").read_text())[-3:]
    assert widths == ["100.0", "50.0", "0.0"]


def test_a_lost_file_leaves_its_card_and_a_warning(tmp_path, caplog):
    page = page_of(
        tmp_path / "p.html", [hits_section("q", "", [Hit(1, 0.5, str(tmp_path / "no.mp4"), 0.0, 9.0, 1)])]
    )
    assert "1. no.mp4" in page.texts
    assert "img" not in page.tags
    assert "no.mp4" in caplog.text


def test_no_hits_say_so(tmp_path):
    assert "Nothing was found." in page_of(tmp_path / "p.html", [hits_section("q", "", [])]).texts


def test_a_section_shows_300_cards_and_says_how_many_more(tmp_path):
    hits = [Hit(rank, 0.5, "lost.mp4", 0.0, 9.0, rank) for rank in range(1, 304)]
    page = page_of(tmp_path / "p.html", [hits_section("q", "", hits)])
    assert page.tags.count("article") == 300
    assert "3 more are not shown." in page.texts


def test_a_name_that_is_not_utf8_does_not_stop_the_page(tmp_path):
    page = page_of(
        tmp_path / "p.html", [hits_section("q\udcff", "", [Hit(1, 0.5, "\udcff.mp4", 0.0, 9.0, 1)])]
    )
    assert "1. ?.mp4" in page.texts
