"""What both trainings share: one thread, chance of their own, the learning rate."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from .recipe import NUM_THREADS

_WARM_UP_STEPS = 20
_LOWEST_RATE = 1e-3
_MAX_GRADIENT_NORM = 1.0


@contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """Train inside this: on one thread, from `seed`; the caller's threads and chance come back."""
    threads = torch.get_num_threads()
    torch.set_num_threads(NUM_THREADS)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)


class Descent:
    """AdamW with warm-up, cosine and a clipped gradient."""

    def __init__(self, module: nn.Module, *, learning_rate: float, steps: int) -> None:
        self._parameters = list(module.parameters())
        self._learning_rate = learning_rate
        self._steps = steps
        self._optimizer = torch.optim.AdamW(
            self._parameters, lr=learning_rate, betas=(0.9, 0.95), weight_decay=0.05
        )

    def step(self, loss: Tensor, number: int) -> None:
        """Go one step down; `number` counts from 0."""
        cosine = 0.5 + 0.5 * math.cos(math.pi * number / self._steps)
        rate = min(1.0, (number + 1) / _WARM_UP_STEPS) * cosine + _LOWEST_RATE
        for group in self._optimizer.param_groups:
            group["lr"] = self._learning_rate * rate
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._parameters, _MAX_GRADIENT_NORM)
        self._optimizer.step()
