"""The files of the page: all there, nothing inline, nothing from elsewhere."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

STATIC = Path(str(files("vlret") / "server" / "static"))
TEXTS = {path.name: path.read_text("utf-8") for path in STATIC.iterdir()}
NAMESPACE = "http://www.w3.org/2000/svg"


def test_nothing_is_inline():
    page = TEXTS["index.html"]
    assert not re.search(r"\sstyle=|\son\w+=|javascript:|<style", page)
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    for name, text in TEXTS.items():
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text.split("\n", 1)[1]
        ), name


def test_nothing_comes_from_elsewhere():
    for name, text in TEXTS.items():
        assert not re.search(r"https?://|//cdn", text.replace(NAMESPACE, "")), name


def test_what_is_named_is_there():
    page = TEXTS["index.html"]
    assert set(re.findall(r'"/static/([^"]+)"', page)) <= set(TEXTS)
    for name, text in TEXTS.items():
        if name.endswith(".js"):
            assert set(re.findall(r'from "\./([^"]+)"', text)) <= set(TEXTS), name
    symbols = set(re.findall(r'<symbol id="icon-(\w+)"', page))
    drawn = set(re.findall(r'(?:iconButton|icon)\("(\w+)"', "".join(TEXTS.values())))
    assert drawn | set(re.findall(r'href="#icon-(\w+)"', page)) <= symbols


def test_modules_are_small():
    assert max(text.count("\n") for name, text in TEXTS.items() if name.endswith(".js")) < 250
