"""The commands as a user runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.scale_model import __main__ as table
from benchmarks.scale_model import check, rows, workers


def lines_of(capsys: pytest.CaptureFixture[str]) -> dict[str, list[str]]:
    """The cells of each line by its name."""
    rows = (line.split("  ") for line in capsys.readouterr().out.splitlines() if line)
    return {row[0]: [cell.strip() for cell in row[1:] if cell.strip()] for row in rows}


def test_the_tables(capsys):
    table.main("1k,100M", core_hour=0.05, gb_month=0.02)
    found = lines_of(capsys)
    assert found["hours of video"] == ["1", "138,889"]
    assert found["machines for 7 days"] == ["1", "19"]
    assert found["core hours"] == ["0", "6,313"]
    assert found["... at your price"] == ["0.00", "315.66"]
    assert found["shards"] == ["712 kB", "71.2 GB"]
    assert found["kind of view"] == ["IDMap,Flat", "IVF40000,SQfp16"]
    assert found["SQfp16"] == ["970 kB", "77.7 GB *"]
    assert found["RaBitQ"] == ["258 kB (776 kB)", "6.46 GB (77.6 GB)"]


def test_without_prices_there_is_no_money(capsys):
    table.main("1k")
    assert not [name for name in lines_of(capsys) if "price" in name]


def test_the_check_of_our_figures(capsys):
    check.main()
    found = lines_of(capsys)
    assert "10,000,000 clips, IVF12648,SQfp16 (calibrated on it)" in found
    assert found["build_s"] == ["2642", "2642", "+0.0%"]


def test_how_many_shards(capsys):
    workers.main("1M", workers=10)
    out = capsys.readouterr().out
    assert out.startswith("8,333 files, ")
    assert "long videos split; plan " in out


def test_the_folder_has_the_figures_of_the_docs():
    text = (Path(__file__).parents[3] / "docs" / "large-indexes.md").read_text(encoding="utf-8")
    for figure in (
        "2.1 s, 770 MB",
        "2641.8 s, 12,212 MB",
        "1.79 s (p99 1.97), 1,076 MB",
        "712, 826",
        "46.74 ms",
    ):
        assert figure in text


def test_rows_of_a_small_index(capsys):
    rows.main("20k")
    found = lines_of(capsys)
    assert found["20,000 clips"] == ["seconds", "memory", "bytes a clip"]
    assert set(rows._TITLES.values()) < set(found)
