"""The order of samples: windows laid end to end, as a function of packing, seed and epoch.

Windows are ordered by a hash, taken in blocks of 8,192, and each block is packed on its own, so
that whoever goes on in the middle of an epoch packs one block and not all before it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...schemas.ids import digest
from .packing import Packing
from .windows import Budgets

BLOCK_WINDOWS = 8192
"""Windows that are packed together: enough that the budget that binds is nearly used up."""

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """This process among those that train together."""

    rank: int = 0
    size: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedSequence:
    """One packed sequence of an epoch."""

    number: int
    """Its place in the epoch, from 0."""
    windows: tuple[int, ...]
    """Its windows in their order, as numbers of the packing."""


class EpochOrder:
    """The packed sequences of one epoch, in order.

    Args:
        packing: the windows.
        budgets: what a sequence may hold.
        seed: of the training.
        epoch: how often the windows were used before.
    """

    def __init__(self, packing: Packing, budgets: Budgets, *, seed: int, epoch: int) -> None:
        self._packing = packing
        self._budgets = budgets
        self._key = (packing.digest, seed, epoch)
        self._order = hash_order(len(packing), "windows", *self._key)

    @property
    def num_blocks(self) -> int:
        """How many blocks the epoch has."""
        return -(-len(self._order) // BLOCK_WINDOWS)

    def block(self, number: int) -> list[tuple[int, ...]]:
        """Return the packed sequences of one block."""
        windows = self._order[number * BLOCK_WINDOWS : (number + 1) * BLOCK_WINDOWS]
        bins = _first_fit(
            windows, self._packing.tokens[windows], self._packing.media[windows], self._budgets
        )
        # The large windows were laid first; nothing of that may show in the order.
        return [bins[index] for index in hash_order(len(bins), "bins", *self._key, number)]

    def sequences(
        self, *, block: int = 0, block_first: int = 0
    ) -> Iterator[tuple[PackedSequence, int, int]]:
        """Yield (packed sequence, its block, number of that block's first sequence).

        Args:
            block: where to begin.
            block_first: number in the epoch of that block's first sequence.
        """
        first = block_first
        for index in range(block, self.num_blocks):
            bins = self.block(index)
            for place, windows in enumerate(bins):
                yield PackedSequence(number=first + place, windows=windows), index, first
            first += len(bins)

    def count(self, *, enough: int | None = None) -> int:
        """Return how many packed sequences the epoch has; packs all blocks.

        Args:
            enough: stop counting there; packing a block takes some tenths of a second.
        """
        found = 0
        for number in range(self.num_blocks):
            found += len(self.block(number))
            if enough is not None and found >= enough:
                break
        return found


def hash_order(count: int, *key: object) -> Numbers:
    """Return the numbers below `count` in an order that depends on nothing but the key.

    By splitmix64 (Steele, Lea, Flood 2014), which every version of numpy computes alike.
    """
    with np.errstate(over="ignore"):
        state = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        state += np.uint64(int(digest("order", *key)[:16], 16))
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return np.argsort(state, kind="stable").astype(np.int64)


def _first_fit(
    windows: Numbers, tokens: npt.NDArray[np.int32], media: npt.NDArray[np.int32], budgets: Budgets
) -> list[tuple[int, ...]]:
    """Lay windows into sequences, the largest first, each into the first where it fits."""
    bins: list[list[int]] = []
    free_tokens = np.full(len(windows), budgets.tokens)
    free_media = np.full(len(windows), budgets.media)
    size = np.maximum(tokens / budgets.tokens, media / budgets.media)
    for index in np.argsort(-size, kind="stable"):
        opened = len(bins)
        fits = (free_tokens[:opened] >= tokens[index]) & (free_media[:opened] >= media[index])
        place = int(fits.argmax()) if fits.any() else opened
        if place == opened:
            bins.append([])
        bins[place].append(int(windows[index]))
        free_tokens[place] -= tokens[index]
        free_media[place] -= media[index]
    return [tuple(found) for found in bins]
