import cv2
import numpy as np
import pytest

from interlink.transforms.captions.shapes import name_shape


def mask():
    return np.zeros((200, 200), np.uint8)


def polygon(corners):
    return cv2.fillPoly(mask(), [np.array(corners, np.int32)], 1)


def turned_rectangle(width, height, degrees):
    return polygon(cv2.boxPoints(((100, 100), (width, height), degrees)))


@pytest.mark.parametrize("radius", [8, 15, 40, 80])
def test_disc_is_a_circle(radius):
    assert name_shape(cv2.circle(mask(), (100, 100), radius, 1, -1)) == "circle"


@pytest.mark.parametrize("degrees", [0, 15, 45, 80])
def test_square_is_a_square_however_it_is_turned(degrees):
    assert name_shape(turned_rectangle(60, 60, degrees)) == "square"


@pytest.mark.parametrize("degrees", [0, 30])
def test_long_rectangle_is_no_square(degrees):
    assert name_shape(turned_rectangle(100, 40, degrees)) == "rectangle"


@pytest.mark.parametrize(
    "corners",
    [
        [(100, 40), (50, 140), (150, 140)],
        [(40, 40), (160, 60), (60, 160)],
        [(100, 160), (50, 50), (160, 60)],
    ],
)
def test_triangle_of_any_kind(corners):
    assert name_shape(polygon(corners)) == "triangle"


def test_star_hexagon_and_crescent_have_no_name():
    angles = np.arange(10) * np.pi / 5
    radii = np.where(np.arange(10) % 2, 30, 80)
    star = np.stack([100 + radii * np.sin(angles), 100 - radii * np.cos(angles)], axis=1)
    crescent = cv2.circle(cv2.circle(mask(), (100, 100), 60, 1, -1), (130, 100), 55, 0, -1)

    assert name_shape(polygon(star)) is None
    assert name_shape(crescent) is None


def test_ellipse_is_no_circle():
    assert name_shape(cv2.ellipse(mask(), (100, 100), (80, 45), 20, 0, 360, 1, -1)) is None


def test_empty_mask_and_speck_have_no_name():
    speck = mask()
    speck[10:14, 10:14] = 1

    assert name_shape(mask()) is None
    assert name_shape(speck) is None
