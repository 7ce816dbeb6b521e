"""What COSMO needs to know of a family of Hugging Face causal language models.

Shapes: B sequences, L tokens, T tokens that can be attended to, D width.
"""

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, nn
from transformers import Cache, PreTrainedModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is the same for every layer of one call."""

    mask_B1LT: Tensor
    """Float, added to the scores: 0 where a token may be attended to, else the dtype's minimum.

    Never bool: `eager` attention would add it as 0 and 1 (transformers 5.23).
    """
    position_ids_BL: Tensor
    rotary: tuple[Tensor, Tensor] | None
    """Cosines and sines of the positions, where the family has them."""
    cache: Cache | None
    """Keys and values of earlier tokens; the layers append to it."""


class Family(Protocol):
    """The seam to one family."""

    @property
    def model_type(self) -> str:
        """Its name in a Hugging Face config."""
        ...

    def layers(self, model: PreTrainedModel) -> nn.ModuleList:
        """Return the decoder layers."""
        ...

    def embed(self, model: PreTrainedModel, rows_BLD: Tensor, position_ids_BL: Tensor) -> Tensor:
        """Return the input of layer 0 from the tokens' embedding rows."""
        ...

    def rotary(
        self, model: PreTrainedModel, hidden_BLD: Tensor, position_ids_BL: Tensor
    ) -> tuple[Tensor, Tensor] | None:
        """Return what the layers need of the positions, if anything."""
        ...

    def run_layer(self, layer: nn.Module, hidden_BLD: Tensor, step: Step) -> Tensor:
        """Run one decoder layer."""
        ...

    def finish(self, model: PreTrainedModel, hidden_BLD: Tensor) -> Tensor:
        """Return the input of the output embeddings from the output of the last layer."""
        ...
