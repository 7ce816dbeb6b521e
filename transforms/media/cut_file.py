"""Cut the clips of one file. Runs in the child process; no more is imported than it needs."""

import errno
import functools
from pathlib import Path
from typing import Any

import av.error

from ...schemas.errors import DiskFullError, RecordError
from ...schemas.outcome import ErrorCode
from .cut_copy import UncopyableError, cut_copy
from .cut_exact import PREROLL_US, cut_exact
from .packet_index import PacketIndex


def cut_file(path: str, folder: str, mode: str, clips: list[list[Any]]) -> dict[str, Any]:
    """Write one file per clip.

    Args:
        path: the video.
        folder: where to write; the files are named by their clip's id.
        mode: `copy` or `exact`; what cannot be copied is encoded anew.
        clips: `[clip_id, start_us, end_us]` of each.

    Returns:
        Under `clips`, for each in order: `clip_id` and either `mime`, `start_us` and `end_us` (what
        the file truly holds), or `code` and `message` of what went wrong.

    Raises:
        RecordError: the video cannot be read at all.
        DiskFullError: the disk is full.
    """
    index = _index(path, Path(path).stat().st_mtime_ns)
    results = [
        _cut(index, mode, Path(folder) / clip_id, start_us, end_us)
        for clip_id, start_us, end_us in clips
    ]
    return {"clips": [{"clip_id": c[0], **r} for c, r in zip(clips, results, strict=True)]}


@functools.lru_cache(maxsize=1)
def _index(path: str, modified_ns: int) -> PacketIndex:
    """Return the index of a file; kept, because a long video's clips come in several calls."""
    return PacketIndex(Path(path))


def _cut(index: PacketIndex, mode: str, target: Path, start_us: int, end_us: int) -> dict[str, Any]:
    try:
        if mode == "exact":
            wanted = index.find(start_us, end_us, preroll_us=PREROLL_US)
            cut_exact(index, wanted, target, start_us=start_us, end_us=end_us)
            return {"mime": "video/mp4", "start_us": start_us, "end_us": end_us}
        wanted = index.find(start_us, end_us)
        mime = cut_copy(index, wanted, target)
        return {"mime": mime, "start_us": wanted.start_us, "end_us": wanted.end_us}
    except RecordError as error:
        return {"code": error.code.value, "message": error.message}
    except UncopyableError:
        return _cut(index, "exact", target, start_us, end_us)
    except av.error.FFmpegError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError(f"no space left to write clips to {target.parent}") from error
        if mode == "copy":  # no container takes what is damaged here; a decoder leaves it out
            return _cut(index, "exact", target, start_us, end_us)
        message = f"cannot cut [{start_us}, {end_us}) us by {mode}: {error}"
        return {"code": ErrorCode.CUT_FAILED.value, "message": message}
