"""Where the packets of a file lie in time, and which of them make up a clip.

Reads no picture: one demux pass gives the times of all packets. From them follow the keyframe that
a decoder must start at, and the last packet that the clip's last frame needs.
"""

import bisect
import contextlib
import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
from av.packet import Packet

from ...schemas.errors import RecordError
from ...schemas.outcome import ErrorCode
from .container import OpenFile, open_video, read_packets, to_us
from .limits import MediaLimits

_SEEK_MARGIN_US = 1_000_000
"""Seeking goes this much before the keyframe: streams are interleaved only roughly."""

_ANY_LENGTH = MediaLimits(max_side_px=1 << 16, max_duration_s=math.inf, max_streams=1 << 16)
"""The scan has judged the file by the recipe's limits; only the decoder's own stay."""

_UNKNOWN = -(1 << 62)
"""Stands for a decoding time that the container does not hold: before any other."""


@dataclass(slots=True)
class PacketTimes:
    """Times of one stream's packets in file order, in ticks of its time base."""

    time_base: Fraction = Fraction(1)
    pts: "array[int]" = field(default_factory=lambda: array("q"))
    dts: "array[int]" = field(default_factory=lambda: array("q"))
    end: "array[int]" = field(default_factory=lambda: array("q"))
    """`pts` plus duration."""

    def add(self, packet: "Packet[Any]") -> None:
        """Note one packet.

        Raises:
            RecordError: it has no presentation time.
        """
        if packet.pts is None:
            raise RecordError(
                ErrorCode.CUT_FAILED, f"packet {len(self.pts)} has no presentation time"
            )
        self.pts.append(packet.pts)
        self.dts.append(_UNKNOWN if packet.dts is None else packet.dts)
        self.end.append(packet.pts + (packet.duration or 0))

    def us(self, n: int) -> int:
        """Return the presentation time of packet `n` in microseconds."""
        return to_us(self.pts[n], self.time_base)


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketRange:
    """The packets of one clip."""

    first: int
    """Number of its keyframe among the video packets."""
    last: int
    """Number of its last video packet."""
    start_us: int
    """Presentation time of the keyframe: where a copy truly starts."""
    end_us: int
    """End of the last frame: where a copy truly ends."""
    audio_us: int
    """Where its sound starts."""
    num_audio: int
    """Audio packets that begin in `[audio_us, end_us)`."""


class PacketIndex:
    """The packets of one file.

    Args:
        path: the file.

    Raises:
        RecordError: it cannot be read, or holds no keyframe.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.video, self.audio = PacketTimes(), PacketTimes()
        keyframes = []
        with open_for_cut(path) as file:
            self.video.time_base = _time_base(file.video.time_base)
            for packet in packets(file):
                if packet.stream_index == file.video.index:
                    self.video.add(packet)
                    if packet.is_keyframe:
                        number = len(self.video.pts) - 1
                        keyframes.append((self.video.us(number), number))
                else:
                    self.audio.time_base = _time_base(packet.time_base)
                    self.audio.add(packet)
        if not keyframes:
            raise RecordError(ErrorCode.CUT_FAILED, "the file has no keyframe to start a clip at")
        self._keyframes = sorted(keyframes)
        self._audio_us = sorted(self.audio.us(n) for n in range(len(self.audio.pts)))

    def find(self, start_us: int, end_us: int, *, preroll_us: int = 0) -> PacketRange:
        """Return the packets that `[start_us, end_us)` needs.

        The range begins with the last keyframe shown at or before `start_us` (the first of all, if
        there is none). It ends where all frames shown before `end_us` are there, and all frames
        shown between those that had to be taken along, because others are predicted from them.

        Args:
            start_us: start on the source's presentation clock.
            end_us: end, exclusive.
            preroll_us: how much sound to take along from before the keyframe.

        Raises:
            RecordError: no frame lies in the span.
        """
        video = self.video
        found = bisect.bisect_right(self._keyframes, (start_us, len(video.pts)))
        key_us, first = self._keyframes[max(found - 1, 0)]
        last = self._last_before(end_us, first)
        if last is None:
            raise RecordError(ErrorCode.CUT_FAILED, f"no frame lies in [{start_us}, {end_us}) us")
        highest = max(video.pts[first : last + 1])
        while last + 1 < len(video.pts) and video.pts[last + 1] < highest:
            last += 1
        true_end = max(max(video.end[first : last + 1]), highest + 1)
        true_end_us = to_us(true_end, video.time_base)
        audio_us = key_us - preroll_us
        before, after = (bisect.bisect_left(self._audio_us, us) for us in (audio_us, true_end_us))
        return PacketRange(
            first=first,
            last=last,
            start_us=key_us,
            end_us=true_end_us,
            audio_us=audio_us,
            num_audio=after - before,
        )

    def read(self, wanted: PacketRange) -> Iterator[tuple[bool, "Packet[Any]"]]:
        """Yield `(is it video, packet)` of a clip in file order.

        Frames that a decoder shows before the keyframe, although they follow it in the file, are
        left out: they cannot be decoded without what lies before.

        Raises:
            RecordError: the file does not give the same packets again.
        """
        for seek in (True, False):
            found = list(self._collect(wanted, seek=seek))
            num_video = sum(is_video for is_video, _ in found)
            if num_video == wanted.last - wanted.first + 1 and (
                len(found) - num_video == wanted.num_audio
            ):
                key_pts = self.video.pts[wanted.first]
                yield from ((v, p) for v, p in found if not v or (p.pts or 0) >= key_pts)
                return
        raise RecordError(
            ErrorCode.CUT_FAILED, f"packets {wanted.first} to {wanted.last} could not be read again"
        )

    def _last_before(self, end_us: int, first: int) -> int | None:
        """Return the last packet in file order from `first` on that is shown before `end_us`."""
        video = self.video
        last = None
        for n in range(first, len(video.pts)):
            if video.us(n) < end_us:
                last = n
            elif to_us(video.dts[n], video.time_base) >= end_us:
                break  # what is decoded later is shown later still
        return last

    def _collect(self, wanted: PacketRange, *, seek: bool) -> Iterator[tuple[bool, "Packet[Any]"]]:
        """Yield the packets of a range, counted from its keyframe on; stop when all were found."""
        key_pts = self.video.pts[wanted.first]
        number, num_audio = None, 0
        with open_for_cut(self.path) as file:
            if seek:
                _seek(file, wanted.start_us - _SEEK_MARGIN_US)
            for packet in packets(file):
                if packet.stream_index != file.video.index:
                    us = to_us(packet.pts or 0, _time_base(packet.time_base))
                    if wanted.audio_us <= us < wanted.end_us:
                        num_audio += 1
                        yield False, packet
                elif number is not None or (packet.is_keyframe and packet.pts == key_pts):
                    number = wanted.first if number is None else number + 1
                    if number <= wanted.last:
                        packet.pts = self.video.pts[number]  # after a seek FFmpeg may guess anew
                        yield True, packet
                is_complete = number is not None and number >= wanted.last
                if is_complete and num_audio >= wanted.num_audio:
                    return


@contextlib.contextmanager
def open_for_cut(path: Path) -> Iterator[OpenFile]:
    """Open a file that the scan accepted; close it at the end of the block."""
    file = open_video(path, _ANY_LENGTH)
    with file.container:
        yield file


def packets(file: OpenFile) -> Iterator["Packet[Any]"]:
    """Yield the packets of the streams used, up to where the file is damaged or ends."""
    streams = [stream for stream in (file.video, file.audio) if stream is not None]
    # A file that was cut short is still good up to there, as it was for the scan.
    with contextlib.suppress(av.error.InvalidDataError, av.error.EOFError):
        for packet in read_packets(file.container, *streams):
            if packet.size:  # the last packet of each stream is an empty one: flush
                yield packet


def _seek(file: OpenFile, time_us: int) -> None:
    """Go to a keyframe at or before a time, where the container can; else stay at the start."""
    with contextlib.suppress(av.error.FFmpegError):
        file.container.seek(max(time_us, 0), backward=True)


def _time_base(time_base: Fraction | None) -> Fraction:
    if time_base is None:
        raise RecordError(ErrorCode.CUT_FAILED, "a stream has no time base")
    return time_base
