"""open-vljepa's checkpoint: equal to a forward pass in plain PyTorch; anything but its exact weights is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.transforms import CenterCrop, Normalize, Resize

from tests.models.vljepa.checkpoint import (
    QUERY_WORDS,
    SIZES,
    SMALL,
    TEXT_WORDS,
    converted,
    random_state,
    save_checkpoint,
    save_tokenizer,
    save_x_encoder,
    shapes,
)  # fmt: skip
from tests.models.vljepa.plain_forward import State, clip_embedding, text_embedding
from tests.refusal import refused
from vlret.models.vljepa.configuration import VLJEPAConfig
from vlret.models.vljepa.embedder import VLJEPA
from vlret.models.vljepa.modeling import VLJEPAModel
from vlret.models.vljepa.open_vljepa import SETTINGS, convert, read_checkpoint

TEXTS = ["a dog runs on the beach", "a cat", "red", "the dog on the red beach runs"]
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[VLJEPA, State, State]:
    folder, x_encoder, state = converted(tmp_path_factory.mktemp("open_vljepa"))
    return VLJEPA(folder, dtype="float32"), x_encoder, state


def clip(n_frames: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (n_frames, 48, 77, 3), dtype=np.uint8)


def pixels(frames: np.ndarray) -> torch.Tensor:
    values = torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255
    return Normalize(MEAN, STD)(CenterCrop(32)(Resize(32, antialias=True)(values)))


def tokens(words: list[str], text: str, end: list[int]) -> list[int]:
    return [words.index("<bos>"), *(words.index(word) for word in text.split()), *end]


@pytest.mark.parametrize("n_frames", [8, 2, 5, 1, 16])
def test_clips_equal_the_plain_forward_pass(small: tuple[VLJEPA, State, State], n_frames: int) -> None:
    model, x_encoder, state = small
    query = tokens(QUERY_WORDS, "Describe the video .", [])
    rows = model.embed_clips([clip(n_frames), clip(n_frames, seed=1)])
    plain = torch.stack([
        clip_embedding(pixels(clip(n_frames, seed)), query, x_encoder, state, SIZES) for seed in (0, 1)
    ])  # fmt: skip
    assert np.abs(rows - plain.numpy()).max() < 1e-4
    assert np.abs(rows[0] - rows[1]).max() > 1e-2


def test_another_query_equals_it(small: tuple[VLJEPA, State, State]) -> None:
    model, x_encoder, state = small
    query = "What do you see ?"
    plain = clip_embedding(pixels(clip(8)), tokens(QUERY_WORDS, query, []), x_encoder, state, SIZES)
    asked = model.embed_clips([clip(8)], query)[0]
    assert np.abs(asked - plain.numpy()).max() < 1e-4
    assert np.abs(asked - model.embed_clips([clip(8)])[0]).max() > 1e-3


def test_texts_and_cosines_equal_it(small: tuple[VLJEPA, State, State]) -> None:
    model, x_encoder, state = small
    plain = torch.stack([text_embedding(tokens(TEXT_WORDS, text, [1]), state, SIZES) for text in TEXTS])
    rows = model.embed_texts(TEXTS)
    assert np.abs(rows - plain.numpy()).max() < 1e-4
    query = tokens(QUERY_WORDS, "Describe the video .", [])
    cosines = clip_embedding(pixels(clip(8)), query, x_encoder, state, SIZES) @ plain.T
    assert np.abs(model.embed_clips([clip(8)])[0] @ rows.T - cosines.numpy()).max() < 1e-4


def test_a_training_can_go_on_with_it(small: tuple[VLJEPA, State, State]) -> None:
    embedder, _, state = small
    model = VLJEPAModel.from_pretrained(embedder.folder).eval()
    assert torch.equal(model.predictor.head.weight, state["predictor.out_proj.weight"])
    assert float(model.logit_scale.detach().exp()) == pytest.approx(1 / 0.07)
    ids = torch.tensor([embedder.tokens(TEXTS[0], 16)])
    with torch.inference_mode():
        row = model.embed_text(ids, torch.ones_like(ids, dtype=torch.bool))
    assert np.allclose(embedder.embed_texts(TEXTS[:1]), row.numpy(), atol=1e-5)


def test_bfloat16_rows_stay_close(small: tuple[VLJEPA, State, State]) -> None:
    exact = small[0]
    rough = VLJEPA(exact.folder, dtype="bfloat16")
    assert (exact.embed_clips([clip(8)]) * rough.embed_clips([clip(8)])).sum() > 0.99


def test_the_card_says_how_it_was_trained(small: tuple[VLJEPA, State, State]) -> None:
    card = small[0].card
    assert (card.frames, card.resolution, card.resize, card.decode_size) == (8, 32, "crop", None)
    assert (card.default_query, card.temperature) == ("Describe the video.", 0.07)
    assert "Llama 3.2" in card.licence
    assert "Gemma" in card.licence


def test_tokenizers_are_not_mixed_up(small: tuple[VLJEPA, State, State]) -> None:
    model = small[0]
    assert model.query_tokens("the dog") == [1, 4, 2]
    assert model.tokens("the dog", 16) == [2, 9, 5, 1]
    assert model.query_tokens("the " * 40) == [1] + [4] * 15  # a Llama's text has no end token to keep
    assert model.tokens("the " * 40, 16) == [2] + [9] * 14 + [1]
    assert model.query_tokens("") == []


def test_the_published_list_of_keys_fits(tmp_path: Path) -> None:
    """At full size: each tensor of the file is one number that repeats, so that it takes no disk and no memory."""
    state = {key: torch.zeros(1, dtype=torch.bfloat16).expand(shape) for key, shape in shapes().items()}
    file = save_checkpoint(tmp_path / "best.pt", state)
    with torch.device("meta"):
        model = VLJEPAModel(VLJEPAConfig(**SETTINGS))
    expected = model.state_dict()
    read = read_checkpoint(file, expected)
    assert read.keys() == {key for key in expected if not key.startswith(("x_encoder.", "logit_scale"))}
    assert all(value.shape == expected[key].shape for key, value in read.items())
    assert expected["predictor.embed_tokens.weight"].shape == (128256, 2048)
    assert expected["y_encoder.model.embed_tokens.weight"].shape == (262144, 768)
    counts = {name: sum(p.numel() for p in getattr(model, name).parameters()) / 1e6
              for name in ("x_encoder", "predictor", "y_encoder")}  # fmt: skip
    assert counts["x_encoder"] == pytest.approx(304, abs=1)
    assert counts["predictor"] - 128256 * 2048 / 1e6 == pytest.approx(491.8, abs=0.1)
    assert counts["y_encoder"] == pytest.approx(303, abs=2)


def parts(folder: Path) -> tuple[Path, Path, Path]:
    return (
        save_x_encoder(folder / "x"),
        save_tokenizer(folder / "llama.json", QUERY_WORDS, "<bos> $A"),
        save_tokenizer(folder / "gemma.json", TEXT_WORDS, "<bos> $A <eos>"),
    )


def test_rotary_tables_may_be_in_the_file(tmp_path: Path) -> None:
    state = random_state()
    extra = {
        "predictor.rotary_emb.inv_freq": torch.ones(4),
        "y_encoder.model.rotary_emb_local.inv_freq": torch.ones(4),
    }
    convert(save_checkpoint(tmp_path / "best.pt", state | extra), *parts(tmp_path), tmp_path / "model", SMALL)
    VLJEPA(tmp_path / "model").load()


@pytest.mark.parametrize(
    ("change", "missing", "unexpected"),
    [
        (
            lambda s: s.pop("predictor.layers.2.mlp.up_proj.weight"),
            ["predictor.layers.2.mlp.up_proj.weight"],
            [],
        ),
        (lambda s: s.update({"predictor.layers.3.norm": torch.ones(3)}), [], ["predictor.layers.3.norm"]),
        (lambda s: s.update({"x_encoder.model.norm": torch.ones(3)}), [], ["x_encoder.model.norm"]),
        (
            lambda s: s.update({"predictor.head.weight": s.pop("predictor.out_proj.weight")}),
            ["predictor.out_proj.weight"],
            ["predictor.head.weight"],
        ),
    ],
)
def test_other_keys_are_refused_by_name(
    tmp_path: Path, change, missing: list[str], unexpected: list[str]
) -> None:  # type: ignore[no-untyped-def]
    state = random_state()
    change(state)
    file = save_checkpoint(tmp_path / "best.pt", state)
    with refused("weights_mismatch") as refusal:
        convert(file, *parts(tmp_path), tmp_path / "model", SMALL)
    assert (refusal.value.fields["missing"], refusal.value.fields["unexpected"]) == (missing, unexpected)
    assert not (tmp_path / "model").exists()


def test_another_shape_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    state = random_state()
    state["predictor.norm.weight"] = torch.zeros(1).expand(1 << 40)
    with refused("weights_mismatch") as refusal:
        convert(save_checkpoint(tmp_path / "best.pt", state), *parts(tmp_path), tmp_path / "model", SMALL)
    assert refusal.match(r"predictor.norm.weight .*\[1099511627776\], not floats \[32\]")


def test_another_x_encoder_is_refused(tmp_path: Path) -> None:
    x_encoder, *tokenizers = parts(tmp_path)
    larger = {**SMALL, "x_config": {**SMALL["x_config"], "num_hidden_layers": 3}}
    file = save_checkpoint(tmp_path / "best.pt", random_state())
    with refused("weights_mismatch") as refusal:
        convert(file, x_encoder, *tokenizers, tmp_path / "model", larger)
    assert refusal.match("X-encoder of open-vljepa")


class Canary:
    """Code in a pickle."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.mark,))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (
            lambda folder: {"model_state_dict": random_state(), "config": Canary(folder / "ran")},
            "unusable_model",
        ),
        (lambda folder: Canary(folder / "ran"), "unusable_model"),
        (lambda folder: [1, 2], "not_open_vljepa"),
        (lambda folder: {"state": random_state()}, "not_open_vljepa"),
        (lambda folder: {"model_state_dict": {"a": 1}}, "not_open_vljepa"),
    ],
)
def test_other_content_is_refused_and_nothing_runs(tmp_path: Path, content, code: str) -> None:  # type: ignore[no-untyped-def]
    torch.save(content(tmp_path), tmp_path / "best.pt")
    with refused(code):
        convert(tmp_path / "best.pt", *parts(tmp_path), tmp_path / "model", SMALL)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 broken"])
def test_a_damaged_file_is_one_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "best.pt").write_bytes(content)
    with refused("unreadable_weights"):
        convert(tmp_path / "best.pt", *parts(tmp_path), tmp_path / "model", SMALL)
