from __future__ import annotations

import errno
import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

from tests.refusal import refused
from vlret.errors import UsageError
from vlret.media.sources import MEDIA_SUFFIXES, MediaFile, find_media


@pytest.fixture
def library(tmp_path: Path) -> Path:
    names = [
        "a.mp4", "B.MOV", "notes.txt", "poster.jpg", "sub/c.webm", "sub/deep/d.gif", ".hidden.mp4", "._a.mp4",
        "copying.mp4.part", "e.mkv.crdownload", "f.tmp", ".trash/g.mp4", "__MACOSX/h.mp4", "sub/@eaDir/i.jpg",
        "$RECYCLE.BIN/j.avi", "System Volume Information/k.mp4", "README", "sub/table.csv",
    ]  # fmt: skip
    for name in names:
        path = tmp_path / "library" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path / "library"


def names(files: list[MediaFile], root: Path) -> list[str]:
    return [file.path.relative_to(root).as_posix() for file in files]


def test_a_folder(library: Path):
    found = find_media([library])
    assert names(found.files, library) == ["B.MOV", "a.mp4", "poster.jpg", "sub/c.webm", "sub/deep/d.gif"]
    assert {file.root for file in found.files} == {library}
    assert {s.path.relative_to(library).as_posix(): s.reason for s in found.skipped} == {
        ".hidden.mp4": "hidden",
        ".trash": "hidden",
        "._a.mp4": "macOS metadata file",
        "copying.mp4.part": "incomplete file",
        "e.mkv.crdownload": "incomplete file",
        "f.tmp": "incomplete file",
        "__MACOSX": "system directory",
        "sub/@eaDir": "system directory",
        "$RECYCLE.BIN": "system directory",
        "System Volume Information": "system directory",
    }


def test_every_path_once_whatever_names_it(library: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(library)
    found = find_media([library / "a.mp4", "a.mp4", "./sub/../a.mp4", library, "*.mp4"])
    assert names(found.files, library).count("a.mp4") == 1
    assert all(file.path.is_absolute() for file in found.files)


def test_a_file_and_its_root(library: Path):
    (file,) = find_media([str(library / "sub" / "c.webm")]).files
    assert file == MediaFile(library / "sub", library / "sub" / "c.webm")


def test_named_files_are_passed_over_with_a_reason(library: Path):
    found = find_media([library / "README", library / ".hidden.mp4"])
    assert found.files == []
    assert [s.reason for s in found.skipped] == ["hidden", "not a media file: the suffix is missing"]


def test_globs(library: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(library.parent)
    found = find_media(["library/**/*.[wg]*"])
    assert names(found.files, library) == ["sub/c.webm", "sub/deep/d.gif"]
    assert {file.root for file in found.files} == {library}
    assert names(find_media(["library/s*"]).files, library) == ["sub/c.webm", "sub/deep/d.gif"]
    with refused("no_match"):
        find_media(["library/*.ogv"])


def test_a_name_with_brackets_is_a_name(library: Path):
    path = library / "clip [1].mp4"
    path.write_bytes(b"x")
    assert find_media([path]).files == [MediaFile(library, path)]


def test_a_text_list(library: Path):
    list_file = library / "list.txt"
    list_file.write_text(
        "﻿# mine\n\na.mp4\n  sub/c.webm \ngone.mp4\n" + str(library / "poster.jpg") + "\nREADME\n"
    )
    found = find_media([list_file])
    assert names(found.files, library) == ["a.mp4", "poster.jpg", "sub/c.webm"]
    assert {file.root for file in found.files} == {library}
    assert {s.path.name: s.reason for s in found.skipped} == {
        "gone.mp4": "named in list.txt but not found",
        "README": "not a media file: the suffix is missing",
    }


def test_a_list_of_files_elsewhere(library: Path, tmp_path: Path):
    (tmp_path / "lists").mkdir()
    list_file = tmp_path / "lists" / "list.txt"
    list_file.write_text(f"../library/a.mp4\n{library / 'sub' / 'c.webm'}\n")
    assert [file.root for file in find_media([list_file]).files] == [library, library / "sub"]


@pytest.mark.parametrize("column", ["path", "video", "file"])
def test_a_csv(column: str, library: Path):
    table = library / "table.csv"
    table.write_text(f'caption,{column}\n"a dog, running",a.mp4\nnone,\n"two\nlines",sub/c.webm\n')
    assert names(find_media([table]).files, library) == ["a.mp4", "sub/c.webm"]


def test_lists_that_cannot_be_read(library: Path):
    (library / "bad.csv").write_text("name,label\na.mp4,dog\n")
    with pytest.raises(UsageError, match=r"'name', 'label'\)\. Name one of them path, video, image, file"):
        find_media([library / "bad.csv"])
    (library / "bad.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not UTF-8"):
        find_media([library / "bad.txt"])


def test_what_is_not_there(tmp_path: Path):
    with refused("source_missing"):
        find_media([tmp_path / "gone"])
    assert find_media([]).files == []


def test_links_do_not_lead_in_circles(library: Path):
    (library / "loop").symlink_to(library, target_is_directory=True)
    (library / "dangling.mp4").symlink_to(library / "gone.mp4")
    (library / "linked.mp4").symlink_to(library / "a.mp4")
    assert names(find_media([library]).files, library)[:3] == ["B.MOV", "a.mp4", "linked.mp4"]
    assert len(find_media([library]).files) == 6


def test_program_text_is_not_a_transport_stream(library: Path):
    (library / "app.ts").write_text("export const x = 1;\n")
    (library / "film.ts").write_bytes(b"\x47" + bytes(187))
    (library / "film.d.ts").write_text("declare module 'x';\n")
    found = find_media([library])
    assert "film.ts" in names(found.files, library)
    assert not [file for file in found.files if file.path.name in ("app.ts", "film.d.ts")]


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else True, reason="root may open everything")
def test_a_locked_folder_is_reported(library: Path):
    (library / "sub").chmod(0)
    try:
        assert [s.reason for s in find_media([library]).skipped if s.path.name == "sub"] == [
            "cannot be opened: Permission denied"
        ]
    finally:
        (library / "sub").chmod(0o755)


def test_the_suffixes_of_the_page():
    page = (Path(__file__).parents[3] / "docs" / "media.md").read_text()
    lines = [line for line in page.splitlines() if line.startswith(("- Videos:", "- Images:"))]
    words = set(re.findall(r"\w+", " ".join(lines))) - {"Videos", "Images", "raw"}
    assert {f".{word}" for word in words} == MEDIA_SUFFIXES


def reasons(library: Path) -> dict[str, str]:
    return {skip.path.relative_to(library).as_posix(): skip.reason for skip in find_media([library]).skipped}


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A folder with one good file."""
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "good.mp4").write_bytes(b"x")
    return tmp_path / "plain"


def assert_good_is_found(folder: Path) -> None:
    assert "good.mp4" in names(find_media([folder]).files, folder)


@pytest.mark.parametrize(
    ("name", "target", "reason"),
    [
        ("self.mp4", "self.mp4", "cannot be read: Too many levels of symbolic links"),
        ("loop", "loop", "cannot be read: Too many levels of symbolic links"),
        ("nothing.png", "gone.png", "a broken link"),
        ("again", ".", "a link to a directory: not followed"),
        ("folder.mp4", "..", "a link to a directory: not followed"),
    ],
)
def test_an_odd_link_costs_itself_only(plain: Path, name: str, target: str, reason: str):
    (plain / name).symlink_to(target)
    assert reasons(plain) == {name: reason}
    assert_good_is_found(plain)


def test_two_links_in_a_circle(plain: Path):
    (plain / "a.mkv").symlink_to("b.mkv")
    (plain / "b.mkv").symlink_to("a.mkv")
    assert reasons(plain).keys() == {"a.mkv", "b.mkv"}
    assert_good_is_found(plain)


def test_an_odd_file_named_directly_is_skipped(plain: Path):
    (plain / "self.mp4").symlink_to("self.mp4")
    (plain / "nothing.mp4").symlink_to("gone.mp4")
    found = find_media([plain / "self.mp4", plain / "nothing.mp4", plain / "good.mp4"])
    assert names(found.files, plain) == ["good.mp4"]
    assert len(found.skipped) == 2


@pytest.mark.parametrize("error", [errno.EACCES, errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT])
def test_a_folder_that_cannot_be_listed_costs_itself_only(plain: Path, monkeypatch, error: int):
    (plain / "sub").mkdir()
    listed = os.scandir

    def scandir(folder: Path) -> object:
        if Path(folder).name == "sub":
            raise OSError(error, os.strerror(error))
        return listed(folder)

    monkeypatch.setattr(os, "scandir", scandir)
    assert reasons(plain) == {"sub": f"cannot be opened: {os.strerror(error)}"}
    assert_good_is_found(plain)


@pytest.mark.parametrize("name", ["d", "d" * 200])
def test_1200_nested_folders(plain: Path, name: str):
    """With long names the path grows beyond what the system takes."""
    here, n_deep = os.open(plain, os.O_RDONLY), 1200
    for _ in range(n_deep):
        os.mkdir(name, dir_fd=here)
        deeper = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(os.open("deep.png", os.O_CREAT, dir_fd=here))
    os.close(here)
    found = find_media([plain])
    assert_good_is_found(plain)
    if len(name) == 1:
        assert found.files[0].path.name == "deep.png"
        assert len(find_media([plain / "**" / "*.png"]).files) == 1
    else:
        assert [skip.reason for skip in found.skipped] == ["cannot be opened: File name too long"]
    subprocess.run(["rm", "-rf", plain / name], check=True)  # shutil.rmtree recurses


@pytest.mark.parametrize("name", ["pipe.mp4", "socket.mkv"])
def test_what_is_no_regular_file_is_never_opened(plain: Path, name: str):
    if name == "pipe.mp4":
        os.mkfifo(plain / name)
    else:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(plain / name))
    assert reasons(plain) == {name: "not a regular file"}
    assert [skip.reason for skip in find_media([plain / name]).skipped] == ["not a regular file"]
    assert_good_is_found(plain)


@pytest.mark.parametrize("name", ["~x.png", "~", "~root", "line\nbreak.mp4", "u\u2028l.mp4", "-x.mp4"])
def test_an_odd_name_is_a_name(plain: Path, monkeypatch, name: str):
    file = plain / name if name.endswith(("png", "mp4")) else plain / name / "y.mp4"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"x")
    monkeypatch.chdir(plain)
    assert file in [found.path for found in find_media([plain]).files]
    assert [found.path for found in find_media([name]).files] == [file]
    (plain / "list.txt").write_bytes(os.fsencode(file.relative_to(plain)) + b"\0")
    assert [found.path for found in find_media(["list.txt"]).files] == [file]


def test_a_tilde_that_is_typed_is_the_home_folder(plain: Path, monkeypatch, tmp_path: Path):
    monkeypatch.setenv("HOME", str(plain))
    monkeypatch.chdir(tmp_path)
    assert (
        names(find_media(["~"]).files, plain) == names(find_media(["~/*.mp4"]).files, plain) == ["good.mp4"]
    )


def test_a_glob_does_not_follow_links_in_circles(plain: Path):
    for name in ("one", "two"):
        (plain / name).symlink_to(".")
    assert names(find_media([plain / "**" / "*.mp4"]).files, plain) == ["good.mp4"]


def test_media_that_are_not_read_are_counted_by_suffix(plain: Path):
    for name in ("a.CR2", "b.cr2", "sub/c.r3d", ".hidden.cr2", "notes.txt", "go.mod"):
        (plain / name).parent.mkdir(exist_ok=True)
        (plain / name).touch()
    assert find_media([plain, plain / "*"]).unread == {".cr2": 2, ".r3d": 1}


def test_a_list_in_another_normal_form_than_the_disk(plain: Path):
    nfc, nfd = "\u00fcber.mp4", "u\u0308ber.mp4"
    (plain / nfd).write_bytes(b"x")
    (plain / "list.txt").write_text(f"{nfc}\n", encoding="utf-8")
    assert names(find_media([plain / "list.txt"]).files, plain) == [nfd]
    (plain / nfc).write_bytes(b"x")  # the exact name counts
    assert names(find_media([plain / "list.txt"]).files, plain) == [nfc]
    both = ["\u1e69.mp4", "s\u0323\u0307.mp4", "s\u0307\u0323.mp4"]
    for name in both[1:]:
        (plain / name).write_bytes(b"x")
    (plain / "list.txt").write_text(f"{both[0]}\n", encoding="utf-8")
    (skip,) = find_media([plain / "list.txt"]).skipped
    assert skip.reason == "named in list.txt, where 2 names differ in Unicode normal form only"
