"""Names for measured colours. Rules in the CIELAB colour space; no table, no model, no chance."""

import math
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Lab = NDArray[Any]
"""CIELAB values, float32, last axis 3. OpenCV's stubs return unions: hence `Any`."""

_BIN = 6.0
"""Edge of the Lab cells whose fullest one starts a colour."""
_RADIUS = 14.0
"""Pixels this near in Lab are one colour; 2.3 is the smallest difference that people notice."""
_HUES: tuple[tuple[float, str], ...] = (
    (45, "red"),
    (76, "orange"),
    (108, "yellow"),
    (170, "green"),
    (205, "teal"),
    (308, "blue"),
    (330, "purple"),
    (345, "pink"),
    (360, "red"),
)
"""Upper limits of CIELAB hue angles, in degrees; pure blue lies at 306."""


class ColorShare(NamedTuple):
    """One colour of a picture."""

    name: str
    """Plain English, such as `dark green`."""
    share: float
    """Share of the pixels, in [0, 1]."""


def to_lab(rgb: NDArray[Any]) -> Lab:
    """Convert a picture to CIELAB.

    Args:
        rgb: uint8, shape (height, width, 3).

    Returns:
        float32 of the same shape: L in [0, 100], a and b about [-128, 128]. From floating RGB,
        as OpenCV's 8-bit conversion is off by several units in dark colours.
    """
    return cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)


def name_color(lab: Lab) -> str:
    """Name one CIELAB colour: a hue with `dark`, `light` or `grayish` before it.

    Hue limits follow the ISCC-NBS centroids (Kelly and Judd 1976), simplified.
    """
    lightness, a, b = (float(v) for v in lab)
    chroma = math.hypot(a, b)
    hue = math.degrees(math.atan2(b, a)) % 360
    if chroma < 9 or (lightness < 12 and chroma < 20):
        return _gray(lightness)
    if chroma < 24 and lightness > 72 and 40 < hue < 110:
        return "beige"
    # There is no dark orange: people call it brown.
    if 40 <= hue < 85 and (lightness < 45 or (lightness < 52 and chroma < 48)):
        return "dark brown" if lightness < 25 else "brown"
    return _tone(lightness, chroma, _hue_name(lightness, hue))


def palette(lab: Lab, count: int = 4) -> tuple[ColorShare, ...]:
    """Find the colours that cover most of some pixels, the largest first.

    The fullest cell of a Lab histogram starts a colour, the mean of all pixels near it names it,
    and they are taken out; then again. Unlike k-means it needs no random start.

    Args:
        lab: float32, shape (..., 3).
        count: how many to look for; those of one name are added up.
    """
    pixels = lab.reshape(-1, 3)
    total = max(len(pixels), 1)
    shares: dict[str, float] = {}
    for _ in range(count):
        if len(pixels) < 0.01 * total:
            break
        near = _densest(pixels)
        name = name_color(pixels[near].mean(axis=0))
        shares[name] = shares.get(name, 0.0) + float(near.sum()) / total
        pixels = pixels[~near]
    ordered = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
    return tuple(ColorShare(name, share) for name, share in ordered)


def _densest(pixels: Lab) -> NDArray[np.bool_]:
    """Return which pixels belong to the colour of the fullest cell."""
    cells = np.floor(pixels / _BIN).astype(np.int64) + 64
    keys = (cells[:, 0] * 128 + cells[:, 1]) * 128 + cells[:, 2]
    values, counts = np.unique(keys, return_counts=True)
    center = pixels[keys == values[np.argmax(counts)]].mean(axis=0)
    near = np.linalg.norm(pixels - center, axis=1) < _RADIUS
    center = pixels[near].mean(axis=0)
    moved: NDArray[np.bool_] = np.linalg.norm(pixels - center, axis=1) < _RADIUS
    return moved if moved.any() else near


def _gray(lightness: float) -> str:
    for limit, name in ((16, "black"), (38, "dark gray"), (65, "gray"), (90, "light gray")):
        if lightness < limit:
            return name
    return "white"


def _hue_name(lightness: float, hue: float) -> str:
    name = next(name for limit, name in _HUES if hue < limit)
    if name == "red" and lightness > 62:
        return "pink"
    if name == "yellow" and lightness <= 60:
        return "olive"
    if name == "pink" and lightness <= 50:
        return "magenta"
    if name == "blue" and lightness > 70:
        return "light blue"
    return name


def _tone(lightness: float, chroma: float, hue: str) -> str:
    # Pure blue has a lightness of 32, pure red of 53.
    if lightness < (22 if hue == "blue" else 30):
        return f"dark {hue}"
    if lightness > 80 and hue not in ("yellow", "light blue", "pink"):
        return f"light {hue}"
    return f"grayish {hue}" if chroma < 22 else hue
