"""What the X-encoder gets of a frame."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchvision.transforms import CenterCrop, Resize

from vlret.models.vljepa.processing import normalise, x_encoder_input

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)


def frames(height: int, width: int, n: int = 2) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("height", "width"), [(48, 85), (85, 48), (300, 200), (16, 16), (16, 63), (32, 33), (5, 20)]
)
def test_crop_is_that_of_torchvision(height: int, width: int) -> None:
    given = frames(height, width)
    whole = normalise(given, MEAN, STD)
    expected = CenterCrop(16)(Resize(16, antialias=True)(whole))
    assert torch.allclose(x_encoder_input(given, 16, "crop", MEAN, STD), expected, atol=1e-5)


def test_crop_keeps_the_centre_and_squash_all() -> None:
    given = np.zeros((1, 16, 64, 3), np.uint8)
    given[:, :, :24] = 255  # outside of the centre
    plain = ((0.0,) * 3, (1.0,) * 3)
    assert not x_encoder_input(given, 16, "crop", *plain).any()
    assert x_encoder_input(given, 16, "squash", *plain)[0, 0, 0, 0] == 1


@pytest.mark.parametrize("shape", [(1, 60_000), (60_000, 1)])
def test_a_picture_one_pixel_high_takes_little_memory(
    shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision.transforms import functional

    seen: list[tuple[int, ...]] = []
    resize = functional.resize

    def watched(image: torch.Tensor, *arguments: object, **more: object) -> torch.Tensor:
        seen.append(image.shape)
        return resize(image, *arguments, **more)

    monkeypatch.setattr(functional, "resize", watched)
    assert x_encoder_input(frames(*shape, n=1), 16, "crop", MEAN, STD).shape == (1, 3, 16, 16)
    assert max(seen[0][-2:]) == 4
