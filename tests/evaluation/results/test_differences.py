"""Every field of a protocol is seen by `differences`; what differs by nature does not stop a comparison."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace

import pytest

from tests.evaluation.sets import classification_set, retrieval_set, text_set, vqa_set
from vlret.errors import UsageError
from vlret.evaluation.embeddings.encoding_version import ENCODING_VERSION
from vlret.evaluation.results.protocol import USED_BY, Protocol, Stamp, differences
from vlret.evaluation.results.stamp import set_hash, stamp

OTHER = {
    "dataset": "other", "split": "val", "choices": {"captions": "all"}, "frames": 16, "sampling": "endpoints",
    "resize": "squash", "text_tokens": 64, "prompts": ("a {}",), "query": "what?", "ties": "optimistic",
    "rerank": ("dual_softmax",), "undecodable": "excluded", "allow_missing": True,
}  # fmt: skip


def stamp_of(protocol: Protocol, made=None, **more) -> Stamp:
    model = {"name": "a", "revision": "1", **more}
    return stamp(protocol, made or retrieval_set(), model, [], [])


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
    idle = [name for name, tasks in USED_BY.items() if made.card.task not in tasks]
    assert [name for name, value in stamped.items() if value is None] == sorted(idle, key=list(stamped).index)
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
    b = stamp(Protocol("set"), part, {"name": "b", "revision": "1"}, ["grey"], ["red"])
    found = differences(a, b)
    names = ["set.hash", "set.media", "set.texts", "set.missing", "set.undecodable", "model.name"]
    assert [one.name for one in found] == names
    assert [one.matters for one in found] == [True] * 5 + [False]


def test_the_hash_sees_ids_texts_and_what_belongs_together():
    sets = [retrieval_set(), classification_set(), vqa_set(), text_set()]
    hashes = {set_hash(one) for one in sets}
    assert {set_hash(one) for one in sets} == hashes
    assert len(hashes) == 4
    whole = retrieval_set()
    changed = [
        replace(whole, texts=["a red wall!", *whole.texts[1:]]),
        replace(whole, owner=[1, *whole.owner[1:]]),
        replace(whole, media=[replace(whole.media[0], end=1.0), *whole.media[1:]]),
    ]
    assert len({set_hash(one) for one in [whole, *changed]}) == 4


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"sampling": "first"}, "invalid_choice"),
        ({"resize": "crop"}, "invalid_choice"),
        ({"ties": "mine"}, "invalid_choice"),
        ({"rerank": ("none",)}, "invalid_choice"),
        ({"undecodable": "replaced"}, "invalid_choice"),
        ({"frames": 0}, "out_of_range"),
        ({"text_tokens": 2}, "out_of_range"),
        ({"prompts": ("a photo",)}, "invalid_prompt"),
    ],
)
def test_unknown_values_are_refused(values, code):
    with pytest.raises(UsageError) as caught:
        Protocol("set", **values)
    assert caught.value.code == code
    (given,) = values.values()
    assert caught.value.fields["given"] == (given[0] if isinstance(given, tuple) else given)


def test_the_allowed_values_are_listed():
    with pytest.raises(UsageError, match=r"ties is 'mine'\. Allowed: expected, optimistic, pessimistic"):
        Protocol("set", ties="mine")


def test_a_stamp_is_plain_values():
    found = stamp_of(Protocol("set", rerank=("qb_norm",)))
    assert json.loads(json.dumps(asdict(found))) == asdict(found)
    assert found.protocol["rerank"] == ["qb_norm"]
    assert asdict(Protocol("set")).keys() == found.protocol.keys()
    assert {"vlret", "numpy", "torch"} <= found.versions.keys()
