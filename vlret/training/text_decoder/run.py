"""`train_decoder`: a recipe to a text decoder, in one or two stages that each resume where they were stopped."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from tokenizers import Tokenizer

from vlret.datasets.tar_set import Item
from vlret.errors import UsageError
from vlret.index.lock import writer_lock
from vlret.models.base import Embedder, ModelCard
from vlret.models.captioners.decoder_card import DecoderCard
from vlret.models.captioners.decoder_folder import save_decoder, write_card
from vlret.models.captioners.generative import GenerativeCaptioner
from vlret.models.captioners.text_decoder import TextDecoder
from vlret.models.device import pick_device, pick_dtype
from vlret.models.registry import load_model
from vlret.training.claim import claim
from vlret.training.text_decoder.bank import make_bank
from vlret.training.text_decoder.captions import Captions, dev_items, training_captions
from vlret.training.text_decoder.embeddings import predictions, text_embeddings
from vlret.training.text_decoder.language_model import initial_decoder
from vlret.training.text_decoder.recipe import DecoderRecipe, DecoderStage
from vlret.training.text_decoder.scores import dev_cider, threshold_of
from vlret.training.text_decoder.sources import Source, mixed_captions, predicted
from vlret.training.text_decoder.stage import DecoderTrainer
from vlret.types import Vectors
from vlret.vectors import unit_rows

FEATURES = "features"
"""Directory of what is computed first: until it exists nothing of a run is worth keeping."""


def train_decoder(recipe: DecoderRecipe, out: str | Path) -> Path:
    """Train the text decoder of a recipe; returns its directory, which `load_captioner` takes.

    `out` keeps the embeddings, the checkpoint of every stage's last epoch and the decoder. A stopped run resumes when
    `train_decoder` is called again with the same arguments.

    Raises:
        UsageError: the datasets cannot be trained on, or `out` holds a run of another recipe, or of an
            embedder with other weights.
        IndexFolderError: another training writes into `out`.
        ModelError: the embedder or the published language model cannot be loaded.
    """
    folder = Path(out)
    captions, dev = training_captions(recipe.data), dev_items(recipe.data)
    _check_batches(recipe, captions)
    embedder = load_model(recipe.embedder, recipe.device)
    with writer_lock(folder):
        claim(folder, recipe, FEATURES, embedder_weights=embedder.card.weights_hash)
        return _run(recipe, captions, dev, embedder, folder)


def _run(
    recipe: DecoderRecipe, captions: Captions, dev: list[Item], embedder: Embedder, folder: Path
) -> Path:
    """Run all stages; returns the directory of the decoder."""
    device = pick_device(recipe.device)
    torch.manual_seed(recipe.seed)
    texts = text_embeddings(captions.originals, embedder, folder / FEATURES / "texts.npy")
    dev_rows = unit_rows(predictions(dev, embedder, folder / FEATURES, "dev").astype("float32"))
    decoder, tokenizer = initial_decoder(recipe, captions.texts, embedder.card.dim)
    decoder.to(device)

    def stage(name: str, numbers: DecoderStage, source: Source, given: Captions) -> None:
        trainer = DecoderTrainer(
            name, decoder, numbers, source, given.pairs, token_ids(recipe, decoder, tokenizer, given.texts),
            pick_dtype(recipe.dtype, device), recipe.seed,
        )  # fmt: skip
        trainer.train(lambda: dev_cider(decoder, tokenizer, recipe.longest, dev_rows, dev), folder)

    stage("texts", recipe.texts, mixed_captions(captions, texts), captions)
    images = partial(predictions, captions.items, embedder, folder / FEATURES, "train")
    if recipe.predictions:
        stage("predictions", recipe.predictions, predicted(images()), captions.of_items)
    captioner = _export(recipe, decoder, tokenizer, dev_rows, embedder, folder / "decoder")
    if recipe.bank:
        make_bank(captioner, images(), captions, dev_rows, embedder, recipe.bank, folder / "bank.parquet")
    return captioner.folder


def _export(
    recipe: DecoderRecipe,
    decoder: TextDecoder,
    tokenizer: Tokenizer,
    dev: Vectors,
    embedder: Embedder,
    folder: Path,
) -> GenerativeCaptioner:
    """Write the decoder, and its card once the threshold is fitted with it."""
    card = _card(recipe, save_decoder(decoder, tokenizer, folder), embedder.card)
    write_card(card, folder)
    threshold = threshold_of(GenerativeCaptioner(folder, embedder), dev)
    write_card(replace(card, unknown_threshold=threshold), folder)
    return GenerativeCaptioner(folder, embedder)


def token_ids(
    recipe: DecoderRecipe, decoder: TextDecoder, tokenizer: Tokenizer, texts: list[str]
) -> list[list[int]]:
    """Return the token ids of texts, at most `recipe.longest` with the end token."""
    end = decoder.lm.config.eos_token_id
    encoded = tokenizer.encode_batch(texts, add_special_tokens=False)
    return [[*one.ids[: recipe.longest - 1], end] for one in encoded]


def _check_batches(recipe: DecoderRecipe, captions: Captions) -> None:
    """Refuse captions that do not fill a batch, of which no step would be made."""
    for name, stage, given in (
        ("texts", recipe.texts, captions),
        ("predictions", recipe.predictions, captions.of_items),
    ):
        if stage and len(given.pairs) < stage.batch:
            raise UsageError(
                f"The stage {name} has {len(given.pairs)} captions, fewer than its batch, {stage.batch}.",
                "Make batch smaller in the recipe, or add captions.",
                code="too_few_items",
                batch=stage.batch,
            )


def _card(recipe: DecoderRecipe, digest: str, embedder: ModelCard) -> DecoderCard:
    return DecoderCard(
        name=recipe.name,
        weights_hash=digest,
        space=embedder.weights_hash,
        dim=embedder.dim,
        prefix_length=recipe.prefix_length,
        beams=recipe.beams,
        longest=recipe.longest,
        licence=recipe.licence,
        trained_on=recipe.data.trained_on,
    )
