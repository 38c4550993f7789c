"""Writing whole files."""

from __future__ import annotations

import errno
import os
from contextlib import suppress

import pytest

from vlret import files
from vlret.errors import OutputError
from vlret.files import is_temporary, replace_file, replacing, temporary_beside, unwritable


def test_a_file_and_its_folder_are_written(tmp_path):
    replace_file(tmp_path / "new" / "a.txt", b"one")
    assert (tmp_path / "new" / "a.txt").read_bytes() == b"one"
    assert os.listdir(tmp_path / "new") == ["a.txt"]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    with suppress(KeyboardInterrupt), replacing(path) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_full_disk_is_told_as_such(tmp_path):
    full = OSError(errno.ENOSPC, "No space left on device")
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    with pytest.raises(OutputError, match="Make room"), replacing(path):
        raise full
    assert path.read_bytes() == b"old"


def test_a_link_is_replaced_and_its_target_left_alone(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"mine")
    link.symlink_to(target)
    replace_file(link, b"new")
    assert target.read_bytes() == b"mine"
    assert not link.is_symlink()
    assert link.read_bytes() == b"new"


def test_a_link_under_the_temporary_name_is_not_followed(tmp_path, monkeypatch):
    target = tmp_path / "target"
    target.write_bytes(b"mine")
    known = tmp_path / ".a.0123456789abcdef.part"
    known.symlink_to(target)
    monkeypatch.setattr(files, "temporary_beside", lambda path: known)
    with pytest.raises(OutputError):
        replace_file(tmp_path / "a", b"new")
    assert target.read_bytes() == b"mine"


def test_temporary_names_cannot_be_foreseen(tmp_path):
    names = {temporary_beside(tmp_path / "a.csv").name for _ in range(100)}
    assert len(names) == 100
    assert all(map(is_temporary, names))


@pytest.mark.parametrize(
    "name", [".info.json.part", "notes.part", ".mine.parquet", "a.0123456789abcdef.part"]
)
def test_other_names_are_not_taken_for_temporary_ones(name):
    assert not is_temporary(name)


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (errno.ENOSPC, "Make room"),
        (errno.EACCES, "may write"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "another place"),
    ],
)
def test_the_hint_fits_the_fault(tmp_path, number, hint):
    assert hint in unwritable(tmp_path / "a", OSError(number, os.strerror(number))).hint
