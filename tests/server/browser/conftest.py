"""A service over a small index of sample media, and a browser that accepts no error and no violation of its policy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.server.browser.media import SAMPLES, film
from vlret.index.build import build_index

ROOT = Path(__file__).parents[3]
MARKUP = "<img src=x onerror=alert(1)>.jpg"
VIDEOS = ("people_cross_square.mp4", "skyscrapers_at_night.mp4", "hand_holds_bottle.mp4", "city_traffic.mp4")
PARTS = (("skyscrapers_at_night.mp4", 7), ("earth_from_space.mp4", 3), ("people_cross_square.mp4", 10))
WAIT_MS = 60_000


@pytest.fixture(scope="package")
def media(tmp_path_factory) -> Path:
    """Sample clips and photographs, holiday.mp4, and the same film as a tape.avi that no browser plays."""
    folder = tmp_path_factory.mktemp("media")
    for name in VIDEOS:
        shutil.copy(SAMPLES / "videos" / name, folder)
    shutil.copy(SAMPLES / "photos" / "cat_face.jpg", folder)
    shutil.copy(SAMPLES / "photos" / "coffee_cup.jpg", folder / MARKUP)
    shutil.copy(SAMPLES / "photos" / "old_coins.jpg", folder / "lost.jpg")
    film(folder / "holiday.mp4", "libx264", *PARTS)
    film(folder / "tape.avi", "mpeg4", *PARTS)
    return folder


@pytest.fixture(scope="package")
def index(media, tmp_path_factory) -> Path:
    """The index of the media; lost.jpg is deleted after it was indexed."""
    folder = tmp_path_factory.mktemp("indexes") / "trip"
    build_index([media], folder)
    (media / "lost.jpg").unlink()
    return folder


@contextmanager
def serving(index: Path, cache: Path, *options: str) -> Iterator[str]:
    """Run `vlret serve` until the end of the block; the address that it prints."""
    command = [sys.executable, "-m", "vlret", "serve", str(index), "--port", "0", *options]
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().split("/?")[0].rstrip("/\n")
        finally:
            process.terminate()


@pytest.fixture(scope="package")
def service(index, tmp_path_factory) -> Iterator[str]:
    with serving(index, tmp_path_factory.mktemp("cache")) as address:
        yield address


@pytest.fixture(scope="package")
def browser():
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        yield started.chromium.launch(executable_path=chromium)


@pytest.fixture
def visit(browser, service) -> Iterator[Callable]:
    """`visit(query, **context)`: a new page at `/?query`; errors on the console fail the test."""
    errors, contexts = [], []

    def visit(query: str = "", address: str = service, **options):
        contexts.append(browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options}))
        page = contexts[-1].new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("console", lambda message: message.type == "error" and errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("dialog", lambda dialog: errors.append(f"dialog {dialog.message}"))
        page.goto(f"{address}/?{query}")
        return page

    visit.errors = errors
    yield visit
    for context in contexts:
        context.close()
    assert errors == []


def hits(page) -> list[str]:
    """The names of the hits, best first, once they are there."""
    page.locator("#hits:not([aria-busy]) .hit").first.wait_for()
    return page.locator(".hit .name").all_inner_texts()


def hit(page, name: str):
    """The card of a file."""
    return page.locator(".hit").filter(has=page.get_by_text(name, exact=True))


def search(page, words: str) -> list[str]:
    page.get_by_role("searchbox").fill(words)
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.getElementById('status').textContent.includes('hit')")
    return hits(page)
