"""Object stores for tests: fsspec's memory, a server of the S3 protocol, an emulator of Google Cloud Storage."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from vlret.object_store import write_bytes
from vlret.remote_path import RemotePath

BUCKET = "bucket"


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of an S3 server in a thread of this process."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        _use_s3(patch, f"http://{host}:{port}")
        fsspec.filesystem("s3", use_listings_cache=False).mkdir(BUCKET)
        yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> RemotePath:
    """An empty directory on the S3 server, which processes started by the test reach, too."""
    _use_s3(monkeypatch, s3_server)
    return RemotePath(f"s3://{BUCKET}/{secrets.token_hex(4)}")


@pytest.fixture(scope="session")
def gcs_server() -> Iterator[str]:
    """The address of an emulator of Google Cloud Storage in a thread of this process."""
    from gcp_storage_emulator.server import create_server

    server = create_server("127.0.0.1", 0, in_memory=True, default_bucket=BUCKET)
    server.start()
    yield f"http://127.0.0.1:{server._api._httpd.server_port}"
    server.stop()


@pytest.fixture
def gcs(gcs_server: str, monkeypatch: pytest.MonkeyPatch) -> RemotePath:
    """An empty directory in the emulator."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs_server)
    return RemotePath(f"gs://{BUCKET}/{secrets.token_hex(4)}")


@pytest.fixture(params=["memory", "s3", "gcs"])
def store(request: pytest.FixtureRequest) -> RemotePath:
    """An empty directory in each of the stores."""
    if request.param == "memory":
        return RemotePath(f"memory://{BUCKET}/{secrets.token_hex(4)}")
    found: RemotePath = request.getfixturevalue(request.param)
    return found


def upload(folder: Path, to: RemotePath) -> None:
    """Copy all files of a directory."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            write_bytes(to / path.relative_to(folder), path.read_bytes())  # type: ignore[arg-type]


def remove(path: RemotePath) -> None:
    """Delete an object."""
    files = fsspec.filesystem(str(path).partition("://")[0], use_listings_cache=False)
    files.rm_file(str(path).partition("://")[2])


def _use_s3(patch: pytest.MonkeyPatch, address: str) -> None:
    patch.setenv("AWS_ENDPOINT_URL", address)
    patch.setenv("AWS_ACCESS_KEY_ID", "tests")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "of-vlret")
    patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
