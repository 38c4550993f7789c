"""mteb's tasks over tiny embedders, offline: mock tasks with texts of colours, so that the scores are known."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import ColourEmbedder
from vlret.errors import MissingExtraError, UsageError, VlretError
from vlret.evaluation.standalone.mteb import (
    SkippedTask,
    find_tasks,
    left_out,
    run_tasks,
)

mteb = pytest.importorskip("mteb", reason='mteb is not installed: pip install "mteb[video]"')


class CountingEmbedder(ColourEmbedder):
    def __init__(self, name: str = "colour", weights: str = "0") -> None:
        super().__init__(name)
        self.card = replace(self.card, weights_hash=weights * 64)
        self.n_texts = 0

    def embed_texts(self, texts):
        self.n_texts += len(texts)
        return super().embed_texts(texts)


class Blind(CountingEmbedder):
    def embed_texts(self, texts):
        return super().embed_texts(["grey"] * len(texts))


@pytest.fixture
def similarity():
    """Pairs of texts, ranked as the cosines of their colours rank them."""
    from datasets import Dataset, DatasetDict
    from mteb.mocks import MockSTSTask

    class ColourSTS(MockSTSTask):
        metadata = MockSTSTask.metadata.model_copy(update={"name": "ColourSTS"})

        def load_data(self, **_):
            rows = {"sentence1": ["red"] * 3, "sentence2": ["red", "grey", "green"], "score": [2, 1, 0]}
            self.dataset = DatasetDict({"test": Dataset.from_dict(rows)})
            self.data_loaded = True

    return ColourSTS()


@pytest.fixture
def broken(similarity):
    class Broken(type(similarity)):
        metadata = similarity.metadata.model_copy(update={"name": "Broken"})

        def load_data(self, **_):
            raise OSError("no\nway to the data")

    return Broken()


@pytest.fixture
def with_sound():
    from mteb.mocks import MockVideoAudioRetrievalT2VA

    return MockVideoAudioRetrievalT2VA()


def test_scores_are_mtebs_and_a_constant_model_has_none(similarity):
    document = run_tasks({"a": CountingEmbedder(), "b": Blind("blind")}, [similarity])
    seeing, blind = (model.results[0] for model in document.models)
    assert (seeing.task, seeing.type, seeing.metric) == ("ColourSTS", "STS", "cosine_spearman")
    assert seeing.main_score == pytest.approx(1)
    assert seeing.result["scores"]["test"][0]["cosine_spearman"] == pytest.approx(1)
    assert seeing.file is None
    assert blind.main_score is None
    assert blind.result["scores"]["test"][0]["cosine_spearman"] is None
    assert document.models[0].frames == 4


def test_result_files_are_read_back_by_mteb_and_not_computed_again(similarity, tmp_path):
    model = CountingEmbedder()
    (first,) = run_tasks({"a": model}, [similarity], out=tmp_path).models[0].results
    seen = model.n_texts
    assert seen > 0
    file = Path(first.file)
    assert file.is_relative_to(tmp_path)
    assert file.name == "ColourSTS.json"
    assert "frame_times_midpoint__frames_4" in str(file)
    assert mteb.TaskResult.from_disk(file).get_score() == pytest.approx(1)
    (again,) = run_tasks({"a": model}, [similarity], out=tmp_path).models[0].results
    assert (model.n_texts, again.main_score) == (seen, first.main_score)


def test_other_weights_of_the_same_name_are_scored_anew(similarity, tmp_path):
    run_tasks({"a": CountingEmbedder()}, [similarity], out=tmp_path)
    other = Blind(weights="1")
    (row,) = run_tasks({"a": other}, [similarity], out=tmp_path).models[0].results
    assert row.main_score is None
    assert other.n_texts > 0


def test_a_damaged_result_is_named(similarity, tmp_path):
    (row,) = run_tasks({"a": CountingEmbedder()}, [similarity], out=tmp_path).models[0].results
    Path(row.file).write_text('{"task_name": "Col')
    with pytest.raises(VlretError, match=r"ColourSTS\.json is not a complete result of mteb\. Delete it"):
        run_tasks({"a": CountingEmbedder()}, [similarity], out=tmp_path)


def test_what_fails_or_does_not_fit_is_told_and_the_others_go_on(similarity, broken, with_sound):
    document = run_tasks({"a": CountingEmbedder()}, [broken, with_sound, similarity])
    (model,) = document.models
    assert [row.task for row in model.results] == ["ColourSTS"]
    failed, unheard = model.no_score
    assert failed == SkippedTask("Broken", "no way to the data")
    assert unheard.reason == "it has audio, and vlret's models take text and video"


def test_questions_about_videos_need_a_model_that_takes_them():
    task, card = mteb.get_task("EgoSchemaVideoCentricQA"), ColourEmbedder().card
    assert left_out(card, task) == "it asks texts of videos, and colour takes no query"
    assert left_out(replace(card, takes_query=True), task) == ""
    assert left_out(card, mteb.get_task("MSRVTTT2V")) == ""


def test_tasks_and_lists_are_found_by_name_and_alias():
    assert [t.metadata.name for t in find_tasks(["MSRVTTT2V", "MSRVTTT2V"])] == ["MSRVTTT2V"]
    tasks = find_tasks([], "MVEB(text, video)")
    assert {m for task in tasks for m in task.metadata.modalities} == {"text", "video"}
    assert len(tasks) == len(mteb.get_benchmark("MVEB(text, video)").tasks) > 10


@pytest.mark.parametrize(
    ("names", "benchmark", "told"),
    [
        (["MSRVTTT2"], None, r"no task 'MSRVTTT2'; the nearest names are .*MSRVTTT2V"),
        ([], "MVEB(txt)", r"no benchmark 'MVEB\(txt\)'; the nearest names are .*MVEB"),
        ([], None, "Neither tasks nor a benchmark"),
        (["MSRVTTT2V"], "MVEB", "Tasks and a benchmark"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(names, benchmark, told):
    with pytest.raises(UsageError, match=told):
        find_tasks(names, benchmark)


def test_without_mteb_the_command_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "mteb", None)
    with pytest.raises(MissingExtraError, match=r'pip install "mteb\[video\]'):
        find_tasks(["MSRVTTT2V"])
