"""A plan on disk: the same one back, and nothing of a stranger's that is not one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.index.sharding.conftest import TEXT_RULE
from vlret.errors import UsageError
from vlret.index.sharding.plan import PlannedPart, ShardPlan
from vlret.index.sharding.plan_file import read_plan, write_plan
from vlret.index.sharding.plan_shards import plan_shards


@pytest.fixture
def plan(texts, model) -> ShardPlan:
    return plan_shards(texts, 4, model, TEXT_RULE, exclude=["nothing"])


@pytest.fixture
def lines(plan, tmp_path) -> list[dict]:
    write_plan(plan, tmp_path / "plan.jsonl")
    return [json.loads(line) for line in (tmp_path / "plan.jsonl").read_text().splitlines()]


def test_a_plan_comes_back(plan, tmp_path):
    write_plan(plan, tmp_path / "plan.jsonl")
    assert read_plan(tmp_path / "plan.jsonl") == plan
    data = (tmp_path / "plan.jsonl").read_bytes()
    write_plan(read_plan(tmp_path / "plan.jsonl"), tmp_path / "again.jsonl")
    assert (tmp_path / "again.jsonl").read_bytes() == data
    assert len(data.splitlines()) == 1 + len(plan.shards)


def first_part(lines: list[dict]) -> dict:
    return lines[1]["parts"][0]


def cut_part(lines: list[dict]) -> dict:
    return next(part for line in lines[1:] for part in line["parts"] if part["end"])


CHANGES = {
    "no format": lambda lines: lines[0].pop("format"),
    "another format": lambda lines: lines[0].update(format="vlret-index"),
    "no version": lambda lines: lines[0].update(version="1"),
    "no recipe": lambda lines: lines[0].pop("recipe"),
    "a card with a dimension that cannot be": lambda lines: lines[0]["recipe"]["card"].update(dim=-1),
    "no frames": lambda lines: lines[0]["recipe"].update(n_frames=0),
    "fewer shards than it says": lambda lines: lines.pop(),
    "more shards than it says": lambda lines: lines.append({"seconds": 0.0, "parts": []}),
    "a relative root": lambda lines: lines[0].update(roots=["videos"]),
    "a root that is not there": lambda lines: first_part(lines).update(root=1),
    "a path upwards": lambda lines: first_part(lines).update(path="../../etc/passwd"),
    "an absolute path": lambda lines: first_part(lines).update(path="/etc/passwd"),
    "no path": lambda lines: first_part(lines).update(path=""),
    "half of a surrogate pair": lambda lines: first_part(lines).update(path="\ud800.mp4"),
    "a NUL": lambda lines: first_part(lines).update(path="a\0.mp4"),
    "a relative path that is skipped": lambda lines: lines[0]["skipped"].append({"path": "a", "reason": "b"}),
    "a file twice": lambda lines: lines[-1]["parts"].append(first_part(lines)),
    "a gap": lambda lines: cut_part(lines).update(end=cut_part(lines)["end"] - 1),
    "a part that ends before it starts": lambda lines: cut_part(lines).update(start=99.0),
    "no beginning": lambda lines: first_part(lines).update(start=1.0),
    "no end": lambda lines: lines[-1]["parts"][-1].update(end=99.0),
    "a shard that is none": lambda lines: lines[1].update(parts="a.mp4"),
    "text for a number": lambda lines: first_part(lines).update(start="0"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_no_plan_says_is_refused(lines, tmp_path, change):
    CHANGES[change](lines)
    (tmp_path / "plan.jsonl").write_text("\n".join(map(json.dumps, lines)))
    with pytest.raises(UsageError) as caught:
        read_plan(tmp_path / "plan.jsonl")
    assert caught.value.code == "bad_plan"


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b"\xff\xfe", b"null\n" * 3, b"[" * 10**6, b"PAR1\0\0"])
def test_what_is_no_json_is_refused(tmp_path, data):
    (tmp_path / "plan.jsonl").write_bytes(data)
    with pytest.raises(UsageError) as caught:
        read_plan(tmp_path / "plan.jsonl")
    assert caught.value.code == "bad_plan"


def test_a_rule_that_is_not_known_is_refused(lines, tmp_path):
    lines[0]["recipe"]["clips"] = "every:5"
    (tmp_path / "plan.jsonl").write_text("\n".join(map(json.dumps, lines)))
    with pytest.raises(UsageError) as caught:
        read_plan(tmp_path / "plan.jsonl")
    assert caught.value.code == "unknown_clip_rule"


def test_a_plan_of_a_newer_vlret_says_so(lines, tmp_path):
    lines[0]["version"] = 2
    (tmp_path / "plan.jsonl").write_text("\n".join(map(json.dumps, lines)))
    with pytest.raises(UsageError) as caught:
        read_plan(tmp_path / "plan.jsonl")
    assert caught.value.code == "newer_format"


def test_a_missing_plan_is_an_error(tmp_path):
    for path in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(UsageError) as caught:
            read_plan(path)
        assert caught.value.code == "plan_unreadable"


def test_names_of_shards_are_of_the_plan_and_not_of_its_file(plan):
    assert [plan.name(n) for n in range(2)] == ["shard-00000-of-00004", "shard-00001-of-00004"]
    spec = plan.spec(1)
    assert (spec.name, spec.recipe) == (plan.name(1), plan.recipe)
    assert all(part.path.is_absolute() for part in spec.parts)
    assert [part.path for part in plan.spec(0).parts] == [
        Path(plan.roots[0]) / part.path for part in plan.shards[0]
    ]


def test_parts_that_are_not_a_file_are_refused(plan):
    parts = ((PlannedPart(0, "b", 0.0, 1.0),), (PlannedPart(0, "b", 2.0),))
    with pytest.raises(ValueError, match="whole and once"):
        ShardPlan(plan.recipe, ("/a",), parts, (1.0, 1.0))
