"""Writing text about media: beam search over a cache; one beam is greedy.

Shapes: B prompts, L tokens, T tokens so far, G = B * beams, Y vocabulary.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional
from transformers import DynamicCache

from .batch import PADDING, Media, OnDevice
from .model import Cosmo
from .xattn import MediaKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt(OnDevice):
    """Texts to go on with, each with its media."""

    input_ids_BL: Tensor
    """int64, padded on the left, with one `<visual>` for each media."""
    attention_BL: Tensor
    """bool, false for padding."""
    media: Media

    @classmethod
    def make(cls, rows: Sequence[Sequence[int]], media: Media, *, pad: int) -> "Prompt":
        """Pad rows of ids on the left."""
        length = max(len(row) for row in rows)
        return cls(
            input_ids_BL=torch.tensor([[pad] * (length - len(row)) + [*row] for row in rows]),
            attention_BL=torch.tensor(
                [[False] * (length - len(row)) + [True] * len(row) for row in rows]
            ),
            media=media,
        )


@torch.no_grad()
def generate(
    model: Cosmo,
    prompt: Prompt,
    *,
    max_new_tokens: int = 32,
    beams: int = 1,
    length_penalty: float = 1.0,
    stops: Collection[int] | None = None,
) -> list[list[int]]:
    """Return the most probable continuation of each prompt, without the token that ended it.

    A row ends when `beams` of its continuations have ended. `<visual>` is never written: there is
    no picture for it.

    Args:
        model: in evaluation mode, on the prompt's device.
        prompt: what to continue.
        max_new_tokens: upper bound.
        beams: continuations followed at once; 1 is greedy.
        length_penalty: summed log-probabilities are divided by length to this power.
        stops: ids that end a text; None for `<|endofchunk|>` and end of text.

    Raises:
        ValueError: a prompt has not as many media as `<visual>` tokens.
    """
    ends = frozenset(stops or (model.special.end_of_chunk, model.special.eos))
    decoder = _Decoder(model, prompt, beams)
    logits_GY = decoder.read(prompt.input_ids_BL.repeat_interleave(beams, 0))
    searches = [_Search(beams, ends, length_penalty) for _ in prompt.input_ids_BL]
    for _ in range(max_new_tokens):
        logits_GY[:, model.special.visual] = -torch.inf
        logprobs = torch.split(logits_GY.float().log_softmax(-1), beams)
        chosen = [search.advance(rows) for search, rows in zip(searches, logprobs, strict=True)]
        if all(search.is_done for search in searches):
            break
        origins = [b * beams + beam for b, row in enumerate(chosen) for beam, _ in row]
        tokens = [[token] for row in chosen for _, token in row]
        if beams > 1:
            decoder.reorder(torch.tensor(origins, device=logits_GY.device))
        logits_GY = decoder.read(torch.tensor(tokens, device=logits_GY.device))
    return [search.best() for search in searches]


class _Decoder:
    """The model with everything that does not change from token to token kept."""

    def __init__(self, model: Cosmo, prompt: Prompt, beams: int) -> None:
        self.model = model
        self.media = media = model.encode_media(prompt.media)
        self.cache = DynamicCache()
        self.keys = {
            name: MediaKeys(
                keys_BMNAQ=keys.keys_BMNAQ.repeat_interleave(beams, 0),
                values_BMNAQ=keys.values_BMNAQ.repeat_interleave(beams, 0),
            )
            for name, keys in model.media_keys(media).items()
        }
        is_visual_BL = prompt.attention_BL & (prompt.input_ids_BL == model.special.visual)
        visuals_B = is_visual_BL.sum(1)
        media_B = prompt.media.frame_mask_BMF.any(-1).sum(1)
        if not torch.equal(visuals_B, media_B):
            raise ValueError(
                f"<visual> tokens per prompt {visuals_B.tolist()} must be as many as its media "
                f"{media_B.tolist()}"
            )
        self.index_GL = is_visual_BL.cumsum(1).repeat_interleave(beams, 0)
        real_GL = prompt.attention_BL.repeat_interleave(beams, 0)
        self.document_GT = torch.where(real_GL, 0, PADDING)
        self.position_GL = (real_GL.cumsum(1) - 1).clamp(min=0)

    def read(self, input_ids_GL: Tensor) -> Tensor:
        """Read more tokens; return the logits [G, Y] of the next."""
        model = self.model
        hidden_GLD, step = model.language.begin(
            input_ids_GL, self.position_GL, self.document_GT, self.cache
        )
        view = model.view(self.index_GL, self.media)
        hidden_GLD = model.language.run(model.lower, hidden_GLD, step)
        hidden_GLD = model.upper(hidden_GLD, step, self.keys, view)
        self.index_GL, self.position_GL = self.index_GL[:, -1:], self.position_GL[:, -1:] + 1
        self.document_GT = functional.pad(self.document_GT, (0, 1), value=0)
        return model.language.logits(hidden_GLD[:, -1:])[:, 0]

    def reorder(self, origin_G: Tensor) -> None:
        """Let each beam go on from the beam that it came from, always one of the same prompt."""
        self.cache.reorder_cache(cast(torch.LongTensor, origin_G))


@dataclass(slots=True)
class _Search:
    """The beams of one prompt."""

    beams: int
    ends: frozenset[int]
    length_penalty: float
    alive: list[tuple[float, list[int]]] = field(default_factory=lambda: [(0.0, [])])
    """Summed log-probability and tokens, the best first."""
    ended: list[tuple[float, list[int]]] = field(default_factory=list)
    """Score and tokens."""

    @property
    def is_done(self) -> bool:
        """Whether enough continuations have ended, or none can go on."""
        return len(self.ended) >= self.beams or not self.alive

    def advance(self, logprobs_GY: Tensor) -> list[tuple[int, int]]:
        """Add one token to every beam; return where each came from, and its token.

        What is returned has an entry for each beam, those that are not in use are never read.
        """
        unused = [(0, min(self.ends))] * self.beams
        if self.is_done:
            return unused
        total = torch.tensor([score for score, _ in self.alive], device=logprobs_GY.device)
        scores = (total[:, None] + logprobs_GY[: len(self.alive)]).flatten()
        # Every beam may propose each end, and still leave enough that go on.
        count = min(self.beams * (1 + len(self.ends)), len(scores))
        values, places = (part.tolist() for part in scores.topk(count))
        alive: list[tuple[float, list[int]]] = []
        chosen: list[tuple[int, int]] = []
        for rank, (value, place) in enumerate(zip(values, places, strict=True)):
            beam, token = divmod(place, logprobs_GY.shape[1])
            tokens = self.alive[beam][1]
            if value == -math.inf or len(alive) == self.beams:
                break
            if token not in self.ends:
                alive.append((value, [*tokens, token]))
                chosen.append((beam, token))
            elif rank < self.beams:
                self.ended.append((self._score(value, len(tokens) + 1), tokens))
        self.alive = alive
        return (chosen + unused)[: self.beams]

    def best(self) -> list[int]:
        """Return the best of what has ended; of what has not, where too little did."""
        found = list(self.ended)
        if len(self.ended) < self.beams:
            found += [(self._score(value, len(tokens)), tokens) for value, tokens in self.alive]
        return max(found, key=lambda scored: scored[0])[1]

    def _score(self, logprob: float, length: int) -> float:
        return float(logprob / max(length, 1) ** self.length_penalty)
