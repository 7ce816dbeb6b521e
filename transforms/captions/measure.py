"""All that is measured on one clip's frames, as facts. What is not sure is not in them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .camera import CameraFact, measure_camera
from .captioner import ClipFrame, evenly
from .colors import ColorShare, Lab, palette, to_lab
from .objects import ObjectFact, find_objects
from .regions import Box
from .screen_text import (
    ScreenTextFact,
    ScreenTextReader,
    find_text_like,
    merge_readings,
    text_share,
)

Picture = NDArray[Any]
"""uint8, shape (height, width, 3), RGB, or (height, width), gray."""

_GRAY_SIDE_PX = 320
_LAB_SIDE_PX = 160
_SAME_TEXT_CHANGE = 8.0
"""Mean luma change inside a text's box under which it is the same text: JPEG alone gives 2."""
_BLACK_LIGHTNESS = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundFact:
    """The colours that cover most of the picture."""

    colors: tuple[ColorShare, ...]
    """The largest first, those that cover at least 1 %."""
    border_share: float
    """Share of the picture's border in the first colour, in [0, 1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrightnessFact:
    """How light the picture is."""

    lightness: float
    """Mean CIELAB lightness, 0 to 100."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was measured on one clip."""

    background: BackgroundFact
    brightness: BrightnessFact
    camera: CameraFact
    objects: tuple[ObjectFact, ...]
    screen_text: tuple[ScreenTextFact, ...]
    text_area_share: float | None
    """Share of the picture that text covers; None if nobody looked."""


def measure(frames: Sequence[ClipFrame], reader: ScreenTextReader | None) -> Facts:
    """Measure one clip.

    Args:
        frames: in time order, at least one.
        reader: reads on-screen text; None leaves it out.
    """
    pictures = _of_one_size([frame.rgb for frame in frames])
    grays = [cv2.cvtColor(_shrunk(rgb, _GRAY_SIDE_PX), cv2.COLOR_RGB2GRAY) for rgb in pictures]
    labs = [to_lab(_shrunk(rgb, _LAB_SIDE_PX)) for rgb in pictures]
    text_like = [find_text_like(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)) for rgb in pictures]
    to_read = _worth_reading(grays, text_like)
    readings = [reader.read(pictures[index]) for index in to_read] if reader else []
    lines = merge_readings(readings)
    camera = measure_camera(grays)
    text_boxes = [line.box for line in lines] if reader else [b for at in text_like for b in at]
    return Facts(
        background=_background(evenly(labs, 5)),
        brightness=BrightnessFact(
            lightness=round(float(np.mean([lab[..., 0].mean() for lab in labs])), 1)
        ),
        camera=camera,
        objects=find_objects(
            labs, [_padded(b) for b in text_boxes], is_camera_still=camera.motion == "still"
        ),
        screen_text=lines,
        text_area_share=_mean_share(readings) if reader else None,
    )


def _background(labs: Sequence[Lab]) -> BackgroundFact:
    labs = _without_bars(labs)
    colors = palette(np.concatenate([lab.reshape(-1, 3) for lab in labs]))
    rims = [np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]]) for lab in labs]
    border = {color.name: color.share for color in palette(np.concatenate(rims))}
    return BackgroundFact(
        colors=tuple(ColorShare(c.name, round(c.share, 3)) for c in colors if c.share >= 0.01),
        border_share=round(border.get(colors[0].name, 0.0), 3),
    )


def _without_bars(labs: Sequence[Lab]) -> Sequence[Lab]:
    """Cut off the black bars around a picture that does not fill the frame."""
    lit = np.max([lab[..., 0] for lab in labs], axis=0) > _BLACK_LIGHTNESS
    rows, columns = np.flatnonzero(lit.any(axis=1)), np.flatnonzero(lit.any(axis=0))
    if len(rows) == 0:
        return labs
    height, width = rows[-1] + 1 - rows[0], columns[-1] + 1 - columns[0]
    # What is lit in a smaller part is a thing before a black background.
    if height * width == lit.size or height * width < 0.4 * lit.size:
        return labs
    # The outermost lit pixels are half bar.
    return [lab[rows[0] + 1 : rows[-1], columns[0] + 1 : columns[-1]] for lab in labs]


def _worth_reading(grays: Sequence[Picture], text_like: Sequence[Sequence[Box]]) -> list[int]:
    """Choose up to two frames that seem to hold text, one where both show the same."""
    seen = [index for index, boxes in enumerate(text_like) if boxes]
    if len(seen) <= 1:
        return seen
    first, second = seen[len(seen) // 3], seen[2 * len(seen) // 3]
    boxes = [*text_like[first], *text_like[second]]
    changes = [_crop(cv2.absdiff(grays[first], grays[second]), box) for box in boxes]
    is_same = max(change.mean() for change in changes) < _SAME_TEXT_CHANGE
    return [first] if is_same else [first, second]


def _crop(gray: Picture, box: Box) -> Picture:
    height, width = gray.shape
    left, top = int(box[0] * width), int(box[1] * height)
    return gray[top : math.ceil(box[3] * height), left : math.ceil(box[2] * width)]


def _mean_share(readings: Sequence[Sequence[ScreenTextFact]]) -> float:
    return round(float(np.mean([text_share(lines) for lines in readings])), 4) if readings else 0.0


def _padded(box: Box) -> Box:
    """Widen a line's box by half its height: the banner behind a text is no thing either."""
    pad = (box[3] - box[1]) / 2
    return (box[0] - pad, box[1] - pad, box[2] + pad, box[3] + pad)


def _of_one_size(pictures: Sequence[Picture]) -> list[Picture]:
    """Bring all pictures to the size of the first: some videos change theirs on the way."""
    height, width = pictures[0].shape[:2]
    return [
        rgb if rgb.shape[:2] == (height, width) else cv2.resize(rgb, (width, height))
        for rgb in pictures
    ]


def _shrunk(rgb: Picture, side_px: int) -> Picture:
    """Shrink a picture to a longer side; smaller ones stay as they are."""
    height, width = rgb.shape[:2]
    scale = side_px / max(height, width)
    if scale >= 1:
        return rgb
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
