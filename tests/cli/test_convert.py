"""`vlret convert`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from huggingface_hub import constants

from tests.cli.conftest import vlret
from tests.models.vljepa.checkpoint import (
    QUERY_WORDS,
    SMALL,
    TEXT_WORDS,
    random_state,
    save_checkpoint,
    save_tokenizer,
    save_x_encoder,
)
from vlret.models.vljepa import open_vljepa
from vlret.models.vljepa.embedder import VLJEPA


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The arguments of a conversion at a small size, each source as another kind of path."""
    monkeypatch.setattr(open_vljepa, "convert", partial(open_vljepa.convert, settings=SMALL))
    save_x_encoder(tmp_path / "vjepa2")
    (tmp_path / "llama").mkdir()
    save_tokenizer(tmp_path / "llama" / "tokenizer.json", QUERY_WORDS, "<bos> $A")
    return [
        save_checkpoint(tmp_path / "best.pt", random_state()), "--x-encoder", tmp_path / "vjepa2",
        "--query-tokenizer", tmp_path / "llama",
        "--text-tokenizer", save_tokenizer(tmp_path / "gemma.json", TEXT_WORDS, "<bos> $A <eos>"),
        "--out", tmp_path / "model",
    ]  # fmt: skip


def test_the_directory_is_printed_and_loads(parts: list[object], tmp_path: Path) -> None:
    run = vlret("convert", *parts)
    assert (run.code, run.out) == (0, f"{tmp_path / 'model'}\n")
    assert VLJEPA(tmp_path / "model").embed_texts(["a dog"]).shape == (1, 20)
    assert "Built with Llama" in (tmp_path / "model" / "README.md").read_text()
    assert vlret("convert", *parts).code == 0  # once more into the same directory


@pytest.mark.parametrize(
    ("source", "code", "words"),
    [
        ("no such name", 2, "is neither a file, a directory nor a name of the hub"),
        (
            "cun-bjy/open-vljepa",
            1,
            "best.pt of cun-bjy/open-vljepa is not on this machine and HF_HUB_OFFLINE is set",
        ),
        ("DIRECTORY", 2, "best.pt does not exist"),
    ],
)
def test_a_source_that_is_not_there_is_one_line(
    parts: list[object], tmp_path: Path, hub_cache: Path, source: str, code: int, words: str
) -> None:
    (tmp_path / "empty").mkdir()
    run = vlret("convert", str(tmp_path / "empty") if source == "DIRECTORY" else source, *parts[1:])
    assert run.code == code
    assert words in run.err
    assert run.err.count("\n") == 1


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path / "hub"


def test_what_is_in_the_cache_of_the_hub_is_taken(
    parts: list[object], tmp_path: Path, hub_cache: Path
) -> None:
    home = hub_cache / "models--cun-bjy--open-vljepa"
    (home / "snapshots" / "abc").mkdir(parents=True)
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text("abc")
    (tmp_path / "best.pt").rename(home / "snapshots" / "abc" / "best.pt")
    assert vlret("convert", "cun-bjy/open-vljepa", *parts[1:]).code == 0
