"""`TextDecoder`: any causal language model of transformers that continues an embedding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from transformers import (
    AutoModelForCausalLM,
    GenerationConfig,
    LogitsProcessorList,
    NoRepeatNGramLogitsProcessor,
)

if TYPE_CHECKING:
    from transformers import PretrainedConfig

NO_REPEAT = 3
"""No three tokens in a row stand twice in a caption: small models run into loops."""


class Written(NamedTuple):
    """Texts of n embeddings, the likeliest first: token ids of n x beams texts, and scores float32 [n, beams].

    The scores are mean log probabilities of the tokens; 0 with one beam.
    """

    tokens: list[list[int]]
    scores: NDArray[np.float32]


class TextDecoder(nn.Module):
    """A causal language model whose first `prefix_length` inputs are a linear function of an embedding.

    Args:
        config: of the language model, with its `bos_token_id`, `eos_token_id` and `pad_token_id`.
        dim: dimensions of the embeddings.
        prefix_length: inputs that an embedding becomes.
    """

    def __init__(self, config: PretrainedConfig, dim: int, prefix_length: int) -> None:
        super().__init__()
        self.prefix_length = prefix_length
        self.prefix = nn.Linear(dim, prefix_length * config.hidden_size)
        self.lm: Any = AutoModelForCausalLM.from_config(config)
        # Not what else a configuration may say of decoding: a time limit, or a method that is downloaded code.
        special = ("bos_token_id", "eos_token_id", "pad_token_id")
        self.lm.generation_config = GenerationConfig(**{name: getattr(config, name) for name in special})

    def read(self, embeddings: torch.Tensor) -> torch.Tensor:
        """Inputs [n, prefix_length, hidden] of the language model for embeddings [n, dim]."""
        return self.prefix(embeddings).unflatten(1, (self.prefix_length, -1))  # type: ignore[no-any-return]

    def forward(self, embeddings: torch.Tensor, ids: torch.Tensor, dropout: float = 0.0) -> torch.Tensor:
        """Logits [n, length, vocabulary] of each token of texts.

        Args:
            embeddings: [n, dim].
            ids: int64 [n, length]; what follows the end of a text may be anything.
            dropout: share of the tokens that the language model is not shown, in training.
        """
        before = self.lm.get_input_embeddings()(ids[:, :-1])
        if dropout and self.training:
            before = before * (torch.rand(before.shape[:2], device=before.device) >= dropout)[..., None]
        inputs = torch.cat([self.read(embeddings), before], 1)
        return self.lm(inputs_embeds=inputs).logits[:, self.prefix_length - 1 :]  # type: ignore[no-any-return]

    @torch.inference_mode()
    def write(self, embeddings: torch.Tensor, beams: int, longest: int) -> Written:
        """Return the `beams` likeliest texts of each of embeddings [n, dim], at most `longest` tokens each.

        One beam is greedy decoding; of several, those whose tokens have the highest mean log probability.
        """
        prefix = self.read(embeddings)
        found = self.lm.generate(
            inputs_embeds=prefix, attention_mask=prefix.new_ones(prefix.shape[:2], dtype=torch.long),
            num_beams=beams, num_return_sequences=beams, length_penalty=1.0, do_sample=False,
            max_new_tokens=longest, return_dict_in_generate=True, output_scores=beams > 1,
            logits_processor=LogitsProcessorList([NoRepeatNGramLogitsProcessor(NO_REPEAT)]),
        )  # fmt: skip
        scores = found.sequences_scores if beams > 1 else torch.zeros(len(embeddings))
        return Written(found.sequences.tolist(), scores.float().cpu().numpy().reshape(-1, beams))
