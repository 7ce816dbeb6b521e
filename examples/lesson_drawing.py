"""Draws scenes of the generated world as the example videos are, and stores them as the scan does.

The tiny base's own pictures (`model.tiny.pictures`) are squares of its tower's size; these are
whole 640 x 360 pictures, which the trainer brings to that size.
"""

import functools
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from ..model.tiny.world import Scene, pan_px, placed_things
from ..transforms.media.pictures import PictureMaker, PictureShape
from .drawing import (
    BACKGROUNDS,
    HEIGHT_PX,
    PAN_PX,
    WIDTH_PX,
    Picture,
    draw_ground,
    draw_label,
    draw_thing,
    paste,
    zoomed,
)

_SHORT_SIDE_PX = 336
_JPEG_QUALITY = 88


class WorldPicture:
    """Draws any moment of one scene of the generated world.

    Args:
        scene: what to draw.
        rng: where the tiles of the background come from.
    """

    def __init__(self, scene: Scene, rng: np.random.Generator) -> None:
        self._scene = scene
        is_tiled = scene.camera != "is still"
        self._ground = draw_ground(rng, BACKGROUNDS[scene.background], is_tiled=is_tiled)

    def frame(self, progress: float) -> Picture:
        """Draw the scene at `progress`, 0 at its first frame and 1 at its last.

        Returns:
            uint8, shape (HEIGHT_PX, WIDTH_PX, 3), RGB.
        """
        left = 0
        if self._ground.shape[1] > WIDTH_PX:
            left = round(PAN_PX / 2 + pan_px(self._scene, progress))
        picture = self._ground[:, left : left + WIDTH_PX].copy()
        placed = placed_things(self._scene, progress)
        if self._scene.camera == "zooms in":
            picture = zoomed(picture, placed[0].radius_px / placed[0].thing.radius_px)
        for at in placed:
            center = (at.x_px, at.y_px)
            draw_thing(picture, at.thing.shape, at.thing.color, center, at.radius_px)
        if self._scene.screen_text:
            paste(picture, _label(self._scene.screen_text))
        return picture


class FrameStore:
    """Makes stored frames of pictures: the scan's own scaling and JPEG."""

    def __init__(self) -> None:
        shape = PictureShape.of(
            (WIDTH_PX, HEIGHT_PX),
            sample_aspect_ratio=Fraction(1),
            turn=0,
            short_side_px=_SHORT_SIDE_PX,
        )
        self._maker = PictureMaker(shape, jpeg_quality=_JPEG_QUALITY)

    def encode(self, picture: Picture) -> bytes:
        """Return the JPEG that the scan would store of a frame with this picture."""
        frame = VideoFrame.from_ndarray(picture, format="rgb24")
        return self._maker.encode(self._maker.upright(self._maker.scale(frame)))


@functools.lru_cache(maxsize=8)
def _label(text: str) -> npt.NDArray[np.float32]:
    return draw_label(text, is_title=False)
