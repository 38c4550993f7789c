"""Decoding against a naive loop, and text decoders that are damaged, hostile or of another model."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.conftest import ColourEmbedder
from tests.models.captioners.tiny_decoder import LLAMA, write_decoder
from tests.refusal import refused
from vlret.models.captioners.decoder_folder import KINDS, load_decoder, read_card
from vlret.models.captioners.generative import SCORE_WEIGHT, GenerativeCaptioner
from vlret.models.captioners.registry import load_captioner
from vlret.models.captioners.text_decoder import NO_REPEAT, TextDecoder
from vlret.vectors import unit_rows

OTHERS = {
    "gpt2": {"model_type": "gpt2", "n_embd": 16, "n_layer": 1, "n_head": 2},
    "qwen2": {**LLAMA, "model_type": "qwen2"},
    "qwen3": {**LLAMA, "model_type": "qwen3", "head_dim": 8},
    "gemma3_text": {**LLAMA, "model_type": "gemma3_text", "head_dim": 8, "num_hidden_layers": 2},
    "llama": {**LLAMA, "tie_word_embeddings": False},
}


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    return unit_rows(np.random.default_rng(3).normal(size=(20, 4)))


def naive(decoder: TextDecoder, row: np.ndarray, longest: int) -> list[int]:
    """Greedy decoding without a cache: the whole text is read again for each token."""
    ids: list[int] = []
    while len(ids) < longest:
        given = torch.tensor([[*ids, 0]])
        logits = decoder(torch.from_numpy(row)[None], given)[0, -1]
        for token in range(len(logits)):
            text = [*ids, token]
            gram = text[-NO_REPEAT:]
            earlier = [ids[n : n + NO_REPEAT] for n in range(len(ids) - NO_REPEAT + 1)]
            if len(text) >= NO_REPEAT and gram in earlier:
                logits[token] = -torch.inf
        ids.append(int(logits.argmax()))
        if ids[-1] == decoder.lm.config.eos_token_id:
            break
    return ids


def mean_log_probability(decoder: TextDecoder, row: np.ndarray, ids: list[int]) -> float:
    logits = decoder(torch.from_numpy(row)[None], torch.tensor([ids]))[0]
    return float(logits.log_softmax(-1)[range(len(ids)), ids].mean())


def test_greedy_decoding_equals_the_naive_loop(tmp_path, rows):
    folder = write_decoder(tmp_path, beams=1, longest=12)
    decoder = load_decoder(folder, read_card(folder))
    written = decoder.write(torch.from_numpy(rows), 1, 12)
    assert not written.scores.any()
    for row, ids in zip(rows, written.tokens, strict=True):
        expected = naive(decoder, row, 12)
        assert ids[: len(expected)] == expected
        assert set(ids[len(expected) :]) <= {decoder.lm.config.pad_token_id}


def test_beams_find_texts_at_least_as_likely_as_greedy_ones(tmp_path, rows):
    folder = write_decoder(tmp_path)
    decoder = load_decoder(folder, read_card(folder))
    greedy = decoder.write(torch.from_numpy(rows), 1, 3).tokens
    beams = decoder.write(torch.from_numpy(rows), 16, 3)
    assert (np.diff(beams.scores) <= 1e-6).all()
    for row, one, best, score in zip(rows, greedy, beams.tokens[::16], beams.scores[:, 0], strict=True):
        found = mean_log_probability(decoder, row, [i for i in best if i])
        assert found == pytest.approx(score, abs=1e-3)
        assert found >= mean_log_probability(decoder, row, [i for i in one if i]) - 1e-4


def test_the_caption_is_the_best_beam_by_score_and_log_probability(tmp_path, rows):
    model, folder = ColourEmbedder(), write_decoder(tmp_path, beams=4)
    captioner = GenerativeCaptioner(folder, model)
    for row, caption in zip(rows, captioner.caption(rows), strict=True):
        written = captioner.decoder.write(torch.from_numpy(row)[None], 4, 6)
        texts = [" ".join(text.split()) for text in captioner.tokenizer.decode_batch(written.tokens)]
        scores = model.embed_texts(texts) @ row
        best = int(np.argmax(written.scores[0] + SCORE_WEIGHT * scores))
        assert caption.text == texts[best]
        assert caption.score == pytest.approx(float(scores[best]), abs=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_language_model_of_each_kind_is_saved_and_loaded(tmp_path, rows, kind):
    folder = write_decoder(tmp_path, OTHERS[kind])
    captions = GenerativeCaptioner(folder, ColourEmbedder()).caption(rows)
    assert captions == GenerativeCaptioner(folder, ColourEmbedder()).caption(rows)


def test_a_directory_is_a_captioner_by_its_path(tmp_path, rows):
    captioner = load_captioner(write_decoder(tmp_path), ColourEmbedder())
    assert captioner.name == "tiny"
    with refused("captioner_of_other_model"):
        load_captioner(write_decoder(tmp_path / "other", space="another"), ColourEmbedder())


def test_a_directory_without_a_file_is_no_text_decoder(tmp_path):
    for name in ("config.json", "card.json", "tokenizer.json", "decoder.safetensors"):
        folder = write_decoder(tmp_path / name)
        (folder / name).unlink()
        with refused("not_a_text_decoder"):
            GenerativeCaptioner(folder, ColourEmbedder())


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"model_type": "bert"}, "damaged_config"),
        ({"hidden_size": 32}, "weights_mismatch"),
        ({"num_hidden_layers": 1}, "weights_mismatch"),
        ({"num_hidden_layers": 900}, "unsafe_model"),
        ({"auto_map": {"AutoModel": "code.Model"}}, "unsafe_model"),
        ({"num_attention_heads": "two"}, "unusable_model"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(tmp_path, changed, code):
    folder = write_decoder(tmp_path)
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changed))
    with refused(code):
        GenerativeCaptioner(folder, ColourEmbedder()).caption(np.ones((1, 4), np.float32))


@pytest.mark.parametrize(
    "changed",
    [{"max_time": 1e-9}, {"stop_strings": ["a"]}, {"constraints": [1]}, {"repetition_penalty": 9.0}],
)
def test_a_configuration_does_not_change_how_texts_are_decoded(tmp_path, rows, changed):
    folder = write_decoder(tmp_path)
    expected = GenerativeCaptioner(folder, ColourEmbedder()).caption(rows)
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changed))
    assert GenerativeCaptioner(folder, ColourEmbedder()).caption(rows) == expected


def test_many_beams_are_decoded_in_smaller_batches(tmp_path, rows, monkeypatch):
    sizes, write = [], TextDecoder.write

    def counted(self, embeddings, beams, longest):
        sizes.append(len(embeddings) * beams)
        return write(self, embeddings, beams, longest)

    monkeypatch.setattr(TextDecoder, "write", counted)
    GenerativeCaptioner(write_decoder(tmp_path, beams=32), ColourEmbedder()).caption(rows)
    assert sizes == [192, 192, 192, 64]


@pytest.mark.parametrize(
    "change", [{"dim": 0}, {"beams": 1000}, {"longest": 257}, {"longest": "long"}, {"new": 1}]
)
def test_a_damaged_card_is_refused(tmp_path, change):
    folder = write_decoder(tmp_path)
    file = folder / "card.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with refused("damaged_card"):
        GenerativeCaptioner(folder, ColourEmbedder())


def test_weights_that_are_not_those_of_the_card_are_refused(tmp_path):
    folder = write_decoder(tmp_path)
    file = folder / "decoder.safetensors"
    weights = load_file(file)
    weights["prefix.bias"] += 1
    save_file(weights, file)
    with refused("weights_mismatch"):
        GenerativeCaptioner(folder, ColourEmbedder())
