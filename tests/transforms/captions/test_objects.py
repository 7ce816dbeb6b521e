import cv2
import numpy as np
import pytest

from interlink.transforms.captions.colors import to_lab
from interlink.transforms.captions.objects import find_objects

GREEN, RED, BLUE = (25, 70, 40), (210, 30, 30), (40, 80, 210)


def wall():
    return np.full((90, 160, 3), GREEN, np.uint8)


def disc(center, radius=11, color=RED, rgb=None):
    return cv2.circle(wall() if rgb is None else rgb, center, radius, color, -1, cv2.LINE_AA)


def film(paint, count=8):
    return [to_lab(paint(i / (count - 1))) for i in range(count)]


def find(labs, text_boxes=(), is_camera_still=True):
    return find_objects(labs, text_boxes, is_camera_still=is_camera_still)


@pytest.mark.parametrize(
    ("direction", "end"),
    [
        ("from left to right", (140, 45)),
        ("from right to left", (20, 45)),
        ("downwards", (80, 75)),
        ("upwards", (80, 15)),
        ("down and to the right", (125, 75)),
        ("up and to the left", (35, 15)),
    ],
)
def test_direction_of_a_moving_thing(direction, end):
    start = (160 - end[0], 90 - end[1])

    def paint(share):
        x, y = (round(a + (b - a) * share) for a, b in zip(start, end, strict=True))
        return disc((x, y))

    (thing,) = find(film(paint))

    assert (thing.color, thing.shape, thing.direction) == ("red", "circle", direction)
    assert thing.num_frames == 8


@pytest.mark.parametrize(
    ("center", "place"),
    [
        ((80, 45), "in the center"),
        ((30, 45), "on the left"),
        ((130, 45), "on the right"),
        ((80, 20), "at the upper center"),
        ((130, 70), "at the lower right"),
    ],
)
def test_place_of_a_thing_that_stays(center, place):
    (thing,) = find(film(lambda u: disc(center)))

    assert (thing.place, thing.direction) == (place, None)


def test_moving_thing_and_one_that_stays_are_both_found():
    def paint(share):
        rgb = disc((round(20 + 120 * share), 25))
        cv2.rectangle(rgb, (110, 60), (130, 80), BLUE, -1)
        return rgb

    moving, staying = find(film(paint))

    assert (moving.color, moving.shape, moving.direction) == (
        "red",
        "circle",
        "from left to right",
    )
    assert (staying.color, staying.shape, staying.direction) == ("blue", "square", None)


def test_motion_before_a_moving_camera_is_not_told():
    (thing,) = find(film(lambda u: disc((round(40 + 60 * u), 45))), is_camera_still=False)

    assert thing.direction is None


def test_single_frame_shows_a_thing_but_no_motion():
    (thing,) = find([to_lab(disc((80, 45)))])

    assert (thing.color, thing.direction, thing.num_frames) == ("red", None, 1)


def test_textured_region_is_not_named():
    noise = np.random.default_rng(0).integers(0, 255, (22, 22, 3))

    def paint(share):
        rgb = wall()
        rgb[30:52, 70:92] = noise
        return rgb

    assert find(film(paint)) == ()


def test_outline_without_a_name_is_not_named():
    def paint(share):
        return cv2.ellipse(wall(), (80, 45), (30, 12), 20, 0, 360, RED, -1)

    assert find(film(paint)) == ()


def test_thing_cut_by_the_edge_in_every_frame_is_not_named():
    assert find(film(lambda u: disc((0, 45), radius=20))) == ()


def test_thing_seen_in_a_minority_of_frames_is_not_named():
    labs = [to_lab(disc((80, 45)) if i in (2, 3) else wall()) for i in range(10)]

    assert find(labs) == ()


def test_nothing_is_found_where_text_is():
    assert find(film(lambda u: disc((80, 45))), text_boxes=[(0.4, 0.4, 0.6, 0.6)]) == ()


@pytest.mark.parametrize("shape", [(90, 160, 3), (2, 2, 3), (1, 1, 3)])
def test_black_frames_of_any_size_hold_nothing(shape):
    assert find([to_lab(np.zeros(shape, np.uint8))] * 4) == ()
