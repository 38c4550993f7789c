"""The token model of the comparison: a causal language model that reads the same visual tokens."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional
from transformers import DynamicCache, PretrainedConfig

from benchmarks.controlled.pairs import Batch
from vlret.models.captioners.text_decoder import TextDecoder
from vlret.models.vljepa.load_towers import padded

IGNORED = -100


class TokenModel(TextDecoder):
    """Visual tokens through two layers, as PerceptionLM's projector, in front of the tokens of the caption.

    Args:
        config: of the language model.
        width: of the visual tokens.
        ids: token ids of each caption, with the end token.
    """

    def __init__(self, config: PretrainedConfig, width: int, ids: Sequence[list[int]]) -> None:
        super().__init__(config, width, 1)
        hidden = config.hidden_size
        self.prefix = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, hidden))
        self.ids = ids

    def read(self, embeddings: torch.Tensor) -> torch.Tensor:
        """Inputs [n, t, hidden] of the language model for visual tokens [n, t, width]."""
        return self.prefix(embeddings)  # type: ignore[no-any-return]

    def forward(self, embeddings: torch.Tensor, ids: torch.Tensor, dropout: float = 0.0) -> torch.Tensor:
        """Logits [n, length, vocabulary] of each token of texts int64 [n, length]; there is no dropout."""
        before = self.lm.get_input_embeddings()(ids[:, :-1])
        inputs = torch.cat([self.read(embeddings), before], 1)
        hidden = self.lm.model(inputs_embeds=inputs, use_cache=False).last_hidden_state
        return self.lm.lm_head(hidden[:, embeddings.shape[1] - 1 :])  # type: ignore[no-any-return]

    def loss(self, batch: Batch) -> torch.Tensor:
        """Cross-entropy of the captions, a mean over their tokens."""
        ids, mask = padded([self.ids[caption] for caption in batch.captions], 0)
        logits = self(batch.tokens, ids)
        return functional.cross_entropy(
            logits.float().flatten(0, 1), ids.masked_fill(~mask, IGNORED).flatten()
        )

    @torch.inference_mode()
    def name_scores(
        self, tokens: torch.Tensor, before: list[int], names: Sequence[list[int]]
    ) -> torch.Tensor:
        """Mean log probability of the tokens of each name [n, names]: minus the logarithm of its perplexity.

        Args:
            tokens: visual tokens [n, t, width].
            before: ids of the words in front of every name.
            names: ids of each name.
        """
        n, embed = len(tokens), self.lm.get_input_embeddings()
        cache = DynamicCache(config=self.lm.config)
        prompt = torch.tensor(before, dtype=torch.long).expand(n, -1)
        inputs = torch.cat([self.read(tokens), embed(prompt)], 1)
        first = self._continued(inputs, cache)[:, -1:]
        scores = []
        for ids in names:
            given = torch.tensor(ids).expand(n, -1)
            logits = first
            if len(ids) > 1:
                logits = torch.cat([first, self._continued(embed(given[:, :-1]), cache)], 1)
                cache.crop(1 - len(ids))
            log_p = logits.float().log_softmax(-1)
            scores.append(log_p.gather(2, given[..., None]).mean((1, 2)))
        return torch.stack(scores, 1)

    def _continued(self, inputs: torch.Tensor, cache: DynamicCache) -> torch.Tensor:
        """Logits [n, length, vocabulary] after each of `inputs`, which the cache then holds, too."""
        hidden = self.lm.model(inputs_embeds=inputs, past_key_values=cache, use_cache=True).last_hidden_state
        with torch.autocast("cpu", enabled=False):
            return self.lm.lm_head(hidden.float())  # type: ignore[no-any-return]
