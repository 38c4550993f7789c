"""The mteb adapter: mteb's own mock tasks over a tiny embedder, offline."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch

from tests.cli.stand_ins import AskedColour
from tests.conftest import ColourEmbedder
from tests.models.ffmpeg_libraries import environment
from vlret.errors import MissingExtraError, UsageError
from vlret.models.mteb import MTEBEncoder

TASKS = ("MockVideoRetrievalT2V", "MockVideoRetrievalV2T", "MockVideoZeroshotClassification")
NO_MTEB = 'mteb is not installed: pip install "mteb[video]"'


@pytest.fixture
def encoder(colour_model: ColourEmbedder) -> MTEBEncoder:
    pytest.importorskip("mteb", reason=NO_MTEB)
    return MTEBEncoder(colour_model)


@pytest.fixture(scope="module")
def mock_run(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What mteb_mock_run.py prints for a video of eight grey frames, with no way to the network."""
    pytest.importorskip("mteb", reason=NO_MTEB)
    folder = tmp_path_factory.mktemp("mteb")
    video = _write_greys(folder / "greys.mp4", (0, 0, 90, 90, 180, 180, 250, 250))
    (folder / "libraries").mkdir()
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(folder / "hub")}
    run = subprocess.run(
        [sys.executable, "-m", "tests.models.mteb_mock_run", str(video)],
        env={**os.environ, **offline, **environment(folder / "libraries")},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    if "Could not load libtorchcodec" in run.stderr:
        pytest.skip("torchcodec finds no FFmpeg shared libraries (Debian: apt-get install ffmpeg)")
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def test_mteb_takes_the_adapter_for_an_encoder(encoder):
    from mteb.models.models_protocols import EncoderProtocol, SearchProtocol

    assert isinstance(encoder, EncoderProtocol)
    assert not isinstance(encoder, SearchProtocol)


def test_mock_run_gives_scores_for_the_video_tasks(mock_run):
    """mock_run never raises: a task that failed has its error in the place of the score."""
    assert set(mock_run["scores"]) == set(TASKS)
    for task, score in mock_run["scores"].items():
        assert isinstance(score, float), f"{task}: {score}"
        assert 0 <= score <= 1
    assert mock_run["n_clips"] == 6  # two clips a task


def test_tensors_become_frames_at_the_segment_midpoints(encoder, monkeypatch):
    seen = []
    monkeypatch.setattr(encoder.embedder, "embed_clips", lambda clips: (seen.extend(clips), np.eye(1))[1])
    video = torch.arange(8 * 3 * 2 * 4, dtype=torch.uint8).reshape(8, 3, 2, 4)
    encoder.encode([{"video": [video]}])
    np.testing.assert_array_equal(seen, [np.moveaxis(video.numpy()[[1, 3, 5, 7]], 1, 3)])


def test_decoders_become_frames_at_the_segment_midpoints(mock_run, colour_model):
    frames = np.stack([np.full((64, 64, 3), grey, np.uint8) for grey in (0, 90, 180, 250)])
    np.testing.assert_allclose(mock_run["row"], colour_model.embed_clips([frames])[0], atol=0.01)


def test_texts_of_all_batches_stay_in_order(encoder, colour_model):
    rows = encoder.encode([{"text": ["red", "blue"], "id": [1, 2]}, {"text": ["green"]}], task_metadata=None)
    np.testing.assert_array_equal(rows, colour_model.embed_texts(["red", "blue", "green"]))
    cosines = encoder.similarity(rows, rows)
    assert cosines.argmax(1).tolist() == [0, 1, 2]
    torch.testing.assert_close(encoder.similarity_pairwise(rows, rows), torch.ones(3))


def test_rows_that_are_neither_text_nor_video_are_refused(encoder):
    with pytest.raises(UsageError, match="A batch of mteb has image"):
        encoder.encode([{"image": [0]}])


def test_a_text_beside_a_video_is_what_the_predictor_is_asked():
    pytest.importorskip("mteb", reason=NO_MTEB)
    red = torch.tensor([255, 0, 0], dtype=torch.uint8)[None, :, None, None].expand(4, 3, 2, 2)
    model = AskedColour()
    rows = MTEBEncoder(model).encode([{"text": ["the opposite?", "what?"], "video": [red, red]}])
    np.testing.assert_allclose(rows, model.embed_texts(["blue", "red"]), atol=1e-6)


def test_a_text_beside_a_video_is_refused_without_a_predictor(encoder):
    with pytest.raises(UsageError, match="takes no query"):
        encoder.encode([{"text": ["red"], "video": [torch.zeros(4, 3, 2, 2, dtype=torch.uint8)]}])


def test_meta_tells_results_of_other_frames_and_weights_apart():
    pytest.importorskip("mteb", reason=NO_MTEB)
    names = {MTEBEncoder(ColourEmbedder(frames=n)).mteb_model_meta.experiment_name for n in (4, 8)}
    assert names == {f"dtype_float32__frame_times_midpoint__frames_{n}__weights_000000000000" for n in (4, 8)}


@pytest.mark.parametrize("name", ["open_clip:ViT-B-16/openai", "/home/me/models/clip"])
def test_any_card_gives_a_name_that_mteb_takes(name):
    pytest.importorskip("mteb", reason=NO_MTEB)
    meta = MTEBEncoder(ColourEmbedder(name)).mteb_model_meta
    assert meta.name == "vlret/" + name.replace(":", "-").replace("/", "-").strip("-")
    assert (meta.embed_dim, meta.modalities) == (4, ["text", "video"])


def test_without_mteb_the_command_is_told(colour_model, monkeypatch):
    monkeypatch.setitem(sys.modules, "mteb", None)
    with pytest.raises(MissingExtraError, match=r'pip install "mteb\[video\]>=2\.26"'):
        MTEBEncoder(colour_model)


def _write_greys(path: Path, greys: tuple[int, ...]) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=8)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for grey in greys:
            image = np.full((64, 64, 3), grey, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path
