"""Saving and publishing a VL-JEPA, and loading it by its name on the hub."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import numpy as np
import pytest

from tests.models.open_clip_folders import cache_as
from tests.models.vljepa.tiny import tiny_folder, tiny_model
from tests.refusal import refused
from vlret.models.registry import ASSETS, load_model
from vlret.models.trust import is_trusted
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.open_vljepa import LICENCE

FILES = {
    "README.md", "card.json", "config.json", "model.safetensors.index.json", "predictor.safetensors",
    "query_tokenizer.json", "tokenizer.json", "x_encoder.safetensors", "y_encoder.safetensors",
}  # fmt: skip


@pytest.fixture
def model(tmp_path: Path) -> VLJEPA:
    folder = tiny_folder(tmp_path / "trained", tiny_model())
    (folder / "notes.txt").write_text("mine")
    (folder / "features.npy").write_bytes(b"0")
    return VLJEPA(folder, dtype="float32")


class Hub:
    """Stands in for `HfApi`: keeps what it is given."""

    def __init__(self) -> None:
        self.repositories: dict[str, bool] = {}
        self.commits: list[tuple[str, dict[str, bytes], str]] = []

    def create_repo(self, repository: str, *, private: bool, exist_ok: bool) -> None:
        assert exist_ok
        self.repositories[repository] = private

    def create_commit(
        self, repository: str, operations: list[Any], *, commit_message: str
    ) -> SimpleNamespace:
        content = {}
        for operation in operations:
            with operation.as_file() as file:
                content[operation.path_in_repo] = file.read()
        self.commits.append((repository, content, commit_message))
        return SimpleNamespace(commit_url=f"https://hub/{repository}/commit/1")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    stand_in = Hub()
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda: stand_in)
    return stand_in


def test_a_saved_model_is_the_same(model: VLJEPA, tmp_path: Path) -> None:
    model.save_pretrained(tmp_path / "saved")
    assert {file.name for file in (tmp_path / "saved").iterdir()} == FILES
    saved = VLJEPA.from_pretrained(tmp_path / "saved", dtype="float32")
    assert saved.card == model.card
    clip = np.zeros((2, 40, 40, 3), np.uint8)
    np.testing.assert_array_equal(saved.embed_clips([clip], "a dog"), model.embed_clips([clip], "a dog"))


def test_the_readme_says_what_it_is(model: VLJEPA, tmp_path: Path) -> None:
    model.save_pretrained(tmp_path / "saved", metrics={"MSR-VTT 1k-A, text to video R@1": 23.9})
    text = (tmp_path / "saved" / "README.md").read_text()
    assert text.startswith("---\nlicense: apache-2.0\nlibrary_name: vlret\n")
    count = sum(p.numel() for p in tiny_model().predictor.parameters()) / 1e6
    assert f"| Predictor | llama | {count:.1f} M |" in text
    assert "| MSR-VTT 1k-A, text to video R@1 | 23.9 |" in text
    assert 'vlret.load_model("./saved")' in text
    assert str(tmp_path) not in text
    assert "Llama" not in text.partition("## Licence")[2]


def test_counts_of_the_readme_are_those_of_the_model(tmp_path: Path) -> None:
    """Those that vljepa-mini's own card says."""
    VLJEPA(ASSETS / "vljepa-mini").save_pretrained(tmp_path)
    text = (tmp_path / "README.md").read_text()
    assert "| X-encoder | tf_efficientnet_lite2 | 4.8 M |" in text
    assert "| Predictor | llama | 3.7 M |" in text
    assert "Flickr8k" in text
    assert "## Results" not in text
    assert load_model(tmp_path).card == load_model("vljepa-mini").card


def test_licences_of_towers_bring_their_notes(model: VLJEPA, tmp_path: Path) -> None:
    import dataclasses

    model.card = dataclasses.replace(model.card, licence=LICENCE)
    model.save_pretrained(tmp_path / "saved")
    text = (tmp_path / "saved" / "README.md").read_text()
    assert text.startswith("---\nlicense: other\n")
    assert "Built with Llama" in text
    assert "Gemma Terms of Use" in text


def test_publishing_is_one_commit_of_the_model_s_files(model: VLJEPA, hub: Hub) -> None:
    assert model.push_to_hub("me/tiny", private=True) == "https://hub/me/tiny/commit/1"
    assert hub.repositories == {"me/tiny": True}
    ((repository, content, _),) = hub.commits
    assert (repository, content.keys()) == ("me/tiny", FILES)
    assert content["predictor.safetensors"] == (model.folder / "predictor.safetensors").read_bytes()
    assert b'vlret.load_model("hf:me/tiny")' in content["README.md"]


def test_a_hub_that_refuses_is_one_error(model: VLJEPA, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("403 Forbidden: you are not logged in\nmore")

    monkeypatch.setattr(hub, "create_repo", refuse)
    with refused("not_published") as refusal:
        model.push_to_hub("me/tiny")
    assert refusal.match("403 Forbidden: you are not logged in.*hf auth login")


@pytest.mark.parametrize(
    "load", [lambda: VLJEPA.from_pretrained("me/tiny"), lambda: load_model("hf:me/tiny")]
)
def test_a_published_model_is_loaded_by_its_name(model: VLJEPA, hub_cache: Path, load) -> None:  # type: ignore[no-untyped-def]
    with refused("model_not_downloaded") as refusal:
        load()
    assert refusal.match("me/tiny is not on this machine.*hf download me/tiny")
    (model.folder / "notes.txt").unlink()
    cache_as("me/tiny", model.folder, hub_cache)
    loaded = load()
    assert isinstance(loaded, VLJEPA)
    assert loaded.card.weights_hash == model.card.weights_hash
    assert not is_trusted("hf:me/tiny")


def test_a_path_is_no_name_of_the_hub(model: VLJEPA, hub: Hub) -> None:
    with refused("not_a_repository"):
        model.push_to_hub("./models/tiny")
    assert not hub.repositories


def test_a_name_that_is_none_is_refused(hub_cache: Path) -> None:
    with refused("unknown_model"):
        VLJEPA.from_pretrained("no such name")


def test_a_hostile_repository_is_refused(model: VLJEPA, hub_cache: Path) -> None:
    shutil.copytree(model.folder, hub_cache / "copy")
    (hub_cache / "copy" / "config.json").write_text(
        '{"model_type": "vl_jepa", "auto_map": {"AutoModel": "x.Y"}}'
    )
    cache_as("me/tiny", hub_cache / "copy", hub_cache)
    with refused("unsafe_model"):
        load_model("hf:me/tiny")
