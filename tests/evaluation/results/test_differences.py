"""Every field of a protocol is seen by `differences`; what differs by nature does not stop a comparison."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace

import pytest

from tests.evaluation.sets import classification_set, retrieval_set, text_set, vqa_set
from vlret.evaluation.embeddings.encoding_version import ENCODING_VERSION
from vlret.evaluation.protocol.protocol import Protocol
from vlret.evaluation.results.differences import differences
from vlret.evaluation.results.stamp import Stamp, stamp
from vlret.evaluation.tasks.registry import task_of, tasks_using

OTHER = {
    "dataset": "other", "split": "val", "choices": {"captions": "all"}, "frames": 16, "sampling": "endpoints",
    "resize": "squash", "text_tokens": 64, "prompts": ("a {}",), "query": "what?", "ties": "optimistic",
    "rerank": ("dual_softmax",), "undecodable": "excluded", "allow_missing": True,
}  # fmt: skip


def stamp_of(protocol: Protocol, made=None, **more) -> Stamp:
    model = {"name": "a", "revision": "1", **more}
    return stamp(protocol, task_of(made or retrieval_set()).scored_set(), model, [], [])


@pytest.mark.parametrize("name", [field.name for field in fields(Protocol)])
def test_every_field_is_seen_and_matters_unless_only_what_follows_from_it_does(name):
    plain, made = Protocol("set"), classification_set() if name == "prompts" else retrieval_set()
    found = differences(stamp_of(plain, made), stamp_of(replace(plain, **{name: OTHER[name]}), made))
    assert len(found) == 1
    assert found[0].matters == (name != "allow_missing")  # the stamp's set says what is missing
    assert found[0].name.startswith(f"protocol.{name}")


@pytest.mark.parametrize("made", [retrieval_set(), classification_set(), vqa_set(), text_set()])
def test_fields_that_a_task_does_not_use_are_not_stamped(made):
    stamped = stamp_of(Protocol(**OTHER), made).protocol
    idle = [name for name in OTHER if made.card.task not in tasks_using(name)]
    assert [name for name, value in stamped.items() if value is None] == idle
    assert {name: tuple(v) if isinstance(v, list) else v for name, v in stamped.items() if v is not None} == {
        name: value for name, value in OTHER.items() if name not in idle
    }


def test_packages_encoding_and_processor_are_stamped():
    made = stamp_of(Protocol("set"))
    assert {"pillow", "torchvision", "tokenizers", "scipy", "faiss-cpu", "av"} <= made.versions.keys()
    assert made.versions["encoding_version"] == str(ENCODING_VERSION)
    assert made.machine["processor"]
    other = replace(made, versions={**made.versions, "encoding_version": "0"})
    (found,) = differences(made, other)
    assert (found.name, found.matters) == ("versions.encoding_version", False)


def test_equal_stamps_do_not_differ():
    assert differences(stamp_of(Protocol("set")), stamp_of(Protocol("set"))) == []


def test_models_are_told_but_do_not_matter():
    found = differences(stamp_of(Protocol("set")), stamp_of(Protocol("set"), name="b", dtype="bfloat16"))
    assert [(one.name, one.matters) for one in found] == [("model.name", False), ("model.dtype", False)]
    assert str(found[0]) == "model.name: 'a' and 'b'"
    assert found[0].line() == "differs: model.name: 'a' and 'b'"
    (frames,) = differences(stamp_of(Protocol("set")), stamp_of(Protocol("set", frames=3)))
    assert frames.line() == "differs and matters: protocol.frames: 8 and 3"


def test_a_medium_less_matters_and_comes_first():
    whole = retrieval_set()
    part = replace(whole, media=whole.media[:3], texts=whole.texts[:4], owner=whole.owner[:4])
    a = stamp_of(Protocol("set"))
    b = stamp(Protocol("set"), task_of(part).scored_set(), {"name": "b", "revision": "1"}, ["grey"], ["red"])
    found = differences(a, b)
    names = ["set.hash", "set.media", "set.texts", "set.missing", "set.undecodable", "model.name"]
    assert [one.name for one in found] == names
    assert [one.matters for one in found] == [True] * 5 + [False]


def test_a_stamp_is_plain_values():
    found = stamp_of(Protocol("set", rerank=("qb_norm",)))
    assert json.loads(json.dumps(asdict(found))) == asdict(found)
    assert found.protocol["rerank"] == ["qb_norm"]
    assert asdict(Protocol("set")).keys() == found.protocol.keys()
    assert {"vlret", "numpy", "torch"} <= found.versions.keys()
