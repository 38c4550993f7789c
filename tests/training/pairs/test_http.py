"""Media and tars on a web server."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.refusal import refused
from tests.training.pairs.media import (
    first_batches,
    is_told,
    numbers_in,
    png,
    write_pictures,
    write_table,
    write_tar,
)
from vlret.training.pairs import PairLoader, read_pairs

pytest.importorskip("aiohttp", reason="fsspec reads https:// with it")


class WithoutRanges(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


class WithRanges(WithoutRanges):
    def do_GET(self) -> None:
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if not found:
            return super().do_GET()
        file = Path(self.translate_path(self.path))
        if not file.is_file():
            return self.send_error(404)
        data = file.read_bytes()[int(found[1]) : int(found[2]) + 1]
        self.send_response(206)
        self.send_header("Content-Length", str(len(data)))
        self.send_header(
            "Content-Range", f"bytes {found[1]}-{int(found[1]) + len(data) - 1}/{file.stat().st_size}"
        )
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def served(folder: Path, handler: type[WithoutRanges] = WithRanges) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def loader_of(name: str) -> PairLoader:
    return PairLoader([one.of("train") for one in read_pairs([name], "/")], 1, 2, workers=1)


def write_shard(folder: Path) -> None:
    said = {f"{n}.json": b'{"caption": "number %d", "split": "train"}' % n for n in range(4)}
    write_tar(folder / "x.tar", said | {f"{n}.png": png(n) for n in range(4)})


@pytest.mark.parametrize("handler", [WithRanges, WithoutRanges])
def test_a_table_and_its_media(tmp_path: Path, handler: type[WithoutRanges]) -> None:
    write_pictures(tmp_path, range(3))
    rows = [{"url": f"{n}.png?sig=secret", "caption": f"number {n}", "split": "train"} for n in (0, 1, 2, 9)]
    write_table(tmp_path / "t.jsonl", rows)
    with served(tmp_path, handler) as address:
        loader = loader_of(f"{address}/t.jsonl")
        batches = first_batches(loader, 6)
    assert all(map(is_told, batches))
    assert {number for batch in batches for number in numbers_in(batch)} == {0, 1, 2}
    assert loader.skipped.counts == {"does not exist": 1}


def test_a_tar_is_read_by_ranges(tmp_path: Path) -> None:
    write_shard(tmp_path)
    with served(tmp_path) as address:
        batches = first_batches(loader_of(f"{address}/x.tar"), 4)
    assert all(map(is_told, batches))
    assert {number for batch in batches for number in numbers_in(batch)} == {0, 1, 2, 3}


def test_a_server_without_ranges_does_for_no_tar(tmp_path: Path) -> None:
    write_shard(tmp_path)
    with served(tmp_path, WithoutRanges) as address, refused("no_readable_clip") as caught:
        first_batches(loader_of(f"{address}/x.tar"), 1)
    assert "not as long as its tar says" in caught.value.message


def test_a_server_that_is_gone(tmp_path: Path) -> None:
    with served(tmp_path) as address:
        pass
    with refused("file_missing") as caught:  # as fsspec has it
        read_pairs([f"{address}/t.jsonl"], "/")
    assert "server" in caught.value.hint
