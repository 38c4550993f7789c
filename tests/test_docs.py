"""README and docs: links lead somewhere, the README is short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    page
    for pattern in ("*.md", "docs/**/*.md", "benchmarks/experiments/*.md", "vlret/assets/**/*.md")
    for page in ROOT.glob(pattern)
)
MINI = ROOT / "vlret/assets/vljepa-mini"
LINK = re.compile(r"\]\((?!https?://|mailto:)([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """What GitHub calls the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_resolve(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for link in LINK.findall(text):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_named_files_exist() -> None:
    pages = [ROOT / "CONTRIBUTING.md", *(page for page in PAGES if page.parent in (ROOT / "docs", MINI))]
    text = "".join(page.read_text() for page in pages)
    named = set(re.findall(r"`((?:vlret|tests|benchmarks)/[\w/]+\.py)`", text))
    assert not [path for path in sorted(named) if "NAME" not in path and not (ROOT / path).exists()]


def test_the_readme_has_under_100_lines() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) < 100


def test_every_page_begins_with_something_that_runs() -> None:
    for page in (ROOT / "docs").glob("*.md"):
        if page.name != "README.md":
            assert "```" in "\n".join(page.read_text().splitlines()[:5]), page.name


def test_every_decision_is_listed() -> None:
    listed = (ROOT / "docs/decisions/README.md").read_text()
    for record in (ROOT / "docs/decisions").glob("[0-9]*.md"):
        assert f"({record.name})" in listed, record.name


def test_every_experiment_is_listed() -> None:
    listed = (ROOT / "benchmarks/experiments/README.md").read_text()
    for record in (ROOT / "benchmarks/experiments").glob("*.md"):
        assert record.name == "README.md" or f"({record.name})" in listed, record.name


def test_no_page_names_the_old_log() -> None:
    assert not [page for page in PAGES if "docs/log.md" in page.read_text()]
