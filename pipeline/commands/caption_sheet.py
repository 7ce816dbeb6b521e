"""A picture of clips with two texts under each: what is true, and what a model wrote."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from .picture_text import font_for, shorten

_FRAME_PX = (256, 144)
_GAP_PX, _LINE_PX, _LABEL_PX, _TEXT_PX = 12, 24, 70, 15
_PAPER, _INK, _QUIET = (255, 255, 255), (24, 24, 27), (113, 113, 122)


@dataclass(frozen=True, kw_only=True)
class CaptionedClip:
    """One clip and its two texts."""

    pictures: Sequence[npt.NDArray[np.uint8]]
    """uint8, shape (height, width, 3), RGB: the frames that the model was shown."""
    truth: str
    written: str
    """By the model."""


def draw_captions(clips: Sequence[CaptionedClip]) -> Image.Image:
    """Return one row of frames for each clip, with its texts below."""
    columns = max(len(clip.pictures) for clip in clips)
    row_px = _FRAME_PX[1] + 2 * _LINE_PX + 2 * _GAP_PX
    width_px = columns * (_FRAME_PX[0] + _GAP_PX) + _GAP_PX
    sheet = Image.new("RGB", (width_px, len(clips) * row_px + _GAP_PX), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, clip in enumerate(clips):
        top = _GAP_PX + number * row_px
        for column, picture in enumerate(clip.pictures):
            frame = Image.fromarray(picture).resize(_FRAME_PX, Image.Resampling.LANCZOS)
            sheet.paste(frame, (_GAP_PX + column * (_FRAME_PX[0] + _GAP_PX), top))
        for line, (label, text) in enumerate((("truth", clip.truth), ("COSMO", clip.written))):
            y = top + _FRAME_PX[1] + 6 + line * _LINE_PX
            font = font_for(text, _TEXT_PX)
            draw.text((_GAP_PX, y), label, fill=_QUIET, font=font_for(label, _TEXT_PX))
            shown = shorten(text, width_px - _LABEL_PX - 2 * _GAP_PX, font)
            draw.text((_GAP_PX + _LABEL_PX, y), shown, fill=_INK, font=font)
    return sheet
