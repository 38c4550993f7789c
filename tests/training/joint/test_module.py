"""The forward pass of a training is that of the model."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import normalize

from tests.models.vljepa.tiny import tiny_model
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.training.joint.module import JointModule, Part, layer_classes

QUERIES = [[2, 8, 9, 3], [], [2, 5, 3]]
TEXTS = [[2, 4, 3], [2, 4, 5, 6, 3], [2, 7, 3]]


def padded(rows: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    longest = max(1, *map(len, rows))
    ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    mask = torch.tensor([[True] * len(row) + [False] * (longest - len(row)) for row in rows])
    return ids, mask


def clips() -> list[torch.Tensor]:
    rng = torch.Generator().manual_seed(1)
    return [torch.randn(n, 32, generator=rng) for n in (4, 8, 4)]


def part(queries: list[list[int]]) -> Part:
    visual = torch.nn.utils.rnn.pad_sequence(clips(), batch_first=True)
    mask = torch.tensor([[True] * len(clip) + [False] * (8 - len(clip)) for clip in clips()])
    return Part(visual, mask, *padded(queries), *padded(TEXTS))


def alone(model: VLJEPAModel, queries: list[list[int]]) -> torch.Tensor:
    rows = []
    for clip, query in zip(clips(), queries, strict=True):
        asked = (
            [torch.tensor([query]), torch.ones(1, len(query), dtype=torch.bool)] if query else [None, None]
        )
        rows.append(model.predict(clip[None], None, *asked))
    return torch.cat(rows)


@pytest.mark.parametrize("queries", [QUERIES, [[], [], []]])
@pytest.mark.parametrize("embeddings", ["own", "y_encoder"])
def test_each_row_is_what_the_model_gives_alone(embeddings: str, queries: list[list[int]]) -> None:
    model = tiny_model(query_embeddings=embeddings)
    with torch.no_grad():
        prediction, target = JointModule(model, with_x_encoder=False)(part(queries))
        texts = torch.cat([model.embed_text(*padded([text])) for text in TEXTS])
        assert torch.allclose(normalize(prediction, dim=-1), alone(model, queries), atol=1e-5)
        assert torch.allclose(normalize(target, dim=-1), texts, atol=1e-5)


def test_without_any_query_every_parameter_of_the_predictor_has_a_gradient() -> None:
    model = tiny_model(query_embeddings="y_encoder")
    prediction, _ = JointModule(model, with_x_encoder=False)(part([[], [], []]))
    prediction.sum().backward()
    assert all(parameter.grad is not None for parameter in model.predictor.parameters())
    assert not model.predictor.query_proj.weight.grad.any()


def test_frames_go_through_an_x_encoder_that_learns() -> None:
    model = tiny_model(query_embeddings="y_encoder")
    frames = torch.randn(3, 2, 3, 28, 28)
    with torch.no_grad():
        given = Part(frames, None, *padded(QUERIES), *padded(TEXTS))
        prediction, _ = JointModule(model, with_x_encoder=True)(given)
        tokens = model.encode(frames)
        mask = torch.ones(tokens.shape[:2], dtype=torch.bool)
        expected, _ = JointModule(model, with_x_encoder=False)(
            Part(tokens, mask, *padded(QUERIES), *padded(TEXTS))
        )
    assert torch.allclose(prediction, expected, atol=1e-5)


def test_layers_are_split_by_themselves() -> None:
    assert layer_classes(JointModule(tiny_model(), False)) == {"LlamaDecoderLayer", "BertLayer"}
