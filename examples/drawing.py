"""Draws the scenes of the example videos: flat pictures, anti-aliased, in RGB.

Text is drawn with Pillow and its built-in font: OpenCV 4 and 5 draw it differently.
"""

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from .story import Scene
from .truth import Motion, ObjectTruth

Picture = npt.NDArray[np.uint8]

WIDTH_PX = 640
HEIGHT_PX = 360

COLORS = {
    "red": (200, 30, 40),
    "blue": (40, 80, 210),
    "yellow": (240, 210, 40),
    "green": (40, 160, 70),
    "orange": (240, 130, 20),
    "purple": (130, 50, 160),
    "white": (245, 245, 245),
    "pink": (240, 130, 170),
}
BACKGROUNDS = {
    "dark green": (25, 70, 40),
    "light gray": (200, 200, 200),
    "dark blue": (20, 30, 80),
    "brown": (110, 75, 45),
    "black": (15, 15, 15),
    "beige": (225, 210, 180),
}
_DIRECTIONS: dict[Motion, tuple[int, int]] = {
    "still": (0, 0),
    "left to right": (1, 0),
    "right to left": (-1, 0),
    "top to bottom": (0, 1),
    "bottom to top": (0, -1),
}
_TILE_PX = 20
PAN_PX = 384
"""How far a turning camera goes."""
_ZOOM = 0.6
_SHIFT = 4
"""OpenCV takes coordinates in 1/16 pixel, so that slow motion does not jerk."""


class ScenePicture:
    """Draws any moment of one scene.

    Args:
        scene: what to draw.
        rng: where the places and sizes come from.
    """

    def __init__(self, scene: Scene, rng: np.random.Generator) -> None:
        self._scene = scene
        self._ground = draw_ground(
            rng, BACKGROUNDS[scene.background], is_tiled=scene.camera != "still"
        )
        self._radius_px = float(rng.integers(36, 52))
        self._x_px = WIDTH_PX / 2 + float(rng.integers(-80, 80))
        self._y_px = HEIGHT_PX / 2 + float(rng.integers(-20, 50))
        self._label = draw_label(scene.screen_text, is_title=not scene.objects)
        if len(scene.objects) > 1:  # the second one stands out of the first one's way
            self._x_px, self._y_px = 250.0, 145.0

    def frame(self, progress: float) -> Picture:
        """Draw the scene at `progress`, 0 at its first frame and 1 at its last.

        Returns:
            uint8, shape (HEIGHT_PX, WIDTH_PX, 3), RGB.
        """
        camera = self._scene.camera
        if camera == "zoom in":
            picture = self._zoomed(progress)
        else:
            picture = self._panned(progress if camera != "pan left" else 1 - progress)
        paste(picture, self._label)
        return picture

    def _panned(self, position: float) -> Picture:
        """Draw the view at `position` along the ground; a still camera's ground has one view."""
        span = self._ground.shape[1] - WIDTH_PX
        offset = round(span * position)
        picture = self._ground[:, offset : offset + WIDTH_PX].copy()
        shift = span / 2 - offset
        for number, thing in enumerate(self._scene.objects):
            x, y = self._place(number, thing, position)
            draw_thing(picture, thing.shape, thing.color, (x + shift, y), self._radius_px)
        return picture

    def _zoomed(self, progress: float) -> Picture:
        """Draw the scene from nearer and nearer; what matters is in the middle."""
        left = (self._ground.shape[1] - WIDTH_PX) // 2
        picture = self._ground[:, left : left + WIDTH_PX].copy()
        center = (WIDTH_PX / 2, HEIGHT_PX / 2)
        for thing in self._scene.objects:
            draw_thing(picture, thing.shape, thing.color, center, self._radius_px)
        return zoomed(picture, 1 + _ZOOM * progress)

    def _place(self, number: int, thing: ObjectTruth, progress: float) -> tuple[float, float]:
        """Return where an object's middle is, in pixels."""
        dx, dy = _DIRECTIONS[thing.motion]
        if number > 0:
            main_dx, _ = _DIRECTIONS[self._scene.objects[0].motion]
            return (500.0, 290.0) if main_dx else (500.0, 220.0)
        x = WIDTH_PX * (0.5 + 0.4 * dx * (2 * progress - 1)) if dx else self._x_px
        y = HEIGHT_PX * (0.5 + 0.35 * dy * (2 * progress - 1)) if dy else self._y_px
        return x, y


def draw_ground(
    rng: np.random.Generator, color: tuple[int, int, int], *, is_tiled: bool
) -> Picture:
    """Make the background: plain, or wide and tiled so that a camera's motion can be seen.

    Returns:
        uint8, shape (HEIGHT_PX, WIDTH_PX, 3), or wider by `PAN_PX` if tiled, RGB.
    """
    if not is_tiled:
        return np.full((HEIGHT_PX, WIDTH_PX, 3), color, np.uint8)
    width = WIDTH_PX + PAN_PX
    ground = np.full((HEIGHT_PX, width, 3), color, np.float32)
    rows, columns = -(-HEIGHT_PX // _TILE_PX), -(-width // _TILE_PX)
    tiles = rng.normal(0, 7, (rows, columns))
    tiles = tiles.repeat(_TILE_PX, axis=0).repeat(_TILE_PX, axis=1)
    ground += tiles[:HEIGHT_PX, :width, None]
    return np.clip(ground, 0, 255).round().astype(np.uint8)


def draw_thing(
    picture: Picture, shape: str, color: str, center: tuple[float, float], radius_px: float
) -> None:
    """Lay a `circle`, `square` or `triangle` of a colour of `COLORS` over the picture, in place."""
    rgb = COLORS[color]
    if shape == "circle":
        middle = (round(center[0] * 2**_SHIFT), round(center[1] * 2**_SHIFT))
        radius = round(radius_px * 2**_SHIFT)
        cv2.circle(picture, middle, radius, rgb, -1, cv2.LINE_AA, _SHIFT)
    else:
        corners = np.array(center) + radius_px * np.array(_CORNERS[shape])
        fixed = np.round(corners * 2**_SHIFT).astype(np.int32)
        cv2.fillPoly(picture, [fixed], rgb, cv2.LINE_AA, _SHIFT)


_CORNERS: dict[str, tuple[tuple[float, float], ...]] = {
    "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    "triangle": ((0.0, -1.0), (1.0, 0.8), (-1.0, 0.8)),
}


def zoomed(picture: Picture, scale: float) -> Picture:
    """Return the picture magnified about its middle."""
    matrix = cv2.getRotationMatrix2D((WIDTH_PX / 2, HEIGHT_PX / 2), 0, scale)
    return np.asarray(
        cv2.warpAffine(picture, matrix, (WIDTH_PX, HEIGHT_PX), flags=cv2.INTER_LINEAR),
        np.uint8,
    )


def draw_label(text: str, *, is_title: bool) -> npt.NDArray[np.float32]:
    """Draw the text once: RGBA in [0, 1], shape (HEIGHT_PX, WIDTH_PX, 4)."""
    canvas = Image.new("RGBA", (WIDTH_PX, HEIGHT_PX), (0, 0, 0, 0))
    pen = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(size=36 if is_title else 32)
    if is_title:
        middle = (WIDTH_PX / 2, HEIGHT_PX / 2)
        pen.text(middle, text, font=font, fill=(255, 255, 255, 255), anchor="mm")
    else:
        left, top, right, bottom = pen.textbbox((28, 24), text, font=font)
        box = (left - 12, top - 10, right + 12, bottom + 10)
        pen.rounded_rectangle(box, radius=8, fill=(20, 20, 20, 255))
        pen.text((28, 24), text, font=font, fill=(255, 255, 255, 255))
    return np.asarray(canvas, np.float32) / np.float32(255)


def paste(picture: Picture, label: npt.NDArray[np.float32]) -> None:
    """Lay the label over the picture, in place."""
    rows = np.flatnonzero(label[..., 3].any(axis=1))
    columns = np.flatnonzero(label[..., 3].any(axis=0))
    area = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    alpha = label[area][..., 3:]
    mixed = picture[area] * (1 - alpha) + label[area][..., :3] * 255 * alpha
    picture[area] = np.round(mixed).astype(np.uint8)
