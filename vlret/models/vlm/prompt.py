"""The input of a vision-language model: frames and a question, as its own processor and chat template want them."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from PIL import Image

from vlret.errors import ModelError, UsageError
from vlret.types import Frames

ShownAs = Literal["image", "images", "video"]
SHORT_ANSWER = "{}\nAnswer the question using a single word or phrase."
"""As LLaVA-1.5 asks (arXiv 2310.03744), and most models after it."""


class _Plain(NamedTuple):
    """A family that was trained without a chat template: its question, and what stands before and in an answer."""

    prompt: str
    end: str
    before: str


_PLAIN = {
    # arXiv 2301.12597 and 2305.06500
    "blip-2": _Plain("Question: {} Short answer:", "", " "),
    "instructblip": _Plain("Question: {} Short answer:", "", " "),
    # arXiv 2407.07726; the processor appends the line end
    "paligemma": _Plain("answer en {}", "\n", ""),
}
_PROBE = "yes"


class PromptMaker:
    """Makes the input of one model."""

    def __init__(self, processor: Any, model_type: str, name: str, prompt: str = "") -> None:
        """Take a processor and a template with one `{}` for the question (default: as published for the model).

        Raises:
            ModelError: "no_chat_template", or the template shows no images.
        """
        self._processor, self._name = processor, name
        self._plain = _PLAIN.get(model_type)
        self.prompt = prompt or (self._plain.prompt if self._plain else SHORT_ANSWER)
        if not self._plain:
            self._check_template()

    def check_frames(self, n: int) -> None:
        """Refuse several frames for a model of one image.

        Raises:
            UsageError: "takes_one_image".
        """
        if n > 1 and self._plain:
            raise UsageError(
                f"{self._name} reads one image and no clips of {n} frames.",
                "Ask it with 1 frame a clip.",
                code="takes_one_image",
                model=self._name,
                given=n,
            )

    def shown_as(self, n: int) -> ShownAs:
        """How `n` frames are shown: as a video where the processor takes one, else as images."""
        if n == 1:
            return "image"
        token = getattr(self._processor, "video_token", None)
        if token is None or getattr(self._processor, "video_processor", None) is None:
            return "images"
        return "video" if token in self._chat("video", 1, "?") else "images"

    def text(self, n: int, question: str) -> str:
        """The text of a question about `n` frames, with a token for each image or one for the video."""
        asked = self.prompt.replace("{}", question)
        if self._plain:
            return asked
        shown = self.shown_as(n)
        return self._chat(shown, 1 if shown == "video" else n, asked)

    def inputs(self, frames: Frames, question: str) -> Any:
        """The tensors of one question."""
        text = self.text(len(frames), question)
        return self._processor(
            text=text if self._plain else [text],
            return_tensors="pt",
            **_special_tokens(self._processor, text),
            **self._media(frames),
        )

    def whole_text(self, n: int, question: str) -> str:
        """The text of a question as the processor tokenizes it, up to the answer."""
        return self.text(n, question) + (self._plain.end if self._plain else "")

    def around_answer(self, n: int, question: str) -> tuple[str, str]:
        """What stands between the text of a question and the answer, such as a blank, and what ends an answer."""
        if self._plain:
            return self._plain.before, ""
        asked, shown = self.prompt.replace("{}", question), self.shown_as(n)
        answer = {"role": "assistant", "content": [{"type": "text", "text": _PROBE}]}
        turns = [_question(shown, 1 if shown == "video" else n, asked), answer]
        start, whole = self.text(n, question), self._processor.apply_chat_template(turns, tokenize=False)
        if not whole.startswith(start):  # a template that begins an answer otherwise than it asks for one
            return "", ""
        before, _, after = whole[len(start) :].partition(_PROBE)
        return before, after

    def _chat(self, shown: ShownAs, n: int, text: str) -> str:
        turns = [_question(shown, n, text)]
        made: str = self._processor.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
        return made

    def _media(self, frames: Frames) -> dict[str, Any]:
        shown = self.shown_as(len(frames))
        if shown == "video":
            return {
                "videos": [frames.pixels],
                "video_metadata": [_metadata(frames)],
                "do_sample_frames": False,
            }
        images = [Image.fromarray(frame) for frame in frames.pixels]
        return {"images": images if self._plain else [images]}

    def _check_template(self) -> None:
        if not self._processor.chat_template:
            raise ModelError(
                f"{self._name} has no chat template.",
                "Put the chat_template.jinja of its family beside its weights.",
                code="no_chat_template",
                model=self._name,
            )
        token = getattr(self._processor, "image_token", None)
        if token and token not in self._chat("image", 1, "?"):
            raise ModelError(
                f"The chat template of {self._name} shows no images.",
                "Use that of an image-text-to-text model of the same family.",
                code="no_images_in_template",
                model=self._name,
            )


def _question(shown: ShownAs, n: int, text: str) -> dict[str, Any]:
    media = [{"type": "video" if shown == "video" else "image"}] * n
    return {"role": "user", "content": [*media, {"type": "text", "text": text}]}


def _special_tokens(processor: Any, text: str) -> dict[str, bool]:
    """A template may begin with the start token itself, which must not come twice."""
    start = processor.tokenizer.bos_token
    return {"add_special_tokens": False} if start and text.startswith(start) else {}


def _metadata(frames: Frames) -> dict[str, Any]:
    """Frame numbers and a rate that give the seconds of the frames after the first."""
    n, seconds = len(frames), float(frames.times[-1] - frames.times[0])
    rate = (n - 1) / seconds if seconds > 0 else 1.0
    return {"total_num_frames": n, "fps": rate, "frames_indices": list(range(n))}
