"""Hostile model folders: each function turns a sound tiny model in the sandbox into one, and says why it is refused.

`ATTACKS` maps a name to the kind of model, the function and a pattern of the reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from tests.security.sandbox import Sandbox
from vlret.models.vljepa.checks import weights_hash

Attack = Callable[[Sandbox], object]

ATTACKS: dict[str, tuple[str, Attack, str]] = {}
CODE = "hostile.Tokenizer"
CLASS = "class Tokenizer: ...\nclass Config: ...\nclass Model: ...\nclass Module: ..."


def change(file: Path, *keys: str | int, **fields: Any) -> None:
    """Set fields of the object that lies at `keys` in a JSON file."""
    values = json.loads(file.read_text()) if file.exists() else {}
    place = values
    for key in keys:
        place = place[key] if isinstance(key, int) else place.setdefault(key, {})
    place.update(fields)
    file.write_text(json.dumps(values))


def restamp(folder: Path) -> None:
    """The hash of changed weights in card.json: an attacker can do that, too."""
    change(folder / "card.json", weights_hash=weights_hash(folder))


def attack(kind: str, reason: str) -> Callable[[Attack], Attack]:
    def add(made: Attack) -> Attack:
        ATTACKS[f"{kind}: {made.__name__.replace('_', ' ').strip()}"] = kind, made, reason
        return made

    return add


def each(kind: str, reason: str, attacks: dict[str, Attack]) -> None:
    """Attacks of one line each."""
    ATTACKS.update({f"{kind}: {name}": (kind, made, reason) for name, made in attacks.items()})


def config_of(box: Sandbox) -> Path:
    return box.stranger / "open_clip_config.json"


def _replace(file: Path, target: Path) -> None:
    file.unlink(missing_ok=True)
    file.symlink_to(target)


# Code in the folder


@attack("siglip", "asks for code of its own")
def trust_remote_code_in_the_configuration(box: Sandbox) -> None:
    box.canary(box.stranger / "hostile.py", CLASS)
    change(config_of(box), "model_cfg", "text_cfg", "tokenizer_kwargs", trust_remote_code=True)
    change(box.stranger / "tokenizer_config.json", auto_map={"AutoTokenizer": [CODE, CODE]})


@attack("siglip", "asks for code of its own")
def a_tokenizer_of_its_own(box: Sandbox) -> None:
    box.canary(box.stranger / "hostile.py", CLASS)
    change(
        box.stranger / "tokenizer_config.json",
        auto_map={"AutoTokenizer": [CODE, CODE]},
        tokenizer_class="Own",
    )


@attack("siglip", "asks for code of its own")
def an_architecture_beside_the_configuration(box: Sandbox) -> None:
    box.canary(box.stranger / "hostile.py", CLASS)
    change(box.stranger / "config.json", model_type="hostile", auto_map={"AutoConfig": "hostile.Config"})


@attack("clip", r"does not lie in it")
def a_text_tower_in_a_folder_of_code(box: Sandbox) -> None:
    box.canary(box.stranger / "tower" / "hostile.py", CLASS)
    change(
        box.stranger / "tower" / "config.json",
        model_type="hostile",
        auto_map={"AutoConfig": "hostile.Config"},
    )
    tower = str(box.stranger / "tower")
    change(box.stranger / "tower" / "config.json", auto_map={})
    change(config_of(box), "model_cfg", "text_cfg", hf_model_name=tower, hf_tokenizer_name="")


@attack("clip", "cannot be loaded")
def a_pickle_that_runs_code(box: Sandbox) -> None:
    (box.stranger / "open_clip_model.safetensors").unlink()
    torch.save({"visual.proj": box.pickled_canary()}, box.stranger / "open_clip_pytorch_model.bin")


@attack("clip", "cannot be read as a safetensors file|is not a safetensors file")
def a_pickle_named_safetensors(box: Sandbox) -> None:
    torch.save({"visual.proj": box.pickled_canary()}, box.stranger / "open_clip_model.safetensors")


@attack("st", "asks for the class 'hostile.Module'")
def a_module_of_its_own(box: Sandbox) -> None:
    box.canary(box.stranger / "hostile.py", CLASS)
    change_module(box, type="hostile.Module")


@attack("st", "asks for code of its own")
def an_architecture_of_its_own(box: Sandbox) -> None:
    box.canary(box.stranger / "hostile.py", CLASS)
    change(box.stranger / "config.json", model_type="hostile", auto_map={"AutoModel": "hostile.Model"})


@attack("st", "sets model_args|sets weights_only")
def a_pickle_read_without_its_guard(box: Sandbox) -> None:
    (box.stranger / "model.safetensors").unlink()
    torch.save({"logit_scale": box.pickled_canary()}, box.stranger / "pytorch_model.bin")
    change(box.stranger / "sentence_bert_config.json", model_args={"weights_only": False})


@attack("st", "cannot be loaded")
def a_pickle(box: Sandbox) -> None:
    (box.stranger / "model.safetensors").unlink()
    torch.save({"logit_scale": box.pickled_canary()}, box.stranger / "pytorch_model.bin")


@attack("vljepa", "asks for code of its own")
def a_tower_of_its_own(box: Sandbox) -> None:
    box.canary(box.stranger / "hostile.py", CLASS)
    change(box.stranger / "config.json", "y_config", auto_map={"AutoConfig": "hostile.Config"})


@attack("vljepa", "cannot be read as a safetensors file|is not a safetensors file")
def a_pickle_for_a_tower(box: Sandbox) -> None:
    torch.save({"head.weight": box.pickled_canary()}, box.stranger / "y_encoder.safetensors")
    restamp(box.stranger)


def change_module(box: Sandbox, **fields: Any) -> None:
    change(box.stranger / "modules.json", 1, **fields)


each("st", "asks for the class", {
    "a class of an installed package": lambda box: change_module(box, type="subprocess.Popen"),
    "a function of the library": lambda box: change_module(box, type="sentence_transformers.util.http_get"),
    "a module that reads other files": lambda box: change_module(
        box, type="sentence_transformers.sentence_transformer.modules.WordEmbeddings"),
    "an activation that ends the process": lambda box: change(
        box.stranger / "1_Dense" / "config.json", activation_function="os.abort"),
    "no class at all": lambda box: change_module(box, type=7),
})  # fmt: skip
each("st", "calls the method", {
    "a method that uploads": lambda box: change(
        box.stranger / "sentence_bert_config.json", "modality_config", "text",
        method="push_to_hub", method_output_name=None),
})  # fmt: skip
for kind, file in (("st", "config.json"), ("vljepa", "config.json")):
    for name in ("someone/kernel", "kernels-community/flash-attn2", "flash_attention_2"):
        each(kind, "asks for an attention of its own", {
            f"attention by {name}": lambda box, file=file, name=name: change(
                box.stranger / file, attn_implementation=name),
        })  # fmt: skip


# Names and links that lead out of the folder


@attack("st", "is a link that leads out of the model directory")
def a_linked_module(box: Sandbox) -> None:
    dense = box.stranger / "1_Dense"
    dense.rename(box.user / "1_Dense")
    dense.symlink_to(box.user / "1_Dense")


@attack("st", "takes a file from elsewhere")
def a_processor_elsewhere(box: Sandbox) -> None:
    change(box.stranger / "sentence_bert_config.json", tokenizer_name_or_path=str(box.user))


@attack("st", "names weights that are not beside it")
def shards_elsewhere(box: Sandbox) -> None:
    (box.stranger / "model.safetensors").rename(box.user / "part.safetensors")
    index = {"metadata": {}, "weight_map": {"logit_scale": "../user/part.safetensors"}}
    (box.stranger / "model.safetensors.index.json").write_text(json.dumps(index))


@attack("st", "names a model that lies elsewhere")
def an_adapter(box: Sandbox) -> None:
    change(box.stranger / "adapter_config.json", peft_type="LORA", base_model_name_or_path=str(box.user))


@attack("vljepa", "gives arguments that are neither numbers nor plain words")
def weights_of_a_backbone_elsewhere(box: Sandbox) -> None:
    change(box.stranger / "config.json", "x_config", model_type="timm_wrapper", architecture="resnet10t",
           model_args={"pretrained_cfg_overlay": {"file": str(box.secret)}})  # fmt: skip


each("clip", "is a link that leads out of the model directory", {
    "linked weights": lambda box: _replace(box.stranger / "open_clip_model.safetensors", box.secret),
    "a linked configuration": lambda box: _replace(config_of(box), box.user / "notes.json"),
    "a link to a folder": lambda box: (box.stranger / "more").symlink_to(box.user),
    "a link by ..": lambda box: _replace(box.stranger / "tokenizer.json", Path("..", "user", "notes.json")),
    "a link to nothing": lambda box: (box.stranger / "vocab.txt").symlink_to(box.root / "not" / "there"),
})  # fmt: skip
each("vljepa", "is a link that leads out of the model directory", {
    "a linked tokenizer": lambda box: _replace(box.stranger / "tokenizer.json", box.secret),
    "a linked tokenizer of queries": lambda box: _replace(box.stranger / "query_tokenizer.json", box.secret),
    "a linked tower": lambda box: _replace(box.stranger / "x_encoder.safetensors", box.secret),
})  # fmt: skip
each("st", "has a module that does not lie in the directory", {
    "a module by ..": lambda box: change_module(box, path="../user"),
    "a module by an absolute path": lambda box: change_module(box, path=str(box.user)),
    "a module by a backslash": lambda box: change_module(box, path="..\\user"),
    "a module by a number": lambda box: change_module(box, path=3),
})  # fmt: skip
each("siglip", "takes a file from elsewhere", {
    "a vocabulary elsewhere": lambda box: change(
        box.stranger / "tokenizer_config.json", vocab_file=str(box.secret)),
    "a sentencepiece model elsewhere": lambda box: change(
        box.stranger / "tokenizer_config.json", sp_model_kwargs={"model_file": str(box.secret)}),
    "arguments of a tokenizer": lambda box: change(
        box.stranger / "tokenizer_config.json", init_inputs=[str(box.secret)]),
})  # fmt: skip
each("clip", "takes a file from elsewhere", {
    "a vocabulary by bpe_path": lambda box: change(
        config_of(box), "model_cfg", "text_cfg", "tokenizer_kwargs", bpe_path=str(box.secret)),
})  # fmt: skip
each("st", "takes a file from elsewhere|sets", {
    "weights of another name": lambda box: change(box.stranger / "config.json", transformers_weights="x.bin"),
    "a configuration elsewhere": lambda box: change(
        box.stranger / "config.json", configuration_files=["../user/config.5.0.0.json"]),
    "a cache elsewhere": lambda box: change(
        box.stranger / "sentence_bert_config.json", config_args={"cache_dir": str(box.user)}),
    "an offload folder": lambda box: change(
        box.stranger / "sentence_bert_config.json", model_args={"offload_folder": str(box.user)}),
    "quantised weights": lambda box: change(
        box.stranger / "config.json", quantization_config={"quant_method": "fp8"}),
})  # fmt: skip


# Names that would be asked for in the network

each("clip", "lies elsewhere|does not lie in it", {
    "a tower from the hub": lambda box: change(
        config_of(box), "model_cfg", "vision_cfg", timm_model_name="hf-hub:someone/tower"),
    "a tower from a folder": lambda box: change(
        config_of(box), "model_cfg", "vision_cfg", timm_model_name=f"local-dir:{box.user}"),
    "a text tower from the hub": lambda box: change(
        config_of(box), "model_cfg", "text_cfg", hf_model_name="someone/tower"),
})  # fmt: skip
each("clip", "gives its tokenizer", {
    "a class for the tokenizer": lambda box: change(
        config_of(box), "model_cfg", "text_cfg", "tokenizer_kwargs", tokenizer_type="own"),
    "a list for the tokenizer": lambda box: change(
        config_of(box), "model_cfg", "text_cfg", tokenizer_kwargs=["clean"]),
    "a number for the tokenizer": lambda box: change(config_of(box), "model_cfg", "text_cfg", tokenizer_kwargs=7),
})  # fmt: skip
each("vljepa", "lies elsewhere", {
    "a backbone from the hub": lambda box: change(
        box.stranger / "config.json", "x_config", model_type="timm_wrapper", architecture="hf-hub:a/b"),
    "a backbone from a folder": lambda box: change(
        box.stranger / "config.json", "x_config", model_type="timm_wrapper", architecture=f"local-dir:{box.user}"),
})  # fmt: skip
each("vljepa", "field x_config|field y_config", {
    "a tower that fetches its backbone": lambda box: change(
        box.stranger / "config.json", "x_config", model_type="detr", backbone="resnet50"),
    "an unknown tower": lambda box: change(box.stranger / "config.json", "y_config", model_type="hostile"),
    "no tower": lambda box: change(box.stranger / "config.json", y_config=None),
})  # fmt: skip
each("st", "lies elsewhere", {
    "a backbone from a folder": lambda box: change(
        box.stranger / "config.json", "vision_config", use_timm_backbone=True, backbone=f"local-dir:{box.user}"),
})  # fmt: skip
each("st", "takes a file from elsewhere", {
    "a backbone with weights of its own": lambda box: change(
        box.stranger / "config.json", "vision_config", use_pretrained_backbone=True, backbone="resnet50"),
})  # fmt: skip
