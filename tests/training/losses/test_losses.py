"""Each loss against a loop over its definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from vlret.errors import UsageError
from vlret.training.losses import sigreg
from vlret.training.losses.info_nce import info_nce
from vlret.training.losses.names import LOSS_NAMES
from vlret.training.losses.registry import LOSSES, named_loss
from vlret.training.losses.same import same_pairs

COUNT, DIM = 6, 5
SCALE = torch.tensor(7.0)
NONE = torch.zeros(COUNT, COUNT, dtype=torch.bool)


def sides() -> tuple[torch.Tensor, torch.Tensor]:
    """Not of unit length."""
    rng = torch.Generator().manual_seed(0)
    return torch.randn(COUNT, DIM, generator=rng), 2 * torch.randn(COUNT, DIM, generator=rng) + 0.5


def value(name: str, same: torch.Tensor = NONE) -> float:
    return named_loss(name)(*sides(), SCALE, same).item()


def one_pair() -> torch.Tensor:
    same = NONE.clone()
    same[1, 4] = same[4, 1] = True
    return same


def cosines() -> list[list[float]]:
    prediction, target = (side.double().numpy() for side in sides())
    return [[float(p @ t / np.linalg.norm(p) / np.linalg.norm(t)) for t in target] for p in prediction]


def test_info_nce_is_of_cosines() -> None:
    prediction, target = (normalize(side, dim=-1) for side in sides())
    assert math.isclose(
        value("info_nce", one_pair()), info_nce(prediction, target, SCALE, one_pair()).item(), rel_tol=1e-6
    )


@pytest.mark.parametrize("same", [NONE, one_pair()], ids=["all", "masked"])
def test_sigmoid_asks_of_each_pair_alone(same: torch.Tensor) -> None:
    total = 0.0
    for i, row in enumerate(cosines()):
        for j, cosine in enumerate(row):
            logit = 7.0 * cosine - 10.0
            if i == j:
                total += math.log1p(math.exp(-logit))
            elif not same[i, j]:
                total += math.log1p(math.exp(logit))
    assert math.isclose(value("sigmoid", same), total / COUNT, rel_tol=1e-5)


def test_bias_of_sigmoid_learns() -> None:
    loss = named_loss("sigmoid")
    loss(*sides(), SCALE, NONE).backward()
    (bias,) = loss.parameters()
    expected = sum(
        1 / (1 + math.exp(10.0 - 7.0 * cosine)) - (i == j)
        for i, row in enumerate(cosines())
        for j, cosine in enumerate(row)
    )
    assert bias.grad is not None
    assert math.isclose(bias.grad.item(), expected / COUNT, rel_tol=1e-5)


def test_cosine_l1_and_l2_are_means() -> None:
    prediction, target = (side.double().numpy() for side in sides())
    differences = [float(p - t) for p, t in zip(prediction.flat, target.flat, strict=True)]
    of_own = [row[n] for n, row in enumerate(cosines())]
    assert math.isclose(value("cosine"), 1 - sum(of_own) / COUNT, rel_tol=1e-5)
    assert math.isclose(value("l1"), sum(map(abs, differences)) / (COUNT * DIM), rel_tol=1e-5)
    assert math.isclose(value("l2"), sum(d * d for d in differences) / (COUNT * DIM), rel_tol=1e-5)


def test_vicreg_is_the_published_sum() -> None:
    prediction, target = (side.double().numpy() for side in sides())
    expected = 25 * float(np.mean((prediction - target) ** 2))
    for side in (prediction, target):
        means = [sum(side[:, a]) / COUNT for a in range(DIM)]
        for a in range(DIM):
            for b in range(DIM):
                covariance = sum((row[a] - means[a]) * (row[b] - means[b]) for row in side) / (COUNT - 1)
                if a == b:
                    expected += 25 / 2 * max(0.0, 1 - math.sqrt(covariance + 1e-4)) / DIM
                else:
                    expected += covariance**2 / DIM
    assert math.isclose(value("vicreg"), expected, rel_tol=1e-5)


def test_sigreg_is_the_sum_of_distance_and_statistic() -> None:
    prediction, target = (side.double().numpy() for side in sides())
    directions = sigreg.directions(DIM, 0).double().numpy()
    statistics = [naive_statistic(side @ a) for side in (prediction, target) for a in directions.T[:1024]]
    expected = 0.95 * float(np.mean((prediction - target) ** 2)) + 0.05 * float(np.mean(statistics))
    assert math.isclose(value("sigreg"), expected, rel_tol=1e-5)


def naive_statistic(samples: np.ndarray) -> float:
    """Over [-3, 3] in 33 points, by the definition with complex numbers."""
    t = np.linspace(-3, 3, 33)
    normal = np.exp(-(t**2) / 2)
    empirical = np.exp(1j * np.outer(samples, t)).mean(0)
    return float(len(samples) * np.trapezoid(np.abs(empirical - normal) ** 2 * normal, t))


def test_statistic_is_close_to_the_exact_integral() -> None:
    """The closed form of Epps and Pulley (1983) with the standard normal weight, over all t."""
    samples = torch.randn(200, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for n, column in enumerate(samples.T.numpy()):
        pairs = np.exp(-((column[:, None] - column) ** 2) / 2).mean()
        exact = (
            200
            * math.sqrt(2 * math.pi)
            * (pairs - math.sqrt(2) * np.exp(-(column**2) / 4).mean() + 1 / math.sqrt(3))
        )
        assert abs(sigreg.epps_pulley(samples.float())[n].item() - exact) < 0.02


def test_statistic_finds_what_vicreg_does_not() -> None:
    """Two points per component have the mean, the variance and the covariance of a normal distribution."""
    rng = torch.Generator().manual_seed(0)
    normal, corners = (
        torch.randn(512, 1, generator=rng),
        torch.randint(0, 2, (512, 1), generator=rng) * 2.0 - 1,
    )
    assert sigreg.epps_pulley(normal).item() < 2
    assert sigreg.epps_pulley(corners).item() > 20


def test_directions_follow_from_the_step_alone() -> None:
    loss = named_loss("sigreg")
    first = loss(*sides(), SCALE, NONE).item()
    torch.manual_seed(123)
    second = loss(*sides(), SCALE, NONE).item()
    resumed = named_loss("sigreg")
    resumed.load_state_dict({"step": torch.tensor(1)})
    assert first != second == resumed(*sides(), SCALE, NONE).item()
    lengths = sigreg.directions(DIM, 0).square().sum(0)
    assert torch.allclose(lengths, torch.ones(1024))


@pytest.mark.parametrize("name", LOSSES)
def test_one_step_down_the_gradient_makes_the_loss_smaller(name: str) -> None:
    prediction, target = (side.requires_grad_(True) for side in sides())
    before = named_loss(name)(prediction, target, SCALE, NONE)
    gradients = torch.autograd.grad(before, (prediction, target))
    after = named_loss(name)(
        *(side - 1e-3 * g for side, g in zip((prediction, target), gradients, strict=True)), SCALE, NONE
    )
    assert after < before


@pytest.mark.parametrize("name", ["info_nce", "sigmoid"])
def test_pairs_that_are_the_same_are_no_negatives(name: str) -> None:
    prediction, target = (side.requires_grad_(True) for side in sides())
    everything = torch.ones_like(NONE)
    named_loss(name)(prediction, target, SCALE, everything).backward()
    for n in range(COUNT):
        alone = named_loss(name)(prediction[n : n + 1], target[n : n + 1], SCALE, everything[:1, :1])
        (expected,) = torch.autograd.grad(alone, prediction)
        assert prediction.grad is not None
        assert torch.allclose(prediction.grad[n], expected[n] / COUNT, atol=1e-7)


def test_same_is_the_same_input_or_the_same_text() -> None:
    same = same_pairs(torch.tensor([0, 1, 0, 2]), torch.tensor([5, 6, 7, 6]))
    assert same.tolist() == [[True, False, True, False], [False, True, False, True]] * 2


def test_the_names_are_those_of_the_losses() -> None:
    assert tuple(LOSSES) == LOSS_NAMES


def test_a_loss_nobody_knows_is_named() -> None:
    with pytest.raises(UsageError) as error:
        named_loss("mse")
    assert error.value.code == "unknown_loss"
    assert error.value.fields["allowed"] == list(LOSSES)
