"""Llama: rotary positions, one norm at the end. Shapes as in `family.py`."""

from torch import Tensor, nn
from transformers import PreTrainedModel

from .family import Step


class Llama:
    """Models of `model_type: llama`, such as TinyLlama and SmolLM2."""

    model_type = "llama"

    def layers(self, model: PreTrainedModel) -> nn.ModuleList:
        """Return the decoder layers."""
        layers: nn.ModuleList = model.model.layers
        return layers

    def embed(self, model: PreTrainedModel, rows_BLD: Tensor, position_ids_BL: Tensor) -> Tensor:
        """Return the rows: positions enter in the layers."""
        return rows_BLD

    def rotary(
        self, model: PreTrainedModel, hidden_BLD: Tensor, position_ids_BL: Tensor
    ) -> tuple[Tensor, Tensor] | None:
        """Return cosines and sines."""
        cosines, sines = model.model.rotary_emb(hidden_BLD, position_ids=position_ids_BL)
        return cosines, sines

    def run_layer(self, layer: nn.Module, hidden_BLD: Tensor, step: Step) -> Tensor:
        """Run one decoder layer."""
        output: Tensor = layer(
            hidden_BLD,
            attention_mask=step.mask_B1LT,
            position_ids=step.position_ids_BL,
            past_key_values=step.cache,
            use_cache=step.cache is not None,
            position_embeddings=step.rotary,
        )
        return output

    def finish(self, model: PreTrainedModel, hidden_BLD: Tensor) -> Tensor:
        """Apply the last norm."""
        output: Tensor = model.model.norm(hidden_BLD)
        return output
