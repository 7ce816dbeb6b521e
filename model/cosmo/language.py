"""A frozen Hugging Face causal language model, split at U, run layer by layer from outside.

The model is never changed: gated blocks stand between its layers in `model.py`, and the embedding
rows of added tokens stand beside its own. Shapes: B sequences, L tokens, D width, W width of the
embedding rows (D but for OPT-350M), X added tokens, Y size of the vocabulary.
"""

from collections.abc import Callable, Iterable
from typing import cast

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from transformers import Cache, PreTrainedModel

from ...schemas.errors import UsageError
from .config import NewRows
from .families import FAMILIES, Family, Step
from .masks import block_causal_mask


class TokenRows(nn.Module):
    """Embedding rows of the tokens that were added to the vocabulary, in and out."""

    def __init__(self, model: PreTrainedModel, count: int, *, learn: NewRows, random: bool) -> None:
        super().__init__()
        make = _random_rows if random else _mean_rows
        inputs = make(cast(Tensor, model.get_input_embeddings().weight), count)
        outputs = make(_output_table(model).weight, count)
        self.input_XW = nn.Parameter(inputs, requires_grad=learn == "both")
        self.output_XW = nn.Parameter(outputs, requires_grad=learn != "frozen")


def _output_table(model: PreTrainedModel) -> nn.Linear:
    return cast(nn.Linear, model.get_output_embeddings())  # type: ignore[no-untyped-call]


def _mean_rows(table_YW: Tensor, count: int) -> Tensor:
    """Return `count` rows that are the mean of all: unlike none of them (Hewitt 2021)."""
    return table_YW.detach().float().mean(0).repeat(count, 1)


def _random_rows(table_YW: Tensor, count: int) -> Tensor:
    """Return rows as transformers 4.29 draws them for the reference: normal, std 0.02."""
    rows = torch.empty(count, table_YW.shape[1], device=table_YW.device)
    return nn.init.normal_(rows, std=0.02)


class SplitLanguageModel(nn.Module):
    """The language model as layers that are run one at a time."""

    def __init__(self, model: PreTrainedModel, rows: TokenRows, *, base_vocabulary: int) -> None:
        """Wrap a model.

        Args:
            model: frozen here and put into evaluation mode for good.
            rows: of the added tokens; their ids begin at `base_vocabulary`.
            base_vocabulary: size of the tokenizer before tokens were added. Rows of the model
                beyond it stand for no token, and are left out of the logits.
        """
        super().__init__()
        self.model = model.requires_grad_(False)
        self.model.train(False)
        self.rows = rows
        self.base_vocabulary = base_vocabulary
        self.family = family_of(model)
        self.checkpoints_layers = False
        """Whether layers that need autograd run again in the backward pass, to save memory."""

    def train(self, mode: bool = True) -> "SplitLanguageModel":
        """Keep the frozen model in evaluation mode: its dropout is never on."""
        super().train(mode)
        self.model.train(False)
        return self

    @property
    def layers(self) -> nn.ModuleList:
        """The decoder layers."""
        return self.family.layers(self.model)

    @property
    def width(self) -> int:
        """D."""
        width: int = self.model.config.hidden_size
        return width

    @property
    def numbers(self) -> range:
        """Numbers of all layers."""
        return range(len(self.layers))

    def require_depth(self, unimodal_depth: int) -> None:
        """Refuse a split that leaves no upper half.

        Raises:
            UsageError: as said.
        """
        if unimodal_depth >= len(self.layers):
            raise UsageError(
                f"model.unimodal_depth={unimodal_depth} must be less than the language model's "
                f"{len(self.layers)} layers"
            )

    def embed(self, input_ids_BL: Tensor, position_ids_BL: Tensor) -> Tensor:
        """Return the input of layer 0."""
        table = self.model.get_input_embeddings()
        new_BL = input_ids_BL - self.base_vocabulary
        rows_BLW = table(input_ids_BL.clamp(max=self.base_vocabulary - 1))
        added_BLW = self.rows.input_XW.to(rows_BLW.dtype)[new_BL.clamp(min=0)]
        rows_BLW = torch.where((new_BL >= 0)[..., None], added_BLW, rows_BLW)
        return self.family.embed(self.model, rows_BLW, position_ids_BL)

    def begin(
        self,
        input_ids_BL: Tensor,
        position_ids_BL: Tensor,
        document_BT: Tensor,
        cache: Cache | None = None,
    ) -> tuple[Tensor, Step]:
        """Return the input of layer 0, and what all layers of this call share.

        Args:
            input_ids_BL: tokens to read.
            position_ids_BL: their positions, from 0 in each document.
            document_BT: the document of each token so far; those to read come last.
            cache: keys and values of the tokens before.
        """
        hidden_BLD = self.embed(input_ids_BL, position_ids_BL)
        step = Step(
            mask_B1LT=block_causal_mask(document_BT, input_ids_BL.shape[1], hidden_BLD.dtype),
            position_ids_BL=position_ids_BL,
            rotary=self.family.rotary(self.model, hidden_BLD, position_ids_BL),
            cache=cache,
        )
        return hidden_BLD, step

    def run(self, layers: Iterable[int], hidden_BLD: Tensor, step: Step) -> Tensor:
        """Run some layers, in the order given."""
        for number in layers:
            layer = self.layers[number]
            run: Callable[[Tensor], Tensor] = _bind(self.family.run_layer, layer, step)
            if self.checkpoints_layers and hidden_BLD.requires_grad and step.cache is None:
                hidden_BLD = checkpoint(run, hidden_BLD, use_reentrant=False)
            else:
                hidden_BLD = run(hidden_BLD)
        return hidden_BLD

    def logits(self, hidden_BLD: Tensor) -> Tensor:
        """Return the logits [B, L, Y] of the last layer's output; added tokens come last."""
        hidden_BLW = self.family.finish(self.model, hidden_BLD)
        base_BLY = _output_table(self.model)(hidden_BLW)[..., : self.base_vocabulary]
        added_BLX = hidden_BLW @ self.rows.output_XW.to(hidden_BLW.dtype).T
        return torch.cat([base_BLY, added_BLX.to(base_BLY.dtype)], -1)


def _bind(
    run_layer: Callable[[nn.Module, Tensor, Step], Tensor], layer: nn.Module, step: Step
) -> Callable[[Tensor], Tensor]:
    """Leave the hidden states as the only argument, as `checkpoint` wants it."""
    return lambda hidden_BLD: run_layer(layer, hidden_BLD, step)


def family_of(model: PreTrainedModel) -> Family:
    """Return the family of a model.

    Raises:
        UsageError: there is no file for it.
    """
    name = model.config.model_type
    if name not in FAMILIES:
        raise UsageError(
            f"language model of type {name!r} is not supported; supported are "
            f"{', '.join(FAMILIES)} (one file each in model/cosmo/families/)"
        )
    return FAMILIES[name]
