"""A model that only an index names is not loaded, whatever the name is; the error says how to load it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import ColourEmbedder
from tests.models.open_clip_folders import SIGLIP, save_folder
from tests.security.hostile_models import change, trust_remote_code_in_the_configuration
from tests.security.sandbox import Sandbox
from vlret.cli.app import main
from vlret.errors import IndexFolderError, ModelError
from vlret.index.build import build_index
from vlret.index.index import Index
from vlret.tasks.label import classify
from vlret.tasks.search import search

NAMES: dict[str, Callable[[Sandbox], str]] = {
    "a folder": lambda box: str(box.stranger),
    "a folder by ..": lambda box: f"{box.root}/trusted/../stranger",
    "a relative folder": lambda box: box.stranger.name,
    "a link in a trusted directory": lambda box: f"{box.root}/trusted/link",
    "a sentence-transformers folder": lambda box: f"st:{box.stranger}",
    "a relative sentence-transformers folder": lambda box: f"st:{box.stranger.name}",
    "a repository": lambda box: "st:someone/model",
    "weights of open_clip": lambda box: "open_clip:ViT-B-32/openai",
    "a class": lambda box: "hostile:Module",
    "a class of an installed package": lambda box: "subprocess:Popen",
}


@pytest.fixture(scope="module")
def siglip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_folder(tmp_path_factory.mktemp("models") / "siglip", SIGLIP)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("indexed")
    Image.new("RGB", (32, 32), "red").save(folder / "red.png")
    return build_index([folder / "red.png"], folder / "index", model=ColourEmbedder()).index


@pytest.fixture
def box(sandbox: Sandbox, siglip: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A sandbox with a hostile model, an index, a class and a directory of trusted models."""
    shutil.copytree(siglip, sandbox.stranger, dirs_exist_ok=True)
    trust_remote_code_in_the_configuration(sandbox)
    shutil.copytree(index, sandbox.root / "index")
    sandbox.canary(sandbox.root / "hostile.py", "class Module: ...")
    (sandbox.root / "trusted").mkdir()
    (sandbox.root / "trusted" / "link").symlink_to(sandbox.stranger)
    monkeypatch.setenv("VLRET_TRUSTED_MODELS", str(sandbox.root / "trusted"))
    return sandbox


def _index_naming(box: Sandbox, model: str) -> Path:
    change(box.root / "index" / "manifest.json", "recipe", model=model)
    return box.root / "index"


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_loaded_that_the_index_alone_names(name, box):
    folder = _index_naming(box, NAMES[name](box))
    with box.unharmed(folder):
        with pytest.raises(
            ModelError, match=r"not loaded automatically.*model=.*VLRET_TRUSTED_MODELS"
        ) as caught:
            search(Index.open(folder), "red")
        assert caught.value.code == "untrusted_model"
        with pytest.raises(ModelError) as caught:
            classify(Index.open(folder), ["red", "blue"])
        assert caught.value.code == "untrusted_model"


@pytest.mark.parametrize(
    "arguments",
    [
        ["search", "index", "red"],
        ["label", "index", "--labels", "red,blue"],
        ["bench", "retrieval", "--captions", "../captions.csv", "--index", "index"],
    ],
)
def test_no_command_loads_it(arguments, box, capsys, tmp_path):
    folder = _index_naming(box, str(box.stranger))
    (tmp_path / "captions.csv").write_text("path,caption\nred.png,red\n")
    with box.unharmed(folder), pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 1
    assert "vlret search index QUERY --model" in capsys.readouterr().err


def test_an_empty_name_does_not_stand_for_the_model_of_the_index(box):
    folder = _index_naming(box, str(box.stranger))
    with box.unharmed(folder), pytest.raises(ModelError, match="does not load"):
        search(Index.open(folder), "red", model="")


def test_a_hostile_model_is_refused_where_the_user_names_it_too(box):
    folder = _index_naming(box, "vljepa-mini")
    with box.unharmed(folder), pytest.raises(ModelError, match="asks for code of its own"):
        search(Index.open(folder), "red", model=str(box.stranger))


def test_a_trusted_model_is_loaded_and_set_against_the_index(box, siglip):
    shutil.copytree(siglip, box.root / "trusted" / "siglip")
    folder = _index_naming(box, f"{box.root}/trusted/siglip")
    with box.unharmed(folder), pytest.raises(IndexFolderError, match="weights_hash 000"):
        search(Index.open(folder), "red")


def test_weights_are_those_that_made_the_index(box):
    folder = _index_naming(box, "vljepa-mini")
    assert json.loads((folder / "manifest.json").read_text())["recipe"]["card"]["weights_hash"] == "0" * 64
    with box.unharmed(folder), pytest.raises(IndexFolderError, match="weights_hash 000"):
        search(Index.open(folder), "red")
