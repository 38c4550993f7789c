"""Protocol choices that would change nothing are refused before anything is read."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from tests.datasets.small import write_annotations
from tests.evaluation.sets import card, classification_set, media, retrieval_set, text_set, vqa_set
from tests.refusal import refused
from vlret.datasets.base import Media, StateChoice, StateSet
from vlret.errors import VlretError
from vlret.evaluation.inputs.applicability import check_dataset, check_task, has_only_images
from vlret.evaluation.inputs.bench import bench
from vlret.evaluation.inputs.request import BenchRequest
from vlret.evaluation.protocol.protocol import Protocol, protocol_for
from vlret.evaluation.tasks.registry import tasks_using

TASKS = ("retrieval", "classification", "vqa", "text")
USED_BY = {
    field.name: tasks_using(field.name) for field in fields(Protocol) if tasks_using(field.name) != TASKS
}


@pytest.mark.parametrize("name", USED_BY)
@pytest.mark.parametrize("task", TASKS)
def test_a_task_takes_what_it_uses_and_nothing_else(task, name):
    if task in USED_BY[name]:
        return check_task(task, [name, "ties"], [])
    with refused("not_used_by_task") as caught:
        bench(BenchRequest(task, dataset="none", models=["none"], protocol={"ties": "expected", name: 3}))
    assert (
        str(caught.value)
        == f"Not used here: {name}. It applies to {', '.join(USED_BY[name])} only. Remove it."
    )


def test_the_fields_that_some_task_does_not_use():
    of_media = ("retrieval", "classification", "vqa")
    assert {
        "frames": of_media, "sampling": of_media, "resize": of_media, "query": of_media, "undecodable": of_media,
        "prompts": ("classification",), "text_tokens": ("retrieval",), "rerank": ("retrieval",),
    } == USED_BY  # fmt: skip


def test_prompts_beside_the_choice_of_prompts_are_refused():
    wanted = BenchRequest(
        "classification",
        dataset="kinetics400",
        choices={"prompts": "templates"},
        protocol={"prompts": ("{}",)},
    )
    with refused("prompts_given_twice"):
        bench(wanted)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (BenchRequest("retrieval", dataset="none", vlms=["a/b"]), "vlm_needs_questions"),
        (BenchRequest("vqa", dataset="none", models=["clip"], prompt="{}"), "prompt_needs_vlm"),
        (BenchRequest("vqa", dataset="none", vlms=["a/b"], prompt="What is it?"), "invalid_prompt"),
        (BenchRequest("vqa", dataset="none", vlms=["a/b"], prompt="{} {}"), "invalid_prompt"),
    ],
)
def test_vision_language_models_answer_questions_and_alone_have_a_prompt(request_, code):
    with refused(code):
        bench(request_)


def test_prompts_that_are_given_take_the_place_of_the_choice():
    of_set = card("classification", choices={"prompts": "name", "split": "1"}, prompts=("{}",))
    assert protocol_for(of_set).choices == {"prompts": "name", "split": "1"}
    given = protocol_for(of_set, prompts=("a {}",))
    assert (given.prompts, given.choices) == (("a {}",), {"split": "1"})


def photographs():
    return replace(retrieval_set(), media=[Media(str(i), (f"{i}.JPG",)) for i in range(4)])


@pytest.mark.parametrize("name", ["frames", "sampling"])
def test_images_have_one_frame(name):
    with refused("not_used_for_images"):
        check_dataset(photographs(), [name])
    check_dataset(photographs(), ["resize", "ties"])
    mixed = photographs()
    check_dataset(replace(mixed, media=[*mixed.media[:3], *media("red")]), [name])
    assert not any(map(has_only_images, (retrieval_set(), classification_set(), vqa_set(), text_set())))


def test_images_of_ones_own_are_stamped_with_one_frame(tmp_path, cache):
    from tests.evaluation.sets import picture

    picture(tmp_path / "a.png", "red")
    (tmp_path / "own.csv").write_text("path,caption\na.png,a red wall\n")
    document = bench(
        BenchRequest(
            "retrieval", captions=tmp_path / "own.csv", models=["tests.evaluation.inputs.test_bench:Spy"]
        ),
        cache=cache,
    )
    assert document.models[0].stamp.protocol["frames"] == 1


def test_a_query_is_for_questions_without_a_text():
    made = vqa_set()
    with refused("not_used_for_questions"):
        check_dataset(made, ["query"])
    check_dataset(
        replace(made, questions=[replace(made.questions[0], text=""), *made.questions[1:]]), ["query"]
    )
    check_dataset(StateSet(card("vqa"), media("red", "green"), [StateChoice(0, 0, (1, 0), 1)]), ["query"])
    check_dataset(retrieval_set(), ["query"])


def test_a_dataset_refuses_before_its_media_are_looked_for(tmp_path):
    folder = write_annotations("pope", tmp_path / "annotations").parent
    wanted = BenchRequest("vqa", dataset="pope", annotations=folder, models=["none"], protocol={"frames": 8})
    with refused("not_used_for_images"):
        bench(wanted)


@pytest.mark.parametrize("name", [name for name, tasks in USED_BY.items() if "retrieval" in tasks])
def test_vectors_alone_are_taken_as_they_are(tmp_path, name):
    (tmp_path / "own.csv").write_text("path,caption\na.mp4,a red wall\n")
    value = {"sampling": "endpoints", "resize": "squash", "undecodable": "excluded", "rerank": ("qb_norm",)}
    wanted = BenchRequest(
        "retrieval", captions=tmp_path / "own.csv", precomputed=[tmp_path / "none.parquet"],
        protocol={name: value.get(name, 3)},
    )  # fmt: skip
    if name == "rerank":
        with pytest.raises(VlretError, match="no file"):
            bench(wanted)
    else:
        with refused("not_used_for_precomputed"):
            bench(wanted)
