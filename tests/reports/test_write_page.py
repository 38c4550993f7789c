"""html.py: one page that holds everything, asks for nothing and escapes what it was given."""

from __future__ import annotations

import base64
import io
import os
import re
from pathlib import Path
from urllib.parse import unquote_to_bytes

import numpy as np
import pytest
from PIL import Image

from tests.reports.pages import Page
from vlret.reports.label_page import LabelSection
from vlret.reports.search_page import SearchSection
from vlret.reports.write_page import address, text, write_page
from vlret.types import Hit, Label, LabelScore

EVIL = '<script>alert("1")</script>&\'"'
HOSTILE = [
    EVIL,
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "a\nb\r\x1b[2Jc\x00",
    "\u202egpj.exe\u2066\u2028",
    "\udcff\udce4",
    "javascript:alert(1)",
    "{style}{0}%s%(a)s",
    "]]>--><!--",
    "</title></style></svg>",
    "x" * 100_000,
]
TAGS = {
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "section", "p", "div", "article", "a", "img",
    "time", "span", "b", "i", "ol", "li", "small", "wbr",
}  # fmt: skip


def page_of(path: Path, sections, title: str = EVIL) -> Page:
    write_page(path, title, sections)
    return Page(path.read_text("utf-8"))


def hit(path: object, start: float = 0.0, end: float = 0.0, rank: int = 1) -> Hit:
    return Hit(rank, 0.5, str(path), start, end, rank)


def label(path: object, name: str) -> Label:
    return Label(str(path), 0.0, None, name, 0.5, 0.9, 0.1, (LabelScore(name, 0.5, 0.9),))


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_are_text_and_nothing_else(tmp_path, words):
    sections = [SearchSection(words, words, [hit("/" + words.replace("\x00", ""))]),
                LabelSection(words, words, [label("a.mp4", words)])]  # fmt: skip
    page = page_of(tmp_path / "p.html", sections, words)
    assert set(page.tags) <= TAGS
    assert {name for name, _ in page.attributes if name.startswith("on")} == set()
    assert all(re.match("data:image/jpeg|file:///|#label-", value) for value in page.values("src", "href"))
    shown = (tmp_path / "p.html").read_text("utf-8").partition("<body>")[2]
    assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e\u2066-\u2069\u2028\ud800-\udfff]", shown)
    assert len(shown) < 20_000


@pytest.mark.parametrize(
    "name",
    ["a <b> & 'ü'.png", "100%#1?.png", '"quoted".png', "new\nline.png", "\udcff.png", "\u202egnp.exe.png"],
)
def test_a_file_with_a_hostile_name_is_shown_and_its_link_leads_to_it(tmp_path, name):
    Image.new("RGB", (1000, 400), (10, 200, 30)).save(tmp_path / "plain.png")
    (tmp_path / "plain.png").rename(tmp_path / name)
    page = page_of(tmp_path / "p.html", [SearchSection("q", "", [hit(tmp_path / name)])])
    (link,) = page.values("href")
    assert re.fullmatch(r"file:///[\w./%~-]+", link, re.ASCII)
    assert os.fsdecode(unquote_to_bytes(link.removeprefix("file://"))) == str(tmp_path / name)
    assert page.tags.count("img") == 1


def test_a_page_asks_for_nothing_from_elsewhere(tmp_path, counted_video):
    sections = [SearchSection("q", "", [hit(counted_video, 0.0, 1.0)])]
    page = page_of(tmp_path / "new" / "p.html", sections)
    assert all(
        value.startswith("data:image/jpeg;base64,") for value in page.values("src", "srcset", "action")
    )
    html = (tmp_path / "new" / "p.html").read_text("utf-8")
    assert "default-src 'none'" in html
    style = html.split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def test_the_title_is_the_query(tmp_path):
    page = page_of(tmp_path / "p.html", [SearchSection("", "note", [])], "a dog & a cat")
    assert page.texts.count("a dog & a cat") == 2  # title and h1
    assert "h2" not in page.tags


def test_one_picture_of_an_image_and_three_of_a_clip(tmp_path, counted_video):
    Image.new("RGB", (1000, 400), (10, 200, 30)).save(tmp_path / "a.png")
    hits = [hit(tmp_path / "a.png"), hit(counted_video, 0.0, 3.0, 2)]
    page = page_of(tmp_path / "p.html", [SearchSection("q", "", hits)])
    image, *frames = map(pixels, page.values("src"))
    assert image.shape == (160, 400, 3)
    assert np.abs(image.astype(int) - (10, 200, 30)).max() < 6
    assert [round(frame.mean() / 8) for frame in frames] == [15, 5, 25]  # 10 fps, the middle first
    assert [value for value in page.values("alt") if "counted" in value] == [
        f"counted.mp4 at 0:0{time}" for time in ("1.5", "0.5", "2.5")
    ]


def test_a_link_plays_the_file_from_the_clip_s_start():
    assert address(Path("/a b/ü#1.mp4"), 950.0) == "file:///a%20b/%C3%BC%231.mp4#t=950"
    assert address(Path("/a.mp4"), 1.5).endswith("a.mp4#t=1.5")
    assert address(Path("/a.mp4"), 123456.789).endswith("a.mp4#t=123456.789")
    assert address(Path("/a.jpg")) == "file:///a.jpg"
    assert address(Path("a.jpg")) == Path.cwd().as_uri() + "/a.jpg"


def test_very_long_text_keeps_its_ends():
    assert text("a" * 300 + "b" * 300) == "a" * 250 + "…" + "b" * 250
    assert text("a" * 500) == "a" * 500


def pixels(source: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(source.split(",")[1]))))
