"""A copy of a clip file that any browser plays and that is small: H.264 and AAC in an MP4.

AV1 and HEVC play in some browsers only; a high resolution says no more to somebody who judges a
caption. Runs in the child process; no more is imported than it needs.
"""

import errno
import shutil
from pathlib import Path
from typing import Any

import av.error

from ...schemas.errors import DiskFullError, RecordError
from ...schemas.outcome import ErrorCode
from .cut_exact import PREROLL_US, cut_exact
from .packet_index import PacketIndex, open_for_cut

_PLAYABLE_SOUND = frozenset({"aac", "mp3"})
_SHARES = (0.85, 0.6, 0.35)
"""Of the size, what the picture may take: the rate control of one pass can miss its mark."""


def web_copy(
    path: str, target: str, *, start_us: int, end_us: int, max_bytes: int
) -> dict[str, Any]:
    """Write a copy of a clip that a browser plays.

    A file that browsers play as it is, and that is small enough, is copied byte by byte.

    Args:
        path: the clip's file.
        target: where to write.
        start_us: start of the clip on the file's own clock.
        end_us: its end, exclusive.
        max_bytes: size of the copy at most.

    Returns:
        Under `start_us`, what time 0 of the copy is on the file's clock; under `is_encoded`,
        whether the copy was encoded anew.

    Raises:
        RecordError: it cannot be read, or not be made that small.
        DiskFullError: the disk is full.
    """
    source = Path(path)
    try:
        if source.stat().st_size <= max_bytes and _is_playable(source):
            shutil.copyfile(source, target)
            return {"start_us": 0, "is_encoded": False}
        index = PacketIndex(source)
        wanted = index.find(start_us, end_us, preroll_us=PREROLL_US)
        for share in _SHARES:
            rate = int(share * max_bytes * 8 * 1_000_000 / (end_us - start_us))
            cut_exact(
                index, wanted, Path(target), start_us=start_us, end_us=end_us, max_bit_rate=rate
            )
            if Path(target).stat().st_size <= max_bytes:
                return {"start_us": start_us, "is_encoded": True}
    except av.error.FFmpegError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError(f"no space left to write {target}") from error
        raise RecordError(ErrorCode.CUT_FAILED, f"cannot encode the clip: {error}") from error
    raise RecordError(
        ErrorCode.TOO_BIG, f"the clip takes more than max_bytes={max_bytes} even at a low quality"
    )


def _is_playable(path: Path) -> bool:
    """Say whether every browser plays a file: what the HTML standard's table of codecs agrees on.

    8 bit 4:2:0 in H.264 is the one profile that Chromium, Firefox and Safari all decode.
    """
    with open_for_cut(path) as file:
        video, audio = file.video.codec_context, file.audio
        is_sound_playable = (
            file.num_streams <= 1
            if audio is None
            else audio.codec_context.codec.canonical_name in _PLAYABLE_SOUND
        )
        return (
            "mp4" in file.container.format.name
            and video.codec.canonical_name == "h264"
            and video.pix_fmt in ("yuv420p", "yuvj420p")
            and is_sound_playable
        )
