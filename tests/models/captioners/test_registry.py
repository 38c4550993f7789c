"""`load_captioner`: what each source gives, and what is refused."""

from __future__ import annotations

import pytest

from tests.conftest import ColourEmbedder
from tests.refusal import refused
from vlret.models.captioners.bank import write_bank
from vlret.models.captioners.registry import load_captioner
from vlret.models.registry import ASSETS, load_model


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", "something red\n\nsomething blue\n"),
        ("a.csv", "path,text\nx.mp4,something red\ny.mp4,something blue\n"),
        ("a.jsonl", '{"caption": "something red"}\n{"caption": "something blue"}\n'),
        ("a.json", '["something red", "something blue"]'),
    ],
)
def test_sentences_of_a_file(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    captioner = load_captioner(tmp_path / name, ColourEmbedder())
    captions = captioner.caption(ColourEmbedder().embed_texts(["blue", "red"]))
    assert [caption.text for caption in captions] == ["something blue", "something red"]
    assert captioner.name == "a"


def test_a_bank(tmp_path):
    write_bank(["red", "blue"], ColourEmbedder(), tmp_path / "a.parquet", 0.5)
    captioner = load_captioner(str(tmp_path / "a.parquet"), ColourEmbedder())
    assert captioner.unknown_threshold == 0.5


def test_a_bank_of_another_model_is_refused(tmp_path):
    write_bank(["red", "blue"], ColourEmbedder(), tmp_path / "a.parquet")
    with refused("captioner_of_other_model"):
        load_captioner(tmp_path / "a.parquet", load_model("vljepa-mini"))


@pytest.mark.parametrize("source", ["auto", "decoder", "bank"])
def test_a_model_that_comes_without_one(source):
    with refused("no_captioner"):
        load_captioner(source, ColourEmbedder())


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("a.xyz", "unknown_captioner"),
        ("nothing", "unknown_captioner"),
        ("none.txt", "file_missing"),
        ("none.parquet", "file_missing"),
    ],
)
def test_what_is_no_captioner(source, code):
    with refused(code):
        load_captioner(source, ColourEmbedder())


def test_a_directory_without_a_text_decoder():
    with refused("not_a_text_decoder"):
        load_captioner(ASSETS / "samples", ColourEmbedder())
