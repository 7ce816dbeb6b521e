"""Names for the outlines of regions: circle, square, rectangle, triangle, or no name."""

import math
from typing import Any, Literal

import cv2
from numpy.typing import NDArray

ShapeName = Literal["circle", "square", "rectangle", "triangle"]

_MIN_AREA_PX = 40


def name_shape(mask: NDArray[Any]) -> ShapeName | None:
    """Name the largest region of a mask, or return None where no plain shape fits.

    A triangle fills its smallest enclosing triangle, a disc its smallest enclosing circle, a
    rectangle its smallest enclosing rectangle; a disc fills 60 % of the triangle, a square 64 % of
    the circle, so that the limits lie well between.

    Args:
        mask: uint8, shape (height, width); not 0 inside the region.
    """
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    contour = max(contours, key=cv2.contourArea)
    area = cv2.contourArea(contour)
    hull = cv2.convexHull(contour)
    if area < _MIN_AREA_PX or area < 0.88 * cv2.contourArea(hull):
        return None
    _, (width, height), _ = cv2.minAreaRect(contour)
    extent = area / max(width * height, 1.0)
    if extent < 0.68 and area > 0.82 * cv2.minEnclosingTriangle(hull)[0]:
        return "triangle"
    _, radius = cv2.minEnclosingCircle(contour)
    if area > 0.84 * math.pi * radius**2:
        return "circle"
    if extent > 0.88:
        return "square" if max(width, height) < 1.18 * min(width, height) else "rectangle"
    return None
