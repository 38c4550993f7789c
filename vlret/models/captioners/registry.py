"""How a name or a file becomes a `Captioner`."""

from __future__ import annotations

from pathlib import Path

from vlret.errors import ModelError, UsageError
from vlret.models.base import Embedder
from vlret.models.captioners.base import Captioner
from vlret.tables import LINE_SUFFIXES, TABLE_SUFFIXES
from vlret.text import printable

DECODER, BANK = "decoder", "bank"
_HEADINGS = ("text", "sentence", "caption")
_SENTENCES = LINE_SUFFIXES - {""} | TABLE_SUFFIXES
_KNOWN = (
    "Give 'auto', 'decoder', 'bank', a text decoder's directory, a .parquet bank, "
    "or a .txt or .csv file of sentences."
)


def load_captioner(source: Captioner | str | Path, embedder: Embedder) -> Captioner:
    """Return the captioner for embeddings of `embedder`.

    Args:
        source: "decoder", the text decoder that comes with the model; "bank", the bank of sentences that comes with
            it; "auto", its text decoder; the directory of a text decoder; a bank, FILE.parquet
            (`bank.write_bank`); or a .txt, .csv, .tsv, .json, .jsonl or .yaml file of sentences, which are embedded
            now (in a table the column is called text, sentence or caption); or a captioner itself.

    Raises:
        UsageError: there is no such captioner, or it reads the embeddings of another model.
        ModelError: the model comes with none, or a text decoder is damaged.
    """
    captioner = source if isinstance(source, Captioner) else _load(str(source), embedder)
    if captioner.space != embedder.card.weights_hash:
        raise UsageError(
            f"The captioner {printable(captioner.name)} was made for another model than {embedder.card.name}.",
            "Make one for this model, or use the other model.",
            code="captioner_of_other_model",
            given=captioner.name,
            model=embedder.card.name,
        )
    return captioner


def _load(source: str, embedder: Embedder) -> Captioner:
    if source in ("auto", DECODER):
        return _decoder(_own(embedder, DECODER), embedder)
    if source == BANK:
        return _bank(_own(embedder, "bank.parquet"), embedder)
    if Path(source).is_dir():
        return _decoder(Path(source), embedder)
    return _bank(Path(source), embedder)


def _own(embedder: Embedder, name: str) -> Path:
    """A file or directory that comes with the model."""
    from vlret.models.vljepa.embedder import VLJEPA

    path = embedder.folder / name if isinstance(embedder, VLJEPA) else None
    if path is None or not path.exists():
        what = "text decoder" if name == DECODER else "bank of sentences"
        raise ModelError(
            f"{embedder.card.name} comes without a {what}.",
            "Give sentences to choose from: a .txt or .csv file, or a .parquet bank.",
            code="no_captioner",
            model=embedder.card.name,
        )
    return path


def _decoder(folder: Path, embedder: Embedder) -> Captioner:
    from vlret.models.captioners.generative import GenerativeCaptioner

    return GenerativeCaptioner(folder, embedder)


def _bank(file: Path, embedder: Embedder) -> Captioner:
    from vlret.models.captioners.bank import embed_bank, read_bank
    from vlret.models.captioners.retrieval import RetrievalCaptioner
    from vlret.tables import read_column

    suffix = file.suffix.lower()
    if suffix == ".parquet":
        return RetrievalCaptioner(read_bank(file))
    if suffix not in _SENTENCES:
        raise UsageError(
            f"The captioner was given as {printable(file)!r}.",
            _KNOWN,
            code="unknown_captioner",
            given=str(file),
        )
    sentences = [text for text in read_column(file, _HEADINGS) if text.strip()]
    return RetrievalCaptioner(embed_bank(sentences, embedder, file.stem))
