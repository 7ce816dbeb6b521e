"""Mixing and resampling of decoded sound, whatever its channels are."""

from typing import Any

import av
import av.error
from av.audio.frame import AudioFrame
from av.filter import Graph


class Mixer:
    """Does what `av.AudioResampler` does, also for sound that FFmpeg has no mixing rule for.

    Sound in ambisonics, as of 360-degree videos, and of more than 24 channels without names gives
    its first channel: in ambisonics the one of all directions together (RFC 8486, 3.2).
    Damaged frames that nothing can be made of are left out.

    Args:
        sample_format: of the frames that come out, by FFmpeg's name, such as `s16`.
        layout: their channels, `mono` or `stereo`.
        rate_hz: their rate.
    """

    def __init__(self, *, sample_format: str, layout: str, rate_hz: int) -> None:
        self._target: dict[str, Any] = {"format": sample_format, "layout": layout, "rate": rate_hz}
        self._resampler: av.AudioResampler | None = None
        self._first_channel: Graph | None = None

    def push(self, frame: AudioFrame) -> list[AudioFrame]:
        """Take the next frame, with format, layout and rate of the first; return what is ready."""
        try:
            if self._first_channel is not None:
                return self._push_first_channel(frame)
            if self._resampler is not None:
                return self._resampler.resample(frame)
            return self._start(frame)
        except av.error.FFmpegError:
            return []

    def finish(self) -> list[AudioFrame]:
        """Return what is left."""
        return [] if self._resampler is None else self._resampler.resample(None)

    def _start(self, frame: AudioFrame) -> list[AudioFrame]:
        resampler = av.AudioResampler(**self._target)
        try:
            parts = resampler.resample(frame)
        except av.error.FFmpegError:
            self._first_channel = _first_channel(frame)
            return self._push_first_channel(frame)
        self._resampler = resampler
        return parts

    def _push_first_channel(self, frame: AudioFrame) -> list[AudioFrame]:
        assert self._first_channel is not None
        self._first_channel.push(frame)
        mono: Any = self._first_channel.pull()
        if self._resampler is None:
            self._resampler = av.AudioResampler(**self._target)
        return self._resampler.resample(mono)


def _first_channel(frame: AudioFrame) -> Graph:
    graph = Graph()
    source = graph.add(
        "abuffer",
        sample_rate=str(frame.sample_rate),
        sample_fmt=frame.format.name,
        channel_layout=frame.layout.name,
        time_base=str(frame.time_base),
    )
    pan, sink = graph.add("pan", "mono|c0=c0"), graph.add("abuffersink")
    source.link_to(pan)
    pan.link_to(sink)
    graph.configure()
    return graph
