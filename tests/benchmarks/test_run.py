"""A run of `python -m benchmarks.mini` on four small photographs: rows kept as they come, gaps told, stamps."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.mini import __main__ as bench
from benchmarks.mini import contestants
from benchmarks.mini.contestants import UNTOUCHED
from benchmarks.mini.parts import items_hash, parts_for
from benchmarks.mini.run import score
from tests.conftest import COLOURS, ColourEmbedder
from vlret.datasets.tar_set import read_items
from vlret.errors import ModelError, UsageError
from vlret.types import Vectors

STAMP = {
    "versions": {"vlret": "1"},
    "machine": {"cores": 2},
    "date": "2026-11-28T10:00:00",
    "command": "bench",
}
TRIPLES = [("red", "red", "blue"), ("green", "blue", "green"), ("red", "red", "grey")]
"""The second is told wrongly by colour."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Flickr8k's form with a photograph a colour, and VISLA's; nothing else."""
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


class StopsAtTriples(ColourEmbedder):
    """Someone presses Ctrl-C in the second part."""

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        if "blue" in texts:
            raise KeyboardInterrupt
        return super().embed_texts(texts)


def test_parts_with_missing_files_are_left_out_with_a_line_each(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = list(score(ColourEmbedder(), data, tmp_path / "m.json", "float32", STAMP))
    assert [(row["part"], row["name"]) for row in rows] == [
        ("flickr8k", "flickr8k test, text to clip"),
        ("flickr8k", "flickr8k test, clip to text"),
        ("visla", "visla, texts alone"),
    ]
    assert rows[0]["figures"]["R@1"]["value"] == 100
    assert (rows[2]["queries"], rows[2]["figures"]["accuracy"]["value"]) == (4, 75)
    said = capsys.readouterr().err
    assert "sugarcrepe_pp: left out. " in said
    assert "sugarcrepe_pp has no replace_att.json" in said
    assert "actions: left out. " in said
    assert "visla: left out" not in said


def test_a_stopped_run_keeps_its_rows_and_goes_on_from_there(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "out" / "m.json"
    come = []
    with pytest.raises(KeyboardInterrupt):
        come += score(StopsAtTriples(), data, file, "float32", STAMP)
    assert json.loads(file.read_text())["rows"] == come
    model = ColourEmbedder()
    rows = list(score(model, data, file, "float32", {**STAMP, "date": "later"}))
    assert model.n_clips_seen == 0
    assert len(rows) == 3
    assert json.loads(file.read_text()) == {
        "schema": 1, "model": model.card.to_dict(), "dtype": "float32", "stamp": STAMP, "rows": rows
    }  # fmt: skip
    assert [found.name for found in file.parent.iterdir()] == ["m.json"]


def test_rows_of_a_finished_run_outlive_one_that_is_stopped_or_lacks_files(
    data: Path, tmp_path: Path
) -> None:
    file, model = tmp_path / "m.json", ColourEmbedder()
    rows = list(score(model, data, file, "float32", STAMP))
    next(score(model, data, file, "float32", STAMP))
    assert json.loads(file.read_text())["rows"] == rows
    shutil.rmtree(data / "photos")
    assert list(score(model, data, file, "float32", STAMP)) == rows[2:]
    assert sorted(map(str, json.loads(file.read_text())["rows"])) == sorted(map(str, rows))
    assert model.n_clips_seen == 4


@pytest.mark.parametrize("change", ["versions", "photograph", "dtype"])
def test_what_was_measured_otherwise_is_measured_again(data: Path, tmp_path: Path, change: str) -> None:
    file = tmp_path / "m.json"
    with pytest.raises(KeyboardInterrupt):
        list(score(StopsAtTriples(), data, file, "float32", STAMP))
    if change == "photograph":
        write_photographs(data / "photos" / "flickr8k", {**COLOURS, "red": (254, 0, 0)})
    stamp = {**STAMP, "versions": {"vlret": "2"}} if change == "versions" else STAMP
    model = ColourEmbedder()
    list(score(model, data, file, "bfloat16" if change == "dtype" else "float32", stamp))
    assert model.n_clips_seen == 4


def test_hash_is_over_texts_and_media(data: Path) -> None:
    folder = data / "photos" / "flickr8k"
    items = read_items(folder)
    hashes = {items_hash(items), items_hash(items[::-1]), items_hash(items, items[:1])}
    write_photographs(folder, {**COLOURS, "red": (254, 0, 0)})
    assert len({*hashes, items_hash(read_items(folder))}) == 4


class TextsAlone(ColourEmbedder):
    def check_clips(self) -> None:
        raise UsageError("It reads texts alone.")


def test_what_a_model_cannot_read_is_not_asked_of_it() -> None:
    asked = ColourEmbedder()
    asked.card = replace(asked.card, takes_query=True)
    kinds = [{part.kind for part in parts_for(model)} for model in (TextsAlone(), ColourEmbedder(), asked)]
    assert kinds == [{"texts"}, {"texts", "clips"}, {"texts", "clips", "questions"}]


def test_a_contestant_without_weights_is_left_out_and_the_others_are_stamped(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(contestants, "WEIGHTS", tmp_path / "weights")
    own = contestants.contestant
    monkeypatch.setattr(
        bench, "contestant", lambda name, dtype: ColourEmbedder() if name == "colour" else own(name, dtype)
    )
    monkeypatch.setattr("sys.argv", ["benchmarks.mini", "--data", "some data"])
    bench.main(data, [UNTOUCHED, "colour"], "float32", tmp_path / "out")
    printed = capsys.readouterr()
    assert f"{UNTOUCHED}: left out. " in printed.err
    assert "Run `make weights`" in printed.err
    document = json.loads((tmp_path / "out" / "colour.json").read_text())
    assert document["stamp"].keys() == {"versions", "machine", "date", "command"}
    assert {"vlret", "encoding_version", "torch"} <= document["stamp"]["versions"].keys()
    assert all(len(row["set_hash"]) == 64 for row in document["rows"])
    day = document["stamp"]["date"][:10]
    command = "python -m benchmarks.mini --data 'some data'"
    assert f"| colour | 1 | float32 | {day} | `{command}` |" in printed.out
    assert "| visla, texts alone | 4 | 3 | accuracy | 75.0 |" in printed.out


def test_nothing_scored_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "contestant", lambda name, dtype: ColourEmbedder())
    with pytest.raises(ModelError, match="Nothing could be scored"):
        bench.main(tmp_path / "nothing", ["colour"], "float32", tmp_path / "out")
