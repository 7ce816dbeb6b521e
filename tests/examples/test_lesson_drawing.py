import io

import numpy as np
import pytest
from PIL import Image

from interlink.examples.drawing import BACKGROUNDS, COLORS, HEIGHT_PX, WIDTH_PX
from interlink.examples.lesson_drawing import FrameStore, WorldPicture
from interlink.model.data.pictures import resize_picture
from interlink.model.tiny.pictures import ScenePictures
from interlink.model.tiny.words import CAMERAS, MOTIONS
from interlink.model.tiny.world import Scene, Thing, placed_things, sample_scene


def scene(*, motion: str = "still", camera: str = "is still", screen_text: str = "") -> Scene:
    thing = Thing(color="red", shape="circle", motion=motion, x_px=200, y_px=120, radius_px=44)
    return Scene(background="beige", camera=camera, things=(thing,), screen_text=screen_text)


def center_of(picture: np.ndarray) -> tuple[float, float]:
    rows, columns = np.nonzero(np.abs(picture.astype(int) - COLORS["red"]).max(axis=-1) < 20)
    assert len(rows) > 1000
    return columns.mean(), rows.mean()


@pytest.mark.parametrize("motion", MOTIONS)
@pytest.mark.parametrize("camera", CAMERAS)
@pytest.mark.parametrize("progress", [0.2, 0.7])
def test_things_stand_where_the_world_places_them(motion, camera, progress):
    drawn = WorldPicture(scene(motion=motion, camera=camera), np.random.default_rng(0))
    (placed,) = placed_things(scene(motion=motion, camera=camera), progress)
    picture = drawn.frame(progress)
    assert picture.shape == (HEIGHT_PX, WIDTH_PX, 3)
    if placed.x_px - placed.radius_px > 0 and placed.x_px + placed.radius_px < WIDTH_PX:
        assert center_of(picture) == pytest.approx((placed.x_px, placed.y_px), abs=1)


@pytest.mark.parametrize(("camera", "sign"), [("pans right", -1), ("pans left", 1)])
def test_a_camera_that_pans_moves_the_ground_the_other_way(camera, sign):
    drawn = WorldPicture(scene(camera=camera), np.random.default_rng(0))
    before, after = drawn.frame(0.4)[-1], drawn.frame(0.5)[-1]
    shift = round(0.1 * 2 * 192)
    np.testing.assert_array_equal(np.roll(before, sign * shift, axis=0)[50:-50], after[50:-50])


def test_a_still_camera_sees_a_plain_ground_and_text_only_where_there_is_some():
    plain = WorldPicture(scene(), np.random.default_rng(0)).frame(0)
    labelled = WorldPicture(scene(screen_text="STEP 2"), np.random.default_rng(0)).frame(0)
    assert tuple(plain[10, 10]) == tuple(plain[-1, -1]) == BACKGROUNDS["beige"]
    rows, columns = np.nonzero((plain != labelled).any(axis=-1))
    assert rows.max() < 70
    assert columns.max() < 160


def test_frames_are_stored_as_the_scan_stores_them():
    picture = WorldPicture(scene(screen_text="STEP 2"), np.random.default_rng(0)).frame(0)
    stored = Image.open(io.BytesIO(FrameStore().encode(picture)))
    assert (stored.format, stored.size) == ("JPEG", (598, 336))
    again = np.asarray(stored.resize((WIDTH_PX, HEIGHT_PX)), int)
    assert np.abs(again - picture).mean() < 3


def test_at_the_towers_size_they_look_like_the_pictures_that_it_learned_from():
    """Shades differ by a few levels there, and a tiled ground by its tiles."""
    rng = np.random.default_rng(5)
    for _ in range(20):
        shown, progress = sample_scene(rng), rng.random()
        own = ScenePictures(shown, rng, size_px=64).draw(progress)
        ours = resize_picture(WorldPicture(shown, rng).frame(progress), 64)
        assert np.abs(own.astype(int) - ours).mean() < 12
        assert (np.abs(own.astype(int) - ours).max(axis=0) > 60).mean() < 0.01
