import numpy as np
import pytest

from interlink.transforms.captions.colors import name_color, palette, to_lab


def lab_of(color):
    return to_lab(np.full((1, 1, 3), color, np.uint8))[0, 0]


@pytest.mark.parametrize(
    ("color", "lab"),
    # Published values: CIELAB of the sRGB primaries under D65 (Lindbloom's calculator).
    [
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 255, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
        ((255, 255, 255), (100, 0, 0)),
    ],
)
def test_lab_agrees_with_published_values(color, lab):
    assert lab_of(color) == pytest.approx(lab, abs=0.7)


@pytest.mark.parametrize(
    ("color", "name"),
    [
        ((0, 0, 0), "black"),
        ((60, 60, 60), "dark gray"),
        ((128, 128, 128), "gray"),
        ((200, 200, 200), "light gray"),
        ((255, 255, 255), "white"),
        ((200, 30, 40), "red"),
        ((255, 165, 0), "orange"),
        ((255, 230, 0), "yellow"),
        ((128, 128, 0), "olive"),
        ((0, 128, 0), "green"),
        ((0, 60, 20), "dark green"),
        ((0, 128, 128), "teal"),
        ((0, 0, 255), "blue"),
        ((0, 0, 200), "blue"),
        ((0, 0, 128), "dark blue"),
        ((75, 0, 130), "dark purple"),
        ((40, 80, 210), "blue"),
        ((135, 206, 235), "light blue"),
        ((15, 25, 80), "dark blue"),
        ((130, 50, 160), "purple"),
        ((255, 105, 180), "pink"),
        ((139, 69, 19), "brown"),
        ((60, 35, 20), "dark brown"),
        ((225, 210, 180), "beige"),
    ],
)
def test_names_that_people_would_give(color, name):
    assert name_color(lab_of(color)) == name


def test_palette_gives_shares_of_the_pixels_the_largest_first():
    picture = np.full((100, 100, 3), (25, 70, 40), np.uint8)
    picture[:30] = (200, 30, 40)

    colors = palette(to_lab(picture))

    assert [color.name for color in colors] == ["dark green", "red"]
    assert [color.share for color in colors] == pytest.approx([0.7, 0.3])


def test_palette_adds_up_the_tones_of_one_name():
    picture = np.zeros((10, 10, 3), np.uint8)
    picture[:5], picture[5:] = (190, 30, 40), (230, 40, 50)

    (color,) = palette(to_lab(picture))
    assert (color.name, color.share) == ("red", pytest.approx(1.0))


def test_noise_does_not_change_the_name_of_a_wall():
    rng = np.random.default_rng(0)
    brown = np.array((110, 75, 45))
    picture = np.clip(brown + rng.normal(0, 9, (80, 80, 1)), 0, 255).astype(np.uint8)

    assert palette(to_lab(picture))[0].name == "brown"
    assert palette(to_lab(picture))[0].share > 0.9


def test_palette_of_nothing_is_empty():
    assert palette(np.zeros((0, 3), np.float32)) == ()
