"""Image-text-to-text models of transformers, with their own processors.

A model is always a directory, whether it comes from the user or from the hub. Code in it is never run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from transformers import AutoModelForImageTextToText, AutoProcessor, GenerationConfig

from vlret.errors import ModelError
from vlret.models.bounded import no_larger_than
from vlret.models.device import pick_device, pick_dtype
from vlret.models.folder import AGAIN, as_model_error
from vlret.models.hub import offline
from vlret.models.image_side import image_side
from vlret.models.packages import require_packages
from vlret.models.progress_bars import no_progress_bars, no_warnings
from vlret.models.vlm.base import MOST_NEW_TOKENS, Likelihoods, VisionLanguageModel, WrittenAnswer
from vlret.models.vlm.continuations import BLIP, is_encoder_decoder, mean_log_probabilities
from vlret.models.vlm.find import VlmFolder, find_vlm
from vlret.models.vlm.prompt import PromptMaker
from vlret.models.weights import sha256
from vlret.text import printable
from vlret.types import Frames

_SETTINGS = (".json", ".jinja", ".txt", ".model")


class TransformersVlm(VisionLanguageModel):
    """A model of `AutoModelForImageTextToText`, greedy, whatever its own generation settings say."""

    def __init__(
        self, folder: VlmFolder, prompt: str = "", device: str = "auto", dtype: str = "auto"
    ) -> None:
        """Load the model in `folder`; an empty `prompt` is the one that was published for its family.

        Raises:
            UsageError: the device or dtype is not known.
            MissingExtraError: its processor needs a package that is not installed.
            ModelError: it cannot be loaded, lacks weights, or has no chat template.
        """
        self._device = pick_device(device)
        self._dtype = pick_dtype(dtype, self._device)
        self._folder, self.name = folder, folder.name
        with _loading(folder), offline(), no_progress_bars(), no_warnings():
            where: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
            self._processor = AutoProcessor.from_pretrained(str(folder.path), **where)
            self._model = _load(folder, self._dtype, where).to(self._device).eval()
            self.side = image_side(self._processor)
            self._prompts = PromptMaker(self._processor, self._model_type, folder.name, prompt)
            self._ends = _make_greedy(self._model, self._processor)
        self.prompt = self._prompts.prompt
        self._hashes = sha256(folder.weights), sha256(_settings(folder))[:16]

    @property
    def recipe(self) -> Mapping[str, Any]:
        """See `VisionLanguageModel.recipe`."""
        return {
            "weights_hash": self._hashes[0], "settings": self._hashes[1], "prompt": self.prompt,
            "dtype": str(self._dtype).removeprefix("torch."), "most_new_tokens": MOST_NEW_TOKENS,
        }  # fmt: skip

    def about(self, n_frames: int) -> dict[str, Any]:
        """See `VisionLanguageModel.about`."""
        decides = {key: value for key, value in self.recipe.items() if key != "prompt"}
        return {
            "name": self.name, "revision": self._folder.revision, "licence": self._folder.licence,
            "model_type": self._model_type, **decides, "device": str(self._device), "engine": "torch",
            "prompts": [self.prompt], "frames_as": self._prompts.shown_as(n_frames), "trained_on": [],
        }  # fmt: skip

    def check_frames(self, n_frames: int) -> None:
        """See `VisionLanguageModel.check_frames`."""
        self._prompts.check_frames(n_frames)

    @torch.inference_mode()
    def write_answer(self, frames: Frames, question: str) -> WrittenAnswer:
        """See `VisionLanguageModel.write_answer`."""
        with self._asking(question):
            inputs = self._inputs(frames, question)
            whole = self._model.generate(**inputs)[0]
        n_read = inputs["input_ids"].shape[1]
        found = whole[1:] if is_encoder_decoder(self._model) else whole[n_read:]
        text = self._processor.tokenizer.decode(found, skip_special_tokens=True)
        return WrittenAnswer(text.strip(), n_read, len(found))

    @torch.inference_mode()
    def likelihoods(self, frames: Frames, question: str, candidates: Sequence[str]) -> Likelihoods:
        """See `VisionLanguageModel.likelihoods`; the input is read once for all candidates."""
        with self._asking(question):
            inputs = self._inputs(frames, question)
            rows = self.continuations(len(frames), question, candidates)
            values = mean_log_probabilities(self._model, inputs, rows)
        return Likelihoods(values, inputs["input_ids"].shape[1], sum(map(len, rows)))

    def continuations(self, n_frames: int, question: str, candidates: Sequence[str]) -> list[list[int]]:
        """The token ids of each candidate as the answer, as the chat template writes it, and the end of the answer.

        They are those that the whole text has more than the question, as the Language Model Evaluation Harness
        (EleutherAI) separates them.
        """
        asked = self._prompts.whole_text(n_frames, question)
        before, after = self._prompts.around_answer(n_frames, question)
        n_asked, written = len(self._tokens(asked)), self._tokens(after)[:1]
        end = written[0] if written and written[0] in self._ends else self._ends[0]
        return [[*self._tokens(f"{asked}{before}{one}")[n_asked:], end] for one in candidates]

    def peak_bytes(self) -> int | None:
        """See `VisionLanguageModel.peak_bytes`: of the GPU, where the model runs on one."""
        return torch.cuda.max_memory_allocated(self._device) if self._device.type == "cuda" else None

    @property
    def _model_type(self) -> str:
        return str(self._model.config.model_type)

    @contextmanager
    def _asking(self, question: str) -> Iterator[None]:
        failed = f"{self.name} cannot answer the question {printable(question)!r}"
        with no_warnings(), as_model_error(failed, "Leave the question or the model out."):
            yield

    def _tokens(self, text: str) -> list[int]:
        ids: list[int] = self._processor.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def _inputs(self, frames: Frames, question: str) -> dict[str, Any]:
        made = self._prompts.inputs(frames, question).to(self._device, dtype=self._dtype)
        return {name: value for name, value in made.items() if name != "labels"}  # PaliGemma's, for training


def load_vlm(source: str, prompt: str = "", device: str = "auto", dtype: str = "auto") -> VisionLanguageModel:
    """The image-text-to-text model in the directory `source`, or of that name on the hub.

    Args:
        source: a directory or OWNER/MODEL.
        prompt: template with one `{}` for the question (default: the published one of its family).
        device: auto, cpu, cuda, cuda:N or mps.
        dtype: auto (bfloat16 where the device computes in it), float32 or bfloat16.

    Raises:
        UsageError: the source, device or dtype is not known.
        MissingExtraError: its processor needs a package that is not installed.
        ModelError: it cannot be fetched or loaded, or has no chat template.
    """
    return TransformersVlm(find_vlm(source), prompt, device, dtype)


def _load(folder: VlmFolder, dtype: torch.dtype, where: dict[str, Any]) -> Any:
    """The model; weights that its file lacks would be drawn at random without a word."""
    with no_larger_than(folder.weights):
        model, info = AutoModelForImageTextToText.from_pretrained(
            str(folder.path), dtype=dtype, use_safetensors=True, output_loading_info=True, **where
        )
    missing = sorted(map(str, [*info["missing_keys"], *info["mismatched_keys"]]))
    if missing:
        raise ModelError(
            f"The weights of {folder.name} lack {len(missing)} tensors, such as {printable(missing[0])}.",
            AGAIN,
            code="weights_mismatch",
            path=folder.path,
        )
    return model


def _make_greedy(model: Any, processor: Any) -> list[int]:
    """Replace the settings of generation by greedy ones; returns the tokens that end an answer."""
    language = model.language_model if model.config.model_type in BLIP else model
    own = language.generation_config
    ends = own.eos_token_id if own.eos_token_id is not None else processor.tokenizer.eos_token_id
    ends = ends if isinstance(ends, list) else [ends]
    language.generation_config = GenerationConfig(
        do_sample=False, num_beams=1, max_new_tokens=MOST_NEW_TOKENS, eos_token_id=ends,
        bos_token_id=own.bos_token_id, decoder_start_token_id=own.decoder_start_token_id,
        pad_token_id=own.pad_token_id if own.pad_token_id is not None else ends[0],
    )  # fmt: skip
    return ends


def _settings(folder: VlmFolder) -> list[Any]:
    files = (path for path in folder.path.rglob("*") if path.suffix in _SETTINGS)
    return sorted(path for path in files if path.is_file())


@contextmanager
def _loading(folder: VlmFolder) -> Iterator[None]:
    """Name the package that a processor wants; everything else that goes wrong is one `ModelError`."""
    with (
        as_model_error(
            f"The model in {printable(folder.path)} cannot be loaded by transformers",
            "Use a complete directory of a model without code of its own.",
        ),
        require_packages(f"The processor of {folder.name}"),
    ):
        yield
