"""A protocol refuses values that are not allowed; that of a dataset has the choices of its card."""

from __future__ import annotations

import pytest

from tests.evaluation.sets import card
from vlret.errors import UsageError
from vlret.evaluation.protocol.protocol import Protocol, protocol_for


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


def test_the_usual_protocol_is_that_of_the_card_and_given_prompts_replace_its_choice_of_prompts():
    made = card("classification", frames=0, prompts=("a {}",), choices={"prompts": "templates", "crop": "no"})
    usual = protocol_for(made, ties=None)
    assert (usual.dataset, usual.frames, usual.prompts, usual.ties) == (made.name, 1, ("a {}",), "expected")
    assert usual.choices == made.choices
    given = protocol_for(made, prompts=("the {}",), frames=4)
    assert (given.prompts, given.frames, given.choices) == (("the {}",), 4, {"crop": "no"})
