"""Filters and moments in searches, curves over a file, heat maps over a frame."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tests.conftest import COLOURS, ColourEmbedder
from tests.server.conftest import error_of, names, search
from vlret.tasks.searcher import Searcher


def test_filters_apply_before_the_best_are_taken(client):
    assert names(search(client, query="blue", k=1, where="duration > 5")) == [("long.mp4", 10.0)]
    assert names(search(client, query="blue", k=1, exclude=["*.png", "long"])) != [("long.mp4", 10.0)]
    assert [name for name, _ in names(search(client, query="red", sort="path", only=".mp4"))] == [
        "green one.mp4", "long.mp4"]  # fmt: skip


@pytest.mark.parametrize(
    "where",
    [
        "1; drop table clips",
        "read_csv('/etc/passwd')",
        "(select count(*) from read_text('/etc/passwd')) > 0",
        "nonsense =",
    ],
)
def test_a_hostile_condition_is_refused(client, where):
    answer = client.post("/api/search", json={"query": "red", "where": where})
    assert answer.status_code == 400
    assert "root:" not in answer.text


def test_moments_are_cut_out_of_a_video(client):
    hit = search(client, query="red", k=1, moments=True)["hits"][0]
    assert (hit["name"], hit["start"]) == ("long.mp4", 0.0)
    assert hit["end"] == pytest.approx(10.0, abs=1.0)


def test_a_curve_is_that_of_the_searcher(client, index, media):
    media_id = search(client, query="red", k=1)["hits"][0]["media_id"]
    address = f"/api/indexes/painted/media/{media_id}/curve"
    given = client.post(address, json={"query": "red"}).json()
    expected = Searcher(index, ColourEmbedder()).score_curve(media / "long.mp4", "red", decode=False)
    assert given["times"] == expected.times_s.tolist()
    assert given["scores"] == pytest.approx(expected.scores.tolist(), abs=1e-4)
    assert given["duration"] == 20.0
    assert (given["spans"][0]["start"], given["spans"][0]["end"]) == (0.0, 10.0)
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), COLOURS["blue"]).save(picture, "PNG")
    upload = client.post(f"{address}/upload", files={"file": ("a.png", picture.getvalue())}).json()
    assert np.argmax(upload["scores"]) == 1
    assert error_of(client.post(address, json={})) == (400, "empty_query")
    assert error_of(client.post(address.replace(media_id, "0" * 16), json={"query": "red"})) == (
        404,
        "no_such_media",
    )


def test_a_heat_map_lies_over_what_answers(client):
    hit = search(client, query="red", k=1)["hits"][0]
    address = f"/api/indexes/painted/clips/{hit['clip_id']}/heatmap.png"
    given = client.get(address, params={"query": "red", "start": 1, "end": 2})
    assert given.headers["content-type"] == "image/png"
    assert np.asarray(Image.open(io.BytesIO(given.content))).shape == (480, 480, 4)
    assert client.get(address).status_code == 422
    assert error_of(client.get(address, params={"query": " "})) == (400, "empty_query")
