"""`module:Class` is a custom embedder, wherever a model is taken."""

from __future__ import annotations

import pytest

from vlret.errors import ModelError, VlretError
from vlret.models.registry import check_model, load_model

CLASS = """
from tests.conftest import ColourEmbedder

class Mine(ColourEmbedder):
    def __init__(self):
        super().__init__("mine")

class NeedsArgument(ColourEmbedder):
    def __init__(self, folder): ...

class Other: ...

class Breaks:
    def __init__(self):
        raise RuntimeError("no GPU")
"""


@pytest.fixture(autouse=True)
def module(tmp_path, monkeypatch):
    (tmp_path / "custom_of_tests.py").write_text(CLASS)
    monkeypatch.chdir(tmp_path)


def test_a_class_in_the_current_directory():
    check_model("custom_of_tests:Mine")
    assert load_model("custom_of_tests:Mine").card.name == "mine"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("custom_of_tests:NeedsArgument", "custom_class_failed"),
        ("custom_of_tests:None_", "custom_class_failed"),
        ("no_such_module_here:Mine", "custom_class_failed"),
        ("custom_of_tests:Other", "not_an_embedder"),
        ("custom_of_tests:Breaks", "custom_class_failed"),
    ],
)
def test_what_cannot_be_loaded_is_an_error(name, code):
    with pytest.raises(ModelError) as refusal:
        load_model(name)
    assert (refusal.value.code, refusal.value.fields["given"]) == (code, name)


def test_the_message_says_what_the_class_raised():
    with pytest.raises(ModelError, match="RuntimeError: no GPU"):
        load_model("custom_of_tests:Breaks")


@pytest.mark.parametrize("name", ["open_clip:no/such", "unknown", "st:none/such-model"])
def test_other_names_are_not_classes(name):
    with pytest.raises(VlretError) as refusal:
        load_model(name)
    assert not refusal.value.code.startswith("custom")
