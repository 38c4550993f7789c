"""Objects in each kind of store."""

from __future__ import annotations

import time
from pathlib import Path

import fsspec
import pytest

from tests.stores import remove
from vlret.object_store import fetch, objects_below, read_bytes, state_of, without_key, write_bytes
from vlret.remote_path import RemotePath


def test_an_object_is_written_read_and_looked_up(store: RemotePath, tmp_path: Path) -> None:
    path, before = store / "ü b/c 1.bin", time.time()
    write_bytes(path, b"0123456789")
    size, mtime_ns = state_of(path)
    assert size == 10
    assert before - 2 <= mtime_ns / 1e9 <= time.time() + 2
    assert mtime_ns % 10**9 == 0
    assert read_bytes(path) == b"0123456789"
    assert read_bytes(path, 2, 5) == b"234"
    fetch(path, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"0123456789"
    write_bytes(path, b"new")
    assert (state_of(path)[0], read_bytes(path)) == (3, b"new")
    assert state_of(store / "ü b") is state_of(store) is None


def test_listings_agree_with_single_states_and_are_never_old(store: RemotePath) -> None:
    for name in ("a.mp4", "b/c.mp4", "b/d/e.mp4"):
        write_bytes(store / name, name.encode())
    found = objects_below(store)
    assert found == {str(store / name): state_of(store / name) for name in ("a.mp4", "b/c.mp4", "b/d/e.mp4")}
    remove(store / "b/c.mp4")
    write_bytes(store / "b/f.mp4", b"")
    assert objects_below(store / "b").keys() == {str(store / "b/d/e.mp4"), str(store / "b/f.mp4")}


def test_what_is_not_there_is_an_error_of_the_system(store: RemotePath, tmp_path: Path) -> None:
    calls = [
        state_of,
        read_bytes,
        lambda path: read_bytes(path, 0, 5),
        lambda path: fetch(path, tmp_path / "copy"),
    ]
    bucket = RemotePath(f"{str(store).partition('://')[0]}://no-such-bucket")
    for call in calls:
        with pytest.raises(FileNotFoundError, match="no such object or bucket"):
            call(store / "gone.mp4")
        with pytest.raises(FileNotFoundError, match="no such object or bucket"):
            call(bucket / "a/gone.mp4")


def test_a_server_that_is_away(s3: RemotePath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with _new_connections(), pytest.raises(OSError, match="the server cannot be reached"):
        state_of(s3 / "a")


def test_no_credentials(s3: RemotePath, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with _new_connections(), pytest.raises(OSError, match="no credentials were found"):
        state_of(s3 / "a")


class SecretError(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SecretError("key=secret"), "SecretError"),
        (PermissionError("key=secret"), "access denied"),
        (OSError(28, "No space left on device"), "No space left on device"),
    ],
)
def test_errors_hold_no_words_of_the_server(
    error: Exception, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def failing(*args: object, **options: object) -> None:
        raise error

    for name in ("info", "find", "cat_file", "pipe_file", "get_file"):
        monkeypatch.setattr(type(fsspec.filesystem("memory")), name, failing)
    path = RemotePath("memory://b/a")
    writing = [lambda path: write_bytes(path, b""), lambda path: fetch(path, tmp_path)]
    for call in [state_of, objects_below, read_bytes, *writing]:
        with pytest.raises(OSError, match=said) as caught:
            call(path)
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize("text", ["s3://b/x::file:///etc/passwd", "memory://b/../x"])
def test_what_is_no_address_is_not_opened(text: str) -> None:
    for call in (state_of, objects_below, read_bytes):
        with pytest.raises(OSError, match="no address"):
            call(RemotePath(text))


def test_a_copy_that_is_stopped_or_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = RemotePath("memory://stopped/a")
    write_bytes(path, b"x" * 100)
    with pytest.raises(InterruptedError):
        fetch(path, tmp_path / "copy", lambda: True)
    short = fsspec.filesystem("memory")

    def cut(self: object, source: str, target: str, callback: object) -> None:
        callback.set_size(100)
        Path(target).write_bytes(b"x" * 99)

    monkeypatch.setattr(type(short), "get_file", cut)
    with pytest.raises(OSError, match="it ended early"):
        fetch(path, tmp_path / "copy")


class _new_connections:  # noqa: N801 - used like a function
    """Connections are kept: forget those of before, and those that the block makes."""

    def __enter__(self) -> None:
        _forget()

    def __exit__(self, *args: object) -> None:
        _forget()


def _forget() -> None:
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()


def test_only_what_is_no_address_may_hold_a_key() -> None:
    assert str(without_key(RemotePath("s3:/key:secret@bucket/a.mp4"))) == "s3://***@bucket/a.mp4"
    for path in (RemotePath("s3:/bucket/who?@home.mp4"), Path("/who?@home.mp4")):
        assert without_key(path) is path
