"""Members of tars: read at random, never unpacked, whatever their names and headers say."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from tests.refusal import refused
from tests.training.pairs.media import write_tar
from vlret.training.pairs import tar_index as module
from vlret.training.pairs.tar_index import TarIndex, tar_index

MEMBERS = {
    "a.jpg": b"first",
    "b.txt": b"a caption",
    "sub/c.mp4": b"x" * 2000,
    "sub/c.json": b'{"caption": "c"}',
}


@pytest.fixture(autouse=True)
def _no_memory() -> Iterator[None]:
    tar_index.cache_clear()
    yield
    tar_index.cache_clear()


def index_of(file: Path) -> TarIndex:
    tar_index.cache_clear()
    return tar_index(str(file))


def test_members_are_found_at_their_places(tmp_path: Path) -> None:
    file = write_tar(tmp_path / "t.tar", MEMBERS)
    index, data = index_of(file), file.read_bytes()
    assert {m.name: data[m.offset :][: m.size] for m in index.members} == MEMBERS
    assert [m.text for m in index.members] == [None, "a caption", None, '{"caption": "c"}']
    assert index.is_whole


def test_headers_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_tar(tmp_path / "t.tar", MEMBERS)
    before = index_of(file)
    monkeypatch.setattr(module.tarfile, "open", lambda **_: pytest.fail("read again"))
    assert index_of(file) == before


def test_a_damaged_cache_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLRET_CACHE", str(tmp_path / "cache"))
    file = write_tar(tmp_path / "t.tar", MEMBERS)
    before = index_of(file)
    (kept,) = (tmp_path / "cache" / "tars").iterdir()
    kept.write_bytes(kept.read_bytes()[:100])
    assert index_of(file) == before
    assert index_of(file) == before


def test_a_changed_tar_is_read_again(tmp_path: Path) -> None:
    index_of(write_tar(tmp_path / "t.tar", MEMBERS))
    changed = index_of(write_tar(tmp_path / "t.tar", {**MEMBERS, "d.jpg": b"new"}))
    assert [m.name for m in changed.members] == [*MEMBERS, "d.jpg"]


def test_a_tar_at_an_address(tmp_path: Path) -> None:
    local = write_tar(tmp_path / "t.tar", MEMBERS)
    fsspec.filesystem("memory").pipe("/tars/t.tar", local.read_bytes())
    assert tar_index("memory://tars/t.tar").members == index_of(local).members


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_forms_of_tars(tmp_path: Path, form: int) -> None:
    name = "folder/" * 20 + "Hündchen.txt"
    with tarfile.open(tmp_path / "t.tar", "w", format=form) as tar:
        info = tarfile.TarInfo(name)
        info.size = 3
        tar.addfile(info, io.BytesIO(b"dog"))
    (member,) = index_of(tmp_path / "t.tar").members
    assert (member.name, member.text) == (name, "dog")


@pytest.mark.parametrize(
    "name", ["/etc/passwd.jpg", "../../up.jpg", "a/../../up.jpg", "nul\nline.jpg", "\x1b[2J.jpg"]
)
def test_hostile_names_are_only_names(tmp_path: Path, name: str) -> None:
    file = write_tar(tmp_path / "t.tar", {name: b"hostile"})
    (member,) = index_of(file).members
    assert member.name == name
    assert file.read_bytes()[member.offset :][: member.size] == b"hostile"
    assert [path.name for path in tmp_path.rglob("*")] == ["t.tar"]


def test_links_and_devices_are_no_media(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "t.tar", "w") as tar:
        for number, kind in enumerate(
            (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE)
        ):
            info = tarfile.TarInfo(f"{number}.jpg")
            info.type, info.linkname = kind, "/etc/passwd"
            tar.addfile(info)
    assert index_of(tmp_path / "t.tar") == TarIndex([], True)


def test_a_long_text_is_no_caption(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_TEXT_BYTES", 9)
    members = index_of(write_tar(tmp_path / "t.tar", {"a.txt": b"x" * 9, "b.txt": b"x" * 10})).members
    assert [member.text for member in members] == ["x" * 9, None]


@pytest.mark.parametrize("kept", [512 * 2 + 100, 512 * 4 + 100, 512 * 5 + 700])
def test_a_tar_that_was_cut_keeps_what_is_whole(tmp_path: Path, kept: int) -> None:
    data = write_tar(tmp_path / "t.tar", MEMBERS).read_bytes()
    (tmp_path / "t.tar").write_bytes(data[:kept])
    index = index_of(tmp_path / "t.tar")
    assert [m.name for m in index.members] == [
        name for name, end in zip(MEMBERS, (1024, 2048, 4608), strict=False) if end <= kept
    ]
    assert not index.is_whole


def test_damage_in_the_middle_is_seen(tmp_path: Path) -> None:
    data = bytearray(write_tar(tmp_path / "t.tar", MEMBERS).read_bytes())
    data[1024:1536] = b"\x55" * 512
    (tmp_path / "t.tar").write_bytes(data)
    index = index_of(tmp_path / "t.tar")
    assert ([m.name for m in index.members], index.is_whole) == (["a.jpg"], False)


def test_a_size_below_zero_ends_the_tar(tmp_path: Path) -> None:
    """It would send the reader back to the same header for ever."""
    header = bytearray(tarfile.TarInfo("a.jpg").tobuf())
    header[124:136] = b"\xff" * 10 + b"\xfe\x00"  # -512 in base 256
    total = sum(header) - sum(header[148:156]) + 8 * 32
    header[148:156] = b"%06o\0 " % total
    (tmp_path / "t.tar").write_bytes(bytes(header) * 3)
    assert index_of(tmp_path / "t.tar") == TarIndex([], False)


@pytest.mark.parametrize("data", [b"", b"no tar" * 200, gzip.compress(b"x" * 999, mtime=0)])
def test_what_is_no_plain_tar_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "t.tar").write_bytes(data)
    with refused("not_a_tar"):
        index_of(tmp_path / "t.tar")


def test_a_compressed_tar_is_refused(tmp_path: Path) -> None:
    data = write_tar(tmp_path / "t.tar", MEMBERS).read_bytes()
    (tmp_path / "t.tar").write_bytes(gzip.compress(data))
    with refused("not_a_tar") as caught:
        index_of(tmp_path / "t.tar")
    assert "gunzip" in caught.value.hint


def test_a_missing_tar(tmp_path: Path) -> None:
    with refused("file_missing"):
        index_of(tmp_path / "gone.tar")
