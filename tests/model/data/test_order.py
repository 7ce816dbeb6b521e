"""Packed sequences as a function of packing, seed and epoch."""

import numpy as np
import pytest

from interlink.model.data import order as order_file
from interlink.model.data.cutting import PackingCounts
from interlink.model.data.order import EpochOrder, hash_order
from interlink.model.data.packing import Packing
from interlink.model.data.windows import Budgets
from interlink.schemas.ids import digest

BUDGETS = Budgets(tokens=1024, media=16)


def make_packing(count: int, seed: int = 0) -> Packing:
    """Windows of 30 to 400 tokens and 1 to 8 clips."""
    rng = np.random.default_rng(seed)
    media = rng.integers(1, 9, count)
    return Packing(
        digest="p",
        counts=PackingCounts(),
        tokens=rng.integers(30, 400, count).astype(np.int32),
        video=np.arange(count),
        places=np.zeros((count, 3), np.int32),
        clips=np.zeros(media.sum(), np.int16),
        offsets=np.append(0, media.cumsum()).astype(np.int32),
        num_context=np.zeros(count, np.int16),
        is_end=np.ones(count, bool),
    )


def sequences(packing, seed=0, epoch=0):
    order = EpochOrder(packing, BUDGETS, seed=seed, epoch=epoch)
    return [found for found, _, _ in order.sequences()]


def test_every_window_is_used_exactly_once_and_fits():
    packing = make_packing(20_000)
    found = sequences(packing)
    assert sorted(w for sequence in found for w in sequence.windows) == list(range(20_000))
    assert [sequence.number for sequence in found] == list(range(len(found)))
    for sequence in found:
        windows = list(sequence.windows)
        assert packing.tokens[windows].sum() <= BUDGETS.tokens
        assert packing.media[windows].sum() <= BUDGETS.media


def test_little_is_padding():
    packing = make_packing(8192)
    used = packing.tokens.sum() / (len(sequences(packing)) * BUDGETS.tokens)
    media = packing.media.sum() / (len(sequences(packing)) * BUDGETS.media)
    assert max(used, media) > 0.97  # one of the two budgets is nearly used up


def test_seed_and_epoch_change_the_order_and_nothing_else_does():
    packing = make_packing(500)
    assert sequences(packing) == sequences(packing)
    assert sequences(packing) != sequences(packing, seed=1)
    assert sequences(packing) != sequences(packing, epoch=1)


def test_long_windows_do_not_come_first():
    packing = make_packing(8192)
    found = sequences(packing)
    first, last = (found[: len(found) // 2], found[len(found) // 2 :])
    means = [
        np.mean([packing.tokens[list(s.windows)].mean() for s in half]) for half in (first, last)
    ]
    assert means[0] == pytest.approx(means[1], rel=0.03)


def test_going_on_in_a_block_packs_that_block_alone(monkeypatch):
    monkeypatch.setattr(order_file, "BLOCK_WINDOWS", 100)
    packing = make_packing(950)
    order = EpochOrder(packing, BUDGETS, seed=0, epoch=0)
    whole = list(order.sequences())
    middle = next(index for index, (_, block, _) in enumerate(whole) if block == 4)
    _, block, first = whole[middle]
    packed = []
    plain = EpochOrder.block
    monkeypatch.setattr(
        EpochOrder, "block", lambda self, number: packed.append(number) or plain(self, number)
    )
    again = EpochOrder(packing, BUDGETS, seed=0, epoch=0)
    rest = again.sequences(block=block, block_first=first)
    assert next(rest) == whole[middle]
    assert packed == [4]
    assert list(rest) == whole[middle + 1 :]
    assert order.num_blocks == 10
    assert order.count() == len(whole)


def test_an_order_by_hash_is_a_permutation_that_no_version_of_numpy_changes():
    assert sorted(hash_order(1000, "x")) == list(range(1000))
    assert hash_order(100, "x", 0).tolist() == plain_order(100, "x", 0)
    assert hash_order(0, "x").tolist() == []


def plain_order(count: int, *key: object) -> list[int]:
    """splitmix64 as in Java's SplittableRandom, in whole numbers of Python."""
    start, mask = int(digest("order", *key)[:16], 16), 2**64 - 1
    values = []
    for index in range(count):
        z = (start + (index + 1) * 0x9E3779B97F4A7C15) & mask
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        values.append(z ^ (z >> 31))
    return sorted(range(count), key=values.__getitem__)
