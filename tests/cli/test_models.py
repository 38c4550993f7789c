"""`vlret models`."""

from __future__ import annotations

from tests.cli.conftest import vlret
from vlret.models.registry import list_models


def test_json_and_plain_list_every_model():
    run = vlret("models", "--json")
    assert (run.code, run.err) == (0, "")
    assert run.json == {"schema": 1, "models": list_models()}
    plain = vlret("models").out
    for model in list_models():
        assert model["name"] in plain
        assert model["licence"] in plain
        assert model["installed"] or model["how_to_get"] in plain
