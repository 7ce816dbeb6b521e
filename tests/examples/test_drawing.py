import dataclasses

import numpy as np
import pytest

from interlink.examples.drawing import BACKGROUNDS, COLORS, HEIGHT_PX, WIDTH_PX, ScenePicture
from interlink.examples.story import Scene
from interlink.examples.truth import ObjectTruth

BALL = ObjectTruth(shape="circle", color="red", name="ball", motion="still")
BOX = ObjectTruth(shape="square", color="blue", name="box", motion="still")
SCENE = Scene(
    background="beige", camera="still", screen_text="STEP 1", objects=(BALL,), sentences=()
)


def picture_of(scene: Scene, progress: float) -> np.ndarray:
    return ScenePicture(scene, np.random.default_rng(0)).frame(progress)


def center_of(picture: np.ndarray, color: str) -> tuple[float, float]:
    """Mean place of the pixels that have a colour, in shares of width and height."""
    is_near = np.abs(picture.astype(int) - COLORS[color]).max(axis=-1) < 20
    rows, columns = np.nonzero(is_near)
    assert len(rows) > 1000
    return columns.mean() / WIDTH_PX, rows.mean() / HEIGHT_PX


@pytest.mark.parametrize(
    ("motion", "x", "y"),
    [
        ("left to right", 0.8, 0),
        ("right to left", -0.8, 0),
        ("top to bottom", 0, 0.7),
        ("bottom to top", 0, -0.7),
        ("still", 0, 0),
    ],
)
def test_an_object_goes_the_way_that_its_motion_says(motion, x, y):
    scene = dataclasses.replace(SCENE, objects=(dataclasses.replace(BALL, motion=motion),))
    start, end = (center_of(picture_of(scene, progress), "red") for progress in (0.0, 1.0))
    assert np.subtract(end, start) == pytest.approx((x, y), abs=0.02)


def test_a_camera_that_turns_right_moves_the_picture_left_and_back_again():
    right, left = (dataclasses.replace(SCENE, camera=f"pan {way}") for way in ("right", "left"))
    assert center_of(picture_of(right, 1), "red")[0] < center_of(picture_of(right, 0), "red")[0]
    np.testing.assert_array_equal(picture_of(left, 0.25), picture_of(right, 0.75))


def test_zooming_in_magnifies_by_1_6_and_leaves_the_label_as_it_is():
    scene = dataclasses.replace(SCENE, camera="zoom in")
    first, last = picture_of(scene, 0), picture_of(scene, 1)
    areas = [(np.abs(p.astype(int) - COLORS["red"]).max(-1) < 20).sum() for p in (first, last)]
    assert areas[1] / areas[0] == pytest.approx(1.6**2, rel=0.05)
    np.testing.assert_array_equal(first[30:50, 20:120], last[30:50, 20:120])


def test_a_still_scene_is_plain_background_outside_of_its_things_and_label():
    picture = picture_of(SCENE, 0.5)
    assert picture.shape == (HEIGHT_PX, WIDTH_PX, 3)
    assert tuple(picture[-1, -1]) == BACKGROUNDS["beige"]
    assert np.all(picture == BACKGROUNDS["beige"], axis=-1).mean() > 0.9


@pytest.mark.parametrize("motion", ["left to right", "top to bottom"])
def test_the_second_object_stands_at_the_right_and_the_first_never_covers_it(motion):
    moving = dataclasses.replace(BALL, motion=motion)
    scene = dataclasses.replace(SCENE, objects=(moving, BOX))
    areas = set()
    for progress in np.linspace(0, 1, 9):
        picture = picture_of(scene, progress)
        assert center_of(picture, "blue")[0] == pytest.approx(500 / 640, abs=0.01)
        areas.add(int(np.all(picture == COLORS["blue"], axis=-1).sum()))
    assert len(areas) == 1


def test_the_title_card_shows_white_text_in_the_middle():
    title = dataclasses.replace(SCENE, background="dark blue", objects=(), screen_text="HOW TO")
    rows, columns = np.nonzero((picture_of(title, 0) > 200).all(axis=-1))
    assert abs(columns.mean() - WIDTH_PX / 2) < 10
    assert abs(rows.mean() - HEIGHT_PX / 2) < 10
