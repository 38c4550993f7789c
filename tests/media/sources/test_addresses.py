"""Sources at addresses, by the rules of directories on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.refusal import refused
from vlret.errors import UsageError
from vlret.media.sources import find_media
from vlret.media.sources.addresses import with_states
from vlret.media.sources.entries import MediaFile
from vlret.object_store import state_of, write_bytes
from vlret.remote_path import RemotePath

NAMES = (
    "a.mp4", "B.MOV", "sub/ü 1.jpg", "sub/deep/c.mkv", "sub/notes.txt", "x.mp4.part", ".hidden.mp4", ".git/d.mp4",
    "sub/@eaDir/e.mp4", "sound.mp3", "readme",
)  # fmt: skip


@pytest.fixture
def library(store: RemotePath) -> RemotePath:
    for name in NAMES:
        write_bytes(store / name, b"\0\xff" + name.encode())
    return store


def names(found: list, root: Path) -> list[str]:
    return [entry.path.relative_to(root).as_posix() for entry in found]


def test_a_directory_is_found_as_one_of_this_machine(library: RemotePath, tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"\0\xff")
    here, there = find_media([tmp_path]), find_media([str(library)])
    assert (
        names(there.files, library)
        == names(here.files, tmp_path)
        == ["B.MOV", "a.mp4", "sub/deep/c.mkv", "sub/ü 1.jpg"]
    )
    assert names(there.skipped, library) == names(here.skipped, tmp_path)
    assert [file.reason for file in there.skipped] == [file.reason for file in here.skipped]
    assert there.unread == here.unread == {".mp3": 1}
    assert {file.root for file in there.files} == {library}
    assert all(file.state == state_of(file.path) for file in there.files)
    assert there.listed.keys() == {library}
    assert set(there.listed[library]) == {library / name for name in NAMES}
    assert here.listed == {}


@pytest.mark.parametrize(
    ("source", "root", "expected"),
    [
        ("a.mp4", "", ["a.mp4"]),
        ("sub/", "sub", ["sub/deep/c.mkv", "sub/ü 1.jpg"]),
        ("*.mp4", "", ["a.mp4"]),
        ("s?b", "", ["sub/deep/c.mkv", "sub/ü 1.jpg"]),
        ("**/*.mkv", "", ["sub/deep/c.mkv"]),
        ("sub/[ü]*", "sub", ["sub/ü 1.jpg"]),
    ],
)
def test_objects_directories_and_patterns(
    library: RemotePath, source: str, root: str, expected: list[str]
) -> None:
    found = find_media([f"{library}/{source}"])
    assert names(found.files, library) == expected
    assert {file.root for file in found.files} == {library / root}


def test_a_name_with_magic_characters_is_itself(store: RemotePath) -> None:
    write_bytes(store / "[1].mp4", b"\0")
    write_bytes(store / "1.mp4", b"\0")
    assert names(find_media([store / "[1].mp4"]).files, store) == ["[1].mp4"]


def test_an_object_that_is_no_media_file_is_skipped(library: RemotePath) -> None:
    (skipped,) = find_media([library / "sound.mp3"]).skipped
    assert (skipped.path, skipped.reason) == (library / "sound.mp3", "not a media file: the suffix is .mp3")


def test_typescript_is_no_video(store: RemotePath) -> None:
    write_bytes(store / "a.ts", b"export const a = 1\n" * 100)
    write_bytes(store / "b.ts", b"G\0\xff" * 100)
    assert names(find_media([store]).files, store) == ["b.ts"]


def test_lists_name_addresses(library: RemotePath, tmp_path: Path) -> None:
    lines = [
        f"{library}/a.mp4",
        f"{library}/gone.mp4",
        f"  {library}/sub  ",
        "here.mp4",
        f"{library}/../x.mp4",
    ]
    (tmp_path / "list.txt").write_text("\n".join(lines))
    (tmp_path / "here.mp4").touch()
    found = find_media([tmp_path / "list.txt"])
    assert {file.path for file in found.files} == {
        library / "a.mp4", library / "sub/deep/c.mkv", library / "sub/ü 1.jpg", tmp_path / "here.mp4",
    }  # fmt: skip
    assert {(s.path.name, s.reason) for s in found.skipped} >= {
        ("gone.mp4", "named in list.txt but not found"),
        ("x.mp4", "named in list.txt but this is no address of an object"),
    }


def test_lists_at_addresses(library: RemotePath) -> None:
    write_bytes(library / "sub/list.csv", f"path,say\nü 1.jpg,1\n../a.mp4,2\n{library}/B.MOV,3\n".encode())
    found = find_media([library / "sub/list.csv"])
    assert [(file.root, file.path) for file in found.files] == [
        (library, library / "B.MOV"),
        (library, library / "a.mp4"),
        (library / "sub", library / "sub/ü 1.jpg"),
    ]


def test_what_a_list_names_at_addresses_of_other_kinds_is_skipped(library: RemotePath) -> None:
    write_bytes(library / "list.txt", b"a.mp4\nhttps://me:secret@host/b.mp4\n")
    found = find_media([library / "list.txt"])
    assert names(found.files, library) == ["a.mp4"]
    assert names(found.skipped, library) == ["https:/***@host/b.mp4"]


def test_a_key_in_an_address_is_not_shown(tmp_path: Path) -> None:
    address = "s3://key:secret@bucket/a.mp4"
    with pytest.raises(UsageError) as caught:
        find_media([address])
    assert caught.value.code == "source_unreadable"
    assert "secret" not in f"{caught.value} {caught.value.fields}"
    (tmp_path / "list.txt").write_text(address)
    (skipped,) = find_media([tmp_path / "list.txt"]).skipped
    assert str(skipped.path) == "s3://***@bucket/a.mp4"


def test_a_list_at_an_address_may_name_no_file_of_this_machine(store: RemotePath) -> None:
    write_bytes(store / "list.txt", b"/etc/passwd.mp4\n")
    with refused("local_path_in_remote_table"):
        find_media([store / "list.txt"])
    write_bytes(store / "list.txt", b"file:///etc/passwd.mp4\n")
    with refused("unknown_address"):
        find_media([store / "list.txt"])


@pytest.mark.parametrize("key", ["a//b.mp4", "a/../b.mp4", "a::b.mp4", "a/./b.mp4"])
def test_keys_that_are_no_paths_are_left_out(s3: RemotePath, key: str) -> None:
    import fsspec

    files = fsspec.filesystem("s3", use_listings_cache=False)
    files.pipe_file(f"{str(s3).partition('://')[2]}/{key}", b"\0")
    write_bytes(s3 / "good.mp4", b"\0")
    assert names(find_media([s3]).files, s3) == ["good.mp4"]


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("{}/gone", "source_missing"),
        ("{}/gone.mp4", "source_missing"),
        ("{}/*.gone", "no_match"),
        ("file:///etc/passwd", "unknown_address"),
        ("simplecache::s3://b/x.mp4", "unknown_address"),
        ("https://me:secret@host/x.mp4", "unknown_address"),
    ],
)
def test_sources_that_cannot_be(store: RemotePath, source: str, code: str) -> None:
    for given in (source.format(store), Path(source.format(store))):
        with refused(code) as caught:
            find_media([given])
        assert "secret" not in str(caught.value)


def test_a_bucket_is_a_directory(s3: RemotePath) -> None:
    write_bytes(s3 / "a.mp4", b"\0")
    bucket = RemotePath(*s3.parts[:2])
    assert MediaFile(bucket, s3 / "a.mp4") in find_media([bucket]).files
    with refused("source_missing"):
        find_media(["s3://no-such-bucket"])


def test_an_access_that_is_denied_says_so(store: RemotePath, monkeypatch: pytest.MonkeyPatch) -> None:
    from vlret.media.sources import addresses

    def denied(*args: object) -> None:
        raise PermissionError(13, "access denied")

    monkeypatch.setattr(addresses, "state_of", denied)
    with refused("source_unreadable") as caught:
        find_media([store])
    assert caught.value.message == f"{store} cannot be read: access denied."


def test_files_are_looked_up(library: RemotePath, tmp_path: Path) -> None:
    paths = [library / "a.mp4", library / "gone.mp4", tmp_path / "here.mp4"]
    found = with_states([MediaFile(path.parent, path) for path in paths])
    assert [file.path for file in found] == paths
    assert [file.state for file in found] == [state_of(library / "a.mp4"), None, None]
