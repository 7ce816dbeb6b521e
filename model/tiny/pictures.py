"""Draws the generated world at the tower's size: whole 16:9 pictures, squeezed to a square."""

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from .words import BACKGROUNDS, COLORS
from .world import HEIGHT_PX, WIDTH_PX, Placed, Scene, pan_px, placed_things

Picture = NDArray[np.uint8]
"""uint8, shape (3, size_px, size_px), RGB."""

_OVERSAMPLING = 4
"""Each pixel's coverage is the mean of 4 x 4 points: near what resizing by area gives."""
_TILE_PX = 20
_CORNERS = {
    "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    "triangle": ((0.0, -1.0), (1.0, 0.8), (-1.0, 0.8)),
}
"""In radii from the middle, clockwise on the screen."""


class ScenePictures:
    """Draws any moment of one scene.

    Args:
        scene: what to draw.
        rng: where shades and tiles come from; all moments have the same.
        size_px: side of the square picture.
    """

    def __init__(self, scene: Scene, rng: np.random.Generator, *, size_px: int) -> None:
        self._scene = scene
        self._size_px = size_px
        self._grain = rng.integers(-3, 4, (3, size_px, size_px), np.int8).astype(np.float32)
        self._ground = BACKGROUNDS[scene.background] + rng.normal(0, 3, 3)
        self._shades = [COLORS[t.color] + rng.normal(0, 6, 3) for t in scene.things]
        self._tiles: NDArray[Any] | None = None
        if scene.camera != "is still":
            self._tiles = rng.normal(0, 7, (HEIGHT_PX // _TILE_PX, 2 * WIDTH_PX // _TILE_PX))

    def draw(self, progress: float) -> Picture:
        """Draw the moment at `progress`, 0 at the first frame and 1 at the last."""
        picture = np.empty((3, self._size_px, self._size_px), np.float32)
        picture[:] = self._ground[:, None, None]
        if self._tiles is not None:
            picture += self._tiles[self._tile_index(pan_px(self._scene, progress))]
        for placed, shade in zip(placed_things(self._scene, progress), self._shades, strict=True):
            _paint(picture, placed, shade)
        if self._scene.screen_text:
            alpha, ink = _label(self._scene.screen_text, self._size_px)
            picture = picture * (1 - alpha) + ink
        return np.asarray(np.clip(picture + self._grain, 0, 255), np.uint8)

    def _tile_index(self, shift_px: float) -> tuple[NDArray[Any], NDArray[Any]]:
        middle = (np.arange(self._size_px) + 0.5) / self._size_px
        columns = (middle * WIDTH_PX + WIDTH_PX / 2 + shift_px) // _TILE_PX
        rows = middle * HEIGHT_PX // _TILE_PX
        return rows.astype(np.int64)[:, None], columns.astype(np.int64)[None]


def render_clip(
    scene: Scene, rng: np.random.Generator, *, num_frames: int, size_px: int
) -> NDArray[np.uint8]:
    """Draw frames spread evenly over a clip.

    Returns:
        uint8, shape (num_frames, 3, size_px, size_px), RGB.
    """
    pictures = ScenePictures(scene, rng, size_px=size_px)
    moments = np.linspace(0, 1, num_frames) if num_frames > 1 else np.array([0.5])
    return np.stack([pictures.draw(float(moment)) for moment in moments])


def _paint(picture: NDArray[np.float32], placed: Placed, shade: NDArray[Any]) -> None:
    """Lay a thing over the picture, in place."""
    size_px = picture.shape[-1]
    rows = _span(placed.y_px, placed.radius_px, size_px, HEIGHT_PX)
    columns = _span(placed.x_px, placed.radius_px, size_px, WIDTH_PX)
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    y = (_points(rows, size_px, HEIGHT_PX) - placed.y_px)[:, None] / placed.radius_px
    x = (_points(columns, size_px, WIDTH_PX) - placed.x_px)[None] / placed.radius_px
    inside = _inside(placed.thing.shape, x, y).astype(np.float32)
    blocks = inside.reshape(inside.shape[0] // _OVERSAMPLING, _OVERSAMPLING, -1, _OVERSAMPLING)
    cover = blocks.mean((1, 3))
    area = picture[:, rows, columns]
    area += cover * (shade[:, None, None] - area)


def _span(middle: float, radius: float, size_px: int, side: int) -> slice:
    """Return the pixels that a thing may touch along one side."""
    scale = size_px / side
    first, last = (middle - radius) * scale, (middle + radius) * scale
    return slice(max(int(np.floor(first)), 0), min(int(np.ceil(last)), size_px))


def _points(pixels: slice, size_px: int, side: int) -> NDArray[Any]:
    index = np.arange(pixels.start * _OVERSAMPLING, pixels.stop * _OVERSAMPLING)
    return (index + 0.5) * (side / (size_px * _OVERSAMPLING))


def _inside(shape: str, x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which points lie in a shape of radius 1; x is a row, y a column."""
    if shape == "circle":
        return np.asarray(x * x + y * y <= 1)
    corners = _CORNERS[shape]
    inside = np.ones((len(y), x.shape[1]), np.bool_)
    for (x0, y0), (x1, y1) in zip(corners, (*corners[1:], corners[0]), strict=True):
        inside &= (x1 - x0) * (y - y0) >= (y1 - y0) * (x - x0)
    return inside


@functools.lru_cache(maxsize=64)
def _label(text: str, size_px: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Draw a text as the example videos have it.

    Returns:
        How much of a pixel it covers, float32, shape (size_px, size_px), and the light that it
        adds, float32, shape (3, size_px, size_px), in [0, 255].
    """
    canvas = Image.new("RGBA", (WIDTH_PX, HEIGHT_PX), (0, 0, 0, 0))
    pen = ImageDraw.Draw(canvas)
    if text.startswith("STEP"):
        font = ImageFont.load_default(size=32)
        left, top, right, bottom = pen.textbbox((28, 24), text, font=font)
        box = (left - 12, top - 10, right + 12, bottom + 10)
        pen.rounded_rectangle(box, radius=8, fill=(20, 20, 20, 255))
        pen.text((28, 24), text, font=font, fill=(255, 255, 255, 255))
    else:
        font = ImageFont.load_default(size=36)
        middle = (WIDTH_PX / 2, HEIGHT_PX / 2)
        pen.text(middle, text, font=font, fill=(255, 255, 255, 255), anchor="mm")
    # "RGBa" has its colours multiplied by alpha, as averages over pixels need it.
    small = canvas.convert("RGBa").resize((size_px, size_px), Image.Resampling.BOX)
    pixels = np.asarray(small, np.float32)
    return pixels[..., 3] / np.float32(255), pixels[..., :3].transpose(2, 0, 1).copy()
