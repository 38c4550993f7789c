"""Answers and likelihoods are those of direct calls of transformers, for each family."""

from __future__ import annotations

import pytest
import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

from tests.models.vlm.conftest import frames
from tests.models.vlm.folders import IDS
from tests.refusal import refused
from vlret.models.vlm.transformers_vlm import load_vlm

SHORT = "red?\nAnswer the question using a single word or phrase."
_CHATML = "<|im_start|>user\n{}" + SHORT + "<|im_end|>\n<|im_start|>assistant\n"
_VICUNA = "USER: {}" + SHORT + " ASSISTANT:"
_QWEN = {
    1: "<|vision_start|><|image_pad|><|vision_end|>",
    8: "<|vision_start|><|video_pad|><|vision_end|>",
}
IMAGE = {
    "instructblip": ("Question: red? Short answer:", " ", "</s>"),
    "blip2": ("Question: red? Short answer:", " ", "</s>"),
    "instructblip_t5": ("Question: red? Short answer:", " ", "</s>"),
    "idefics3": (
        f"<|im_start|>User:<image>{SHORT}<end_of_utterance>\nAssistant:", " ", "<end_of_utterance>",
    ),
    "smolvlm": (
        f"<|im_start|>User:<image>{SHORT}<end_of_utterance>\nAssistant:", " ", "<end_of_utterance>",
    ),
    "llava": (_VICUNA.format("<image>\n"), " ", "</s>"),
    "llava_onevision": (_CHATML.format("<|vision_start|><image><|vision_end|>"), "", "<|im_end|>"),
    "internvl": (_CHATML.format("<image>\n"), "", "<|im_end|>"),
    "video_llava": (_VICUNA.format("<image>\n"), " ", "</s>"),
    "paligemma": ("answer en red?", "", "</s>"),
    **{
        name: (_CHATML.format(_QWEN[1]), "", "<|im_end|>") for name in ("qwen2_vl", "qwen2_5_vl", "qwen3_vl")
    },
}  # fmt: skip
"""By family the text of a question about one image, what stands before its answer, and what ends it."""
CLIP = {
    "idefics3": (IMAGE["idefics3"][0].replace("<image>", "<image>" * 8), *IMAGE["idefics3"][1:]),
    "smolvlm": (
        f"<|im_start|>User: <video>{SHORT}<end_of_utterance>\nAssistant:",
        " ",
        "<end_of_utterance>",
    ),
    "llava": (_VICUNA.format("<image>\n" * 8), " ", "</s>"),
    "llava_onevision": (_CHATML.format("<|vision_start|><video><|vision_end|>"), "", "<|im_end|>"),
    "internvl": (_CHATML.format("<video>\n"), "", "<|im_end|>"),
    "video_llava": (_VICUNA.format("<video>\n"), " ", "</s>"),
    **{name: (_CHATML.format(_QWEN[8]), "", "<|im_end|>") for name in ("qwen2_vl", "qwen2_5_vl", "qwen3_vl")},
}
CASES = [*((name, 1, one) for name, one in IMAGE.items()), *((name, 8, one) for name, one in CLIP.items())]
ANSWERS = ("yes", "no", "a red one", "12")


@pytest.fixture(params=CASES, ids=[f"{name}-{n}" for name, n, _ in CASES])
def case(request, saved):
    """A loaded model, its frames, and by hand: the model, the processor, its inputs and the text that it asks with."""
    family, n, text = request.param
    folder, shown = saved(family), frames(n)
    model = AutoModelForImageTextToText.from_pretrained(folder).eval()
    processor = AutoProcessor.from_pretrained(folder)
    inputs = _inputs(processor, shown, text[0])
    return load_vlm(str(folder), device="cpu", dtype="float32"), shown, model, processor, inputs, text


def _inputs(processor, shown, text):
    if "video" in text:
        about = {"total_num_frames": 8, "fps": 2.0, "frames_indices": list(range(8))}
        made = processor(
            text=text,
            videos=[shown.pixels],
            video_metadata=[about],
            do_sample_frames=False,
            return_tensors="pt",
        )
    else:
        pictures = [Image.fromarray(one) for one in shown.pixels]
        made = processor(text=text, images=pictures, return_tensors="pt")
    made.pop("labels", None)
    return made


def test_an_answer_is_what_generate_gives(case):
    vlm, shown, model, processor, inputs, text = case
    found = model.generate(
        **inputs, max_new_tokens=16, do_sample=False, repetition_penalty=1.0, eos_token_id=IDS[text[2]]
    )[0]
    new = found[1:] if "t5" in vlm.name else found[inputs["input_ids"].shape[1] :]
    answer = vlm.write_answer(shown, "red?")
    assert answer.text == processor.tokenizer.decode(new, skip_special_tokens=True).strip()
    assert (answer.read, answer.written) == (inputs["input_ids"].shape[1], len(new))
    assert len(answer.text) >= 3


def test_likelihoods_are_those_of_one_forward_pass_for_each_candidate(case):
    vlm, shown, model, processor, inputs, (_, before, end) = case
    expected = [_by_hand(model, processor, inputs, f"{before}{answer}", IDS[end]) for answer in ANSWERS]
    found = vlm.likelihoods(shown, "red?", ANSWERS)
    assert found.values == pytest.approx(expected, abs=2e-4)
    assert found.read == inputs["input_ids"].shape[1]
    assert found.written == sum(len(f"{before}{answer}") + 1 for answer in ANSWERS)  # one token a byte
    assert len({round(value, 3) for value in found.values}) == len(ANSWERS)


@torch.no_grad()
def _by_hand(model, processor, inputs, answer, end):
    ids = torch.tensor([[*processor.tokenizer(answer, add_special_tokens=False)["input_ids"], end]])
    n = ids.shape[1]
    if model.config.model_type == "instructblip" and model.language_model.config.is_encoder_decoder:
        start = torch.zeros((1, 1), dtype=torch.long)
        logits = model(**inputs, decoder_input_ids=torch.cat([start, ids[:, :-1]], 1)).logits
    else:
        more = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "mm_token_type_ids": torch.zeros_like(ids),
                "token_type_ids": torch.ones_like(ids)}  # fmt: skip
        whole = {
            name: torch.cat([one, more[name]], 1) if name in more else one for name, one in inputs.items()
        }
        logits = model(**whole).logits[:, -n - 1 : -1]
    return logits.log_softmax(-1).gather(-1, ids[..., None]).mean().item()


def test_a_candidate_does_not_depend_on_the_others(saved):
    vlm = load_vlm(str(saved("qwen2_5_vl")), device="cpu", dtype="float32")
    names = [f"{number} things" for number in range(70)]
    together = vlm.likelihoods(frames(8), "how many?", names).values
    alone = [vlm.likelihoods(frames(8), "how many?", [name]).values[0] for name in (names[0], names[69])]
    assert [together[0], together[69]] == pytest.approx(alone, abs=1e-5)


def test_other_frames_give_another_likelihood(saved):
    vlm = load_vlm(str(saved("idefics3")), device="cpu", dtype="float32")
    one, other = (vlm.likelihoods(frames(1, seed), "red?", ["yes"]).values[0] for seed in (0, 1))
    assert abs(one - other) > 1e-3


def test_a_question_after_another_one_is_answered_as_if_alone(saved):
    """Qwen keeps positions of the last input in the model."""
    vlm = load_vlm(str(saved("qwen2_vl")), device="cpu", dtype="float32")
    fresh = load_vlm(str(saved("qwen2_vl")), device="cpu", dtype="float32")
    vlm.write_answer(frames(8), "what is it?")
    vlm.likelihoods(frames(8), "what is it?", ANSWERS)
    assert vlm.write_answer(frames(1), "red?") == fresh.write_answer(frames(1), "red?")
    expected = fresh.likelihoods(frames(1), "red?", ANSWERS).values
    assert vlm.likelihoods(frames(1), "red?", ANSWERS).values == pytest.approx(expected, abs=1e-6)


def test_qwen_reads_the_seconds_of_the_frames(saved):
    shown = frames(8)
    three = load_vlm(str(saved("qwen3_vl")), device="cpu", dtype="float32")
    ids = three._inputs(shown, "red?")["input_ids"][0]
    text = three._processor.tokenizer.decode(ids)
    assert [f"<{second:.1f} seconds>" in text for second in (0.25, 1.25, 2.25, 3.25)] == [True] * 4
    older = load_vlm(str(saved("qwen2_5_vl")), device="cpu", dtype="float32")
    assert older._inputs(shown, "red?")["second_per_grid_ts"].tolist() == [1.0]


@pytest.mark.parametrize(
    ("family", "expected"),
    [("qwen2_vl", "video"), ("video_llava", "video"), ("idefics3", "images"), ("llava", "images")],
)
def test_the_stamp_says_how_frames_are_shown(saved, family, expected):
    vlm = load_vlm(str(saved(family)), device="cpu", dtype="float32")
    about = vlm.about(8)
    assert (about["frames_as"], vlm.about(1)["frames_as"]) == (expected, "image")
    assert (about["name"], about["revision"], about["dtype"]) == (family, "local", "float32")
    assert about["prompts"] == ["{}\nAnswer the question using a single word or phrase."]


def test_a_prompt_of_ones_own(saved):
    vlm = load_vlm(str(saved("llava")), "Q: {} A:", device="cpu", dtype="float32")
    assert vlm._prompts.text(1, "red?") == "USER: <image>\nQ: red? A: ASSISTANT:"
    assert vlm.about(1)["prompts"] == ["Q: {} A:"]
    usual = load_vlm(str(saved("llava")), device="cpu", dtype="float32")
    assert vlm.recipe != usual.recipe


def test_a_model_of_one_image_takes_no_clip(saved):
    vlm = load_vlm(str(saved("instructblip")), device="cpu", dtype="float32")
    vlm.check_frames(1)
    with refused("takes_one_image"):
        vlm.check_frames(8)


def test_it_answers_in_bfloat16(saved):
    vlm = load_vlm(str(saved("qwen2_vl")), device="cpu", dtype="bfloat16")
    exact = load_vlm(str(saved("qwen2_vl")), device="cpu", dtype="float32")
    assert vlm.recipe["dtype"] == "bfloat16"
    values = vlm.likelihoods(frames(1), "red?", ANSWERS).values
    assert values == pytest.approx(exact.likelihoods(frames(1), "red?", ANSWERS).values, abs=0.5)
