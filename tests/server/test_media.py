"""Pictures, playback and whole files: exact frames, byte ranges, the cache, and processes that are killed."""

from __future__ import annotations

import io
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import av
import numpy as np
import pytest
from PIL import Image

from tests.conftest import COLOURS, ColourEmbedder
from tests.server.conftest import error_of, search
from vlret.errors import MediaError
from vlret.index.build import build_index
from vlret.server.byte_ranges import MOST_BYTES
from vlret.server.settings import Limits


@pytest.fixture
def clip_of(shared):
    def clip_of(name: str, start: float = 0.0) -> str:
        hits = search(shared, query="red", k=20, all_clips=True, only=name)["hits"]
        return next(f"/api/indexes/painted/clips/{hit['clip_id']}" for hit in hits if hit["start"] == start)

    return clip_of


def picture(answer) -> np.ndarray:
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    return np.asarray(Image.open(io.BytesIO(answer.content)))


def is_colour(pixels: np.ndarray, colour: str) -> bool:
    return bool(np.abs(pixels.reshape(-1, 3).mean(0) - COLOURS[colour]).max() < 12)


def test_a_thumbnail_shows_the_middle_of_the_clip_or_of_a_part(shared, clip_of):
    first = clip_of("long.mp4")
    assert is_colour(picture(shared.get(f"{first}/thumbnail.jpg")), "red")
    part = shared.get(f"{first}/thumbnail.jpg", params={"start": 11, "end": 13})
    assert is_colour(picture(part), "blue")
    large = picture(shared.get(f"{clip_of('old.avi')}/thumbnail.jpg"))
    assert large.shape == (480, 480, 3)


def test_a_sprite_holds_eight_frames_in_a_row(shared, clip_of):
    part = shared.get(f"{clip_of('long.mp4')}/sprite.jpg", params={"start": 6, "end": 14})
    sprite = picture(part)
    assert sprite.shape == (135, 8 * 240, 3)
    middles = [sprite[30:105, 240 * n + 90 : 240 * n + 150] for n in range(8)]
    assert [is_colour(pixels, "red" if n < 4 else "blue") for n, pixels in enumerate(middles)] == [True] * 8
    assert sprite[:, :40].max() < 30  # black beside a square frame


def frames_of(mp4: bytes) -> tuple[list[np.ndarray], str, float]:
    with av.open(io.BytesIO(mp4)) as container:
        codec = container.streams.video[0].codec_context
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        return frames, codec.name, float(container.duration / av.time_base)


def test_a_clip_of_any_codec_plays_as_h264_from_its_first_frame(shared, clip_of):
    frames, codec, duration = frames_of(shared.get(f"{clip_of('old.avi')}/play.mp4").content)
    assert (codec, len(frames), frames[0].shape) == ("h264", 10, (480, 480, 3))
    assert duration == pytest.approx(2.0, abs=0.05)
    part = shared.get(f"{clip_of('long.mp4')}/play.mp4", params={"start": 9, "end": 11})
    frames, _, _ = frames_of(part.content)
    assert [is_colour(frame, "red") for frame in frames] == [True] * 5 + [False] * 5


def test_a_clip_is_cut_at_thirty_seconds(shared, clip_of, monkeypatch):
    monkeypatch.setattr("vlret.server.media.PLAY_S", 3.0)
    long = shared.get(f"{clip_of('long.mp4')}/play.mp4", params={"start": 0, "end": 19})
    assert frames_of(long.content)[2] == pytest.approx(3.0, abs=0.05)


def test_an_image_has_no_playback(shared, clip_of):
    assert error_of(shared.get(f"{clip_of('.png')}/play.mp4")) == (400, "image_to_play")


def test_whole_files_are_sent_where_browsers_play_them(shared, clip_of, media):
    known = shared.get(clip_of("long.mp4")).json()
    assert (known["width"], known["height"], known["codec"]) == (32, 32, "h264")
    assert known["size"] == (media / "long.mp4").stat().st_size
    whole = shared.get(known["file"])
    assert (whole.status_code, whole.headers["content-type"]) == (200, "video/mp4")
    assert whole.content == (media / "long.mp4").read_bytes()
    image = shared.get(shared.get(clip_of(".png")).json()["file"])
    assert image.headers["content-type"] == "image/png"


def test_a_file_that_browsers_do_not_play_is_not_sent(shared, clip_of):
    known = shared.get(clip_of("old.avi")).json()
    assert known["file"] is None
    answer = shared.get(f"/api/indexes/painted/media/{known['media_id']}/file")
    assert error_of(answer) == (404, "not_playable_as_it_is")


@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [("0-9", 206, 0, 9), ("5-", 206, 5, None), ("-7", 206, -7, None), ("3-999999999", 206, 3, None)],
)
def test_a_range_gives_these_bytes(shared, clip_of, media, asked, status, first, last):
    data = (media / "long.mp4").read_bytes()
    file = shared.get(clip_of("long.mp4")).json()["file"]
    answer = shared.get(file, headers={"Range": f"bytes={asked}"})
    expected = data[first : None if last is None else last + 1]
    assert (answer.status_code, answer.content) == (status, expected)
    assert answer.headers["content-range"].endswith(f"/{len(data)}")


def test_an_answer_to_a_range_is_bounded(shared, clip_of, media, monkeypatch):
    monkeypatch.setattr("vlret.server.byte_ranges.MOST_BYTES", 100)
    file = shared.get(clip_of("long.mp4")).json()["file"]
    data = (media / "long.mp4").read_bytes()
    answer = shared.get(file, headers={"Range": "bytes=50-"})
    assert answer.content == data[50:150]
    assert answer.headers["content-range"] == f"bytes 50-149/{len(data)}"
    assert MOST_BYTES == 8 << 20


def test_a_picture_is_made_once_even_for_many_at_once(client, clip_of, monkeypatch):
    service, asked = client.app.state.service, []
    ask = service.decoders.ask
    monkeypatch.setattr(service.decoders, "ask", lambda *a, **k: asked.append(1) or ask(*a, **k))
    address = f"{clip_of('long.mp4')}/thumbnail.jpg"
    with ThreadPoolExecutor(16) as pool:
        pictures = {answer.content for answer in pool.map(client.get, [address] * 16)}
    assert (len(pictures), asked) == (1, [1])


def test_an_index_that_states_the_fingerprint_of_another_file_does_not_share_its_pictures(
    start, tmp_path, monkeypatch
):
    monkeypatch.setattr("vlret.index.encode_files.fingerprint", lambda path: "0" * 32)
    for colour in ("red", "green"):
        (tmp_path / colour).mkdir()
        path = tmp_path / colour / f"{colour}.bmp"
        Image.new("RGB", (60, 40), COLOURS[colour]).save(path)
        os.utime(path, (1, 1))
        build_index(path.parent, tmp_path / "of" / colour, model=ColourEmbedder(), progress=False)
    client = start(indexes=(tmp_path / "of" / "red", tmp_path / "of" / "green"))
    for colour in ("red", "green"):
        (hit,) = search(client, query="red", index=colour)["hits"]
        assert is_colour(picture(client.get(hit["thumbnail"])), colour)


def test_the_cache_stays_within_its_bound(start, tmp_path):
    client = start(limits=Limits(cache_bytes=3000))
    clip_id = search(client, query="red", k=1)["hits"][0]["clip_id"]
    for start_s in range(9):
        address = f"/api/indexes/painted/clips/{clip_id}/thumbnail.jpg?start={start_s}&end={start_s + 1}"
        assert client.get(address).status_code == 200
        kept = sum(file.stat().st_size for file in (tmp_path / "cache").iterdir())
        assert 0 < kept <= 3000


def test_a_file_that_is_gone_is_said(start, media, index, tmp_path):
    client = start(indexes=(index,))
    moved = media / "green one.mp4"
    hit = search(client, query="green", k=1)["hits"][0]
    moved.rename(tmp_path / "away.mp4")
    try:
        found = search(client, query="green", k=1, moments=True)
        assert found["hits"][0]["gone"]
        assert found["warnings"] == ["No moment of green one.mp4: not found."]
        assert error_of(client.get(hit["thumbnail"])) == (404, "file_gone")
    finally:
        (tmp_path / "away.mp4").rename(moved)


def test_a_file_that_no_longer_decodes_is_said_without_its_folder(client, media):
    hit = search(client, query="green", k=1)["hits"][0]
    whole = (media / "green one.mp4").read_bytes()
    (media / "green one.mp4").write_bytes(b"damaged")
    try:
        answer = client.get(hit["thumbnail"])
        assert error_of(answer) == (422, "not_playable")
        assert str(media) not in answer.text
    finally:
        (media / "green one.mp4").write_bytes(whole)


def test_a_decoder_that_hangs_is_killed_and_replaced(start):
    client = start(limits=Limits(decoders=1))
    decoders = client.app.state.service.decoders
    decoders.ask("probe", *_clip(client))
    decoders._limit_s = 0.5
    child = decoders._idle.get()
    os.kill(child.pid, signal.SIGSTOP)
    decoders._idle.put(child)
    hit = search(client, query="red", k=1)["hits"][0]
    assert error_of(client.get(hit["thumbnail"])) == (422, "decoder_died")
    decoders._limit_s = 45.0
    assert client.get(hit["thumbnail"]).status_code == 200


def test_processes_end_with_the_service(start):
    client = start()
    decoders = client.app.state.service.decoders
    decoders.ask("probe", *_clip(client))
    child = decoders._idle.queue[-1]
    client.__exit__(None, None, None)
    with pytest.raises(ProcessLookupError):
        os.kill(child.pid, 0)


def test_a_service_that_ends_waits_for_no_decoder(start):
    client = start(limits=Limits(decoders=1))
    decoders, clips = client.app.state.service.decoders, _clip(client)
    decoders.ask("probe", *clips)
    os.kill(decoders._idle.queue[-1].pid, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(decoders.ask, "probe", *clips)
        while not decoders._busy:
            time.sleep(0.01)
        client.__exit__(None, None, None)
        assert isinstance(asked.exception(5), MediaError)


def _clip(client):
    index = client.app.state.service.library.get("painted").index
    return [index.resolve(int(index.rows()["clip_id"].iloc[0]))]
