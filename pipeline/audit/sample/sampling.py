"""Which clips are drawn: by chance with known probabilities, or because they look bad.

Everything is a function of seed and content. Within a stratum clips stand in the order of a keyed
hash, and strata are served in a fixed order of seats that does not look at the sample's size. So a
sample of n is the beginning of every larger one, and in a stratum of N clips that has n seats every
clip has the probability n / N, exactly: its place in the hash order is uniform over seeds.
"""

import heapq
from collections.abc import Collection, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ....schemas.errors import UsageError
from ....schemas.ids import digest

MIN_GAP, GAP_SPREAD = 10, 20
"""How many items later an item is shown again: far enough to have left the mind."""


def order_key(seed: int, clip_id: str) -> int:
    """Return the place of a clip in the order of a seed: 64 bits of a digest."""
    return int(digest("audit order", seed, clip_id)[:16], 16)


def draw(seed: int, num_options: int, *about: object) -> int:
    """Return a number in `[0, num_options)`, uniform over seeds, that depends on `about`."""
    return int(digest("audit draw", seed, *about), 16) % num_options


def seat_order(populations: Sequence[int], *, num: int, minimum: int) -> list[int]:
    """Share a sample out among strata.

    First every stratum gets `minimum` seats, one in each round; then seats go one by one to the
    stratum with the largest quotient N / (2 s + 1) of its clips N and seats s: the method of
    Webster and Sainte-Laguë (Balinski and Young, "Fair Representation", 1982), which stays near to
    proportion and never takes a seat back when the sample grows. No stratum gets more seats than
    it has clips.

    Args:
        populations: clips of each stratum.
        num: clips wanted.
        minimum: seats that every stratum gets first, at least 1.

    Returns:
        The stratum of each seat, in order: `num` of them, or as many as there are clips.

    Raises:
        UsageError: there are fewer seats than strata, so that some clips could never be drawn.
    """
    num_strata = sum(population > 0 for population in populations)
    if num < num_strata:
        raise UsageError(
            f"a sample of {num} clips cannot draw from each of {num_strata} strata; "
            f"take at least {num_strata}, or strata of fewer kinds"
        )
    total = min(num, sum(populations))
    rounds = (
        s for r in range(minimum) for s, population in enumerate(populations) if population > r
    )
    seats = [stratum for _, stratum in zip(range(total), rounds, strict=False)]
    taken = [min(minimum, population) for population in populations]
    heap = [(-n / (2 * taken[s] + 1), s) for s, n in enumerate(populations) if n > taken[s]]
    heapq.heapify(heap)
    while len(seats) < total:
        _, stratum = heapq.heappop(heap)
        seats.append(stratum)
        taken[stratum] += 1
        population = populations[stratum]
        if population > taken[stratum]:
            heapq.heappush(heap, (-population / (2 * taken[stratum] + 1), stratum))
    return seats


def choose(
    keys: NDArray[np.uint64], strata: NDArray[np.int32], seats: Sequence[int]
) -> NDArray[np.int64]:
    """Return the clips that take the seats.

    Args:
        keys: `order_key` of each clip, shape (num_clips,).
        strata: number of the stratum of each clip, shape (num_clips,).
        seats: the stratum of each seat; no stratum has more seats than clips.

    Returns:
        Index of the clip of each seat, shape (num_seats,).
    """
    order = np.lexsort((keys, strata))
    first = np.searchsorted(strata[order], np.arange(max(seats, default=0) + 1))
    used = [0] * len(first)
    chosen = np.empty(len(seats), np.int64)
    for seat, stratum in enumerate(seats):
        chosen[seat] = order[first[stratum] + used[stratum]]
        used[stratum] += 1
    return chosen


def shown_again(
    num: int, share: float, *, seed: int, purpose: str, avoid: Collection[int] = ()
) -> list[int]:
    """Return which seats of the estimation pool are shown again: one drawn from each block.

    Args:
        num: seats of the pool.
        share: a block has `round(1 / share)` seats; 0 for none.
        seed: the seed.
        purpose: what for; another purpose draws other seats.
        avoid: seats in place of which the next one of the block is taken.

    Returns:
        Seats. Those of a larger pool are these and further ones, if `avoid` grows likewise.
    """
    if share <= 0:
        return []
    block = max(1, round(1 / share))
    found = []
    for start in range(0, num, block):
        first = draw(seed, block, purpose, start // block)
        seats = (start + (first + step) % block for step in range(block))
        # A seat beyond the pool may be avoided in a larger one, but never gives way in this one.
        seat = next((seat for seat in seats if seat not in avoid), num)
        if seat < num:
            found.append(seat)
    return found


def place_again(seat: int, *, seed: int, purpose: str) -> float:
    """Return after which seat the item of `seat` is shown again, plus one half."""
    return seat + MIN_GAP + draw(seed, GAP_SPREAD, purpose, "gap", seat) + 0.5


def worst_first(badness: NDArray[np.float64], keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the clips that have a number, the worst first, equal ones in the hash order.

    Args:
        badness: the larger the worse, NaN where there is none, shape (num_clips,).
        keys: `order_key` of each clip, shape (num_clips,).
    """
    known = np.flatnonzero(~np.isnan(badness))
    return known[np.lexsort((keys[known], -badness[known]))]


def alternate(rankings: Sequence[Sequence[int]], *, taken: set[int]) -> Iterator[tuple[int, int]]:
    """Take from several rankings in turn what nobody took before.

    Args:
        rankings: indices of clips, the worst first.
        taken: clips that are left out; what is yielded is added.

    Yields:
        A clip, and the number of the ranking that it is from.
    """
    queues = [iter(ranking) for ranking in rankings]
    open_queues = set(range(len(queues)))
    while open_queues:
        for number in sorted(open_queues):
            found = next((int(clip) for clip in queues[number] if int(clip) not in taken), None)
            if found is None:
                open_queues.discard(number)
                continue
            taken.add(found)
            yield found, number
