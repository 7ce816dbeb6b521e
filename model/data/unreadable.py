"""Samples that cannot be read: left out and listed, until they are too many to be bad luck."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from ...schemas.errors import EnvironmentFault

logger = logging.getLogger(__name__)

_MAX_SHARE = 0.01
_ENOUGH_TO_JUDGE = 200
"""Samples that were read, or not: one lost frame in a small dataset must not end its training."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A sample that was left out of its batch."""

    name: str
    """Epoch and packed sequence, or pair."""
    place: tuple[int, int, int]
    """Shard, row group and row of its document."""
    reason: str
    """What went wrong."""


class UnreadableLog:
    """What one loader has left out so far.

    Args:
        what: what its samples are called, in the plural.
    """

    def __init__(self, what: str) -> None:
        self.found: list[Unreadable] = []
        """In the order of the stream."""
        self._what = what
        self._num_read = 0

    def add(self, num_read: int, unreadable: Sequence[Unreadable]) -> None:
        """Note the samples of one batch.

        Args:
            num_read: how many it should have had.
            unreadable: those that it lacks.

        Raises:
            EnvironmentFault: more than 1 % of all samples could not be read.
        """
        self._num_read += num_read
        for sample in unreadable:
            logger.warning("left out of %s: %s", sample.name, sample.reason)
        self.found.extend(unreadable)
        bad = len(self.found)
        if self._num_read >= _ENOUGH_TO_JUDGE and bad > _MAX_SHARE * self._num_read:
            raise EnvironmentFault(
                f"{bad} of {self._num_read} {self._what} could not be read, the last because "
                f"{self.found[-1].reason}; check the dataset's files"
            )
