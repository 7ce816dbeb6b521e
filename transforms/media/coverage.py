"""What a file's packets and frames cover, and the verdict: whole, truncated, with a hole, corrupt.

The header of a truncated file still declares the full duration, and demuxing it raises nothing:
only counting what comes tells.
"""

import numpy as np
import numpy.typing as npt

from ...schemas.errors import RecordError
from ...schemas.outcome import ErrorCode
from ...schemas.video import Coverage
from .container import MICROSECONDS, Declared

_MIN_DURATION_SHARE = 0.97
_MIN_MISSING_US = 1_000_000
_MIN_PACKET_SHARE = 0.95
_MIN_GAP_US = 1_500_000
_GAP_MEDIANS = 20
_MAX_CORRUPT_SHARE = 0.02
_VARIABLE_SHARE = 0.02
"""Shares and gaps as measured on whole, truncated and gapped files; see the docstrings."""


class CoverageCounter:
    """Counts packets and frames of the video stream.

    Args:
        declared: what the header says.
    """

    def __init__(self, declared: Declared) -> None:
        self._declared = declared
        self._last_end_us = 0
        self._times_us: list[int] = []
        self._num_packets = 0
        self._num_keyframes = 0
        self._num_frames = 0
        self._num_corrupt = 0

    def add_packet(self, *, is_keyframe: bool) -> None:
        """Count a video packet."""
        self._num_packets += 1
        self._num_keyframes += is_keyframe

    def add_end(self, end_us: int) -> None:
        """Note where a packet of any stream ends: sound may outlast the pictures."""
        self._last_end_us = max(self._last_end_us, end_us)

    def add_frame(self, time_us: int | None, *, is_corrupt: bool) -> None:
        """Count a decoded frame; `time_us` is None where it is not shown, being out of order."""
        self._num_frames += 1
        self._num_corrupt += is_corrupt
        if time_us is not None:
            self._times_us.append(time_us)

    def add_undecodable(self) -> None:
        """Count a packet that the decoder refused."""
        self._num_corrupt += 1

    @property
    def median_interval_us(self) -> int:
        """Median time between neighbouring frames; 0 for fewer than two."""
        intervals = self._intervals()
        return int(np.median(intervals)) if len(intervals) else 0

    @property
    def is_variable_rate(self) -> bool:
        """Whether more than 2 % of the intervals differ from the median by more than half of it."""
        intervals = self._intervals()
        if not len(intervals):
            return False
        median = float(np.median(intervals))
        return bool((np.abs(intervals - median) > median / 2).mean() > _VARIABLE_SHARE)

    def coverage(self) -> Coverage:
        """Return the numbers."""
        intervals = self._intervals()
        return Coverage(
            num_packets=self._num_packets,
            num_frames_declared=self._declared.num_frames,
            num_frames_decoded=self._num_frames,
            num_frames_corrupt=self._num_corrupt,
            num_keyframes=self._num_keyframes,
            declared_duration_us=self._declared.duration_us,
            max_gap_us=int(intervals.max()) if len(intervals) else 0,
        )

    def check(self, *, start_us: int, end_us: int) -> None:
        """Refuse a file that is not whole.

        Args:
            start_us: presentation time of the first frame.
            end_us: end of the last one.

        Raises:
            RecordError: `TRUNCATED` when less than .97 of the declared duration is there, and
                more than 1 s or .05 of the declared packets is missing; `GAP` when a file of
                constant rate has an interval longer than 1.5 s and 20 medians; `MEDIA_CORRUPT`
                when more than 2 % of the frames are damaged, or none could be decoded.
        """
        if not self._num_frames:
            raise RecordError(
                ErrorCode.MEDIA_CORRUPT,
                f"none of {self._num_packets} video packets could be decoded",
            )
        self._check_end(start_us, end_us)
        max_gap_us = self.coverage().max_gap_us
        allowed_us = max(_MIN_GAP_US, _GAP_MEDIANS * self.median_interval_us)
        # A screen recording holds one frame for as long as nothing moves.
        if max_gap_us > allowed_us and not self.is_variable_rate:
            raise RecordError(
                ErrorCode.GAP,
                f"no frame for {max_gap_us / MICROSECONDS:.2f} s in a video of constant rate: "
                "a segment is missing",
                value=max_gap_us / MICROSECONDS,
            )
        share = self._num_corrupt / max(self._num_frames, self._num_packets)
        if share > _MAX_CORRUPT_SHARE:
            raise RecordError(
                ErrorCode.MEDIA_CORRUPT,
                f"{self._num_corrupt} of {self._num_packets} frames are damaged; at most "
                f"{_MAX_CORRUPT_SHARE:.0%} are accepted",
                value=share,
            )

    def _check_end(self, start_us: int, end_us: int) -> None:
        """Refuse what breaks off. Edit lists hide packets on purpose: a count alone is no proof."""
        declared = self._declared
        covered_us = end_us - start_us
        if declared.container_start_us is not None:
            covered_us = max(end_us, self._last_end_us) - declared.container_start_us
        whole_us = declared.duration_us
        if whole_us is not None and covered_us >= _MIN_DURATION_SHARE * whole_us:
            return
        if self._num_packets < _MIN_PACKET_SHARE * declared.num_frames:
            raise RecordError(
                ErrorCode.TRUNCATED,
                f"{self._num_packets} of {declared.num_frames} declared frames are in the file",
                value=self._num_packets / declared.num_frames,
            )
        if whole_us is not None and whole_us - covered_us > _MIN_MISSING_US:
            raise RecordError(
                ErrorCode.TRUNCATED,
                f"the file covers {covered_us / MICROSECONDS:.2f} s of the declared "
                f"{whole_us / MICROSECONDS:.2f} s",
                value=covered_us / whole_us,
            )

    def _intervals(self) -> npt.NDArray[np.int64]:
        times_us = np.array(self._times_us, np.int64)
        return times_us[1:] - times_us[:-1]
