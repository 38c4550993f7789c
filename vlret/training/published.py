"""Published weights of transformers to the towers of a model that is to be trained."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from vlret.models.vljepa.encoders import Int8Embedding, XEncoder, YEncoder
from vlret.models.vljepa.predictor import Predictor
from vlret.models.vljepa.published import Rename, read_published, vjepa2
from vlret.models.weights import read_header
from vlret.training.adapters.base import existing_weights

WEIGHTS = "model.safetensors"


def load_vjepa2(encoder: XEncoder, source: Path) -> None:
    """Load V-JEPA 2 as transformers saves it: a safetensors file or a directory with `WEIGHTS`.

    Raises:
        ModelError: it does not exist, or does not hold exactly the weights of this encoder.
    """
    _load(encoder.model, _file(source), vjepa2, "the V-JEPA 2 of [model.x_config]")


def load_llama(predictor: Predictor, source: Path) -> None:
    """Load the last layers, the final norm and, if the predictor has one, the token table of a Llama.

    The paper's predictor is layers 8 to 16 of 16. Projections and head stay as they are.

    Raises:
        ModelError: `source` does not exist, has fewer layers or others than the predictor.
    """
    file = _file(source)
    own = nn.ModuleDict({"layers": predictor.layers, "norm": predictor.norm})
    if predictor.embed_tokens is not None:
        own["embed_tokens"] = predictor.embed_tokens
    layers = {int(key.split(".")[1]) for key in map(_plain, read_header(file)) if key.startswith("layers.")}
    rename = last_layers(len(layers) - len(predictor.layers), has_table="embed_tokens" in own)
    _load(own, file, rename, "a Llama of [model.predictor_config] with as many layers or more")


def load_text_encoder(y_encoder: YEncoder, source: Path) -> None:
    """Load a BERT or a Gemma 3 (EmbeddingGemma); a BERT's token table goes into int8 rows if the model has such.

    The head stays as it is. EmbeddingGemma's two dense layers are not used.

    Raises:
        ModelError: `source` does not exist, or does not hold exactly the weights of this encoder.
    """
    file = _file(source)
    expected = dict(y_encoder.model.state_dict())
    table = y_encoder.model.get_input_embeddings()
    if isinstance(table, Int8Embedding):
        expected = {key: value for key, value in expected.items() if "word_embeddings" not in key}
        expected[_TABLE] = table.weight
    state = read_published(file, expected, _text, "the text encoder of [model.y_config]")
    if isinstance(table, Int8Embedding):
        table.quantise(state.pop(_TABLE))
    y_encoder.model.load_state_dict(state, strict=not isinstance(table, Int8Embedding))


def last_layers(skipped: int, has_table: bool) -> Rename:
    """Names of a Llama without its first `skipped` layers, output layer and, unless `has_table`, token table."""

    def rename(key: str) -> str | None:
        start, *rest = _plain(key).split(".")
        if start == "layers":
            number = int(rest[0]) - skipped
            return ".".join([start, str(number), *rest[1:]]) if number >= 0 else None
        is_unused = start == "lm_head" or (start == "embed_tokens" and not has_table)
        return None if is_unused else _plain(key)

    return rename


_TABLE = "embeddings.word_embeddings.weight"


def _text(key: str) -> str | None:
    """BERT's old files say gamma and beta, and hold a pooler and the layers of its training."""
    name = key.removeprefix("bert.").removeprefix("model.")
    if name.startswith(("pooler.", "cls.")) or name == "embeddings.position_ids":
        return None
    return name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")


def _plain(key: str) -> str:
    return key.removeprefix("model.")


def _load(module: nn.Module, file: Path, rename: Rename, what: str) -> None:
    module.load_state_dict(read_published(file, module.state_dict(), rename, what))


def _file(source: Path) -> Path:
    return existing_weights(source / WEIGHTS if source.is_dir() else source)
