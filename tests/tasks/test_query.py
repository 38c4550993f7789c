"""query.py: sentences stay sentences, files are looked at, and neither is taken for the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from vlret.errors import MediaError, UsageError
from vlret.tasks.query import file_of, one_query


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """The working folder: two files, a folder and an index."""
    for name in ("photo.tiff", "my film.MTS", "notes"):
        (tmp_path / name).write_bytes(b"x")
    for name in ("beach", "index"):
        (tmp_path / name).mkdir()
    (tmp_path / "index" / "manifest.json").write_text("{}")
    (tmp_path / "dangling.heic").symlink_to(tmp_path / "gone")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "sentence",
    [
        "a dog on the beach", "and/or", "24/7", "a 16:9 frame", "100 km/h", "black / white", "a man/woman",
        "www.example.org", "e.g. a dog", "the end.", "...", "100%", "a*b?", "photo", "C: drive", "-rf", "\n",
        "x" * 5000, "a\0b", "mp4", "version 1.0",
    ],
)  # fmt: skip
def test_a_sentence_stays_one(here, sentence):
    assert file_of(sentence) is None


@pytest.mark.parametrize("name", ["photo.tiff", "my film.MTS", "notes", "./photo.tiff", "beach/../notes"])
def test_what_is_there_is_a_file_whatever_its_suffix(here, name):
    assert file_of(name) == Path(name)
    assert file_of(str(here / name)) == here / name


def test_the_home_folder_is_known(here, monkeypatch):
    monkeypatch.setenv("HOME", str(here))
    assert file_of("~/photo.tiff") == here / "photo.tiff"


@pytest.mark.parametrize(
    "missing",
    [
        "gone.mp4", "my holiday film.mp4", "Photo.HEIC", "clip 2.MTS", "a.3gp", "b.tiff", "dangling.heic", "./a dog",
        "../x", "/nowhere/a dog", "~/a", "beach/a dog", "C:\\Users\\me\\dog", "D:/dog", "https://example.org/dog",
        "file:///dog", "\\\\server\\dog",
    ],
)  # fmt: skip
def test_a_path_that_is_not_there_is_refused(here, missing):
    with pytest.raises(MediaError) as caught:
        file_of(missing)
    assert caught.value.code == "file_missing"


@pytest.mark.parametrize(
    ("folder", "code"),
    [("beach", "directory_as_query"), (".", "directory_as_query"), ("index", "index_as_query")],
)
def test_a_folder_is_no_query(here, folder, code):
    for name in (folder, str(here / folder)):
        with pytest.raises(UsageError) as caught:
            file_of(name)
        assert caught.value.code == code


@pytest.mark.parametrize(
    "words",
    [["a", "dog", "on", "the", "beach"], ["black", "/", "white"], ["and/or"], ["24/7", "shop"], ["notes"]],
)
def test_words_make_one_sentence(here, words):
    assert one_query(here / "index", words) == " ".join(words)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["index", "a dog"], "two_indexes"),
        (["photo.tiff", "a dog"], "file_among_words"),
        (["gone.mp4", "a dog"], "file_among_words"),
        (["a.jpg", "b.jpg"], "file_among_words"),
        (["./beach", "a dog"], "file_among_words"),
    ],
)
def test_a_file_or_an_index_among_words_is_refused(here, words, code):
    with pytest.raises(UsageError, match=words[0]) as caught:
        one_query(here / "index", words)
    assert caught.value.code == code


def test_the_index_comes_first(here):
    with pytest.raises(
        UsageError, match=r"index is the index, and comes first. Write: vlret search index 'a dog'"
    ):
        one_query("a dog", ["index"])
