"""Addresses as paths."""

from __future__ import annotations

import os
import pickle
from copy import deepcopy
from pathlib import Path

import pytest

from vlret.remote_path import RemotePath, absolute_path, is_address, path_of, real_path

TEXT = "s3://bucket/a b/ü #1.MP4"


def test_it_is_an_absolute_path() -> None:
    path = path_of(TEXT)
    assert isinstance(path, RemotePath)
    assert (str(path), os.fspath(path), path.as_posix()) == (TEXT, TEXT, TEXT)
    assert (path.name, path.stem, path.suffix) == ("ü #1.MP4", "ü #1", ".MP4")
    assert path.is_absolute()
    assert path.absolute() is path
    assert path.as_uri() == "s3://bucket/a%20b/%C3%BC%20%231.MP4"
    assert not path.exists()


def test_parts_of_it_are_addresses_and_the_rest_is_relative() -> None:
    path, root = path_of(TEXT), path_of("s3://bucket/a b/")
    assert path.parent == root
    assert str(path.parent.parent) == "s3://bucket"
    assert path.is_relative_to(root)
    assert path.relative_to(root).as_posix() == path.relative_to(str(root)).as_posix() == "ü #1.MP4"
    assert not path.relative_to(root).is_absolute()
    assert str(root / "c/d.mp4") == "s3://bucket/a b/c/d.mp4"
    assert isinstance(root / "c", RemotePath)


@pytest.mark.parametrize("copied", [deepcopy, lambda path: pickle.loads(pickle.dumps(path))])  # noqa: S301
def test_copies_are_equal(copied: object) -> None:
    path = path_of(TEXT)
    assert copied(path) == path
    assert str(copied(path)) == TEXT
    assert hash(copied(path)) == hash(path)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("gcs://bucket/a", "gs://bucket/a"),
        ("memory:///bucket/a", "memory://bucket/a"),
        ("s3://bucket/a/", "s3://bucket/a"),
        (Path("s3://bucket/a"), "s3://bucket/a"),
        ("s3://bucket", "s3://bucket"),
    ],
)
def test_an_address_has_one_form(given: str | Path, text: str) -> None:
    assert str(path_of(given)) == text


@pytest.mark.parametrize(
    "given",
    ["a.mp4", "/a/s3://b", "s3:", "s3://", "https://host/a", "file:///etc/passwd", "simplecache::s3://b/a"],
)
def test_all_else_is_a_path_of_this_machine(given: str) -> None:
    assert type(path_of(given)) is type(Path())


@pytest.mark.parametrize("text", [TEXT, "gs://b", "memory://b/x", "s3://b/x:y", "s3://b/[1]?.mp4"])
def test_addresses(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "s3://", "s3:/b/x", "s3:///x", "s3://b/", "s3://b//x", "s3://b/./x", "s3://b/../x", "s3://b/x/..", "gcs://b/x",
        "s3://b::file:///etc/passwd", "s3://b/x::file:///etc/passwd", "simplecache::s3://b/x", "file:///etc/passwd",
        "https://host/x", "s3://user:password@host/x", "s3://host:80/x", "s3://b?x/y", "s3://b/a\0b", "/s3://b/x", "",
    ],
)  # fmt: skip
def test_no_addresses(text: str) -> None:
    assert not is_address(text)


def test_the_same_file_has_one_real_and_one_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    monkeypatch.chdir(tmp_path)
    assert real_path("link") == str(tmp_path / "file")
    assert absolute_path("x/../link") == tmp_path / "link"
    assert real_path(TEXT) == str(absolute_path(TEXT)) == TEXT
