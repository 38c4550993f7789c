"""`module:Class` is an embedder of the user's own, wherever a model is taken."""

from __future__ import annotations

import pytest

from vlret.errors import ModelError, VlretError
from vlret.models.registry import check_model, load_model

CLASS = """
from tests.conftest import ColourEmbedder

class Mine(ColourEmbedder):
    def __init__(self):
        super().__init__("mine")

class Asks(ColourEmbedder):
    def __init__(self, folder): ...

class Other: ...

class Breaks:
    def __init__(self):
        raise RuntimeError("no GPU")
"""


@pytest.fixture(autouse=True)
def module(tmp_path, monkeypatch):
    (tmp_path / "own_of_tests.py").write_text(CLASS)
    monkeypatch.chdir(tmp_path)


def test_a_class_in_the_current_folder():
    check_model("own_of_tests:Mine")
    assert load_model("own_of_tests:Mine").card.name == "mine"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("own_of_tests:Asks", "cannot be made"),
        ("own_of_tests:None_", "cannot be made"),
        ("no_such_module_here:Mine", "cannot be made"),
        ("own_of_tests:Other", "Embedder"),
        ("own_of_tests:Breaks", "RuntimeError: no GPU"),
    ],
)
def test_what_cannot_be_made_is_told(name, reason):
    with pytest.raises(ModelError, match=reason):
        load_model(name)


@pytest.mark.parametrize("name", ["open_clip:no/such", "unknown", "st:none/such-model"])
def test_other_names_are_no_classes(name):
    with pytest.raises(VlretError) as refusal:
        load_model(name)
    assert "cannot be made" not in str(refusal.value)
