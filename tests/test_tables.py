"""tables.py: one reader of lists and tables; what it yields is compared with Python's own csv and json."""

from __future__ import annotations

import csv
import json

import pytest

from vlret.errors import UsageError
from vlret.tables import Row, Table, read_column, read_objects, read_table

ODD = [
    "a,b;c\td|e",
    'say "hi"',
    "two\nlines",
    "  blanks  ",
    "\u2028\u2029\x85\x0b\x0c\x1c",
    "",
    "=1+1",
    "Ñandú 🦤",
    "'",
]


def put(path, text):
    path.write_text(text, "utf-8", newline="")
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_reads_what_csv_writes(tmp_path, separator, line_end):
    with (tmp_path / "a.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=separator, lineterminator=line_end, quoting=csv.QUOTE_ALL)
        writer.writerows([("path", "n"), *((odd, "1") for odd in ODD)])
    table = read_table(tmp_path / "a.csv", ["path"])
    assert table.heading == ("path", "n")
    assert table.texts(0) == ODD


def test_json_and_json_lines_agree(tmp_path):
    values = [{"path": odd, "n": 1} for odd in ODD]
    one = put(tmp_path / "a.json", json.dumps(values, ensure_ascii=False))
    lines = put(tmp_path / "a.jsonl", "\n".join(json.dumps(value, ensure_ascii=False) for value in values))
    assert read_column(one, ["path"]) == read_column(lines, ["path"]) == ODD
    assert read_table(lines, ()).rows[2] == Row("line 3", (ODD[2], 1))
    assert read_table(one, ()).rows[2] == Row("entry 3", (ODD[2], 1))


def test_missing_cells_are_empty_and_rows_keep_their_line(tmp_path):
    table = read_table(put(tmp_path / "a.csv", 'path,n\n"a\nb",1\n\nc\n'), ["path"])
    assert table.rows == [Row("line 2", ("a\nb", "1")), Row("line 5", ("c", ""))]
    table = read_table(put(tmp_path / "a.json", '[{"path": "a"}, {"n": null}]'), ["path"])
    assert (table.heading, table.texts(0)) == (("path", "n"), ["a", ""])


def test_blanks_at_the_ends_of_a_cell_belong_to_it(tmp_path):
    assert read_table(put(tmp_path / "a.csv", "path,n\n a.mp4 ,1\n"), ["path"]).texts(0) == [" a.mp4 "]
    assert read_table(put(tmp_path / "a.csv", '"n", "path"\n1, "a, b.mp4"\n'), ["path"]).texts(1) == [
        "a, b.mp4"
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("video,path\na,b\n", ["b"]),  # the first of the names, not the first column
        ("Video;note\na;b\n", ["a"]),
        ("a,b.mp4\n", None),
        ("a.mp4\nb.mp4\n", ["a.mp4", "b.mp4"]),
    ],
)
def test_the_column_of_paths(tmp_path, text, found):
    file = put(tmp_path / "a.csv", text)
    if found is None:
        with pytest.raises(UsageError, match="2 columns without a known heading") as error:
            read_column(file, ["path", "video"])
        assert error.value.code == "column_missing"
    else:
        assert read_column(file, ["path", "video"]) == found
    assert read_column(file, ["path", "video"], "1") == [
        row.cells[0] for row in read_table(file, ["video"]).rows
    ]


def test_errors_name_file_and_place_on_one_line(tmp_path):
    with pytest.raises(
        UsageError, match=r"a\.csv, line 3 has 3 cells, the first row has 2: \('c', 'd', 'e'\)"
    ):
        read_table(put(tmp_path / "a.csv", "path,n\na,b\nc,d,e\n"), ["path"])
    with pytest.raises(UsageError, match=r"a\.json is not JSON") as error:
        read_table(put(tmp_path / "a.json", '{"a": "\x1b[2J\n'), ())
    assert error.value.message.isprintable()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "Path;N\na;1\nb;2\n"),
        ("a.tsv", "path\tn\na\t1\nb\t2\n"),
        ("a.json", '[{"path": "a", "n": "1"}, {"n": "2", "path": "b"}]'),
        ("a.yaml", "- {path: a, n: 1}\n- {path: b, n: 2}\n"),
        ("a.jsonl", '{"Path": "a", "n": "1"}\n\n{"path": "b", "n": "2"}'),
    ],
)  # fmt: skip
def test_objects(tmp_path, name, text):
    found = list(read_objects(put(tmp_path / name, text), ["path"]))
    assert [cells for _, cells in found] == [{"path": "a", "n": "1"}, {"path": "b", "n": "2"}]


def test_objects_past_a_damaged_line(tmp_path):
    file = put(tmp_path / "a.jsonl", '{"path"\n[1]\n{"path": "a", "path": "b"}\n{"path": "c"}\n')
    *bad, (place, good) = read_objects(file, ["path"])
    assert (place, good) == ("line 4", {"path": "c"})
    assert [error.code for _, error in bad] == ["not_json", "not_an_object", "not_json"]
    with pytest.raises(UsageError) as error:
        list(read_objects(put(tmp_path / "a.csv", "a,b\nc,d\n"), ["path"]))
    assert (error.value.code, error.value.fields) == ("column_missing", {"path": tmp_path / "a.csv"})


@pytest.mark.parametrize("head", ["", "label: [*a29]\n"])
def test_aliases_of_yaml_are_refused_before_they_unfold(head, tmp_path):
    lines = ["a0: &a0 [cat, dog]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30))]
    file = put(tmp_path / "a.yaml", "\n".join(lines) + "\n" + head)
    with pytest.raises(UsageError, match=r"instead of using an alias \(\*\).* line 2") as error:
        read_table(file, ["label"])
    assert error.value.code == "not_yaml"


def test_a_hostile_yaml_makes_texts_only(tmp_path):
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    with pytest.raises(UsageError) as error:
        read_column(put(tmp_path / "a.yaml", bomb), ["path"], "2")
    assert error.value.code == "not_yaml"
    touched = tmp_path / "touched"
    put(tmp_path / "b.yaml", f"- !!python/object/apply:os.mkdir ['{touched}']\n")
    assert isinstance(read_table(tmp_path / "b.yaml", ()), Table)
    assert not touched.exists()
