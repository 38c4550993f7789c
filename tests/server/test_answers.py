"""Labels, answers, captions and exports, against the functions of vlret; metrics."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import COLOURS, ColourEmbedder
from tests.server.conftest import error_of, search, service
from vlret.models.captioners.bank import embed_bank
from vlret.models.captioners.retrieval import RetrievalCaptioner
from vlret.reports.exports.write_export import FORMATS
from vlret.server import answers
from vlret.tasks.label import classify
from vlret.tasks.vqa import answer

LABELS = ["red", "green", "blue"]


@pytest.fixture
def clip_id(shared) -> Callable[[str], int]:
    """The id of the best clip of a colour."""
    return lambda colour: search(shared, query=colour, k=1)["hits"][0]["clip_id"]


def test_clips_are_labelled_as_by_classify(shared, index, clip_id):
    ids = [clip_id("red"), clip_id("green")]
    items = shared.post("/api/label", json={"index": "painted", "clips": ids, "labels": LABELS}).json()[
        "items"
    ]
    every = classify(index, LABELS, model=ColourEmbedder())
    expected = [every[one] for one in ids]
    assert [(item["clip_id"], item["label"]) for item in items] == list(
        zip(ids, ["red", "green"], strict=True)
    )
    assert [item["probability"] for item in items] == pytest.approx([one.probability for one in expected])
    assert [[score["label"] for score in item["top"]] for item in items] == [
        [score.label for score in one.top] for one in expected
    ]


def test_a_question_is_answered_as_by_answer(shared, media, clip_id):
    body = {"clip_id": clip_id("green"), "question": "which colour?", "candidates": ["blue", "green"]}
    given = shared.post("/api/vqa", json={"index": "painted", **body}).json()
    expected = answer(ColourEmbedder(), media / "green one.mp4", body["question"], body["candidates"])
    assert (given["question"], given["answer"]) == ("which colour?", "green")
    assert [one["answer"] for one in given["candidates"]] == [one.answer for one in expected.candidates]
    scores = [one.score for one in expected.candidates]
    assert [one["score"] for one in given["candidates"]] == pytest.approx(scores, abs=1e-4)


def test_clips_are_described_by_the_captioner_that_comes_with_the_model(client, clip_id, monkeypatch):
    loads = []
    bank = embed_bank([f"something {name}" for name in COLOURS], ColourEmbedder(), "colours")
    monkeypatch.setattr(answers, "load_captioner", lambda *_: loads.append(1) or RetrievalCaptioner(bank))
    ids = [clip_id("red"), clip_id("green")]
    for _ in range(2):
        items = client.post("/api/caption", json={"index": "painted", "clips": ids}).json()["items"]
        assert [item["text"] for item in items] == ["something red", "something green"]
    assert loads == [1]


def test_a_model_without_a_captioner_says_so(shared, clip_id):
    answered = shared.post("/api/caption", json={"index": "painted", "clips": [clip_id("red")]})
    assert error_of(answered)[1] == "no_captioner"


@pytest.mark.parametrize(
    ("address", "body", "expected"),
    [
        ("label", {"clips": [99], "labels": ["a"]}, (404, "no_such_clip")),
        ("label", {"clips": [0], "labels": []}, (422, "bad_request")),
        ("label", {"clips": [0], "labels": [" "]}, (400, "empty_label")),
        ("label", {"clips": [0] * 1001, "labels": ["a"]}, (422, "bad_request")),
        ("label", {"clips": [-1], "labels": ["a"]}, (422, "bad_request")),
        ("label", {"clips": [2**63], "labels": ["a"]}, (422, "bad_request")),
        ("vqa", {"clip_id": 0, "question": " ", "candidates": ["a"]}, (400, "empty_question")),
        ("vqa", {"clip_id": 0, "question": "?", "candidates": ["a", "a"]}, (400, "duplicate_answer")),
        ("caption", {"clips": [0] * 33}, (422, "bad_request")),
    ],
)
def test_wrong_requests_are_named(shared, address, body, expected):
    assert error_of(shared.post(f"/api/{address}", json={"index": "painted", **body})) == expected


def export(client, clip_id: int, form: str, title: str = "a title") -> object:
    hits = [{"index": "painted", "clip_id": clip_id, "start": 1.0, "end": 2.0, "text": "red & <b>"},
            {"index": "painted", "clip_id": clip_id, "start": 11.0, "end": 12.0}]  # fmt: skip
    return client.post("/api/export", json={"format": form, "title": title, "hits": hits})


@pytest.fixture(scope="module")
def telling(index, tmp_path_factory):
    """A service that tells paths."""
    with service(index, tmp_path_factory.mktemp("cache"), show_paths=True) as client:
        yield client


@pytest.mark.parametrize("form", list(FORMATS))
def test_an_export_tells_paths_on_request_only(shared, telling, clip_id, media: Path, form):
    red = clip_id("red")
    given = export(shared, red, form)
    assert given.status_code == 200, given.text
    assert given.headers["content-type"].startswith(FORMATS[form].media_type)
    assert given.headers["content-disposition"] == f"attachment; filename*=utf-8''a_title.{form}"
    for secret in (media.parent.name, "secret"):
        assert secret.encode() not in given.content
    shown = export(telling, red, form)
    assert form in ("srt", "vtt") or b"secret" in shown.content


def test_an_export_holds_the_parts_in_their_order(shared, clip_id):
    rows = [json.loads(line) for line in export(shared, clip_id("red"), "jsonl").text.splitlines()]
    assert [(row["path"], row["start"], row["end"], row["text"]) for row in rows] == [
        ("long.mp4", 1.0, 2.0, "red & <b>"), ("long.mp4", 11.0, 12.0, "")]  # fmt: skip


def test_a_title_is_no_place(shared, clip_id):
    given = export(shared, clip_id("red"), "csv", "../../etc/passwd\r\nSet-Cookie: a=b")
    assert (
        given.headers["content-disposition"] == "attachment; filename*=utf-8''etc_passwd_Set-Cookie_a_b.csv"
    )
    assert "set-cookie" not in given.headers


def test_wrong_exports_are_named(shared):
    assert error_of(export(shared, 0, "exe")) == (400, "unknown_export_format")
    assert error_of(export(shared, 99, "csv")) == (404, "no_such_clip")


def test_metrics_count_by_route_and_reason(client):
    search(client, query="red", k=1)
    client.get("/api/indexes/painted/clips/99")
    client.get("/nowhere/" + "x" * 50)
    text = client.get("/metrics").text
    assert 'vlret_request_seconds_count{route="/api/search",status="200"} 1.0' in text
    assert (
        'vlret_request_seconds_count{route="/api/indexes/{index_id}/clips/{clip_id}",status="404"} 1.0'
        in text
    )
    assert 'vlret_refused_total{reason="no_such_clip"} 1.0' in text
    assert "nowhere" not in text
    assert 'vlret_waiting{what="models"} 0.0' in text
    assert "process_resident_memory_bytes" in text
    assert "vlret_texts_at_once_count 2.0" in text  # one was the first of all, which loads the model
