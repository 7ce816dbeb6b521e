"""The contact sheet of a clip: its sampled frames in one JPEG, which stands in for the clip."""

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from ....schemas.document import DocumentClip, DocumentFrame
from .data import Sheet

MAX_FRAMES = 12
"""What one looks at in a glance; about 100 KB."""
_COLUMNS = 4
_BOX_PX = (320, 320)
_QUALITY = 80


def write_sheet(clip: DocumentClip, folder: Path) -> Sheet | None:
    """Write `sheets/<clip_id>.jpg` under a folder; None for a clip without frames.

    All frames have the size of the first, as they come from one video.

    Raises:
        OSError: a frame is no picture.
    """
    frames = _choose(clip.frames)
    if not frames:
        return None
    pictures = [_open(frame) for frame in frames]
    pictures[0].thumbnail(_BOX_PX, Image.Resampling.LANCZOS)
    width, height = pictures[0].size
    columns = min(_COLUMNS, len(frames))
    rows = -(-len(frames) // columns)
    sheet = Image.new("RGB", (columns * width, rows * height))
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        fitted = picture.resize((width, height), Image.Resampling.LANCZOS)
        sheet.paste(fitted, (column * width, row * height))
    name = f"sheets/{clip.clip_id}.jpg"
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


def _open(frame: DocumentFrame) -> Image.Image:
    return Image.open(io.BytesIO(frame.image.bytes)).convert("RGB")
