"""AdamW over the trained parts, and its learning rate as a function of tokens."""

import math
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from ..schemas.errors import UsageError
from .cosmo.model import Cosmo
from .recipe import OptimizerOptions

_MOMENTS = ("step", "exp_avg", "exp_avg_sq")


def make_optimizer(model: Cosmo, options: OptimizerOptions) -> torch.optim.AdamW:
    """Return AdamW with three groups: gates, matrices (which decay), and all else.

    Each group knows its highest learning rate as `highest`.
    """
    groups: dict[str, list[nn.Parameter]] = {"gates": [], "matrices": [], "rest": []}
    for name, parameter in _trained(model):
        groups[_group(name, parameter)].append(parameter)
    decay = {"matrices": options.weight_decay}
    return torch.optim.AdamW(
        [
            {
                "params": parameters,
                "lr": 0.0,
                "highest": options.gate_lr if group == "gates" else options.lr,
                "weight_decay": decay.get(group, 0.0),
            }
            for group, parameters in groups.items()
        ],
        betas=options.betas,
        fused=any(p.is_cuda for ps in groups.values() for p in ps),
    )


def _group(name: str, parameter: nn.Parameter) -> str:
    if name.endswith("_gate"):
        return "gates"
    # Latents, the text query and token rows are vectors side by side, not maps.
    is_map = parameter.ndim >= 2 and not name.endswith(("latents", "query", "_XW"))
    return "matrices" if is_map else "rest"


def set_learning_rate(optimizer: torch.optim.AdamW, options: OptimizerOptions, tokens: int) -> None:
    """Set the learning rate of every group for a step after which `tokens` have been seen."""
    share = learning_share(options, tokens)
    for group in optimizer.param_groups:
        group["lr"] = group["highest"] * share


def learning_share(options: OptimizerOptions, tokens: int) -> float:
    """Return the learning rate over its highest value: warm-up, then half a cosine.

    Args:
        options: horizon, length of the warm-up, and the share that is left at the end.
        tokens: seen so far.
    """
    if tokens < options.warmup_tokens:
        return tokens / options.warmup_tokens
    progress = (tokens - options.warmup_tokens) / (options.tokens - options.warmup_tokens)
    cosine = (1 + math.cos(math.pi * min(1.0, progress))) / 2
    return options.final_share + (1 - options.final_share) * cosine


def optimizer_state(model: Cosmo, optimizer: torch.optim.AdamW) -> dict[str, Tensor]:
    """Return AdamW's state by the names of the parameters; not copied."""
    return {
        f"{name}.{key}": value
        for name, parameter in _trained(model)
        for key, value in optimizer.state.get(parameter, {}).items()
    }


def load_optimizer_state(
    model: Cosmo, optimizer: torch.optim.AdamW, tensors: Mapping[str, Tensor]
) -> None:
    """Take over what `optimizer_state` returned.

    Raises:
        UsageError: it belongs to another model.
    """
    parameters = dict(_trained(model))
    names = {name.rpartition(".")[0] for name in tensors}
    if names and names != set(parameters):
        odd = sorted(names ^ set(parameters))
        raise UsageError(f"the optimizer's state does not fit the model, such as {odd[0]}")
    optimizer.state.clear()
    for name in sorted(names):
        parameter = parameters[name]
        state = {key: tensors[f"{name}.{key}"] for key in _MOMENTS}
        # AdamW keeps its count on the processor, unless it is fused.
        is_fused = optimizer.param_groups[0]["fused"]
        optimizer.state[parameter] = {
            key: value.to(parameter.device) if key != "step" or is_fused else value
            for key, value in state.items()
        }


def _trained(model: Cosmo) -> Iterator[tuple[str, nn.Parameter]]:
    for parameters in model.trainable_parameters().values():
        yield from parameters.items()
