"""How long a step takes, and how much of it is waiting for data."""

import time
from collections.abc import Iterator

from .cosmo.batch import PADDING, PackedBatch, PairBatch
from .metrics import Speed


class StepClock:
    """Times the steps of one rank; what lies between two steps is in neither.

    for batch, pairs in clock.waiting(streams):
        ...
        speed = clock.speed(batch, pairs, ranks=1)
        clock.go_on()
    """

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._waited_s = 0.0

    def waiting(
        self, batches: Iterator[tuple[PackedBatch, PairBatch | None]]
    ) -> Iterator[tuple[PackedBatch, PairBatch | None]]:
        """Yield the batches, and count the time until each is there."""
        while True:
            before = time.monotonic()
            batch = next(batches, None)
            self._waited_s = time.monotonic() - before
            if batch is None:
                return
            yield batch

    def speed(self, batch: PackedBatch, pairs: PairBatch | None, *, ranks: int) -> Speed:
        """Return the speed of the step that has just ended, taking all ranks for alike."""
        took_s = max(time.monotonic() - self._start, 1e-9)
        media = [batch.media] + ([pairs.media] if pairs else [])
        clips = sum(int(found.frame_mask_BMF.any(-1).sum()) for found in media)
        tokens = int((batch.document_BL != PADDING).sum())
        return Speed(
            tokens_per_s=ranks * tokens / took_s,
            clips_per_s=ranks * clips / took_s,
            data_wait_share=min(1.0, self._waited_s / took_s),
        )

    def go_on(self) -> None:
        """Begin the time of the next step."""
        self._start = time.monotonic()
