"""A VL-JEPA directory as it is published: its files and a model card for people (README.md)."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

from vlret.errors import ModelError, UsageError
from vlret.files import replace_file, replacing
from vlret.models.base import ModelCard
from vlret.models.vljepa.checks import CALIBRATION, QUERY_TOKENIZER
from vlret.models.vljepa.registry import LOG_SCALE, TOWERS, tower_file, tower_files, towers_of
from vlret.models.weights import read_header

README = "README.md"
_TITLES = {"x_encoder": "X-encoder", "predictor": "Predictor", "y_encoder": "Y-encoder"}
_NO_PARAMETERS = (LOG_SCALE, "running_mean", "running_var", "num_batches_tracked", "word_embeddings.scale")
_NOTES = {
    "Llama": "Built with Llama. Llama 3.2 is licensed under the Llama 3.2 Community License, "
    "Copyright © Meta Platforms, Inc. All Rights Reserved (https://www.llama.com/llama3_2/license). Who passes this "
    "model on passes on that licence, shows \"Built with Llama\", and begins the name of a model made from it with "
    "\"Llama\"; use is bound by Llama's Acceptable Use Policy.",
    "Gemma": "Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms. Who "
    "passes this model on passes on these terms and says that it was changed.",
}  # fmt: skip
"""What the licences of towers ask of who passes them on, by a word in the licence of the card."""


class Publication(NamedTuple):
    """A model directory, its card, the fields of its config.json, and what was measured to its value."""

    folder: Path
    card: ModelCard
    settings: Mapping[str, Any]
    metrics: Mapping[str, object]


def save(model: Publication, out: Path) -> None:
    """Copy the files of `model` to `out` and write its README.md.

    Raises:
        OutputError: `out` cannot be written.
    """
    for file in files_of(model.folder):
        with file.open("rb") as source, replacing(out / file.name) as copy:
            shutil.copyfileobj(source, copy)
    replace_file(out / README, model_card(model, f"./{out.name}").encode())


def push(model: Publication, repository: str, private: bool) -> str:
    """Write `model` and its README.md to `repository` of the hub in one commit; returns the URL of the commit.

    Raises:
        UsageError: `repository` is no name of the hub.
        ModelError: the hub cannot be reached or refuses.
    """
    from huggingface_hub import CommitOperationAdd, HfApi

    from vlret.models.hub import HUB_ERRORS, is_repository

    if not is_repository(repository):
        raise UsageError(
            f"{repository!r} is no name of the hub.",
            "Give OWNER/MODEL.",
            code="not_a_repository",
            given=repository,
        )
    readme = model_card(model, f"hf:{repository}").encode()
    added = [CommitOperationAdd(file.name, str(file)) for file in files_of(model.folder)]
    try:
        api = HfApi()
        api.create_repo(repository, private=private, exist_ok=True)
        done = api.create_commit(
            repository,
            [*added, CommitOperationAdd(README, readme)],
            commit_message=f"Upload {model.card.name}",
        )
    except HUB_ERRORS as error:
        reason = str(error).strip().partition("\n")[0]
        raise ModelError(
            f"{model.card.name} could not be written to {repository} of the hub ({reason}).",
            "Log in with `hf auth login`, and give OWNER/MODEL with an owner that you may write to.",
            code="not_published",
            given=repository,
        ) from error
    return str(done.commit_url)


def files_of(folder: Path) -> list[Path]:
    """The files of a VL-JEPA directory that a reader needs, and no others that may lie beside them."""
    names = (
        "config.json", "card.json", "tokenizer.json", "tokenizer_config.json", QUERY_TOKENIZER, "int8.json",
        "model.safetensors.index.json", CALIBRATION,
    )  # fmt: skip
    return [file for file in [*(folder / name for name in names), *tower_files(folder)] if file.is_file()]


def model_card(model: Publication, name: str) -> str:
    """Return the README.md of a model that is loaded by `name`."""
    card, licence = model.card, model.card.licence
    notes = [note for word, note in _NOTES.items() if word in licence]
    results = ["## Results", _table(("measure", "value"), model.metrics.items())] if model.metrics else []
    parts = [
        _front_matter(licence), f"# {card.name}", _about(card),
        "## Use", _USE.format(name=name), "## Sizes", _table(("part", "architecture", "parameters"), _sizes(model)),
        "## Training data", _training_data(card), *results, "## Licence", licence, *notes,
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


_ABOUT = """A VL-JEPA (arXiv 2512.10942) for vlret (`pip install vlret`): it turns video clips, photographs and texts
into unit vectors of {dim} numbers, so that a clip lies near the texts that describe it. A clip is read as
{frames} frames of {resolution} x {resolution} pixels ({seen}), a text as at most {text_length} tokens. A question
beside the clip goes into the predictor{unasked}."""
_USE = """```
vlret index my_videos --model {name} --out indexes/mine
vlret search indexes/mine "a dog runs on a beach" --model {name}
```

```python
import vlret

model = vlret.load_model("{name}")
clips = model.embed_clips(["holiday.mp4"])
texts = model.embed_texts(["a dog runs on a beach"])
print(clips @ texts.T)  # cosines
```

Nothing in this model is code: weights are safetensors, settings are JSON."""


def _about(card: ModelCard) -> str:
    how = "shorter side resized, centre crop" if card.resize == "crop" else "resized to a square"
    unasked = f"; without one that is {card.default_query!r}" if card.default_query else ""
    return _ABOUT.format(**card.to_dict(), seen=f"{how}; {card.preprocessing}", unasked=unasked)


def _sizes(model: Publication) -> list[tuple[str, str, str]]:
    rows = []
    for tower in towers_of(model.settings):
        config = model.settings[TOWERS[tower].config]
        header = read_header(tower_file(model.folder, tower))
        count = sum(
            prod(tensor.shape) for name, tensor in header.items() if not name.endswith(_NO_PARAMETERS)
        )
        kind = config.get("architecture") or config["model_type"]
        rows.append((_TITLES[tower], kind, f"{count / 1e6:.1f} M"))
    return rows


def _training_data(card: ModelCard) -> str:
    if not card.trained_on:
        return "Not recorded."
    return (
        f"Trained on, the towers' own training included as far as recorded: {', '.join(card.trained_on)}. The terms of "
        "these sets may differ from the licence below; read them before you use the weights commercially."
    )


def _front_matter(licence: str) -> str:
    known = {"Apache-2.0": "apache-2.0", "MIT": "mit"}
    lines = ["---", f"license: {known.get(licence, 'other')}"]
    lines += [] if licence in known else [f"license_name: {licence!r}"]
    return "\n".join(
        [*lines, "library_name: vlret", "tags: [vl-jepa, video, video-text-retrieval, embeddings]", "---"]
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---" for _ in heads], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
