"""All that is measured on one clip's frames, as facts. What is not sure is not in them."""

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

_GRAY_SIDE_PX = 320
_LAB_SIDE_PX = 160
_MAX_READ = 2
"""Frames of a clip that text is read in: 0.1 CPU-s each."""


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
    grays = [_shrunk_gray(frame.rgb) for frame in frames]
    labs = [to_lab(_shrunk(frame.rgb, _LAB_SIDE_PX)) for frame in frames]
    text_like = [find_text_like(cv2.cvtColor(f.rgb, cv2.COLOR_RGB2GRAY)) for f in frames]
    readings = [reader.read(f.rgb) for f in _worth_reading(frames, text_like)] if reader else []
    lines = merge_readings(readings)
    camera = measure_camera(grays)
    text_boxes = [_padded(line.box) for line in lines]
    return Facts(
        background=_background(evenly(labs, 5)),
        brightness=BrightnessFact(
            lightness=round(float(np.mean([lab[..., 0].mean() for lab in labs])), 1)
        ),
        camera=camera,
        objects=find_objects(labs, text_boxes, is_camera_still=camera.motion == "still"),
        screen_text=lines,
        text_area_share=_mean_share(readings) if reader else None,
    )


def _background(labs: Sequence[Lab]) -> BackgroundFact:
    colors = palette(np.concatenate([lab.reshape(-1, 3) for lab in labs]))
    rims = [np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]]) for lab in labs]
    border = dict(palette(np.concatenate(rims)))
    return BackgroundFact(
        colors=tuple(ColorShare(c.name, round(c.share, 3)) for c in colors if c.share >= 0.01),
        border_share=round(border.get(colors[0].name, 0.0), 3),
    )


def _worth_reading(
    frames: Sequence[ClipFrame], text_like: Sequence[Sequence[Box]]
) -> list[ClipFrame]:
    """Choose up to two frames that seem to hold text, one where both would show the same."""
    seen = [frame for frame, boxes in zip(frames, text_like, strict=True) if boxes]
    return seen if len(seen) <= _MAX_READ else [seen[len(seen) // 3], seen[2 * len(seen) // 3]]


def _mean_share(readings: Sequence[Sequence[ScreenTextFact]]) -> float:
    return round(float(np.mean([text_share(lines) for lines in readings])), 4) if readings else 0.0


def _padded(box: Box) -> Box:
    """Widen a line's box by half its height: the banner behind a text is no thing either."""
    pad = (box[3] - box[1]) / 2
    return (box[0] - pad, box[1] - pad, box[2] + pad, box[3] + pad)


def _shrunk(rgb: NDArray[Any], side_px: int) -> NDArray[Any]:
    """Shrink a picture to a longer side; smaller ones stay as they are."""
    height, width = rgb.shape[:2]
    scale = side_px / max(height, width)
    if scale >= 1:
        return rgb
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)


def _shrunk_gray(rgb: NDArray[Any]) -> NDArray[Any]:
    return cv2.cvtColor(_shrunk(rgb, _GRAY_SIDE_PX), cv2.COLOR_RGB2GRAY)
