"""One's own index searched for captions: files as good as their best clip, or clips where there are times."""

from __future__ import annotations

from unicodedata import normalize

import pytest

from tests.cli.conftest import paint_image, paint_video
from tests.conftest import ColourEmbedder
from vlret.datasets.custom import read_captions
from vlret.errors import IndexFolderError, UsageError
from vlret.evaluation.metrics.figures import Figure
from vlret.evaluation.metrics.statistics import bootstrap_interval
from vlret.evaluation.results.export import write_result
from vlret.evaluation.standalone.index_benchmark import run_captions
from vlret.index.build import build_index
from vlret.index.index import Index


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """long.mp4 is 20 s, red then blue: two clips of 10 s; the others show one colour."""
    folder = tmp_path_factory.mktemp("library")
    paint_video(folder / "green.mp4", "green")
    paint_video(folder / "grey.mp4", "grey")
    paint_video(folder / "long.mp4", "red", "blue", seconds=10)
    return folder


@pytest.fixture(scope="module")
def index(library, tmp_path_factory):
    folder = tmp_path_factory.mktemp("index")
    build_index(library, folder / "i", ColourEmbedder())
    return Index.open(folder / "i")


def search(index, library, rows, cache, **options):
    file = library / "mine.csv"
    file.write_text("\n".join(rows))
    return run_captions(read_captions(file), library, index, ColourEmbedder(), cache=cache, **options)


def test_captions_find_files_by_their_best_clip(index, library, cache):
    rows = ["path,caption", "long.mp4,blue sea", "long.mp4,a red wall", f"{library}/green.mp4,grass is green"]
    document = search(index, library, rows, cache)
    part = document.models[0].sections[0]
    assert (part.name, part.queries, part.pool) == ("text to video", 3, 3)
    assert part.figures["hit@1"] == Figure(100, 100, 100, pytest.approx(100 / 3, abs=1e-4))
    assert [item.path.rsplit("/", 1)[1] for item in document.items] == [
        "green.mp4",
        "grey.mp4",
        "long.mp4",
    ]
    protocol = document.models[0].stamp.protocol
    assert (protocol["frames"], protocol["choices"]["pool"], protocol["choices"]["clips"]) == (
        4,
        "files",
        "auto",
    )


def test_captions_with_times_find_clips(index, library, cache):
    rows = ["path,caption,start,end", "long.mp4,blue,12,15", "long.mp4,red,12,15", "green.mp4,green,,"]
    document = search(index, library, rows, cache)
    part = document.models[0].sections[0]
    assert part.pool == 4
    assert part.per_query.best[0] == part.per_query.best[2] == 1
    assert part.per_query.best[1] > 1


def test_files_and_clips_have_lengths_and_clips_are_of_their_files(index, library, cache):
    files = search(index, library, ["path,caption", "long.mp4,blue"], cache)
    assert [item.seconds for item in files.items] == [2, 2, 20]
    rows = ["path,caption,start,end", "long.mp4,blue,5,15", "long.mp4,red,0,5", "green.mp4,green,,"]
    clips = search(index, library, rows, cache)
    assert [item.seconds for item in clips.items] == [2, 2, 10, 10]
    assert [item.group for item in clips.items] == [item.path for item in clips.items]
    assert [(text.item, text.also) for text in clips.contents.texts] == [(2, (3,)), (2, None), (0, None)]
    figure = clips.models[0].sections[0].figures["hit@1"]
    values = clips.models[0].sections[0].per_query.values["hit@1"]
    expected = bootstrap_interval(values, ["long", "long", "green"])
    assert (figure.low, figure.high) == pytest.approx([100 * bound for bound in expected])


def test_every_clip_that_is_right_stands_in_the_qrels(index, library, cache, tmp_path):
    document = search(index, library, ["path,caption,start,end", "long.mp4,blue,5,15"], cache)
    write_result(document, tmp_path)
    lines = (tmp_path / "text-to-video.qrels").read_text().splitlines()
    assert [line.split("/")[-1] for line in lines] == [
        "long.mp4%20from%200%20to%2010%20s 1",
        "long.mp4%20from%2010%20to%2020%20s 1",
    ]


def test_files_that_are_not_indexed_are_named(index, library, cache):
    rows = ["path,caption", "gone.mp4,red", "green.mp4,green"]
    with pytest.raises(UsageError, match=r"1 of 2 captioned files .* gone.mp4"):
        search(index, library, rows, cache)
    document = search(index, library, rows, cache, allow_missing=True)
    assert document.missing == ("gone.mp4",)
    assert document.models[0].sections[0].queries == 1
    with pytest.raises(UsageError, match="1 of 1"):
        search(index, library, rows[:2], cache, allow_missing=True)


def test_another_model_is_refused(index, library, cache):
    (library / "mine.csv").write_text("path,caption\ngreen.mp4,green")
    other = ColourEmbedder("other")
    object.__setattr__(other.card, "weights_hash", "1" * 64)
    with pytest.raises(IndexFolderError):
        run_captions(read_captions(library / "mine.csv"), library, index, other, cache=cache)


def test_the_stamp_changes_with_the_files_that_were_indexed(library, tmp_path, cache):
    rows, hashes = ["path,caption", "green.mp4,green"], []
    for colour in ("grey", "blue", "blue"):
        paint_video(library / "grey.mp4", colour)
        build_index(library, tmp_path / "i", ColourEmbedder())
        document = search(Index.open(tmp_path / "i"), library, rows, cache)
        hashes.append(document.models[0].stamp.set["media_hash"])
    assert len(hashes[0]) == 64
    assert hashes[0] != hashes[1] == hashes[2]


def test_reranking_over_files(index, library, cache):
    rows = ["path,caption", "long.mp4,blue", "green.mp4,green"]
    document = search(index, library, rows, cache, rerank=("dual_softmax",))
    assert [part.rerank for part in document.models[0].sections] == ["none", "dual_softmax"]


@pytest.fixture(scope="module")
def cards(tmp_path_factory):
    """Two memory cards on which cameras gave the same name; card2 is of another colour, as is Ñandú in NFD."""
    folder = tmp_path_factory.mktemp("cards")
    for name, colour in [("card1/IMG_1.png", "red"), ("card2/IMG_1.png", "blue"), ("card2/IMG_2.png", "green"),
                         ("card2/" + normalize("NFD", "Ñandú.png"), "grey")]:  # fmt: skip
        (folder / name).parent.mkdir(exist_ok=True)
        paint_image(folder / name, colour)
    build_index([folder / "card1", folder / "card2"], folder / "i", ColourEmbedder())
    return folder


def hits(cards, file, rows, cache):
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join(["path,caption", *rows]))
    index = Index.open(cards / "i")
    document = run_captions(read_captions(file), file.parent, index, ColourEmbedder(), cache=cache)
    part = document.models[0].sections[0]
    paths = [document.items[text.item].path for text in document.contents.texts]
    assert not any(text.also for text in document.contents.texts)
    return [path.removeprefix(f"{cards}/") for path in paths], part.figures["hit@1"].value


def test_a_name_is_that_of_the_file_beside_the_list(cards, cache):
    found = hits(cards, cards / "card2" / "a.csv", ["IMG_1.png,red", "IMG_2.png,green"], cache)
    assert found == (["card2/IMG_1.png", "card2/IMG_2.png"], 50)
    found = hits(cards, cards / "card1" / "a.csv", ["./IMG_1.png,red", "IMG_2.png,green"], cache)
    assert found == (["card1/IMG_1.png", "card2/IMG_2.png"], 100)


def test_an_absolute_path_is_that_of_one_file(cards, cache):
    found = hits(
        cards, cards / "x" / "a.csv", [f"{cards}/card2/IMG_1.png,red", "../card2/IMG_2.png,green"], cache
    )
    assert found == (["card2/IMG_1.png", "card2/IMG_2.png"], 50)


def test_a_name_of_two_files_is_told(cards, cache):
    with pytest.raises(
        UsageError, match=r"IMG_1.png is the name of 2 files: .*card1.*card2.* Write the whole path"
    ):
        hits(cards, cards / "x" / "a.csv", ["IMG_1.png,red", "IMG_2.png,green"], cache)


def test_a_name_in_another_normal_form_is_found(cards, cache):
    for folder in ("card2", "x"):
        found = hits(cards, cards / folder / "a.csv", [normalize("NFC", "Ñandú.png") + ",grey"], cache)
        assert found == (["card2/" + normalize("NFD", "Ñandú.png")], 100)
