"""Every command that takes a model takes `module:Class` from its own command line, and never from an index."""

from __future__ import annotations

import pytest
import torch

from tests.cli.conftest import vlret

CLASS = """
from tests.conftest import ColourEmbedder

class Mine(ColourEmbedder):
    def __init__(self):
        super().__init__("mine")
"""


@pytest.fixture
def own(media, tmp_path, monkeypatch):
    """An index made by a class of the current folder."""
    (tmp_path / "own_of_cli_tests.py").write_text(CLASS)
    monkeypatch.chdir(tmp_path)
    run = vlret("index", media, "--out", "own", "--model", "own_of_cli_tests:Mine")
    assert run.code == 0, run.err
    return "own_of_cli_tests:Mine"


@pytest.mark.parametrize(
    "arguments",
    [
        ["search", "own", "red"],
        ["label", "own", "--labels", "red,blue"],
        ["vqa", "own", "what colour?", "--answers", "red", "--answers", "blue"],
        ["index", "{media}", "--out", "own"],
    ],
)
def test_a_class_is_taken_where_it_is_named(own, media, arguments):
    run = vlret(*(argument.format(media=media) for argument in arguments), "--model", own)
    assert run.code == 0, run.err


@pytest.mark.parametrize("arguments", [["search", "own", "red"], ["label", "own", "--labels", "red,blue"]])
def test_an_index_does_not_bring_its_class(own, arguments):
    run = vlret(*arguments)
    assert run.code == 1
    assert f"--model {own}" in run.err


def test_a_device_that_is_not_there_is_refused_for_texts_too(index, models, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    run = vlret("search", index, "red", "--device", "cuda")
    assert run.code == 2
    assert "PyTorch finds no cuda device on this machine" in run.err
