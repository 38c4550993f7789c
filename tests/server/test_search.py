"""Searches by text, clip and upload, of one index and of several."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from tests.conftest import COLOURS, ColourEmbedder
from tests.server.conftest import error_of, names, paint_video, search
from vlret.errors import ModelError
from vlret.index.build import build_index
from vlret.index.index import Index
from vlret.index.remove import remove_files
from vlret.server import library
from vlret.tasks.search import search as search_index

IMAGE = "<img src=x onerror=alert(1)>.png"


def test_a_sentence_finds_what_vlret_search_finds(client, index):
    answer = search(client, query="blue", k=3)
    expected = search_index(index, "blue", model=ColourEmbedder(), k=3)
    assert names(answer) == [(hit.path.rpartition("/")[2], hit.start) for hit in expected]
    assert [hit["score"] for hit in answer["hits"]] == pytest.approx(
        [hit.score for hit in expected], abs=1e-4
    )
    assert [hit["rank"] for hit in answer["hits"]] == [1, 2, 3]
    assert answer["has_next"]


def test_a_hit_says_where_it_is_and_how_to_see_it(client):
    (hit,) = search(client, query="red", k=1)["hits"]
    assert (hit["index"], hit["name"], hit["start"], hit["end"]) == ("painted", "long.mp4", 0.0, 10.0)
    assert (hit["kind"], hit["duration"], hit["gone"], hit["copies"]) == ("video", 20.0, False, [])
    assert "path" not in hit
    for address in ("thumbnail", "sprite", "play"):
        assert client.get(hit[address]).status_code == 200
    (image,) = search(client, query="blue", k=1, only=".png")["hits"]
    assert (image["kind"], image["duration"], image["sprite"], image["play"]) == ("image", None, None, None)
    assert image["name"] == IMAGE


def test_paths_are_told_on_request_only(start, media):
    client = start(show_paths=True)
    hit = search(client, query="blue", k=1, all_clips=True, only="long.mp4")["hits"][0]
    clip = client.get(f"/api/indexes/painted/clips/{hit['clip_id']}").json()
    for one in (hit, clip):
        assert one["path"] == str(media / "long.mp4")
        assert one["player_command"] == f"mpv --start=10 '{media}/long.mp4'"


def test_pages_follow_each_other(client):
    every = names(search(client, query="red", k=5, all_clips=True))
    pages = [search(client, query="red", k=2, page=page, all_clips=True) for page in (1, 2, 3)]
    assert [hit for page in pages for hit in names(page)] == every
    assert [page["has_next"] for page in pages] == [True, True, False]
    assert [hit["rank"] for hit in pages[1]["hits"]] == [3, 4]


def test_a_clip_may_be_the_query(client):
    red = search(client, query="red", k=1)["hits"][0]
    like = [{"index": "painted", "clip_id": red["clip_id"]}]
    assert names(search(client, like=like, k=1, all_clips=True)) == [("long.mp4", 0.0)]
    less = search(client, query="red blue", unlike=like, k=1, all_clips=True)
    assert names(less) in ([("long.mp4", 10.0)], [(IMAGE, 0.0)])


def test_weights_count(client):
    more = search(client, query="red", plus=[{"query": "green", "weight": 9.0}], k=1)
    assert names(more) == [("green one.mp4", 0.0)]
    less = search(client, query="green", minus=[{"query": "green", "weight": 0.5}], k=1)
    assert names(less) == [("green one.mp4", 0.0)]


@pytest.mark.parametrize("words", ["/etc/passwd", "~/.ssh/id_rsa", "README.md", "holiday.mp4@1:23", ".."])
def test_a_text_is_never_a_path(client, words):
    assert search(client, query=words, k=1)["query"] == words


def test_a_moment_of_an_indexed_file_is_a_query(client, media):
    options = {"k": 1, "all_clips": True, "only": ".mp4"}
    assert names(search(client, query="long.mp4@0:15", **options)) == [("long.mp4", 10.0)]
    more = [{"query": "long.mp4@15", "weight": 9}]
    assert names(search(client, query="red", plus=more, **options)) == [("long.mp4", 10.0)]
    past = client.post("/api/search", json={"query": "long.mp4@9:59"})
    assert error_of(past) == (400, "moment_past_end")
    words = search(client, query=f"{media}/long.mp4@0:15", k=1, all_clips=True)  # a path is a text
    assert words["hits"][0]["score"] < 0.99


def test_an_upload_is_a_query(client, tmp_path):
    Image.new("RGB", (20, 20), COLOURS["green"]).save(tmp_path / "green.png")
    paint_video(tmp_path / "red.mp4", "red")
    for name, expected in (("green.png", "green one.mp4"), ("red.mp4", "long.mp4")):
        files = {"file": (f"../../{name}", (tmp_path / name).read_bytes())}
        answer = client.post("/api/search/upload", files=files, data={"options": json.dumps({"k": 1})})
        assert names(answer.json()) == [(expected, 0.0)]


def test_an_upload_that_cannot_be_read_is_refused_without_its_place(client):
    answer = client.post("/api/search/upload", files={"file": ("a.mp4", b"no video")})
    assert error_of(answer) == (422, "not_playable")
    assert answer.json()["error"]["message"] == "The uploaded file: not a media file."


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"query": " "}, (400, "empty_query")),
        ({"query": "red", "k": 0}, (422, "bad_request")),
        ({"query": "red", "page": 10**6}, (422, "bad_request")),
        ({"query": "red", "k": 500, "page": 21}, (422, "bad_request")),
        ({"query": "red", "unknown": 1}, (422, "bad_request")),
        ({"query": "x" * 2001}, (422, "bad_request")),
        ({"query": "red", "index": "other"}, (404, "no_such_index")),
        ({"like": [{"index": "painted", "clip_id": 99}]}, (404, "no_such_clip")),
        ({"query": "red", "plus": [{"query": "blue", "weight": -1}]}, (422, "bad_request")),
        ({"query": "red", "plus": [{"query": "red", "weight": "NaN"}]}, (422, "bad_request")),
        ({"query": "red", "minus": [{"query": "red", "weight": 1}]}, (400, "query_cancels_out")),
    ],
)
def test_wrong_searches_are_named(client, body, expected):
    assert error_of(client.post("/api/search", json=body)) == expected


def test_a_least_probability_needs_a_calibrated_model(client):
    assert not client.get("/api/indexes").json()["indexes"][0]["calibrated"]
    answer = client.post("/api/search", json={"query": "red", "min_probability": 0.5})
    assert error_of(answer) == (400, "no_calibration")


def test_a_bad_upload_option_is_named(client):
    files = {"file": ("a.png", b"")}
    answer = client.post("/api/search/upload", files=files, data={"options": "{'k': 1}"})
    assert error_of(answer) == (422, "bad_request")


def test_several_indexes_are_searched_with_one_model(start, index, tmp_path, monkeypatch):
    other = tmp_path / "painted"
    Image.new("RGB", (20, 20), COLOURS["red"]).save(tmp_path / "red.png")
    build_index(tmp_path / "red.png", other, model=ColourEmbedder(), progress=False)
    loads = []
    monkeypatch.setattr(library, "model_for_index", lambda *_: loads.append(1) or ColourEmbedder())
    client = start(indexes=(index, other))
    ids = [one["id"] for one in client.get("/api/indexes").json()["indexes"]]
    assert ids == ["painted", "painted-2"]
    assert {hit["index"] for hit in search(client, query="red", k=2)["hits"]} == set(ids)
    assert names(search(client, query="red", index="painted-2")) == [("red.png", 0.0)]
    assert len(search(client, query="red", index=["painted-2", "painted-2"])["hits"]) == 1
    every = names(search(client, query="red", k=9))
    pages = [search(client, query="red", k=2, page=page) for page in (1, 2, 3)]
    assert [hit for page in pages for hit in names(page)] == every
    assert [page["has_next"] for page in pages] == [True, True, False]
    by_path = search(client, query="red", k=2, sort="path")["hits"]
    assert [hit["rank"] for hit in by_path] in ([1, 2], [2, 1])
    assert loads == [1]


def test_what_changes_on_disk_is_found(start, index, media, tmp_path):
    copy = tmp_path / "painted"
    shutil.copytree(index, copy)
    client = start(indexes=(copy,))
    assert names(search(client, query="grey", k=1)) == [("old.avi", 0.0)]
    Image.new("RGB", (20, 20), COLOURS["grey"]).save(tmp_path / "new.png")
    build_index(tmp_path / "new.png", copy, model=ColourEmbedder(), progress=False)
    assert ("new.png", 0.0) in names(search(client, query="grey", k=2))


def test_an_index_that_was_compacted_is_opened_again(start, index, media, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(index, moved)
    client = start(indexes=(moved,))
    remove_files(moved, [media / "green one.mp4"])
    Index.open(moved).compact()
    body = {"index": "moved", "clips": [2], "labels": ["red", "blue"]}
    assert error_of(client.post("/api/label", json=body)) == (503, "index_compacted")
    assert client.post("/api/label", json=body).json()["items"][0]["label"] == "red"


def test_an_index_that_is_gone_is_searched_as_it_was(start, index, tmp_path):
    copy = tmp_path / "painted"
    shutil.copytree(index, copy)
    client = start(indexes=(copy,))
    search(client, query="red")
    shutil.rmtree(copy)
    assert names(search(client, query="red", k=1)) == [("long.mp4", 0.0)]


def test_queries_at_once_are_embedded_together(client, model, monkeypatch):
    sizes, embed = [], ColourEmbedder.embed_texts
    slow = __import__("time").sleep

    def embed_slowly(self, texts):
        sizes.append(len(texts))
        slow(0.05)
        return embed(self, texts)

    monkeypatch.setattr(ColourEmbedder, "embed_texts", embed_slowly)
    colours = ["red", "green", "blue", "grey"] * 8
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda colour: names(search(client, query=colour, k=1)), colours))
    assert answers == answers[:4] * 8
    assert sum(sizes) == 32
    assert len(sizes) < 16


def test_a_model_that_does_not_load_is_said(start, monkeypatch):
    def fail(*_):
        raise ModelError("no weights in /secret.", code="no_weights")

    monkeypatch.setattr(library, "model_for_index", fail)
    client = start()
    assert error_of(client.post("/api/search", json={"query": "red"})) == (500, "no_weights")
    assert client.get("/api/health").json() == {
        "status": "ok", "ready": False, "message": "no weights in /secret."}  # fmt: skip
