"""The contact sheet of a clip: its sampled frames in one JPEG, which stands in for the clip."""

import io
import logging
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from ....schemas.document import DocumentClip, DocumentFrame
from .data import Sheet
from .names import file_of_clip

logger = logging.getLogger(__name__)

MAX_FRAMES = 12
"""What one looks at in a glance; about 100 KB."""
_COLUMNS = 4
_BOX_PX = (320, 320)
_QUALITY = 80
_FORMATS = ("JPEG", "PNG", "WEBP")
"""Pillow would otherwise try all that it knows, and run Ghostscript on some."""
_MAX_PX = 40_000_000
"""Of one frame, more than 8K has; one is held at a time."""


def write_sheet(clip: DocumentClip, folder: Path) -> Sheet | None:
    """Write `sheets/<clip_id>.jpg` under a folder; None for a clip without frames.

    All frames have the size of the first, as they come from one video. Where one cannot be read,
    or is very large, there is no sheet but a warning.

    Raises:
        UsageError: the clip's id cannot name a file.
    """
    name = file_of_clip("sheets", clip.clip_id, ".jpg")
    frames = _choose(clip.frames)
    if not frames:
        return None
    try:
        pictures = _shrunk(frames)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        logger.warning("clip %s has no contact sheet: %s", clip.clip_id, error)
        return None
    width, height = pictures[0].size
    columns = min(_COLUMNS, len(frames))
    rows = -(-len(frames) // columns)
    sheet = Image.new("RGB", (columns * width, rows * height))
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        sheet.paste(picture, (column * width, row * height))
    (folder / "sheets").mkdir(parents=True, exist_ok=True)
    sheet.save(folder / name, "JPEG", quality=_QUALITY)
    return Sheet(
        src=name,
        columns=columns,
        rows=rows,
        frame_width_px=width,
        frame_height_px=height,
        times_us=tuple(frame.time_us for frame in frames),
    )


def _choose(frames: Sequence[DocumentFrame]) -> list[DocumentFrame]:
    """Return at most `MAX_FRAMES`, the first and the last among them, evenly spread."""
    if len(frames) <= MAX_FRAMES:
        return list(frames)
    last = len(frames) - 1
    return [frames[round(place * last / (MAX_FRAMES - 1))] for place in range(MAX_FRAMES)]


def _shrunk(frames: Sequence[DocumentFrame]) -> list[Image.Image]:
    """Return the frames in the size of the sheet.

    Raises:
        OSError: one is no picture, or cut off.
        ValueError: one is very large.
        DecompressionBombError: one is larger than Pillow takes.
    """
    first = _open(frames[0])
    first.thumbnail(_BOX_PX, Image.Resampling.LANCZOS)
    others = (_open(f).resize(first.size, Image.Resampling.LANCZOS) for f in frames[1:])
    return [first, *others]


def _open(frame: DocumentFrame) -> Image.Image:
    picture = Image.open(io.BytesIO(frame.image.bytes), formats=_FORMATS)
    if picture.width * picture.height > _MAX_PX:
        raise ValueError(f"a frame of {picture.width} x {picture.height} px is too large")
    return picture.convert("RGB")
