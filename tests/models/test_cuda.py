"""On a CUDA GPU every model gives the rows that it gives on the processor; skipped where there is none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from tests.models.vljepa.tiny import tiny_folder, tiny_model
from vlret.models.base import Embedder
from vlret.models.registry import load_model

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch sees no CUDA GPU")
TEXTS = ["a dog runs", "a cat", "a red dog runs"]
VLJEPA = {
    "own query table": {},
    "Gemma": {"y": "gemma3_text"},
    "V-JEPA 2": {"x": "vjepa2"},
    "query from the Y-encoder": {"query_embeddings": "y_encoder", "int8_embeddings": True},
}
OTHERS = ["clip_folder", "siglip_folder", "pe_folder", "st_clip_folder"]


@pytest.fixture(scope="module", params=[*VLJEPA, *OTHERS])
def load(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Embedder]:
    name = request.param
    if name in VLJEPA:
        folder = tiny_folder(tmp_path_factory.mktemp("tiny"), tiny_model(**VLJEPA[name]))
    else:
        folder = request.getfixturevalue(name)
    source = f"st:{folder}" if name == "st_clip_folder" else str(folder)
    return lambda device, dtype="float32": load_model(source, device=device, dtype=dtype)


@pytest.fixture(scope="module")
def clips() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 255, (t, 40, 60, 3), dtype=np.uint8) for t in (4, 1, 4, 2)]


def test_rows_of_clips_equal_the_processors(load, clips) -> None:
    cpu, gpu = load("cpu"), load("cuda")
    assert gpu.device.type == "cuda"
    np.testing.assert_allclose(gpu.embed_clips(clips), cpu.embed_clips(clips), atol=1e-4)
    if cpu.card.takes_query:
        rows = [model.embed_clips(clips, "is there a dog ?") for model in (cpu, gpu)]
        np.testing.assert_allclose(*rows, atol=1e-4)


def test_rows_of_texts_equal_the_processors(load) -> None:
    np.testing.assert_allclose(load("cuda").embed_texts(TEXTS), load("cpu").embed_texts(TEXTS), atol=1e-4)


def test_bfloat16_is_the_format_of_a_gpu_and_stays_near(load, clips) -> None:
    gpu = load("cuda", "auto")
    assert gpu.dtype == torch.bfloat16
    assert (gpu.embed_clips(clips) * load("cpu").embed_clips(clips)).sum(1).min() > 0.995
