"""Each missing, wrong or hostile part of a vision-language model is named."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.models.vlm.conftest import frames
from tests.models.vlm.folders import save_llava
from tests.refusal import refused
from vlret.models.vlm.find import check_vlm_name
from vlret.models.vlm.transformers_vlm import load_vlm


@pytest.fixture
def llava(saved, tmp_path):
    """A copy of a LLaVA that a test may damage."""
    return shutil.copytree(saved("llava"), tmp_path / "copy")


def _edit(file, **values):
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))


@pytest.mark.parametrize("source", ["", "nothing", "a/b/c", "https://example.org/x", "owner/na me"])
def test_what_is_neither_a_directory_nor_a_name_of_the_hub(source):
    with refused("unknown_vlm"):
        check_vlm_name(source)


def test_a_name_of_the_hub_is_known_without_a_network():
    check_vlm_name("HuggingFaceTB/SmolVLM-256M-Instruct")


def test_a_model_that_is_not_here_names_the_command(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with refused("model_not_downloaded") as caught:
        load_vlm("owner/model")
    assert "hf download owner/model" in caught.value.hint
    assert '"*.safetensors"' in caught.value.hint


def test_a_model_of_another_kind(llava):
    _edit(llava / "config.json", model_type="clip")
    with refused("not_a_vlm") as caught:
        load_vlm(str(llava))
    assert caught.value.fields["given"] == "clip"


def test_pickled_weights(llava):
    tensors = load_file(llava / "model.safetensors")
    torch.save(tensors, llava / "pytorch_model.bin")
    (llava / "model.safetensors").unlink()
    with refused("no_safetensors"):
        load_vlm(str(llava))


def test_weights_that_lack_a_tensor_are_not_drawn_at_random(llava):
    tensors = load_file(llava / "model.safetensors")
    name = next(name for name in tensors if "layers.1.mlp" in name)
    save_file({key: one for key, one in tensors.items() if key != name}, llava / "model.safetensors")
    with refused("weights_mismatch"):
        load_vlm(str(llava))


def test_damaged_weights(llava):
    (llava / "model.safetensors").write_bytes(b"\x00" * 100)
    with refused("unreadable_weights"):
        load_vlm(str(llava))


def test_code_of_its_own_is_never_run(llava):
    _edit(llava / "config.json", auto_map={"AutoModel": "evil.Model"})
    with refused("unsafe_model"):
        load_vlm(str(llava))


def test_no_chat_template(tmp_path):
    with refused("no_chat_template") as caught:
        load_vlm(str(save_llava(tmp_path / "plain", chat_template=None)), device="cpu")
    assert caught.value.fields["model"] == "plain"


def test_a_chat_template_without_images(llava):
    (llava / "chat_template.jinja").write_text("{% for m in messages %}{{ m.content[-1].text }}{% endfor %}")
    with refused("no_images_in_template"):
        load_vlm(str(llava), device="cpu")


def test_no_processor(llava):
    for file in llava.glob("*processor_config.json"):
        file.unlink()
    with refused("unusable_model"):
        load_vlm(str(llava), device="cpu")


def test_a_processor_that_wants_a_package(saved, monkeypatch):
    """SmolVLM 2's wants num2words."""
    folder = saved("smolvlm")
    monkeypatch.setattr("transformers.models.smolvlm.processing_smolvlm.num2words", None)
    with refused("missing_package") as caught:
        load_vlm(str(folder), device="cpu")
    assert caught.value.fields["package"] == "num2words"
    assert "pip install num2words" in caught.value.hint


def test_dtypes_and_devices_that_it_does_not_know(saved):
    with refused("dtype_unusable"):
        load_vlm(str(saved("llava")), dtype="int8")
    with refused("unknown_device"):
        load_vlm(str(saved("llava")), device="tpu")


def test_other_settings_are_another_recipe(llava, saved):
    usual = load_vlm(str(saved("llava")), device="cpu", dtype="float32")
    (llava / "chat_template.jinja").write_text(
        (llava / "chat_template.jinja").read_text().replace("USER", "User") + "{# as another one saved it #}"
    )
    changed = load_vlm(str(llava), device="cpu", dtype="float32")
    assert changed.recipe["weights_hash"] == usual.recipe["weights_hash"]
    assert changed.recipe["settings"] != usual.recipe["settings"]


def test_a_question_that_it_cannot_read(saved):
    """One with the mark of a second picture, say."""
    vlm = load_vlm(str(saved("llava")), device="cpu", dtype="float32")
    for ask in (vlm.write_answer, lambda *one: vlm.likelihoods(*one, ["yes"])):
        with refused("unusable_model") as caught:
            ask(frames(1), "<image>?")
        assert "<image>?" in caught.value.message
