"""What a task or a set cannot heed is refused before anything is read, and the tasks that heed it are named."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from tests.datasets.small import write_annotations
from tests.evaluation.sets import card, classification_set, media, retrieval_set, text_set, vqa_set
from vlret.datasets.base import Media, StateChoice, StateSet
from vlret.errors import UsageError
from vlret.evaluation.inputs.heeded import HEEDED_BY, check_set_heeds, check_task_heeds, has_images_alone
from vlret.evaluation.inputs.request import Order, bench
from vlret.evaluation.results.protocol import Protocol
from vlret.evaluation.runner import protocol_for

TASKS = ("retrieval", "classification", "vqa", "text")
OPTIONS = {"prompts": "--prompt", "text_tokens": "--text-tokens"}


@pytest.mark.parametrize("name", HEEDED_BY)
@pytest.mark.parametrize("task", TASKS)
def test_a_task_takes_what_it_heeds_and_nothing_else(task, name):
    if task in HEEDED_BY[name]:
        return check_task_heeds(task, [name, "ties"], [])
    with pytest.raises(UsageError) as caught:
        bench(Order(task, dataset="none", models=["none"], protocol={"ties": "expected", name: 3}))
    option = OPTIONS.get(name, f"--{name}")
    assert str(caught.value) == (
        f"vlret bench {task} was given {option}, which it does not heed. "
        f"{option} is for {', '.join(HEEDED_BY[name])}: leave it out."
    )
    assert caught.value.exit_code == 2


def test_the_table_has_fields_of_the_protocol_and_all_tasks_heed_some():
    assert set(HEEDED_BY) <= {field.name for field in fields(Protocol)}
    assert {task for tasks in HEEDED_BY.values() for task in tasks} == {*TASKS} - {"text"}


def test_prompts_beside_the_choice_of_prompts_are_refused():
    order = Order(
        "classification",
        dataset="kinetics400",
        choices={"prompts": "templates"},
        protocol={"prompts": ("{}",)},
    )
    with pytest.raises(UsageError, match=r"--prompt and --choice prompts .* one of the two"):
        bench(order)


def test_prompts_that_are_given_take_the_place_of_the_choice():
    of_set = card("classification", choices={"prompts": "name", "split": "1"}, prompts=("{}",))
    assert protocol_for(of_set).choices == {"prompts": "name", "split": "1"}
    given = protocol_for(of_set, prompts=("a {}",))
    assert (given.prompts, given.choices) == (("a {}",), {"split": "1"})


def photographs():
    return replace(retrieval_set(), media=[Media(str(i), (f"{i}.JPG",)) for i in range(4)])


@pytest.mark.parametrize("name", ["frames", "sampling"])
def test_images_have_one_frame(name):
    with pytest.raises(UsageError, match=rf"--{name}\. All media of painted_retrieval are images"):
        check_set_heeds(photographs(), [name])
    check_set_heeds(photographs(), ["resize", "ties"])
    mixed = photographs()
    check_set_heeds(replace(mixed, media=[*mixed.media[:3], *media("red")]), [name])
    assert not any(map(has_images_alone, (retrieval_set(), classification_set(), vqa_set(), text_set())))


def test_images_of_ones_own_are_stamped_with_one_frame(tmp_path, cache):
    from tests.evaluation.sets import picture

    picture(tmp_path / "a.png", "red")
    (tmp_path / "own.csv").write_text("path,caption\na.png,a red wall\n")
    document = bench(
        Order(
            "retrieval", captions=tmp_path / "own.csv", models=["tests.evaluation.inputs.test_request:Spy"]
        ),
        cache=cache,
    )
    assert document.models[0].stamp.protocol["frames"] == 1


def test_a_query_is_for_questions_without_a_text():
    made = vqa_set()
    with pytest.raises(UsageError, match="the questions of painted_vqa themselves are the queries"):
        check_set_heeds(made, ["query"])
    check_set_heeds(
        replace(made, questions=[replace(made.questions[0], text=""), *made.questions[1:]]), ["query"]
    )
    check_set_heeds(StateSet(card("vqa"), media("red", "green"), [StateChoice(0, 0, (1, 0), 1)]), ["query"])
    check_set_heeds(retrieval_set(), ["query"])


def test_a_set_refuses_before_its_media_are_looked_for(tmp_path):
    folder = write_annotations("pope", tmp_path / "annotations").parent
    order = Order("vqa", dataset="pope", annotations=folder, models=["none"], protocol={"frames": 8})
    with pytest.raises(UsageError, match="All media of pope are images"):
        bench(order)


@pytest.mark.parametrize("name", [name for name, tasks in HEEDED_BY.items() if "retrieval" in tasks])
def test_vectors_alone_are_taken_as_they_are(tmp_path, name):
    (tmp_path / "own.csv").write_text("path,caption\na.mp4,a red wall\n")
    value = {"sampling": "endpoints", "resize": "squash", "undecodable": "excluded", "rerank": ("qb_norm",)}
    order = Order(
        "retrieval", captions=tmp_path / "own.csv", vectors=[tmp_path / "none.parquet"],
        protocol={name: value.get(name, 3)},
    )  # fmt: skip
    reason = "There is no file" if name == "rerank" else "Vectors made elsewhere are taken as they are"
    with pytest.raises(UsageError, match=reason):
        bench(order)
