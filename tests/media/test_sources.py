from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

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
        "._a.mp4": "metadata file of macOS",
        "copying.mp4.part": "half-copied file",
        "e.mkv.crdownload": "half-copied file",
        "f.tmp": "half-copied file",
        "__MACOSX": "system folder",
        "sub/@eaDir": "system folder",
        "$RECYCLE.BIN": "system folder",
        "System Volume Information": "system folder",
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
    with pytest.raises(UsageError, match="No file matches"):
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
        "gone.mp4": "named in list.txt but not there",
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
    with pytest.raises(UsageError, match=r"has the columns name, label.*path, video, file"):
        find_media([library / "bad.csv"])
    (library / "bad.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not UTF-8"):
        find_media([library / "bad.txt"])


def test_what_is_not_there(tmp_path: Path):
    with pytest.raises(UsageError, match="is not there"):
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
def test_a_locked_folder_is_told(library: Path):
    (library / "sub").chmod(0)
    try:
        assert [s.reason for s in find_media([library]).skipped if s.path.name == "sub"] == [
            "cannot be opened: Permission denied"
        ]
    finally:
        (library / "sub").chmod(0o755)


def test_the_suffixes_of_the_page():
    page = (Path(__file__).parents[2] / "docs" / "media.md").read_text()
    lines = [line for line in page.splitlines() if line.startswith(("- Videos:", "- Images:"))]
    words = set(re.findall(r"\w+", " ".join(lines))) - {"Videos", "Images", "raw"}
    assert {f".{word}" for word in words} == MEDIA_SUFFIXES
