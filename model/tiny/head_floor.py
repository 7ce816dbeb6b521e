"""The lowest loss that an output layer allows, whatever the layers below it do.

Shapes: T tokens, D language width.
"""

from collections.abc import Mapping, Sequence

import torch
from torch.nn import functional as F  # noqa: N812  (torch's own name for it)
from transformers import LlamaForCausalLM

MAX_FLOOR = 0.05
"""Nats. With floors of 0.45 training on eight documents stopped at that; under 0.05 it does not."""
_STEPS = 300
_RATE = 0.05


def head_floors(
    model: LlamaForCausalLM, token_ids: Mapping[str, Sequence[int]]
) -> dict[str, float]:
    """Measure, for each word, the loss of its worst token under the best final hidden state.

    That state is optimised alone, from the token's own row, through the final norm and the frozen
    output layer.

    Args:
        model: unchanged.
        token_ids: the tokens of each word.

    Returns:
        Nats, by word.
    """
    ids_T = torch.tensor(sorted({token for tokens in token_ids.values() for token in tokens}))
    head = model.lm_head
    state_TD = head.weight[ids_T].detach().clone().requires_grad_()
    optimizer = torch.optim.Adam([state_TD], lr=_RATE)
    best_T = torch.full((len(ids_T),), torch.inf)
    for _ in range(_STEPS):
        loss_T = F.cross_entropy(head(model.model.norm(state_TD)), ids_T, reduction="none")
        best_T = torch.minimum(best_T, loss_T.detach())
        (state_TD.grad,) = torch.autograd.grad(loss_T.sum(), state_TD)
        optimizer.step()
    floors = dict(zip(ids_T.tolist(), best_T.tolist(), strict=True))
    return {word: max(floors[token] for token in tokens) for word, tokens in token_ids.items()}
