"""A clip by stream copy: nothing is decoded, so the file starts at the keyframe before the clip."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.packet import Packet

from .container import MICROSECONDS
from .packet_index import PacketIndex, PacketRange, open_for_cut

MP4_CODECS = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4", "aac", "mp3", "opus", "ac3", "eac3"})
"""What players expect in an MP4. A clip with any other codec becomes Matroska, if that holds it."""

BIT_EXACT = {"fflags": "+bitexact"}
"""No time of writing, no writer's name, no random segment id: equal input gives equal bytes."""

MP4_OPTIONS = {**BIT_EXACT, "movflags": "+faststart"}
"""The index stands first, so that a player can start before it has the whole file."""


class UncopyableError(Exception):
    """The packets of a clip have a codec that no container of ours holds."""


def cut_copy(index: PacketIndex, wanted: PacketRange, target: Path) -> str:
    """Write the packets of a clip, its keyframe shown at time 0, and return the media type.

    Args:
        index: of the source file.
        wanted: the clip's packets.
        target: where to write.

    Raises:
        RecordError: the packets cannot be read again.
        UncopyableError: neither MP4 nor Matroska holds their codecs.
        av.error.FFmpegError: the muxer refuses them.
    """
    found = list(_without_overlap(index.read(wanted)))
    video = [packet for is_video, packet in found if is_video]
    audio = [packet for is_video, packet in found if not is_video]
    _rebase(video, wanted.start_us)
    _rebase(audio, wanted.start_us)
    _set_decoding_times(video)
    with open_for_cut(index.path) as source:
        used = [source.video, *([source.audio] if source.audio is not None and audio else [])]
        names = {stream.codec_context.codec.canonical_name for stream in used}
        is_mp4 = names <= MP4_CODECS
        with av.open(
            str(target),
            "w",
            format="mp4" if is_mp4 else "matroska",
            # Decoding times before 0 stay: to shift them would shift what is shown.
            options={**(MP4_OPTIONS if is_mp4 else BIT_EXACT), "avoid_negative_ts": "disabled"},
        ) as out:
            # Opaque: the codec is copied, so that none has to be able to encode it.
            try:
                copies = [out.add_stream_from_template(stream, opaque=True) for stream in used]
            except ValueError as error:
                raise UncopyableError(str(error)) from error
            for is_video, packet in found:
                packet.stream = copies[0 if is_video else 1]
                out.mux(packet)
    return "video/mp4" if is_mp4 else "video/x-matroska"


def _without_overlap(
    found: Iterable[tuple[bool, "Packet[Any]"]],
) -> Iterator[tuple[bool, "Packet[Any]"]]:
    """Drop sound whose time is taken, as at the joints of a recording, and as the scan does."""
    last = None
    for is_video, packet in found:
        if not is_video:
            if last is not None and (packet.pts or 0) <= last:
                continue
            last = packet.pts or 0
        yield is_video, packet


def _rebase(packets: Sequence["Packet[Any]"], start_us: int) -> None:
    """Move packets so that `start_us` becomes 0."""
    for packet in packets:
        assert packet.pts is not None
        assert packet.time_base is not None
        offset = round(Fraction(start_us, MICROSECONDS) / packet.time_base)
        packet.pts -= offset
        packet.dts = packet.pts


def _set_decoding_times(packets: Sequence["Packet[Any]"]) -> None:
    """Make decoding times from presentation times, because not every container holds them.

    The n-th packet of the file is decoded at the n-th smallest presentation time, all of them
    earlier by the same least time, so that none is shown before it is decoded. Where two have one
    presentation time, as at the joints of a recording, the later is decoded a tick later.
    """
    shown = [packet.pts or 0 for packet in packets]
    decoded = sorted(shown)
    for n in range(1, len(decoded)):
        decoded[n] = max(decoded[n], decoded[n - 1] + 1)
    delay = max((d - s for d, s in zip(decoded, shown, strict=True)), default=0)
    for packet, time in zip(packets, decoded, strict=True):
        packet.dts = time - delay
