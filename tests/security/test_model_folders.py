"""A model folder from a stranger runs no code, touches nothing outside itself, asks no network and fills no memory."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.models.open_clip_folders import CLIP, SIGLIP, save_folder
from tests.models.sentence_transformer_folders import save_clip, save_modules
from tests.models.vljepa.tiny import tiny_folder, tiny_model
from tests.security.hostile_sizes import ATTACKS
from tests.security.sandbox import Sandbox
from vlret.errors import ModelError
from vlret.models.registry import load_model

_MAKERS: dict[str, Callable[[Path], object]] = {
    "clip": lambda folder: save_folder(folder, CLIP),
    "siglip": lambda folder: save_folder(folder, SIGLIP),
    "st": lambda folder: save_modules(folder, save_clip(folder.parent / "st_clip")),
    "vljepa": lambda folder: tiny_folder(folder, tiny_model()),
}
_MEMORY_BYTES = 1 << 30


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`sound(kind)`: a folder with a sound tiny model, made once."""
    home = tmp_path_factory.mktemp("sound")

    def make(kind: str) -> Path:
        if not (home / kind).exists():
            _MAKERS[kind](home / kind)
        return home / kind

    return make


def _use(box: Sandbox, kind: str) -> None:
    model = load_model(f"st:{box.stranger}" if kind == "st" else box.stranger, "cpu", "float32")
    assert model.embed_texts(["a dog"]).shape == (1, model.card.dim)
    assert model.embed_clips([np.zeros((1, 40, 40, 3), np.uint8)]).shape == (1, model.card.dim)


@pytest.mark.parametrize("kind", _MAKERS)
def test_a_sound_folder_works_in_the_sandbox(kind, sound, sandbox):
    shutil.copytree(sound(kind), sandbox.stranger, dirs_exist_ok=True)
    with sandbox.unharmed():
        _use(sandbox, kind)


@pytest.mark.parametrize("name", ATTACKS)
def test_a_hostile_folder_is_refused(name, sound, sandbox):
    kind, attack, reason = ATTACKS[name]
    shutil.copytree(sound(kind), sandbox.stranger, dirs_exist_ok=True)
    attack(sandbox)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with sandbox.unharmed(), pytest.raises(ModelError, match=reason) as refusal:
        _use(sandbox, kind)
    assert "\n" not in str(refusal.value)
    assert refusal.value.hint
    assert refusal.value.code
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < _MEMORY_BYTES
