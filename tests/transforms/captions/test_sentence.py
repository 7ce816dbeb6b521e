import dataclasses

import pytest

from interlink.transforms.captions.camera import CameraFact
from interlink.transforms.captions.colors import ColorShare
from interlink.transforms.captions.measure import BackgroundFact, BrightnessFact, Facts
from interlink.transforms.captions.objects import ObjectFact
from interlink.transforms.captions.screen_text import ScreenTextFact
from interlink.transforms.captions.sentence import with_article, write_sentence

PLAIN = BackgroundFact(colors=(ColorShare("dark blue", 0.9),), border_share=1.0)
BUSY = BackgroundFact(
    colors=(ColorShare("gray", 0.3), ColorShare("brown", 0.2), ColorShare("red", 0.05)),
    border_share=0.4,
)
CIRCLE = ObjectFact(
    color="orange",
    shape="circle",
    direction=None,
    place="in the center",
    area=0.02,
    num_frames=8,
)
MOVING = dataclasses.replace(CIRCLE, color="red", direction="upwards")


def facts(*objects, background=PLAIN, camera="still", texts=(), lightness=50.0):
    return Facts(
        background=background,
        brightness=BrightnessFact(lightness=lightness),
        camera=CameraFact(motion=camera, shift_x=0, shift_y=0, scale=1, support=1),
        objects=objects,
        screen_text=tuple(
            ScreenTextFact(text=text, score=0.9, box=(0, 0, 0.1, 0.1)) for text in texts
        ),
        text_area_share=0.0,
    )


@pytest.mark.parametrize(
    ("measured", "sentence"),
    [
        (facts(), "A dark blue background; the camera is still."),
        (facts(camera="unclear"), "A dark blue background."),
        (facts(camera="pans left"), "A dark blue background; the camera pans left."),
        (
            facts(CIRCLE),
            "An orange circle in the center over a dark blue background; the camera is still.",
        ),
        (
            facts(MOVING),
            "A red circle moves upwards over a dark blue background; the camera is still.",
        ),
        (
            facts(MOVING, CIRCLE),
            "A red circle moves upwards over a dark blue background; "
            "an orange circle stays in the center; the camera is still.",
        ),
        (
            facts(texts=("STEP 1", "Mix well", "Add salt", "Fourth")),
            'A dark blue background; on-screen text reads "STEP 1", "Mix well", "Add salt"; '
            "the camera is still.",
        ),
        (
            facts(background=BUSY, camera="moves"),
            "A scene mainly in gray and brown; the camera moves.",
        ),
        (
            facts(MOVING, background=BUSY, camera="unclear"),
            "A red circle moves upwards in a scene mainly in gray and brown.",
        ),
        (
            facts(background=BUSY, lightness=12, camera="unclear"),
            "A dark scene mainly in gray and brown.",
        ),
        (
            facts(
                background=BackgroundFact(
                    colors=tuple(ColorShare(name, 0.1) for name in ("red", "blue", "teal")),
                    border_share=0.1,
                ),
                lightness=80,
                camera="unclear",
            ),
            "A bright scene of mixed colors.",
        ),
    ],
)
def test_sentence_states_the_facts(measured, sentence):
    assert write_sentence(measured) == sentence


def test_wide_color_that_is_not_behind_the_rest_is_no_background():
    middle = BackgroundFact(colors=(ColorShare("white", 0.6),), border_share=0.2)

    assert write_sentence(facts(background=middle, camera="unclear")) == "A scene mainly in white."


def test_article_follows_the_sound():
    assert [with_article(word) for word in ("olive square", "green disc")] == [
        "an olive square",
        "a green disc",
    ]
