import cv2
import numpy as np
import pytest

from interlink.examples.drawing import ScenePicture
from interlink.examples.story import Scene as ExampleScene
from interlink.examples.truth import ObjectTruth
from interlink.model.tiny.pictures import ScenePictures, render_clip
from interlink.model.tiny.world import Scene, Thing

SIZE_PX = 96


def example_and_ours(shape: str, text: str) -> tuple[np.ndarray, np.ndarray]:
    """Draw one still scene as the example videos do, resized by area, and as we do."""
    example = ScenePicture(
        ExampleScene(
            background="dark green",
            camera="still",
            screen_text=text,
            objects=(ObjectTruth(shape=shape, color="yellow", name="thing", motion="still"),),
            sentences=(),
        ),
        np.random.default_rng(3),
    )
    thing = Thing(
        color="yellow",
        shape=shape,
        motion="still",
        x_px=example._x_px,
        y_px=example._y_px,
        radius_px=example._radius_px,
    )
    ours = Scene(background="dark green", camera="is still", things=(thing,), screen_text=text)
    small = cv2.resize(example.frame(0.5), (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_AREA)
    drawn = ScenePictures(ours, np.random.default_rng(0), size_px=SIZE_PX).draw(0.5)
    return small.transpose(2, 0, 1).astype(float), drawn.astype(float)


@pytest.mark.parametrize("shape", ["circle", "square", "triangle"])
def test_pictures_look_like_frames_of_the_example_videos(shape: str):
    example, ours = example_and_ours(shape, "STEP 4")
    # Shades vary by some units and grain by 3; a pixel of another shape would be off by 100.
    assert np.abs(example - ours).mean() < 8
    assert np.percentile(np.abs(example - ours), 99.8) < 40


def test_a_step_number_can_be_told_from_another_and_hides_nothing():
    first, second = (example_and_ours("circle", f"STEP {n}")[1] for n in (2, 5))
    changed = np.abs(first - second).max(0) > 30
    assert changed.any()
    assert not changed[SIZE_PX // 4 :].any()


def test_all_frames_of_a_clip_have_one_background():
    thing = Thing(
        color="red",
        shape="square",
        motion="from left to right",
        x_px=0,
        y_px=180,
        radius_px=40,
    )
    scene = Scene(background="black", camera="is still", things=(thing,), screen_text="")
    clip = render_clip(scene, np.random.default_rng(0), num_frames=5, size_px=SIZE_PX)
    assert clip.shape == (5, 3, SIZE_PX, SIZE_PX)
    assert (clip[:, :, 80:] == clip[:1, :, 80:]).all()
    columns = [int(np.argmax(frame[0].max(0))) for frame in clip]
    assert columns == sorted(columns)
    assert columns[-1] - columns[0] > SIZE_PX / 2


def test_the_same_chance_gives_the_same_picture():
    scene = Scene(background="brown", camera="zooms in", things=(), screen_text="STEP 1")
    a, b = (ScenePictures(scene, np.random.default_rng(7), size_px=64).draw(0.3) for _ in range(2))
    assert np.array_equal(a, b)
    assert a.dtype == np.uint8
