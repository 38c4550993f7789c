"""label_list.py: labels from a line and from files of common formats; what is unclear is refused."""

from __future__ import annotations

import json

import pytest

from vlret.errors import UsageError
from vlret.tasks.label_list import read_labels

CATS = ["cat", "dog"]


@pytest.mark.parametrize(
    ("name", "text", "labels"),
    [
        ("a.txt", "cat\n\n  red_car \nwell, yes\n", ["cat", "red_car", "well, yes"]),
        ("a.txt", "\ufeffcat\r\ndog\r\n", CATS),
        ("a.txt", "cat\rdog\r", CATS),
        ("names", "cat\ndog", CATS),
        ("coco.names", "# animals\ncat\ndog\n", CATS),
        ("a.txt", "cat,dog\n", CATS),
        ("a.txt", "labels\ncat\ndog\n", CATS),
        ("a.txt", "cat;1\ndog;2\n", CATS),
        ("a.txt", "0\tcat\n1\tdog\n", CATS),
        ("a.txt", "cat\u2028x\ndog\x85y\nred\x0ccar\x0bz\n", ["cat\u2028x", "dog\x85y", "red\x0ccar\x0bz"]),
        ("a.txt", "0\n1\n2\n", ["0", "1", "2"]),
        ("a.txt", "player 1\nplayer 2\n", ["player 1", "player 2"]),
        ("a.txt", "red 0\nred 1\nblue 2\nblue 3\n", ["red 0", "red 1", "blue 2", "blue 3"]),
        ("a.csv", "id,label\n1,cat\n2,\"dog, big\"\n3\n", ["cat", "dog, big"]),
        ("a.csv", "cat\ndog\n", CATS),
        ("a.CSV", "Name\ncat\n", ["cat"]),
        ("a.csv", "class_name\ncat\ndog\n", CATS),
        ("a.csv", "Class Name\r\ncat\r\ndog\r\n", CATS),
        ("a.csv", "label;id\ncat;1\ndog;2\n", CATS),
        ("a.csv", "label|id\ncat|1\ndog|2\n", CATS),
        ("a.csv", "sep=;\nlabel;id\ncat;1\ndog;2\n", CATS),
        ("a.csv", "label;id\ncat, small;1\ndog;2\n", ["cat, small", "dog"]),
        ("a.csv", "name;score\ncat;0,5\ndog;0,7\n", CATS),
        ("a.csv", 'label,id\n"red\ncar",1\ndog,2\n', ["red car", "dog"]),
        ("a.csv", 'id\tdisplay_name\n1\t"red \r\n car"\r\n2\tdog\n', ["red car", "dog"]),
        ("a.csv", '"label", "id"\n"cat", 1\n"dog", 2\n', CATS),
        ("a.csv", "cat\u2028x,1\ndog,2\n", ["cat\u2028x", "dog"]),
        ("a.csv", "0,cat\n1,dog\n", CATS),
        ("a.csv", "/m/011k07,cat\n/m/02dgv,dog\n", CATS),
        ("a.csv", "cat,1,\ndog,2,\n", CATS),
        ("a.csv", "label,animal\n0,cat\n1,dog\n", CATS),
        ("a.csv", "id,animal\n0,cat\n1,dog\n", CATS),
        ("kinetics.csv", "label,youtube_id,time_start\n" + "cat,x,1\ndog,y,2\ncat,z,3\n" * 2, CATS),
        ("a.tsv", "id\tlabel\n1\tcat, small\n2\tdog\n", ["cat, small", "dog"]),
        ("a.json", '["cat", "Ñandú"]', ["cat", "Ñandú"]),
        ("a.json", '["label", "name"]', ["label", "name"]),
        ("a.json", '[{"label": "cat", "id": 1}, {"id": 2, "label": "dog"}]', CATS),
        ("a.json", '[{"animal": "cat"}, {"animal": "dog"}]', CATS),
        ("a.json", '{"0": ["n02123045", "cat"], "1": ["n02084071", "dog"]}', CATS),
        ("a.json", '{"0": "cat", "1": "dog"}', CATS),
        ("a.json", '{"cat": 0, "dog": 1}', CATS),
        ("config.json", '{"id2label": {"0": "cat", "1": "dog"}, "label2id": {"cat": 0, "dog": 1}}', CATS),
        ("a.json", '{"labels": ["cat", "dog"], "version": 1}', CATS),
        ("a.json", '{"0": {"name": "cat"}, "1": {"name": "dog"}}', CATS),
        ("coco.json", '{"images": [], "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]}', CATS),
        ("a.json", '[["id", "label"], [1, "cat"], [2, "dog"]]', CATS),
        ("a.jsonl", '{"label": "cat"}\n{"label": "dog"}', CATS),
        ("a.ndjson", '"cat"\n\n"dog"\n', CATS),
        ("a.yaml", "- cat\n- no\n- 'dog: big'\n", ["cat", "no", "dog: big"]),
        ("data.yml", "path: ../x\nnc: 2\nnames:\n  0: cat\n  1: dog\n", CATS),
        ("data.yml", "train: x\nnames: [cat, dog]\n", CATS),
    ],
)  # fmt: skip
def test_reads_files(tmp_path, name, text, labels):
    (tmp_path / name).write_text(text, "utf-8", newline="")
    assert read_labels(str(tmp_path / name)) == labels


@pytest.mark.parametrize("column", ["title", "TITLE", "2"])
def test_reads_the_column_asked_for(tmp_path, column):
    (tmp_path / "a.csv").write_text(
        "label,title,x\na,cat,p\nb,dog,q\n" if column != "2" else "a,cat\nb,dog\n"
    )
    assert read_labels(str(tmp_path / "a.csv"), column) == CATS


@pytest.mark.parametrize("column", ["colour", "0", "4"])
def test_refuses_a_column_that_is_not_there(tmp_path, column):
    (tmp_path / "a.csv").write_text("label,title,x\na,cat,p\nb,dog,q\n")
    with pytest.raises(UsageError, match=r"it has the columns label, title, x.* number from 1 to 3") as error:
        read_labels(str(tmp_path / "a.csv"), column)
    assert (error.value.code, error.value.fields["given"]) == ("column_missing", column)


@pytest.mark.parametrize(
    ("line", "labels"),
    [
        ("cat, dog ,,car", ["cat", "dog", "car"]),
        ('"cat, small",dog', ["cat, small", "dog"]),
        ("cat\ndog\n", CATS),
        ("a" * 5000 + ",b", ["a" * 5000, "b"]),
    ],
)
def test_reads_a_line(line, labels):
    assert read_labels(line) == labels


@pytest.mark.parametrize(
    "line", ["cat;dog", "cat|dog", "cat\tdog", "['cat', 'dog']", '["cat","dog"]', "{cat,dog}", "'cat','dog'",
             '"cat,dog', "a\udcff,b"],
)  # fmt: skip
def test_refuses_a_line_that_is_not_a_list(line):
    with pytest.raises(UsageError) as error:
        read_labels(line)
    assert error.value.code == ("not_utf8" if "\udcff" in line else "not_labels")


@pytest.mark.parametrize(
    ("name", "text", "code", "reason"),
    [
        ("a.txt", "\n \n", "no_labels", ""),
        ("a.txt", "# only\n", "no_labels", ""),
        ("a.txt", "1 ApplyEyeMakeup\n2 Archery\n", "not_labels", "numbered"),
        ("a.txt", "/a/airfield 0\n/a/alley 1\n", "not_labels", "numbered"),
        ("a.txt", "1. cat\n2. dog\n", "not_labels", "numbered"),
        ("a.txt", "n01440764 tench, Tinca tinca\nn01443537 goldfish\n", "not_labels", "WordNet"),
        ("a.txt", "- cat\n- dog\n", "not_labels", "list marker"),
        ("a.txt", '"cat",\n"dog"\n', "not_labels", "source code"),
        ("a.txt", '["cat", "dog"]', "not_labels", "JSON"),
        ("a.txt", "cat,animal\ndog,animal\n", "ambiguous_label_column", "2 columns without a known heading"),
        ("a.txt", "cat;dog\n", "not_labels", "no comma"),
        ("a.csv", "", "no_labels", ""),
        ("a.csv", "a,b\n1,x\n2,y\n", "ambiguous_label_column", "2 columns without a known heading"),
        ("a.csv", "label,name\na,b\nc,d\n", "ambiguous_label_column", "columns label, name"),
        ("a.csv", "label\ncat;1\ndog;2\n", "malformed_table", "line 2 has 2 cells"),
        ("a.csv", "id,label\n1,cat, small\n", "malformed_table", "line 2 has 3 cells"),
        ("a.csv", 'label,id\n"cat,1\ndog,2\n', "malformed_table", "line 2: a quotation mark"),
        ("a.csv", 'label;id\n"cat"s;1\n', "malformed_table", "line 2: text follows the closing quotation mark"),
        ("a.csv", "label,label\ncat,dog\n", "duplicate_column", "two columns 'label'"),
        ("a.json", '{"a": "x", "b": "y"}', "ambiguous_label_column", "2 columns"),
        ("a.json", '{"cat": ["a photo of a cat", "one cat"], "dog": ["a photo of a dog", "one"]}',
         "ambiguous_label_column", "3 columns"),
        ("a.json", '{"0": "cat", "0": "dog"}', "not_json", "duplicate key '0'"),
        ("a.json", '{"labels": ["a"], "names": ["b"]}', "ambiguous_key", "'labels', 'names'"),
        ("a.json", '["cat", 1]', "not_a_string", "entry 2: 1 is not a string"),
        ("a.json", '["cat", ["dog"]]', "mixed_entries", "entry 2"),
        ("a.json", '"cat"', "not_a_list", "contains 'cat'"),
        ("a.json", '["\\ud800"]', "not_a_string", "entry 1: .* is not a string"),
        ("a.json", "[", "not_json", ""),
        ("a.json", "[" * 100_000, "not_json", ""),
        ("a.json", '"cat"\n"dog"\n', "not_json", "jsonl"),
        ("a.jsonl", '{"label": "cat"}\n{"label"\n', "not_json", "line 2 is not JSON"),
        ("a.yaml", "a: [\n", "not_yaml", ""),
        ("a.yaml", "[" * 100_000, "not_yaml", ""),
        ("a.yaml", "0: cat\n0: dog\n", "not_yaml", "duplicate key '0'"),
        ("a.xml", "<a/>", "unknown_file_type", "not supported"),
    ],
)  # fmt: skip
def test_refuses_files_that_are_unclear(tmp_path, name, text, code, reason):
    (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(UsageError, match=reason or None) as error:
        read_labels(str(tmp_path / name))
    assert error.value.code == code


@pytest.mark.parametrize("data", ["cat\ndog\n".encode("utf-16-le"), b"caf\xe9\n"])
@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.json"])
def test_refuses_other_encodings(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UsageError) as error:
        read_labels(str(tmp_path / name))
    assert error.value.code == "not_utf8"


def test_refuses_a_directory_and_a_missing_file(tmp_path):
    for name, code in ((str(tmp_path), "not_a_file"), ("nowhere.txt", "file_missing"), ("nowhere.tsv", "file_missing"),
                       ("nowhere.yaml", "file_missing")):  # fmt: skip
        with pytest.raises(UsageError) as error:
            read_labels(name)
        assert error.value.code == code


@pytest.mark.parametrize("text", ["", ",", " , ", "\n"])
def test_refuses_an_empty_line(text):
    with pytest.raises(UsageError) as error:
        read_labels(text)
    assert error.value.code == "no_labels"


def test_empty_labels_are_ignored_with_a_warning(tmp_path, caplog):
    (tmp_path / "a.json").write_text(json.dumps(["cat", "", "dog"]))
    assert read_labels(str(tmp_path / "a.json")) == CATS
    assert "1 of 3 labels are empty" in caplog.text
