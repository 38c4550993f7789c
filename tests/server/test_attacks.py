"""Attacks on a running service: each is refused and logged, and other requests are answered meanwhile."""

from __future__ import annotations

import json
import logging
import socket
import struct
import time
import zlib
from pathlib import Path

import httpx
import pytest

from tests.server.conftest import TOKEN, error_of, open_files, search
from vlret.server.run import BoundedProtocol
from vlret.server.settings import Limits

PATHS = ["../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "....//etc/passwd", "/etc/passwd",
         "..\\..\\etc\\passwd", "%00", "0/../../..", "-1", "0x0", "1e3", "9" * 40]  # fmt: skip


@pytest.fixture
def refusals(caplog: pytest.LogCaptureFixture):
    """The codes of the refusals that were logged."""
    caplog.set_level(logging.INFO, "vlret.server.record")
    return lambda: [record.getMessage().rpartition(" ")[2] for record in caplog.records]


def raw_get(server, path: str) -> httpx.Response:
    """Ask for a path exactly as it is written."""
    with server.connect() as link:
        link.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        head, _, body = b"".join(iter(lambda: link.recv(65536), b"")).partition(b"\r\n\r\n")
    return httpx.Response(int(head.split()[1]), content=body)


def works(server) -> bool:
    answer = httpx.post(f"{server.address}/api/search", json={"query": "red", "k": 1}, timeout=10)
    return answer.status_code == 200 and answer.json()["hits"][0]["name"] == "long.mp4"


def test_no_path_leads_out_of_the_indexes(serve, refusals):
    server = serve()
    inside = ["clips/{}", "clips/{}/thumbnail.jpg", "media/{}", "media/{}/file"]
    places = [
        "/api/indexes/{}/clips/0",
        *(f"/api/indexes/painted/{one}" for one in inside),
        "/static/{}",
        "/{}",
    ]
    asked = [place.format(path) for place in places for path in PATHS]
    for path in asked:
        answer = raw_get(server, path)
        assert answer.status_code in (400, 404, 422), path
        assert b"root:" not in answer.content
    assert len(refusals()) == len(asked)
    assert works(server)


def test_the_name_of_an_upload_is_no_place(client, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for name in (
        "../../../evil.png",
        "/etc/cron.d/evil.png",
        "..\\evil.png",
        "a\x00b.png",
        "%2e%2e%2fevil.png",
        ".",
        "",
    ):
        answer = client.post("/api/search/upload", files={"file": (name, b"no picture")})
        assert answer.status_code == 422
        assert "evil" not in answer.text
    assert list(tmp_path.iterdir()) == [tmp_path / "cache"]


@pytest.mark.parametrize(
    ("address", "kind", "most"),
    [
        ("/api/search", "application/json", 1 << 20),
        ("/api/search/upload", "multipart/form-data; boundary=x", 2 << 20),
    ],
)
def test_a_large_body_is_refused_unread(start, refusals, address, kind, most):
    client = start(limits=Limits(upload_bytes=2 << 20))
    stated = client.post(address, content=b"", headers={"Content-Length": str(most + 1)})
    assert error_of(stated) == (413, "body_too_large")
    parts = (b"x" * 65536 for _ in range(most // 65536 + 1))
    unstated = client.post(address, content=parts, headers={"Content-Type": kind})
    assert error_of(unstated) == (413, "body_too_large")
    assert refusals() == ["body_too_large"] * 2
    assert search(client, query="red", k=1)["hits"]


def test_a_body_of_many_unknown_fields_is_refused_by_their_number(start, refusals):
    many, client = {f"{n:x}": 0 for n in range(80_000)}, start()
    for body in (many, {"query": "red", "plus": [many]}):
        answer = client.post("/api/search", json=body)
        assert answer.status_code == 422
        assert "more than 30 fields" in answer.text
    assert refusals() == ["bad_request"] * 2


def test_a_slow_body_is_cut_off(serve, refusals):
    server = serve(limits=Limits(body_s=0.5))
    with server.connect() as link:
        link.sendall(b"POST /api/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                     b"Content-Length: 1000\r\n\r\n{")  # fmt: skip
        started = time.monotonic()
        while time.monotonic() - started < 3:
            assert works(server)
            try:
                link.sendall(b" ")
            except OSError:
                break
            time.sleep(0.2)
        assert time.monotonic() - started < 3
        assert b"408" in link.recv(100)
    assert "slow_body" in refusals()


def test_slow_heads_are_cut_off(serve, monkeypatch):
    monkeypatch.setattr(BoundedProtocol, "head_s", 0.5)
    server = serve()
    assert works(server)
    links = [server.connect() for _ in range(40)]
    started = time.monotonic()
    alive = set(links)
    while alive and time.monotonic() - started < 5:
        for link in list(alive):
            try:
                link.sendall(b"GET / HTTP/1.1\r\nX: " if link not in alive else b"a")
                link.setblocking(False)
                if link.recv(10) == b"":
                    alive.discard(link)
            except BlockingIOError:
                pass
            except OSError:
                alive.discard(link)
            link.setblocking(True)
        assert works(server)
        time.sleep(0.1)
    assert not alive
    for link in links:
        link.close()


def test_a_connection_stays_for_the_next_request(serve, monkeypatch):
    monkeypatch.setattr(BoundedProtocol, "head_s", 0.5)
    with httpx.Client() as session:
        server = serve()
        for _ in range(4):
            assert session.get(f"{server.address}/api/health").status_code == 200
            time.sleep(0.3)


def test_who_does_not_read_an_answer_is_disconnected(serve, tmp_path, monkeypatch):
    monkeypatch.setattr(BoundedProtocol, "stall_s", 0.5)
    monkeypatch.setattr("vlret.server.app._STATIC", tmp_path)
    with (tmp_path / "large").open("wb") as file:
        file.truncate(60 << 20)
    server = serve()
    with server.connect() as link:
        link.sendall(b"GET /static/large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(1.5)
        assert works(server)
        n_bytes = 0
        try:
            while part := link.recv(1 << 20):
                n_bytes += len(part)
        except ConnectionResetError:
            pass
    assert 0 < n_bytes < 60 << 20
    with httpx.stream("GET", f"{server.address}/static/large") as answer:  # a slow reader reads all
        sizes = [len(part) for _, part in zip(range(10**6), answer.iter_bytes(1 << 20), strict=False)]
    assert sum(sizes) == 60 << 20


def test_a_long_head_is_refused(serve):
    server = serve()
    with server.connect() as link:
        link.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: " + b"a" * 200_000 + b"\r\n")
        assert b" 400 " in link.recv(100)
    assert works(server)


@pytest.mark.parametrize("asked", ["bytes=0-1,3-4", "bytes=" + "0-1," * 5000, "bytes=-", "bytes=5-2-1", "lines=1-2",
                                   "bytes=" + "9" * 30 + "-", "bytes=a-b", ""])  # fmt: skip
def test_odd_and_many_ranges_are_refused(shared, refusals, asked):
    hit = search(shared, query="red", k=1)["hits"][0]
    file = shared.get(f"/api/indexes/painted/clips/{hit['clip_id']}").json()["file"]
    for address in (file, hit["play"]):
        assert error_of(shared.get(address, headers={"Range": asked})) == (416, "bad_range")
    assert refusals() == ["bad_range"] * 2


def test_a_range_behind_the_end_is_refused(shared):
    hit = search(shared, query="red", k=1)["hits"][0]
    assert shared.get(hit["play"], headers={"Range": "bytes=99999999-"}).status_code == 416


def test_markup_in_a_name_stays_text(shared):
    answer = shared.post("/api/search", json={"query": "blue", "only": ".png"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["hits"][0]["name"] == "<img src=x onerror=alert(1)>.png"
    wrong = shared.post("/api/search", json={"query": "red", "index": "<script>"})
    assert wrong.headers["content-type"] == "application/json"


def png_bomb(side: int) -> bytes:
    """A PNG of side x side white pixels, one bit each, in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compressobj()
    data = b"".join(rows.compress(b"\0" + b"\xff" * (side // 8)) for _ in range(side)) + rows.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_a_decompression_bomb_costs_no_more_than_itself(client):
    bomb = png_bomb(32_000)
    assert len(bomb) < 1 << 20
    before = open_files()
    answer = client.post("/api/search/upload", files={"file": ("small.png", bomb)})
    assert answer.status_code == 422
    assert search(client, query="red", k=1)["hits"]
    assert open_files() <= before + 8  # a child process


def test_a_playlist_reads_no_other_file(client, media: Path):
    target = media / "long.mp4"
    for name, text in (
        ("a.m3u8", f"#EXTM3U\n#EXTINF:1,\nfile://{target}\n"),
        ("a.txt", f"ffconcat version 1.0\nfile '{target}'\n"),
    ):
        answer = client.post("/api/search/upload", files={"file": (name, text.encode())})
        assert error_of(answer) == (422, "playlist")


def test_a_crowd_is_told_to_wait(start, refusals):
    client = start(limits=Limits(queue=0))
    client.app.state.service.searches.n_waiting = 99
    assert error_of(client.post("/api/search", json={"query": "red"})) == (503, "busy")
    assert refusals() == ["busy"]
    client.app.state.service.searches.n_waiting = 0
    assert search(client, query="red", k=1)["hits"]


def test_uploads_at_once_are_bounded(start):
    client = start(limits=Limits(uploads=0))
    assert error_of(client.post("/api/search/upload", files={"file": ("a.png", b"")})) == (503, "busy")
    assert search(client, query="red", k=1)["hits"]


def test_uploads_one_after_the_other_are_not(start):
    client = start(limits=Limits(uploads=1))
    for _ in range(3):
        assert client.post("/api/search/upload", files={"file": ("a.png", b"")}).status_code == 422


def test_what_takes_too_long_is_given_up(start, refusals, monkeypatch):
    client = start()
    client.app.state.service.searches._limit_s = 0.1
    monkeypatch.setattr("vlret.server.search._answer", lambda *_: time.sleep(0.5))
    assert error_of(client.post("/api/search", json={"query": "red"})) == (504, "too_slow")
    assert refusals() == ["too_slow"]


def test_refusals_of_strangers_are_logged_with_where_they_came_from(start, caplog):
    client = start(token=TOKEN)
    client.get("/api/indexes")
    client.get("/", headers={"Host": "evil.example\x1b[31m"})
    lines = [record.getMessage() for record in caplog.records if record.name == "vlret.server.record"]
    assert lines == [
        "GET /api/indexes from testclient: 401 wrong_token",
        "GET / from testclient: 403 foreign_host",
    ]
    assert TOKEN not in caplog.text


def test_a_bug_ends_one_request(client, monkeypatch, caplog):
    monkeypatch.setattr("vlret.server.search._answer", lambda *_: 1 / 0)
    answer = client.post("/api/search", json={"query": "red"})
    assert error_of(answer) == (500, "internal_error")
    assert "ZeroDivisionError" not in answer.text
    assert "ZeroDivisionError" in caplog.text
    monkeypatch.undo()


def test_json_bombs_are_refused(client):
    nested = "[" * 100_000 + "]" * 100_000
    json_type = {"Content-Type": "application/json"}
    for body in (nested, b'{"query": "\\ud800"}', b'{"query": NaN}', b"\xff", b""):
        answer = client.post("/api/search", content=body, headers=json_type)
        assert answer.status_code in (400, 422)
    for kind in ("text/plain", "application/x-www-form-urlencoded"):  # what a foreign form could send
        answer = client.post(
            "/api/search", content=json.dumps({"query": "red"}), headers={"Content-Type": kind}
        )
        assert answer.status_code == 422


def test_a_half_closed_connection_is_no_burden(serve):
    server = serve()
    for _ in range(50):
        link = server.connect()
        link.sendall(b"POST /api/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{")
        link.shutdown(socket.SHUT_WR)
        link.close()
    assert works(server)
