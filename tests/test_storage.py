"""Paths and addresses."""

from __future__ import annotations

import sys
from pathlib import Path

import fsspec
import pytest

from tests.refusal import refused
from vlret.storage import (
    expanded,
    file_system,
    files_below,
    files_in,
    folder_of,
    is_folder,
    joined,
    opened,
    shown,
)


@pytest.mark.parametrize(
    ("folder", "name", "location"),
    [
        ("/data", "a/b.mp4", "/data/a/b.mp4"),
        ("/data/sets", "../b.mp4", "/data/b.mp4"),
        ("/data", "/other/b.mp4", "/other/b.mp4"),
        ("/data", "s3://bucket/b.mp4", "s3://bucket/b.mp4"),
        ("s3://bucket/set", "b.mp4", "s3://bucket/set/b.mp4"),
        ("s3://bucket/set", "../b.mp4", "s3://bucket/b.mp4"),
    ],
)
def test_a_name_is_relative_to_its_folder(folder: str, name: str, location: str) -> None:
    assert joined(folder, name) == location


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "simplecache::s3://a/b", "s3://a::zip://b", "local://x", "sftp://h/x"]
)
def test_other_addresses_are_refused(url: str) -> None:
    with refused("unknown_address"):
        joined("/data", url)


def test_the_folder_of_an_address_has_no_token() -> None:
    assert folder_of("https://host/set/t.csv?token=1") == "https://host/set"
    assert folder_of("/data/t.csv") == "/data"


def test_messages_hold_no_credentials() -> None:
    assert "secret" not in shown("https://me:secret@host/a.mp4?sig=secret")
    with refused("file_missing") as caught, opened("memory://gone.csv?sig=secret"):
        pass
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("a.tar", ["a.tar"]),
        ("a-{08..11}.tar", ["a-08.tar", "a-09.tar", "a-10.tar", "a-11.tar"]),
        ("{a,b}/{0..1}.tar", ["a/0.tar", "a/1.tar", "b/0.tar", "b/1.tar"]),
        ("{3..2}.tar", []),
        ("{x}.tar", ["{x}.tar"]),
    ],
)
def test_braces(pattern: str, names: list[str]) -> None:
    assert expanded(pattern) == names


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, "s3", raising=False)
    with refused("missing_package") as caught:
        file_system("s3://bucket/a.mp4")
    assert "pip install 'vlret[s3]'" in caught.value.hint


def test_directories_are_listed_in_order(tmp_path: Path) -> None:
    for name in ("b.tar", "a.tar", "sub/c.tar", "t.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
        fsspec.filesystem("memory").pipe(f"/listed/{name}", b"")
    assert files_in(str(tmp_path), "*.tar") == [str(tmp_path / "a.tar"), str(tmp_path / "b.tar")]
    assert files_in("memory://listed", "*.tar") == ["memory:///listed/a.tar", "memory:///listed/b.tar"]
    assert [Path(name).name for name in files_below(str(tmp_path))] == ["a.tar", "b.tar", "c.tar", "t.txt"]
    with refused("file_missing"):
        files_in(str(tmp_path / "gone"), "*")


@pytest.mark.parametrize("call", [is_folder, files_below, lambda folder: files_in(folder, "*")])
def test_a_storage_that_fails_is_an_error_without_its_words(
    call: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packages of storage have errors of their own."""

    class CredentialsError(Exception):
        pass

    def failing(*args: object, **options: object) -> None:
        raise CredentialsError("token=secret")

    for name in ("isdir", "find", "ls"):
        monkeypatch.setattr(type(fsspec.filesystem("memory")), name, failing)
    with refused("file_unreadable") as caught:
        call("memory://set")
    assert "CredentialsError" in str(caught.value)
    assert "secret" not in str(caught.value)
