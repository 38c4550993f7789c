"""What is missing or misnamed is told before a model is loaded."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from tests.conftest import ColourEmbedder
from tests.datasets.small import write_annotations, write_visla
from tests.refusal import refused
from vlret.datasets.files import DatasetError
from vlret.errors import MediaError, UsageError, VlretError
from vlret.evaluation.embeddings import decode_media
from vlret.evaluation.inputs.bench import bench
from vlret.evaluation.inputs.request import BenchRequest
from vlret.index.build import build_index
from vlret.reports.bench_text import result_table

SPY = f"{__name__}:Spy"


class Spy(ColourEmbedder):
    """A ColourEmbedder that counts how often it was loaded."""

    n_loaded = 0

    def __init__(self):
        type(self).n_loaded += 1
        super().__init__("spy")


class SecondSpy(Spy):
    def __init__(self):
        super().__init__()
        self.card = ColourEmbedder("second").card


@pytest.fixture(autouse=True)
def no_spy_loaded(monkeypatch):
    monkeypatch.setattr(Spy, "n_loaded", 0)
    monkeypatch.setattr(SecondSpy, "n_loaded", 0)


@pytest.fixture
def partial(painted, tmp_path):
    """Captions of two painted videos and of one that is not there; `painted` holds the media."""
    csv = tmp_path / "captions.csv"
    csv.write_text("path,caption\nred.mp4,a red wall\ngreen.mp4,a green wall\ngone.mp4,a blue wall\n")
    return csv


@pytest.fixture
def visla(tmp_path):
    """Annotations with two triples of five texts."""
    return write_visla(tmp_path / "annotations")


@pytest.fixture
def pope(tmp_path):
    """Annotations with the small files of POPE."""
    return write_annotations("pope", tmp_path / "annotations").parent


@pytest.fixture
def decoding(monkeypatch):
    """How often something was decoded."""
    asked = []
    decode = decode_media.DecodePool.run
    monkeypatch.setattr(
        decode_media.DecodePool, "run", lambda self, jobs: (asked.append(1), decode(self, jobs))[1]
    )
    return asked


def test_missing_media_are_listed_before_a_model_is_loaded(partial, painted, cache):
    said = []
    with refused("custom_media_missing"):
        bench(
            BenchRequest("retrieval", captions=partial, data=painted, models=[SPY]),
            cache=cache,
            say=said.append,
        )
    assert (Spy.n_loaded, said) == (0, [])


def test_a_partial_copy_runs_where_it_is_allowed_and_every_model_says_so(partial, painted, cache):
    wanted = BenchRequest(
        "retrieval", captions=partial, data=painted, models=[SPY, f"{__name__}:SecondSpy"],
        protocol={"allow_missing": True},
    )  # fmt: skip
    document = bench(wanted, cache=cache)
    assert (Spy.n_loaded, SecondSpy.n_loaded) == (1, 1)
    assert [model.name for model in document.models] == ["spy", "second"]
    for model in document.models:
        assert model.stamp.set["missing"] == ["gone.mp4"]
        assert model.stamp.protocol["allow_missing"]
        assert all(section.queries == section.pool == 2 for section in model.sections)
    assert "1 items are missing and left out: a partial copy of the dataset." in result_table(document)


@pytest.fixture
def seven(tmp_path):
    """Captions of red.mp4 and of seven videos that are not there."""
    csv = tmp_path / "captions.csv"
    csv.write_text("path,caption\nred.mp4,red\n" + "".join(f"gone {i}.mp4,green\n" for i in range(7)))
    return csv


def test_all_missing_media_are_listed_in_a_file(seven, painted, cache, tmp_path):
    wanted = BenchRequest("retrieval", captions=seven, data=painted, models=[SPY])
    with pytest.raises(MediaError, match=r"7 of 8 .*gone 4\.mp4, \.\.\.\. Correct") as caught:
        bench(wanted, cache=cache)
    gone = [f"gone {i}.mp4" for i in range(7)]
    assert list(caught.value.fields["files"]) == gone
    with pytest.raises(MediaError, match=r"All are listed in .*out/missing\.txt\. Correct"):
        bench(wanted, cache=cache, out=tmp_path / "out")
    assert (tmp_path / "out/missing.txt").read_text().splitlines() == gone
    bench(replace(wanted, protocol={"allow_missing": True}), cache=cache, out=tmp_path / "out")
    assert not (tmp_path / "out/missing.txt").exists()  # result.json has them


def test_files_that_are_not_indexed_are_listed_in_a_file(seven, painted, cache, tmp_path):
    build_index(painted, tmp_path / "index", ColourEmbedder())
    wanted = BenchRequest("retrieval", captions=seven, index=tmp_path / "index", models=[SPY])
    with pytest.raises(UsageError, match=r"7 of 8 captioned files .* All are listed in .*missing\.txt"):
        bench(wanted, cache=cache, out=tmp_path / "out")
    assert len((tmp_path / "out/missing.txt").read_text().splitlines()) == 7


def test_parts_of_a_missing_file_are_one_file(painted, cache, tmp_path):
    rows = ["path,caption,start,end", "red.mp4,a,,", *(f"v.mp4,{t},{t},{t + 1}" for t in range(6))]
    (tmp_path / "parts.csv").write_text("\n".join(rows))
    wanted = BenchRequest("retrieval", captions=tmp_path / "parts.csv", data=painted, models=[SPY])
    with pytest.raises(MediaError, match=r"^1 of 2 files .*: v\.mp4\. All are listed in") as caught:
        bench(wanted, cache=cache, out=tmp_path / "out")
    assert list(caught.value.fields["files"]) == ["v.mp4"]
    assert (tmp_path / "out" / "missing.txt").read_text() == "v.mp4\n"
    build_index(painted, tmp_path / "index", ColourEmbedder())
    with pytest.raises(UsageError, match="6 of 7 captioned clips") as caught:
        bench(replace(wanted, data=None, index=tmp_path / "index"), cache=cache)
    assert list(caught.value.fields["files"]) == ["v.mp4"]


def test_a_query_that_no_model_takes_is_refused(partial, painted, cache):
    wanted = BenchRequest(
        "retrieval",
        captions=partial,
        data=painted,
        models=[SPY],
        protocol={"query": "who?", "allow_missing": True},
    )
    with refused("no_predictor"):
        bench(wanted, cache=cache)


def test_files_that_are_not_indexed_are_named_before_a_model_is_loaded(partial, painted, cache, tmp_path):
    build_index(painted, tmp_path / "index", ColourEmbedder())
    wanted = BenchRequest("retrieval", captions=partial, index=tmp_path / "index", models=[SPY])
    with pytest.raises(UsageError, match=r"1 of 3 captioned files .* gone\.mp4"):
        bench(wanted, cache=cache)
    assert Spy.n_loaded == 0


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"dataset": "msrvtt", "data": "."}, "annotations of the dataset are needed"),
        ({"dataset": "msrvtt", "data": ".", "annotations": "."}, r"msrvtt has no "),
        ({"captions": "none.csv"}, r"none\.csv"),
    ],
)
def test_missing_annotations_are_listed_before_a_model_is_loaded(wanted, reason, tmp_path):
    places = {key: tmp_path / value for key, value in wanted.items() if key != "dataset"}
    with pytest.raises(VlretError, match=reason):
        bench(BenchRequest("retrieval", models=[SPY], **{**wanted, **places}))
    assert Spy.n_loaded == 0


def test_annotations_beside_the_media_are_found(tmp_path, cache):
    write_visla(tmp_path / "data" / "annotations")
    wanted = BenchRequest("text", dataset="visla", data=tmp_path / "data", models=[SPY])
    assert bench(wanted, cache=cache).models[0].main.queries == 2
    with refused("no_annotations"):
        bench(BenchRequest("text", dataset="visla", data=tmp_path, models=[SPY]), cache=cache)


@pytest.mark.parametrize("vectors_alone", [True, False])
def test_a_part_of_the_annotations_is_refused_before_a_model_is_loaded(tmp_path, cache, vectors_alone):
    folder = write_visla(tmp_path / "annotations", "Generic_VISLA.first1.tsv")
    file = vectors(tmp_path / "a.parquet", texts=["red"])
    models = {"precomputed": [file]} if vectors_alone else {"models": [SPY]}
    with pytest.raises(DatasetError, match=r"Generic_VISLA\.first1\.tsv"):
        bench(BenchRequest("text", dataset="visla", annotations=folder, **models), cache=cache)
    assert Spy.n_loaded == 0
    allowed = {"allow_missing": True}
    document = bench(
        BenchRequest("text", dataset="visla", annotations=folder, protocol=allowed, **models), cache=cache
    )
    assert "(Generic_VISLA.first1.tsv): a partial copy of the dataset." in result_table(document)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nothing", "neither a model nor a directory"),
        ("open_clip:ViT-B-16/nothing", "no weights 'ViT-B-16/nothing'"),
        ("st:one/two/three", "neither a directory nor a name"),
    ],
)
def test_a_wrong_name_is_refused_before_another_model_is_loaded(
    name, reason, partial, painted, cache, decoding
):
    partial.write_text("path,caption\nred.mp4,a red wall\n")
    with pytest.raises(UsageError, match=reason):
        bench(BenchRequest("retrieval", captions=partial, data=painted, models=[SPY, name]), cache=cache)
    assert (Spy.n_loaded, decoding) == (0, [])


def test_a_wrong_device_is_refused_before_a_model_is_loaded(partial, painted, cache):
    partial.write_text("path,caption\nred.mp4,a red wall\n")
    wanted = BenchRequest("retrieval", captions=partial, data=painted, models=[SPY, "vljepa-mini"])
    with pytest.raises(UsageError, match="Unknown device 'gpu'"):
        bench(wanted, cache=cache, device="gpu")
    assert Spy.n_loaded == 0


def test_missing_media_of_ones_own_are_told_to_whoever_wrote_the_file(partial, painted, cache):
    with refused("custom_media_missing") as caught:
        bench(BenchRequest("retrieval", captions=partial, data=painted, models=[SPY]), cache=cache)
    assert "Correct the paths in" in caught.value.hint
    assert "Get them" not in caught.value.hint
    partial.write_text("path,caption\ngone.mp4,a blue wall\n")
    wanted = BenchRequest(
        "retrieval", captions=partial, data=painted, models=[SPY], protocol={"allow_missing": True}
    )
    with pytest.raises(MediaError, match="No item of captions is left"):
        bench(wanted, cache=cache)


@pytest.mark.parametrize(
    ("wanted", "code", "fields"),
    [
        ({"captions": "captions.csv", "choices": {"bogus": "1"}}, "custom_dataset_choices", {}),
        ({"captions": "captions.csv", "annotations": "."}, "custom_dataset_choices", {}),
        (
            {"dataset": "coin", "choices": {"extent": "marked"}},
            "choice_not_applicable",
            {"given": ["extent"], "allowed": ["target", "steps"]},
        ),
        (
            {"dataset": "ek100", "choices": {"target": "verb", "text": "keys", "candidates": "validation"}},
            "choice_not_applicable",
            {"given": ["text", "candidates"], "allowed": ["target"]},
        ),
    ],
)
def test_a_choice_that_does_not_apply_is_refused(wanted, code, fields, partial):
    task = "retrieval" if "captions" in wanted else "classification"
    place = {"captions": partial} if "captions" in wanted else {"annotations": partial.parent}
    with refused(code) as caught:
        bench(BenchRequest(task, models=[SPY], **{**wanted, **place}))
    assert caught.value.fields == fields
    assert Spy.n_loaded == 0


@pytest.mark.parametrize(
    ("more", "unused"),
    [
        ({"models": [SPY, SPY]}, ["a second model"]),
        ({"data": "."}, ["data"]),
        ({"precomputed": ["a.parquet"]}, ["precomputed embeddings"]),
        (
            {"models": [SPY, SPY], "protocol": {"frames": 3, "ties": "expected"}},
            ["frames", "a second model"],
        ),
    ],
)
def test_what_an_index_decides_itself_is_refused(more, unused, partial, painted, cache, tmp_path):
    build_index(painted, tmp_path / "index", ColourEmbedder())
    wanted = BenchRequest(
        "retrieval", captions=partial, index=tmp_path / "index", **{"models": [SPY], **more}
    )
    with refused("not_used_with_index") as caught:
        bench(wanted, cache=cache)
    assert caught.value.fields["given"] == unused
    assert Spy.n_loaded == 0


def test_captions_that_an_index_lacks_are_named_before_its_model_is_loaded(partial, painted, cache, tmp_path):
    build_index(painted, tmp_path / "index", ColourEmbedder())
    partial.write_text("path,caption\nred.mp4,a red wall\ngone.mp4,a blue wall\n")
    wanted = BenchRequest("retrieval", captions=partial, index=tmp_path / "index", models=[SPY])
    with refused("captions_not_in_index") as caught:
        bench(wanted, cache=cache)
    assert len(caught.value.fields["files"]) == 1
    assert Spy.n_loaded == 0


def test_an_index_has_its_own_number_format(partial, tmp_path):
    wanted = BenchRequest("retrieval", captions=partial, index=tmp_path / "index", models=[SPY])
    with refused("not_used_with_index"):
        bench(wanted, cache=tmp_path, dtype="bfloat16")


@pytest.mark.parametrize("place", ["a file", "a file/below"])
def test_folders_that_cannot_be_written_are_refused_before_anything_runs(place, painted, tmp_path, cache):
    (tmp_path / "a file").write_text("kept")
    wanted = BenchRequest("retrieval", captions=tmp_path / "none.csv", data=painted, models=[SPY])
    for argument, folders in {
        "out": {"cache": cache, "out": tmp_path / place},
        "cache": {"cache": tmp_path / place},
    }.items():
        with refused("not_writable") as caught:
            bench(wanted, **folders)
        assert caught.value.fields == {"path": tmp_path / "a file", "argument": argument}
    assert (tmp_path / "a file").read_text() == "kept"
    vectors_alone = BenchRequest(
        "retrieval", captions=tmp_path / "none.csv", precomputed=[tmp_path / "a.parquet"]
    )
    with pytest.raises(VlretError, match=r"no file .*none\.csv"):
        bench(vectors_alone, cache=tmp_path / place)  # which encode nothing


def test_a_folder_without_permission_is_refused(painted, tmp_path, cache, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: path != tmp_path)
    with refused("not_writable"):
        bench(
            BenchRequest("retrieval", captions=tmp_path / "none.csv", models=[SPY]),
            out=tmp_path / "new" / "out",
        )


def vectors(path, media=(), texts=()):
    """A file of equal vectors with these keys."""
    rows = [("media", key, [1.0, 0.0]) for key in media] + [("text", key, [1.0, 0.0]) for key in texts]
    pd.DataFrame(rows, columns=["kind", "key", "vector"]).to_parquet(path)
    return path


def test_what_the_vectors_lack_is_told_and_noted(partial, tmp_path, cache):
    file = vectors(tmp_path / "a.parquet", ["red.mp4", "gone.mp4"], ["a red wall", "other"])
    document = bench(BenchRequest("retrieval", captions=partial, precomputed=[file]), cache=cache)
    (model,) = document.models
    assert (model.no_vector, model.no_vector_texts) == (("green.mp4",), ("a green wall", "a blue wall"))
    told = "a: 1 of 3 items and 2 of 3 texts have no embedding: counted as wrong."
    assert result_table(document).splitlines()[-1] == told


@pytest.mark.parametrize(
    ("media", "texts", "reason"),
    [
        (["red.mp4"], ["other"], "none of the 3 texts"),
        (["other"], ["a red wall"], "none of the 3 media"),
        ([], ["a red wall"], "none of the 3 media"),
    ],
)
def test_vectors_of_another_set_are_refused_before_a_model_is_loaded(
    media, texts, reason, partial, painted, tmp_path, cache
):
    file = vectors(tmp_path / "a.parquet", media, texts)
    wanted = BenchRequest(
        "retrieval", captions=partial, data=painted, precomputed=[file], models=[SPY],
        protocol={"allow_missing": True},
    )  # fmt: skip
    with pytest.raises(UsageError, match=reason):
        bench(wanted, cache=cache)
    assert Spy.n_loaded == 0


def test_vectors_without_the_class_texts_are_refused(tmp_path, cache):
    labels = tmp_path / "labels.csv"
    labels.write_text("path,label\na.mp4,brush_hair\nb.mp4,jump\n")
    wanted = BenchRequest("classification", labels=labels, precomputed=[tmp_path / "a.parquet"])
    vectors(tmp_path / "a.parquet", ["a.mp4", "b.mp4"], ["brush_hair"])
    with pytest.raises(UsageError, match="none of the 2 texts of the dataset, such as 'brush hair'"):
        bench(wanted, cache=cache)
    vectors(tmp_path / "a.parquet", ["a.mp4", "b.mp4"], ["brush hair"])
    document = bench(wanted, cache=cache)
    assert document.models[0].no_vector_texts == ("jump",)
    assert "a: 1 of 2 texts have no embedding: counted as wrong." in result_table(document)


def test_triples_are_scored_by_vectors_of_their_texts(visla, tmp_path, cache):
    wanted = BenchRequest("text", dataset="visla", annotations=visla, precomputed=[tmp_path / "a.parquet"])
    vectors(tmp_path / "a.parquet", texts=["red", "one red", "blue", "green"])
    assert bench(wanted, cache=cache).models[0].no_vector_texts == ("one green",)
    vectors(tmp_path / "a.parquet", texts=["other"])
    with pytest.raises(UsageError, match="none of the 5 texts"):
        bench(wanted, cache=cache)


def test_questions_take_no_vectors_whatever_is_in_them(pope, tmp_path):
    file = vectors(tmp_path / "a.parquet", texts=["other"])
    with refused("questions_need_model"):
        bench(BenchRequest("vqa", dataset="pope", annotations=pope, precomputed=[file]))
