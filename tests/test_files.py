"""Writing whole files."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from vlret import files
from vlret.errors import OutputError
from vlret.files import (
    check_output,
    is_temporary,
    replace_file,
    replacing,
    temporary_beside,
    unwritable,
    write_output,
)
from vlret.reports.label_table import write_table
from vlret.reports.write_page import write_page


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
    with pytest.raises(OutputError, match="Free some space"), replacing(path):
        raise full
    assert path.read_bytes() == b"old"


@pytest.mark.skipif(sys.platform == "win32", reason="needs permissions")
def test_what_only_the_owner_may_read_stays_so(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    path.chmod(0o600)
    replace_file(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


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
def test_other_names_are_not_temporary(name):
    assert not is_temporary(name)


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (errno.ENOSPC, "Free some space"),
        (errno.EACCES, "write permission"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "another place"),
    ],
)
def test_the_hint_fits_the_fault(tmp_path, number, hint):
    assert hint in unwritable(tmp_path / "a", OSError(number, os.strerror(number))).hint


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl", ".html"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EDQUOT])
def test_what_the_user_had_is_whole_after_a_failed_write(tmp_path, monkeypatch, suffix, number):
    path = tmp_path / f"old{suffix}"
    path.write_bytes(b"old")

    def fail(handle):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputError, match=re.escape(os.strerror(number))):
        write_table(path, []) if suffix != ".html" else write_page(path, "t", [])
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("suffix", [".parquet", ".html"])
def test_a_write_that_the_system_stops_half_way_leaves_the_old_file(tmp_path, suffix):
    import resource

    path = tmp_path / f"old{suffix}"
    path.write_bytes(b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50, limits[1]))
    try:
        with pytest.raises(OutputError, match="not allow files of this size"):
            write_table(path, []) if suffix == ".parquet" else write_page(path, "t", [])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("name", ["pipe", "1"])
def test_a_pipe_is_written_into_and_stays(tmp_path, name):
    pipe = tmp_path / name
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as reader:
        read = reader.submit(pipe.read_bytes)
        write_output(pipe, b"data")
        assert read.result(10) == b"data"
    assert pipe.is_fifo()


@pytest.mark.parametrize("place", ["/dev/fd", "/proc/self/fd"])
def test_an_open_file_of_the_process_is_written_into(tmp_path, place):
    if not os.path.isdir(place):
        pytest.skip(f"{place} is not there")
    with (tmp_path / "stdout").open("wb", buffering=0) as file:
        file.write(b"before ")
        write_output(Path(place, str(file.fileno())), b"data")
        file.write(b" after")
    assert (tmp_path / "stdout").read_bytes() == b"before data after"
    assert os.listdir(tmp_path) == ["stdout"]


def test_standard_output_is_written_into_in_order(capfd):
    if not os.path.exists("/dev/stdout"):
        pytest.skip("/dev/stdout is not there")
    print("before")
    write_output(Path("/dev/stdout"), b"data\n")
    print("after")
    assert capfd.readouterr().out == "before\ndata\nafter\n"


def test_dev_null_stays_a_device():
    check_output(Path(os.devnull))
    write_output(Path(os.devnull), b"data")
    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize("write", [check_output, lambda path: write_output(path, b"new")])
@pytest.mark.parametrize(
    ("name", "hint"), [("folder", "append a file name"), ("file/a.html", "not a directory")]
)
def test_a_path_that_cannot_be_a_file_is_refused(tmp_path, write, name, hint):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(OutputError, match=hint):
        write(tmp_path / name)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]
    assert (tmp_path / "file").read_bytes() == b"mine"


def test_a_check_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.html"
    path.write_bytes(b"old")
    check_output(path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.html"]


def test_a_folder_that_cannot_be_synced_does_not_fail_what_is_written(tmp_path, monkeypatch):
    whole = os.fsync

    def fsync(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        whole(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    replace_file(tmp_path / "a.txt", b"new")
    assert (tmp_path / "a.txt").read_bytes() == b"new"
