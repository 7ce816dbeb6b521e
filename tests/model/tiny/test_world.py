import numpy as np
import pytest

from interlink.model.tiny.words import BACKGROUNDS, COLORS, SHAPES
from interlink.model.tiny.world import (
    Scene,
    Thing,
    describe,
    describe_picture,
    pan_px,
    place_words,
    placed_things,
    sample_scene,
    title_card,
)
from interlink.transforms.captions import objects


def thing(**changes) -> Thing:
    values = {
        "color": "orange",
        "shape": "circle",
        "motion": "still",
        "x_px": 320.0,
        "y_px": 180.0,
        "radius_px": 40.0,
    }
    return Thing(**{**values, **changes})


def scene(*things: Thing, camera: str = "is still", text: str = "STEP 2") -> Scene:
    return Scene(background="beige", camera=camera, things=things, screen_text=text)


def test_a_moving_thing_is_described_as_the_captioner_does():
    shown = scene(
        thing(motion="from left to right"), thing(color="red", shape="square", x_px=500, y_px=290)
    )
    assert describe(shown) == (
        "An orange circle moves from left to right over a beige background; a red square stays at "
        'the lower right; on-screen text reads "STEP 2"; the camera is still.'
    )


def test_things_that_stay_are_described_together():
    shown = scene(thing(), thing(color="red", shape="square", x_px=100), text="")
    assert describe(shown) == (
        "An orange circle in the center and a red square on the left over a beige background; the "
        "camera is still."
    )


def test_a_title_card_is_its_background_and_text():
    assert describe(title_card("set the table")) == (
        'A dark blue background; on-screen text reads "HOW TO SET THE TABLE"; the camera is still.'
    )


def test_a_picture_is_described_at_its_own_moment():
    shown = scene(thing(motion="from left to right"), text="")
    assert describe_picture(shown, 0) == "An orange circle on the left over a beige background."
    assert describe_picture(shown, 1) == "An orange circle on the right over a beige background."


@pytest.mark.parametrize("x", [0.1, 0.36, 0.38, 0.5, 0.62, 0.64, 0.9])
@pytest.mark.parametrize("y", [0.1, 0.34, 0.36, 0.5, 0.67, 0.69, 0.9])
def test_places_are_named_as_the_captioner_names_them(x: float, y: float):
    assert place_words(640 * x, 360 * y) == objects._place((x, y))


def test_a_camera_that_pans_right_moves_things_left():
    shown = scene(thing(), camera="pans right")
    before, after = (placed_things(shown, progress)[0].x_px for progress in (0.0, 1.0))
    assert (before, after) == (320 + 192, 320 - 192)
    assert pan_px(shown, 0.5) == 0


def test_a_camera_that_zooms_in_makes_things_larger():
    shown = scene(thing(), camera="zooms in")
    assert placed_things(shown, 1.0)[0].radius_px == pytest.approx(64)


def test_scenes_are_legible_and_all_colours_shapes_and_backgrounds_occur():
    rng = np.random.default_rng(0)
    scenes = [sample_scene(rng) for _ in range(2000)]
    for shown in scenes:
        assert all(t.color not in shown.background for t in shown.things)
        for progress in (0.0, 0.5, 1.0):
            placed = placed_things(shown, progress)
            assert all(0 < p.x_px < 640 and 0 < p.y_px < 360 for p in placed)
    assert {t.color for s in scenes for t in s.things} == set(COLORS)
    assert {t.shape for s in scenes for t in s.things} == set(SHAPES)
    assert {s.background for s in scenes} == set(BACKGROUNDS)


def test_two_things_differ_and_do_not_cover_one_another():
    rng = np.random.default_rng(1)
    pairs = [s for s in (sample_scene(rng) for _ in range(3000)) if len(s.things) == 2]
    assert len(pairs) > 200
    for shown in pairs:
        first, second = shown.things
        assert first.color != second.color
        assert first.shape != second.shape
        for progress in np.linspace(0, 1, 9):
            a, b = placed_things(shown, float(progress))
            assert np.hypot(a.x_px - b.x_px, a.y_px - b.y_px) > 1.4 * first.radius_px
