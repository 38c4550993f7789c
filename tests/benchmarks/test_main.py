"""A run of `python -m benchmarks.mini` on four small photographs: figures, gaps, models left out."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.mini import __main__ as mini
from benchmarks.mini import models
from benchmarks.mini.sets import write_datasets
from tests.conftest import COLOURS, ColourEmbedder
from vlret.errors import ModelError
from vlret.evaluation.inputs.load_dataset import load_dataset
from vlret.evaluation.inputs.request_file import read_requests
from vlret.evaluation.results.read import read_result

TRIPLES = [("red", "red", "blue"), ("green", "blue", "green"), ("red", "red", "grey")]
"""The second is answered wrongly by colour."""
COLOUR = f"{__name__}:Colour"


class Colour(ColourEmbedder):
    """A ColourEmbedder to be named on the command line."""

    n_seen = 0

    def encode_pixels(self, clips):
        type(self).n_seen += len(clips)
        return super().encode_pixels(clips)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLRET_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(Colour, "n_seen", 0)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Flickr8k's format with a photograph per colour, and VISLA's; nothing else."""
    write_photographs(tmp_path / "data" / "photos" / "flickr8k", COLOURS)
    visla = tmp_path / "data" / "annotations" / "visla"
    visla.mkdir(parents=True)
    heads = ("caption\tsecond positive\tnegative_caption",
             "sent1\tsent2\tBest reference (Semantically close)\tReference-2 (Completely irrelevant)")  # fmt: skip
    (visla / "Generic_VISLA.tsv").write_text("\n".join([heads[0], *map("\t".join, TRIPLES)]) + "\n")
    (visla / "Spatial_VISLA.tsv").write_text(f"{heads[1]}\nred\tred\tgreen\tx\nred\tred\t\tx\n")
    return tmp_path / "data"


def write_photographs(folder: Path, colours: dict[str, tuple[int, int, int]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    records = []
    with tarfile.open(folder / "s.tar", "w") as tar:
        for name, colour in colours.items():
            buffer = io.BytesIO()
            Image.fromarray(np.full((8, 8, 3), colour, np.uint8)).save(buffer, "png")
            info = tarfile.TarInfo(f"{name}.png")
            info.size = len(buffer.getvalue())
            tar.addfile(info, io.BytesIO(buffer.getvalue()))
            records.append(
                {"image": info.name, "captions": [f"a {name} dog"], "split": "test", "shard": "s.tar"}
            )
    (folder / "captions.jsonl").write_text("\n".join(map(json.dumps, records)))


def test_figures_are_printed_and_what_is_missing_is_said(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["benchmarks.mini", "--data", "some data"])
    out = tmp_path / "out"
    mini.main(data, [COLOUR], "float32", out)
    printed = capsys.readouterr()
    assert "| flickr8k test, text to clip | 4 | 4 | R@1 | 100.0 | 100.0 to 100.0 | 25.0 |" in printed.out
    assert "| flickr8k test, clip to text | 4 | 4 | R@1 | 100.0 |" in printed.out
    assert "| visla, texts alone | 4 | 3 | accuracy | 75.0 |" in printed.out
    day = read_result(out / "visla").created[:10]
    command = "python -m benchmarks.mini --data 'some data'"
    assert f"| colour | 1 | float32 | {day} | `{command}` |" in printed.out
    for name in ("web_pairs", "actions"):
        assert f"{name}: not prepared. " in printed.err
    assert "sugarcrepe_pp: skipped. " in printed.err
    assert "visla: skipped" not in printed.err
    assert read_result(out / "flickr8k-test").models[0].main.figures["hit@1"].value == 100


def test_the_same_command_encodes_nothing_again(data: Path, tmp_path: Path) -> None:
    mini.main(data, [COLOUR], "float32", tmp_path / "out")
    assert (seen := Colour.n_seen) > 0
    mini.main(data, [COLOUR], "float32", tmp_path / "out")
    assert Colour.n_seen == seen
    write_photographs(data / "photos" / "flickr8k", {**COLOURS, "red": (254, 0, 0)})
    mini.main(data, [COLOUR], "float32", tmp_path / "out")
    assert Colour.n_seen == seen + 1


def test_prepared_datasets_are_what_the_file_of_runs_names(data: Path, tmp_path: Path) -> None:
    write_datasets(data, tmp_path / "prepared")
    requests = read_requests(mini.BENCH, tmp_path / "prepared")
    flickr8k, visla = (load_dataset(requests[name]) for name in ("flickr8k test", "visla"))
    assert flickr8k.texts == [f"a {name} dog" for name in COLOURS]
    assert [medium.files[0] for medium in flickr8k.media] == [
        f"flickr8k/flickr8k/{name}.png" for name in COLOURS
    ]
    assert len(visla.triples) == 4
    asked = load_dataset(requests["flickr8k, is it there? random"])
    assert {question.candidates for question in asked.questions} == {("no", "yes")}


def test_without_minilm_s_weights_the_other_models_are_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(models, "WEIGHTS", tmp_path)
    requests = mini._requests(tmp_path, None)
    assert not any(mini.MINILM_MODEL in request.models for request in requests.values())
    assert "benchmarks.mini.models:baseline" in requests["visla"].models
    assert "make weights" in capsys.readouterr().err


def test_nothing_scored_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="Nothing could be scored"):
        mini.main(tmp_path / "nothing", [COLOUR], "float32", tmp_path / "out")
