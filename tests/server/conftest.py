"""A service over painted media, with a stand-in for its model, in this process or as one of its own."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from tests.conftest import COLOURS, ColourEmbedder
from vlret.index.build import build_index
from vlret.server import library
from vlret.server.app import create_app
from vlret.server.run import listening, server_of
from vlret.server.settings import Settings

HOST = "http://127.0.0.1"
TOKEN = "a-token-of-24-characters"

Start = Callable[..., TestClient]


def paint_video(path: Path, *colours: str, seconds: int = 2, codec: str = "libx264", size: int = 32) -> None:
    """Each colour for `seconds` at 5 fps."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=5)
        stream.width = stream.height = size
        stream.pix_fmt = "yuv420p"
        for colour in colours:
            picture = np.full((size, size, 3), COLOURS[colour], np.uint8)
            for _ in range(5 * seconds):
                out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode())


@pytest.fixture(scope="session")
def media(tmp_path_factory) -> Path:
    """long.mp4 is 20 s: red, then blue (two clips of 10 s); old.avi is MPEG-4; the image's name has markup."""
    folder = tmp_path_factory.mktemp("secret & ü")
    paint_video(folder / "green one.mp4", "green")
    paint_video(folder / "long.mp4", "red", "blue", seconds=10)
    paint_video(folder / "old.avi", "grey", codec="mpeg4", size=1024)
    Image.new("RGB", (60, 40), COLOURS["blue"]).save(folder / "<img src=x onerror=alert(1)>.png")
    return folder


@pytest.fixture(scope="session")
def index(media, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("indexes") / "painted"
    build_index(media, folder, model=ColourEmbedder(), clips="auto", progress=False)
    return folder


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> ColourEmbedder:
    """The model of all indexes."""
    stand_in = ColourEmbedder()
    monkeypatch.setattr(library, "model_for_index", lambda *_: stand_in)
    return stand_in


@pytest.fixture
def start(index, model, tmp_path, monkeypatch) -> Iterator[Start]:
    """Starts a service; its arguments are those of `Settings`, with the painted index as the default."""
    opened: list[TestClient] = []
    monkeypatch.setattr(library, "_LOOK_S", 0.0)

    def start(**settings: Any) -> TestClient:
        chosen = {"indexes": (index,), "cache": tmp_path / "cache", **settings}
        client = TestClient(create_app(Settings(**chosen)), base_url=HOST)
        client.__enter__()
        opened.append(client)
        return client

    yield start
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def client(start: Start) -> TestClient:
    return start()


@contextmanager
def service(index: Path, cache: Path, **settings: Any) -> Iterator[TestClient]:
    """A service over one index until the end of the block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library, "model_for_index", lambda *_: ColourEmbedder())
        app = create_app(Settings(indexes=(index,), cache=cache, **settings))
        with TestClient(app, base_url=HOST) as client:
            yield client


@pytest.fixture(scope="module")
def shared(index, tmp_path_factory) -> Iterator[TestClient]:
    """One service for all tests of a module that only ask."""
    with service(index, tmp_path_factory.mktemp("cache")) as client:
        yield client


def search(client: TestClient, **body: Any) -> Any:
    """The answer to a search that succeeds."""
    answer = client.post("/api/search", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def names(answer: Any) -> list[tuple[str, float]]:
    """(name, start) of the hits."""
    return [(hit["name"], hit["start"]) for hit in answer["hits"]]


def error_of(answer: Any) -> tuple[int, str]:
    """(status, code) of an answer about an error."""
    return answer.status_code, answer.json()["error"]["code"]


def open_files() -> int:
    """File descriptors that this process has open."""
    return len(os.listdir("/proc/self/fd"))


class Served:
    """A service on a port of its own, in a thread."""

    def __init__(self, settings: Settings) -> None:
        self.app = create_app(settings)
        self._listener = listening("127.0.0.1", 0)
        self.port = int(self._listener.getsockname()[1])
        self.address = f"{HOST}:{self.port}"
        self._server = server_of(self.app, settings.limits)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._listener]})
        self._thread.start()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()


@pytest.fixture
def serve(index, model, tmp_path) -> Iterator[Callable[..., Served]]:
    """Starts a service on a port; its arguments are those of `Settings`."""
    running: list[Served] = []

    def serve(**settings: Any) -> Served:
        running.append(Served(Settings(**{"indexes": (index,), "cache": tmp_path / "cache", **settings})))
        return running[-1]

    yield serve
    for one in running:
        one.stop()
