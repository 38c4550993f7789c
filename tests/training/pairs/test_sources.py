"""Tars in the form of webdataset, directories, and how `read_pairs` tells them apart."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from pathlib import Path

import fsspec
import pytest

from tests.refusal import refused
from tests.training.pairs.media import png, write_pictures, write_set, write_table, write_tar
from vlret.training.pairs import PairSet, read_pairs
from vlret.training.pairs.samples import key_of


def read(name: str, folder: Path | str) -> PairSet:
    return read_pairs([name], folder)[0]


def pairs(one: PairSet) -> dict[str, list[tuple[str, str]]]:
    return {one.media(n).name: one.pairs(n) for n in range(len(one))}


def img2dataset(first: int) -> dict[str, bytes]:
    """A shard as img2dataset writes it."""
    members: dict[str, bytes] = {}
    for n in range(first, first + 3):
        said = {
            "caption": f"number {n}",
            "url": f"https://host/{n}",
            "key": f"{n:05}",
            "status": "success",
            "width": 64,
        }
        members |= {
            f"{n:05}.jpg": png(n),
            f"{n:05}.json": json.dumps(said).encode(),
            f"{n:05}.txt": b"number %d" % n,
        }
    return members


def test_shards_of_img2dataset(tmp_path: Path) -> None:
    for shard in range(3):
        write_tar(tmp_path / f"{shard:03}.tar", img2dataset(3 * shard))
    expected = {f"{n // 3:03}.tar/{n:05}.jpg": [("", f"number {n}")] for n in range(9)}
    for name in ("{000..002}.tar", "*.tar", "."):
        assert pairs(read(name, tmp_path)) == expected
    assert len(read("{000..001}.tar", tmp_path)) == 6


def test_shards_at_an_address(tmp_path: Path) -> None:
    local = write_tar(tmp_path / "0.tar", img2dataset(0))
    fsspec.filesystem("memory").pipe("/web/0.tar", local.read_bytes())
    assert (
        pairs(read("0.tar", "memory://web"))
        == pairs(read("memory://web/*.tar", tmp_path))
        == pairs(read("0.tar", tmp_path))
    )


def test_what_a_sample_says(tmp_path: Path) -> None:
    members = {
        "only.txt.jpg": b"not a sample of this form",
        "a.mp4": b"", "a.txt": b" two\nlines ",
        "b.webp": b"", "b.json": b'{"captions": ["x", "y"], "split": "val"}',
        "c.png": b"", "c.json": b'{"question": "q", "answer": "a", "start": 1, "end": 2}',
        "d.jpg": b"", "d.json": b'{"width": 3}', "d.txt": b"from the text file",
        "e.jpg": b"", "e.cls": b"3",
        "f.txt": b"no picture",
        "g.jpg": b"", "g.json": b"{damaged",
        "h.jpg": b"", "h.json": b'{"caption": 3}',
        "i.jpg": b"", "i.txt": b"  ",
        "sub/a.JPG": b"", "sub/a.TXT": b"in a directory",
        "j.json": b"[" * 100_000, "j.jpg": b"",
    }  # fmt: skip
    write_tar(tmp_path / "t.tar", members)
    one = read("t.tar", tmp_path)
    assert pairs(one) == {
        "t.tar/a.mp4": [("", "two lines")],
        "t.tar/b.webp": [("", "x"), ("", "y")],
        "t.tar/c.png": [("q", "a")],
        "t.tar/d.jpg": [("", "from the text file")],
        "t.tar/sub/a.JPG": [("", "in a directory")],
    }
    assert one.dropped == {
        "sample without .txt or .json": 1,
        "sample without a media file": 2,
        "sample whose .json cannot be used": 3,
        "empty caption": 1,
    }
    assert (one.media(2).start, one.media(2).end, one.splits[1]) == (1, 2, "dev")


def test_a_cut_shard_is_counted(tmp_path: Path) -> None:
    file = write_tar(tmp_path / "t.tar", img2dataset(0))
    file.write_bytes(file.read_bytes()[: 5 * 1024 + 700])  # a header and a block for each file
    one = read("t.tar", tmp_path)
    assert list(pairs(one)) == ["t.tar/00000.jpg", "t.tar/00001.jpg"]
    assert one.dropped == {"tar that is damaged from some place on": 1}


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("000.jpg", ("000", ".jpg")),
        ("a.b/000.seg.png", ("a.b/000", ".seg.png")),
        ("./000.JPG", ("./000", ".jpg")),
        (".hidden", None),
        ("a/.hidden", None),
        ("README", None),
    ],
)
def test_keys_as_webdataset_has_them(name: str, key: tuple[str, str] | None) -> None:
    assert key_of(name) == key


def test_a_directory_of_media_and_texts(tmp_path: Path) -> None:
    write_pictures(tmp_path / "set" / "sub", [1, 2])
    (tmp_path / "set" / "sub" / "1.txt").write_text("number 1")
    (tmp_path / "set" / "my.video.v2.mp4").touch()
    (tmp_path / "set" / "my.video.v2.txt").write_text("a film")
    one = read("set", tmp_path)
    assert pairs(one) == {"my.video.v2.mp4": [("", "a film")], "sub/1.png": [("", "number 1")]}
    assert one.dropped == {"sample without .txt or .json": 1}


@pytest.mark.skipif(sys.platform == "darwin", reason="its file names are UTF-8")
def test_names_that_are_no_text_are_counted(tmp_path: Path) -> None:
    write_pictures(tmp_path, [1])
    (tmp_path / "1.txt").write_text("number 1")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png")).touch()
    one = read(".", tmp_path)
    assert (pairs(one), one.dropped) == ({"1.png": [("", "number 1")]}, {"file whose name is not UTF-8": 1})


def test_a_directory_at_an_address() -> None:
    fsspec.filesystem("memory").pipe({"/loose/a.png": png(1), "/loose/a.txt": b"number 1"})
    one = read("loose", "memory://")
    assert pairs(one) == {"a.png": [("", "number 1")]}
    assert one.media(0).location == "memory:///loose/a.png"


def test_todays_datasets(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    write_tar(tmp_path / "s" / "x.tar", {"1.png": png(1), "2.mp4": b""})
    rows = [
        {"image": "1.png", "shard": "x.tar", "split": "extra", "captions": ["a", "b"]},
        {
            "video": "2.mp4",
            "shard": "x.tar",
            "split": "test",
            "captions": ["c"],
            "qa": [{"question": "q", "answers": ["r"]}],
        },
    ]
    write_table(tmp_path / "s" / "captions.jsonl", rows)
    one = read("s", tmp_path)
    assert pairs(one) == {"x.tar/1.png": [("", "a"), ("", "b")], "x.tar/2.mp4": [("", "c"), ("q", "r")]}
    assert one.splits.tolist() == ["train", "test"]


def test_metadata_beside_media(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_text("file_name,text\na.png,number 1\n")
    assert pairs(read(".", tmp_path)) == {"a.png": [("", "number 1")]}


def test_rows_of_a_clip_are_one_clip(tmp_path: Path) -> None:
    names = ["b.mp4", "a.mp4", "b.mp4", "b.mp4"]
    rows = [{"path": name, "caption": f"text {n}", "start": n // 3} for n, name in enumerate(names)]
    write_table(tmp_path / "t.jsonl", rows)
    one = read("t.jsonl", tmp_path)
    found = [
        (one.media(n).name, one.media(n).start, [text for _, text in one.pairs(n)]) for n in range(len(one))
    ]
    assert found == [("b.mp4", 0, ["text 0", "text 2"]), ("a.mp4", 0, ["text 1"]), ("b.mp4", 1, ["text 3"])]
    assert one.file_ids[0] == one.file_ids[2] != one.file_ids[1]


@pytest.mark.parametrize("folder", range(2))
def test_clips_stand_in_the_order_of_their_rows(tmp_path: Path, folder: int) -> None:
    """Whatever their ids, which depend on the path."""
    rows = [{"path": f"{n % 300}.mp4", "caption": str(n)} for n in range(600)]
    one = read(str(write_table(tmp_path / str(folder) / "t.jsonl", rows)), "/")
    assert pairs(one) == {f"{n}.mp4": [("", str(n)), ("", str(n + 300))] for n in range(300)}
    assert list(pairs(one)) == [f"{n}.mp4" for n in range(300)]


def test_more_rows_than_are_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vlret.training.pairs.pair_set.ROWS_AT_ONCE", 7)
    write_table(tmp_path / "t.jsonl", [{"path": f"{n % 20}.mp4", "caption": str(n)} for n in range(60)])
    one = read("t.jsonl", tmp_path)
    assert pairs(one) == {f"{n}.mp4": [("", str(n)), ("", str(n + 20)), ("", str(n + 40))] for n in range(20)}


def test_rows_of_an_unknown_split_are_counted(tmp_path: Path) -> None:
    rows = [
        {"path": f"{split}.mp4", "caption": "x", "split": split} for split in ("train", "val", "test", "mine")
    ]
    write_table(tmp_path / "t.jsonl", rows)
    one = read("t.jsonl", tmp_path)
    assert one.dropped == {"split 'mine', none of train, dev and test": 1}
    assert one.splits.tolist() == ["train", "dev", "test", "mine"]


def test_empty_captions_are_counted(tmp_path: Path) -> None:
    rows = [{"path": "a.mp4", "captions": ["x", " "]}, {"path": "b.mp4", "captions": [None, ""]}]
    write_table(tmp_path / "t.jsonl", rows)
    one = read("t.jsonl", tmp_path)
    assert (pairs(one), one.dropped) == ({"a.mp4": [("", "x")]}, {"empty caption": 3})


def test_splits_by_hash_are_those_of_files(tmp_path: Path) -> None:
    rows = [
        {"path": f"{n}.mp4", "caption": "x", "start": s, "end": s + 1} for n in range(2000) for s in range(3)
    ]
    write_table(tmp_path / "t.jsonl", rows)
    one = read("t.jsonl", tmp_path)
    sides = Counter(one.splits.tolist())
    assert sides == {"train": 6000 - sides["dev"], "dev": sides["dev"]}
    assert 3 * 60 <= sides["dev"] <= 3 * 140  # 100 of 2000 are expected
    dev, train = (set(one.of(split).file_ids.tolist()) for split in ("dev", "train"))
    assert not dev & train
    again = write_table(tmp_path / "more.jsonl", [{"path": "new.mp4", "caption": "x"}, *rows[::-1]])
    assert dev <= set(read(str(again), "/").of("dev").file_ids.tolist())


def test_no_file_of_another_split_is_trained_on(tmp_path: Path) -> None:
    write_table(
        tmp_path / "a.jsonl", [{"path": f"{n}.mp4", "caption": "x", "split": "train"} for n in range(4)]
    )
    write_table(tmp_path / "b.jsonl", [{"path": "1.mp4", "caption": "y", "split": "val", "start": 3},
                                       {"path": "2.mp4", "caption": "y", "split": "test"}])  # fmt: skip
    first, second = read_pairs(["a.jsonl", "b.jsonl"], tmp_path)
    assert list(pairs(first)) == ["0.mp4", "3.mp4"]
    assert first.dropped == {"file also in another split": 2}
    assert (second.splits.tolist(), second.dropped) == (["dev", "test"], {})


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("gone", "no_dataset"), ("empty", "no_dataset"), ("gone.csv", "file_missing"), ("gone.tar", "file_missing"),
        ("*.tar", "file_missing"),
    ],
)  # fmt: skip
def test_what_is_no_dataset(tmp_path: Path, name: str, code: str) -> None:
    (tmp_path / "empty").mkdir()
    with refused(code):
        read(name, tmp_path)


def test_a_table_of_its_own(tmp_path: Path) -> None:
    assert len(read(write_set(tmp_path / "s", range(3)), "/")) == 3


def test_a_clip_in_two_splits_of_one_table_is_not_trained_on(tmp_path: Path) -> None:
    rows = [("a.mp4", "train"), ("a.mp4", "dev"), ("b.mp4", "dev"), ("b.mp4", "train"), ("c.mp4", "train")]
    write_table(tmp_path / "t.jsonl", [{"path": p, "caption": f"{p} {s}", "split": s} for p, s in rows])
    (one,) = read_pairs(["t.jsonl"], tmp_path)
    assert [one.of("train").pairs(n) for n in range(len(one.of("train")))] == [[("", "c.mp4 train")]]
    assert [one.of("dev").pairs(n) for n in (0, 1)] == [[("", "a.mp4 dev")], [("", "b.mp4 dev")]]
    assert one.dropped == {"file also in another split": 2}
