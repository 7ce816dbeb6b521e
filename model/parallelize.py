"""Several processes that train together, one per device, under `torchrun`. Nothing of the model.

Every rank takes its rows of the same global batch; gradients of the language-model loss add up, the
contrastive loss is computed by all ranks over all pairs.
"""

import datetime
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from ..schemas.errors import EnvironmentFault
from .data.order import World

_PATIENCE = datetime.timedelta(hours=1)
"""How long ranks wait for one another: so long may the first one take to look at a dataset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """This process among those that train together; by default it is alone, on the processor."""

    rank: int = 0
    size: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and talks to people."""
        return self.rank == 0

    @property
    def world(self) -> World:
        """What the loaders need to know."""
        return World(rank=self.rank, size=self.size)

    @property
    def frozen_dtype(self) -> torch.dtype:
        """Dtype of what is not trained: bf16 where the device computes in it."""
        return torch.bfloat16 if self._has_bf16 else torch.float32

    def autocast(self) -> AbstractContextManager[Any]:
        """Compute in bf16 where the device has it; elsewhere in float32."""
        if self._has_bf16:
            return torch.autocast(self.device.type, dtype=torch.bfloat16)
        return nullcontext()

    def sum(self, tensor: Tensor) -> Tensor:
        """Return the sum over all ranks, without gradient."""
        if self.size == 1:
            return tensor
        total = tensor.detach().clone()
        dist.all_reduce(total)
        return total

    def gather(self, tensor: Tensor) -> Tensor:
        """Return what all ranks have, joined along the first axis, without gradient.

        Args:
            tensor: of the same shape on every rank.
        """
        if self.size == 1:
            return tensor
        parts = [torch.empty_like(tensor) for _ in range(self.size)]
        dist.all_gather(parts, tensor.detach().contiguous())
        return torch.cat(parts)

    def gather_with_gradient(self, tensor: Tensor) -> Tensor:
        """Return what all ranks have, joined along the first axis.

        The gradient of this rank's part is the sum over ranks of what each sends back: if all
        compute the same loss of the whole, it is `size` times that loss's gradient, which the mean
        over ranks in `DistributedDataParallel` makes right again.
        """
        return tensor if self.size == 1 else _Gather.apply(tensor, self)  # type: ignore[no-untyped-call]

    def gather_text(self, text: str) -> list[str]:
        """Return the text of every rank."""
        if self.size == 1:
            return [text]
        data = torch.frombuffer(bytearray(text.encode()) or bytearray(1), dtype=torch.uint8)
        length = torch.tensor([len(text.encode())], device=self.device)
        lengths = self.gather(length).tolist()
        padded = torch.zeros((1, max(1, *lengths)), dtype=torch.uint8, device=self.device)
        padded[0, : lengths[self.rank]] = data[: lengths[self.rank]].to(self.device)
        rows = self.gather(padded).cpu()
        return [bytes(row[:n].tolist()).decode() for row, n in zip(rows, lengths, strict=True)]

    def wait(self) -> None:
        """Return when all ranks have come here."""
        if self.size > 1:
            dist.barrier()

    @contextmanager
    def first_goes_ahead(self) -> Iterator[None]:
        """Let the first rank go through a block before the others enter it."""
        if not self.is_first:
            self.wait()
        yield
        if self.is_first:
            self.wait()

    @property
    def _has_bf16(self) -> bool:
        # Cards without it would be slower in an emulated bf16 than in float32.
        return self.device.type == "cuda" and torch.cuda.is_bf16_supported(
            including_emulation=False
        )


class _Gather(torch.autograd.Function):
    """All parts, and the sum of their gradients: gloo and NCCL alike."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor, ranks: Ranks) -> Tensor:  # noqa: ANN401
        ctx.ranks, ctx.rows = ranks, len(tensor)
        return ranks.gather(tensor)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        total = ctx.ranks.sum(gradient.contiguous())
        first = ctx.ranks.rank * ctx.rows
        return total[first : first + ctx.rows], None


@contextmanager
def join_ranks() -> Iterator[Ranks]:
    """Join the processes that `torchrun` started; alone where it did not.

    Raises:
        EnvironmentFault: there are fewer devices than processes on this machine.
    """
    has_cuda = torch.cuda.is_available()
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Ranks(device=torch.device("cuda" if has_cuda else "cpu"))
        return
    if "LOCAL_RANK" not in os.environ:
        raise EnvironmentFault(
            f"WORLD_SIZE={os.environ['WORLD_SIZE']} is set and LOCAL_RANK is not: start several "
            "processes with torchrun, or unset it"
        )
    local = int(os.environ["LOCAL_RANK"])
    if has_cuda and local >= torch.cuda.device_count():
        raise EnvironmentFault(
            f"process {local} has no device of its own: this machine has "
            f"{torch.cuda.device_count()}; start at most so many with --nproc-per-node"
        )
    device = torch.device("cuda", local) if has_cuda else torch.device("cpu")
    if has_cuda:
        torch.cuda.set_device(device)
    dist.init_process_group(
        "nccl" if has_cuda else "gloo",
        timeout=_PATIENCE,
        device_id=device if has_cuda else None,
    )
    try:
        yield Ranks(rank=dist.get_rank(), size=dist.get_world_size(), device=device)
    finally:
        dist.destroy_process_group()


def data_parallel(module: nn.Module, ranks: Ranks) -> nn.Module:
    """Let the gradients of all ranks be averaged during the backward pass.

    What is returned must be gone before `join_ranks` ends. Else it takes the process group along
    when it goes, and in torch 2.13 it then waits for gloo's thread without releasing the GIL, which
    that thread may be waiting for: the process never ends.
    """
    if ranks.size == 1:
        return module
    return DistributedDataParallel(module, gradient_as_bucket_view=True)


def without_averaging(module: nn.Module) -> AbstractContextManager[Any]:
    """Keep the gradients of a micro-batch on this rank, as others follow."""
    return module.no_sync() if isinstance(module, DistributedDataParallel) else nullcontext()
