"""The embedder: same rows whatever the batch, towers on first use, numpy text tower equal to torch's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.models.vljepa.tiny import WORDS, tiny_folder, tiny_model
from vlret.errors import ModelError, UsageError
from vlret.models.vljepa import embedder as embedder_module
from vlret.models.vljepa import text_tower
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.load_towers import TorchYEncoder
from vlret.models.vljepa.text import NumpyYEncoder

TEXTS = ["a dog runs", "a cat", "is there a dog ?", "red", "a red dog runs a red dog runs"]


@pytest.fixture(
    params=[("own", False), ("y_encoder", True)], ids=["own table", "state of the Y-encoder, int8 table"]
)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    table, int8 = request.param
    return tiny_folder(tmp_path, tiny_model(query_embeddings=table, int8_embeddings=int8))


def clips(seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 255, (t, 40, 60, 3), dtype=np.uint8) for t in (4, 1, 4, 2)]


@pytest.mark.parametrize("query", [None, "is there a dog ?"])
def test_rows_do_not_depend_on_the_batch(folder: Path, query: str | None) -> None:
    model = VLJEPA(folder, dtype="float32")
    together = model.embed_clips(clips(), query)
    alone = np.concatenate([model.embed_clips([clip], query) for clip in clips()])
    assert together.shape == (4, 20)
    assert together.dtype == np.float32
    assert np.abs(together - alone).max() < 1e-4
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)


def test_bfloat16_rows_stay_close(folder: Path) -> None:
    exact, rough = (VLJEPA(folder, dtype=d).embed_clips(clips()) for d in ("float32", "bfloat16"))
    assert (exact * rough).sum(1).min() > 0.995


def test_tokens_once_many_queries(folder: Path) -> None:
    model = VLJEPA(folder, dtype="float32")
    tokens = model.encode_clips(clips())
    for query in ("is there a dog ?", "is there a cat ?", ""):
        assert np.allclose(model.predict(tokens, query), model.embed_clips(clips(), query), atol=1e-5)
    assert np.abs(model.predict(tokens, "is there a dog ?") - model.predict(tokens, "")).max() > 1e-3


def test_matches_the_whole_model(folder: Path) -> None:
    from vlret.models.vljepa.modeling import VLJEPAModel

    model, embedder = VLJEPAModel.from_pretrained(folder).eval(), VLJEPA(folder, dtype="float32")
    frames = embedder.torch_engine.normalise(clips()[0])[None]
    ids = torch.tensor([embedder.tokens("is there a dog ?", 16)])
    with torch.inference_mode():
        whole = model.predict(model.encode(frames), None, ids, torch.ones_like(ids, dtype=torch.bool))
    assert np.allclose(embedder.embed_clips(clips()[:1], "is there a dog ?"), whole.numpy(), atol=1e-5)


def test_numpy_text_tower_equals_torch(folder: Path) -> None:
    embedder = VLJEPA(folder)
    ids = [embedder.tokens(text, 16) for text in TEXTS]
    fast = NumpyYEncoder(folder / "y_encoder.safetensors", embedder.settings["y_config"], 20)
    slow = TorchYEncoder(folder, embedder.config, torch.device("cpu"))
    assert np.allclose(fast.embed(ids), slow.embed(ids), atol=1e-4)
    assert np.allclose(fast.pool(ids), slow.pool(ids), atol=1e-4)


def test_gemma_text_tower_runs_in_torch(tmp_path: Path) -> None:
    model = VLJEPA(tiny_folder(tmp_path, tiny_model(y="gemma3_text")))
    rows = model.embed_texts(TEXTS)
    assert rows.shape == (5, 20)
    assert np.allclose(rows[1:2], model.embed_texts(TEXTS[1:2]), atol=1e-5)


def test_long_texts_are_cut_and_told(folder: Path) -> None:
    model = VLJEPA(folder)
    long = "dog " * 40
    assert model.is_cut(long)
    assert not model.is_cut("a dog")
    ids = model.tokens(long, 16)
    assert (len(ids), ids[0], ids[-1]) == (16, 2, 3)
    assert np.allclose(np.linalg.norm(model.embed_texts([long]), axis=1), 1, atol=1e-5)


def test_text_needs_no_torch(folder: Path) -> None:
    code = (
        "import sys; from vlret.models.registry import load_model; "
        f"model = load_model({str(folder)!r}); assert model.embed_texts(['a dog']).shape == (1, 20); "
        "heavy = {'torch', 'transformers', 'timm', 'av', 'torchvision'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_missing_tower_is_named(folder: Path) -> None:
    (folder / "x_encoder.safetensors").unlink()
    with pytest.raises(ModelError) as refusal:
        VLJEPA(folder).embed_clips(clips())
    assert refusal.value.code == "file_missing"
    assert refusal.value.fields["path"] == folder / "x_encoder.safetensors"


def test_nothing_in_nothing_out(folder: Path) -> None:
    model = VLJEPA(folder)
    assert model.embed_texts([]).shape == (0, 20)
    assert model.embed_clips([]).shape == (0, 20)


def test_one_string_in_place_of_a_list_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="the string 'a dog'"):
        VLJEPA(folder).embed_texts("a dog")


def test_many_texts_are_read_by_torch_to_the_same_rows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [" ".join(WORDS[4 + n % 12 :][: 1 + n % 9]) for n in range(60)]
    few = VLJEPA(folder, dtype="float32")
    rows = few.embed_texts(texts)
    assert "in_torch" not in vars(few.y_encoder)
    monkeypatch.setattr(text_tower, "MANY_TEXTS", 60)
    many = VLJEPA(folder, dtype="float32")
    np.testing.assert_allclose(many.embed_texts(texts), rows, atol=1e-4)
    assert "in_numpy" not in vars(many.y_encoder)
    np.testing.assert_array_equal(many.embed_texts(texts[:59]), few.embed_texts(texts[:59]))


def test_a_named_gpu_reads_every_text(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedder_module, "check_device", lambda name: None)
    model = VLJEPA(folder, device="cuda")
    monkeypatch.setitem(vars(model), "torch_device", torch.device("cpu"))
    assert model.embed_texts(["a dog"]).shape == (1, 20)
    assert "in_torch" in vars(model.y_encoder)


def test_a_gpu_that_auto_finds_reads_more_than_a_few_texts(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = VLJEPA(folder)
    monkeypatch.setitem(vars(model), "torch_device", torch.device("cpu"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    model.embed_texts(TEXTS[:1] * text_tower.FEW_TEXTS)
    assert "in_torch" not in vars(model.y_encoder)
    model.embed_texts(TEXTS[:1] * (text_tower.FEW_TEXTS + 1))
    assert "in_torch" in vars(model.y_encoder)
