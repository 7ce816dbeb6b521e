"""OPT: learned positions at the input, projections where the embedding is narrower (OPT-350M).

Shapes as in `family.py`.
"""

from torch import Tensor, nn
from transformers import PreTrainedModel

from .family import Step


class Opt:
    """Models of `model_type: opt`, such as OPT and OPT-IML."""

    model_type = "opt"

    def layers(self, model: PreTrainedModel) -> nn.ModuleList:
        """Return the decoder layers."""
        layers: nn.ModuleList = model.model.decoder.layers
        return layers

    def embed(self, model: PreTrainedModel, rows_BLD: Tensor, position_ids_BL: Tensor) -> Tensor:
        """Add the learned positions."""
        decoder = model.model.decoder
        if decoder.project_in is not None:
            rows_BLD = decoder.project_in(rows_BLD)
        # The first argument only serves to infer positions, which are given here.
        positions: Tensor = decoder.embed_positions(position_ids_BL, position_ids=position_ids_BL)
        return rows_BLD + positions

    def rotary(
        self, model: PreTrainedModel, hidden_BLD: Tensor, position_ids_BL: Tensor
    ) -> tuple[Tensor, Tensor] | None:
        """Return nothing: positions entered at the input."""
        return None

    def run_layer(self, layer: nn.Module, hidden_BLD: Tensor, step: Step) -> Tensor:
        """Run one decoder layer."""
        output = layer(
            hidden_BLD,
            attention_mask=step.mask_B1LT,
            position_ids=step.position_ids_BL,
            past_key_values=step.cache,
            use_cache=step.cache is not None,
        )
        first: Tensor = output[0] if isinstance(output, tuple) else output
        return first

    def finish(self, model: PreTrainedModel, hidden_BLD: Tensor) -> Tensor:
        """Apply the last norm and the output projection, where there are any."""
        decoder = model.model.decoder
        if decoder.final_layer_norm is not None:
            hidden_BLD = decoder.final_layer_norm(hidden_BLD)
        if decoder.project_out is not None:
            hidden_BLD = decoder.project_out(hidden_BLD)
        return hidden_BLD
