"""bench_detail.py: the worst failures with what stands above, classes, lengths, confusion."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.reports.bench_documents import from_json
from vlret.reports.bench_detail import by_class, by_length, confusion, most_confused, worst


def failures(results, task, model=1, n=20):
    return worst(results[task], results[task].models[model], n)


def confusions(result):
    return [confusion(result, model) for model in result.models]


def test_a_model_that_is_always_right_has_no_failures(results):
    assert failures(results, "retrieval", 0) == []


def test_retrieval_shows_the_right_clip_and_those_above(results):
    found = failures(results, "retrieval")
    assert sorted(failure.title for failure in found) == ["a blue wall", "a red wall", "a red wall"]
    red = next(failure for failure in found if failure.title == "a red wall")
    assert results["retrieval"].items[red.item].id == "red"
    record = results["retrieval"].models[1].main.records[0]
    rank = record.best
    assert red.line == f"rank {rank} of 4"
    assert red.above[0].name == "blue"
    assert len(red.above) == min(rank - 1, 3)
    assert tuple(entry.item for entry in red.above) == record.top[: len(red.above)]
    assert tuple(entry.score for entry in red.above) == record.top_scores[: len(red.above)]


def test_a_path_of_an_index_is_shown_by_its_file(results):
    document = results["retrieval"].to_json()
    for item in document["items"]:
        item["id"] = f"/films/{item['id']}.mp4 from 0 to 2 s"
    found = failures({"x": from_json(document)}, "x", 1)[0]
    assert found.above[0].name in ("blue.mp4 from 0 to 2 s", "red.mp4 from 0 to 2 s")


def test_the_lowest_rank_comes_first_and_n_is_kept(results):
    document = results["retrieval"].to_json()
    own = document["models"][1]["parts"][0]["per_query"]
    own["best"], own["worst"] = [2, 1, 4, 3, 2], [2, 1, 4, 3, 2]
    found = failures({"x": from_json(document)}, "x", 1, 3)
    assert [failure.line for failure in found] == ["rank 4 of 4", "rank 3 of 4", "rank 2 of 4"]


def test_ties_and_missing_embeddings_are_named(results):
    document = results["retrieval"].to_json()
    own = document["models"][1]["parts"][0]["per_query"]
    own["best"], own["worst"] = [1, 1, 1, 5, 1], [1, 4, 1, 5, 1]
    own["top"][3] = own["top_scores"][3] = []
    found = failures({"x": from_json(document)}, "x", 1)
    assert [(failure.line, list(failure.above)) for failure in found] == [
        ("no embedding", []),
        ("tied with others, rank 1 to 4 of 4", []),
    ]


@pytest.mark.parametrize(
    ("task", "title", "line", "above"),
    [
        ("classification", "red", "tied with others, rank 3 to 4 of 4", "blue"),
        (
            "text",
            "green",
            "the same: grey\nsomething else: a green wall\ntied with others, rank 2 to 3 of 3",
            None,
        ),
    ],
)
def test_other_tasks_say_what_is_right(results, task, title, line, above):
    found = {failure.title: failure for failure in failures(results, task)}
    assert found[title].line == line
    assert [entry.name for entry in found[title].above][:1] == ([above] if above else [])


def test_questions_name_the_answer_and_the_medium(results):
    document = results["vqa"].to_json()
    own = document["models"][0]["parts"][0]["per_query"]
    own["best"][4] = own["worst"][4] = 3
    own["top"][4] = [2, 0, 1]
    first = failures({"x": from_json(document)}, "x", 0)[0]
    assert (first.title, first.line, first.item) == ("which colour?", "right: green\nrank 3 of 3", 1)
    assert [entry.name for entry in first.above] == ["blue", "red"]


def test_states_name_both_and_show_the_clips_above(results):
    document = results["states"].to_json()
    own = document["models"][0]["parts"][0]["per_query"]
    own["best"], own["worst"], own["top"] = [2], [2], [[0, 1]]
    (failure,) = failures({"x": from_json(document)}, "x", 0)
    assert (failure.title, failure.line, failure.item) == ("red to red", "right: red\nrank 2 of 2", 0)
    assert [(entry.name, entry.item) for entry in failure.above] == [("green", 1)]


def test_classes_come_hardest_first_of_the_first_model(results):
    turned = replace(results["classification"], models=results["classification"].models[::-1])
    shares = by_class(turned)
    assert {share.name: (share.n, list(share.shares)) for share in shares} == {
        "red": (2, [0.0, 1.0]), "blue": (2, [0.0, 1.0]), "green": (1, [1.0, 1.0]), "grey": (1, [1.0, 1.0]),
    }  # fmt: skip
    assert {share.name for share in shares[:2]} == {"red", "blue"}
    assert by_class(results["retrieval"]) == []


def test_lengths_are_those_of_the_media(results):
    shares = by_length(results["classification"])
    assert [(share.name, share.n, list(share.shares)) for share in shares] == [
        ("2 to 5 s", 6, [1.0, pytest.approx(2 / 6)])
    ]
    document = results["retrieval"].to_json()
    for item, seconds in zip(document["items"], (2.0, 31.0, 400.0, None), strict=True):
        item["seconds"] = seconds
    shares = {share.name: share.n for share in by_length(from_json(document))}
    assert shares == {"2 to 5 s": 2, "30 to 60 s": 1, "300 s and more": 1}
    for item in document["items"]:  # photographs
        item["seconds"] = None
    assert by_length(from_json(document)) == by_length(results["text"]) == []


def test_confusion_counts_truth_by_answer(results):
    right, swapped = confusions(results["classification"])
    assert right == {(0, 0): 2, (1, 1): 1, (2, 2): 2, (3, 3): 1}
    assert swapped == {(0, 2): 2, (1, 1): 1, (2, 0): 2, (3, 3): 1}


def test_confusion_with_several_labels_counts_the_named_one(results):
    document = results["classification"].to_json()
    document["labels"] = [[3, 0], *document["labels"][1:]]
    right, swapped = confusions(from_json(document))
    assert (right[0, 0], right[3, 3]) == (2, 1)
    assert (swapped[3, 2], swapped[0, 2]) == (1, 1)  # a wrong answer counts for the first label


def test_confusion_leaves_out_what_has_no_vector(results):
    document = results["classification"].to_json()
    document["models"][0]["parts"][0]["per_query"]["top"][0] = []
    assert confusions(from_json(document))[0][0, 0] == 1


def test_the_pairs_most_confused_come_first(results):
    document = results["classification"].to_json()
    document["models"][1]["parts"][0]["per_query"]["top"][4] = [1]
    result = from_json(document)
    right, model = result.models
    found = [(pair.truth, pair.answer, pair.n, pair.total) for pair in most_confused(result, model)]
    assert found == [("blue", "red", 2, 2), ("red", "green", 1, 2), ("red", "blue", 1, 2)]
    assert len(most_confused(result, model, 1)) == 1
    assert most_confused(result, right) == []
