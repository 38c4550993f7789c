"""InfoNCE against a loop that counts each term."""

from __future__ import annotations

import math

import torch
from torch.nn.functional import cross_entropy, normalize

from vlret.training.losses.info_nce import answer_loss, caption_loss, info_nce


def pair(n: int = 6, dim: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return normalize(torch.randn(n, dim), dim=-1), normalize(torch.randn(n, dim), dim=-1)


def naive(prediction: torch.Tensor, target: torch.Tensor, scale: float, same: torch.Tensor) -> float:
    scores = (scale * prediction @ target.T).tolist()
    total, n = 0.0, len(scores)
    for i in range(n):
        row = [scores[i][j] for j in range(n) if j == i or not same[i, j]]
        column = [scores[j][i] for j in range(n) if j == i or not same[j, i]]
        for terms in (row, column):
            total -= scores[i][i] - math.log(sum(map(math.exp, terms)))
    return total / (2 * n)


def test_equals_the_naive_loss_with_equal_texts_left_out() -> None:
    prediction, target = pair()
    same = torch.zeros(6, 6, dtype=torch.bool)
    same[1, 4] = same[4, 1] = True
    loss = info_nce(prediction, target, torch.tensor(7.0), same)
    assert math.isclose(loss.item(), naive(prediction, target, 7.0, same), rel_tol=1e-5)


def test_label_smoothing_is_spread_over_all_that_count() -> None:
    prediction, target = pair()
    none, same = torch.zeros(6, 6, dtype=torch.bool), torch.zeros(6, 6, dtype=torch.bool)
    same[1, 4] = same[4, 1] = True
    logits, labels = 7.0 * prediction @ target.T, torch.arange(6)
    both = [cross_entropy(x, labels, label_smoothing=0.1).item() for x in (logits, logits.T)]
    assert math.isclose(
        info_nce(prediction, target, torch.tensor(7.0), none, 0.1).item(), sum(both) / 2, rel_tol=1e-5
    )
    prediction.requires_grad_(True)
    loss = info_nce(prediction, target, torch.tensor(7.0), same, 0.1)
    loss.backward()
    assert math.isfinite(loss.item())
    assert prediction.grad is not None
    assert prediction.grad.isfinite().all()


def test_starts_near_log_of_the_batch() -> None:
    torch.manual_seed(0)
    prediction, target = (normalize(torch.randn(512, 256), dim=-1) for _ in range(2))
    loss = info_nce(prediction, target, torch.tensor(1.0), torch.zeros(512, 512, dtype=torch.bool))
    assert abs(loss.item() - math.log(512)) < 0.05


def test_distinct_answers_count_once_each() -> None:
    prediction, target = pair()
    labels = torch.tensor([0, 1, 0, 2, 1, 0])
    loss = answer_loss(prediction, target[:3], torch.tensor(5.0), labels)
    rows = (5.0 * prediction @ target[:3].T).log_softmax(1)
    assert math.isclose(loss.item(), -rows[torch.arange(6), labels].mean().item(), rel_tol=1e-5)


def test_captions_of_any_length_and_a_scale_of_at_most_a_hundred() -> None:
    prediction, target = pair()
    same = torch.zeros(6, 6, dtype=torch.bool)
    loss = caption_loss(prediction, 3 * target, torch.tensor(math.log(1000.0)), same)
    assert math.isclose(loss.item(), naive(prediction, target, 100.0, same), rel_tol=1e-5)
