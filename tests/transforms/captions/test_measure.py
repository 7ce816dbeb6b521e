import cv2
import numpy as np
import pytest

from interlink.transforms.captions.colors import ColorShare
from interlink.transforms.captions.measure import measure
from interlink.transforms.captions.screen_text import ScreenTextFact

GREEN, RED, WHITE = (25, 70, 40), (210, 30, 30), (245, 245, 245)


class CountingReader:
    """Reads the same line in every picture, and counts the pictures."""

    def __init__(self):
        self.count = 0

    def read(self, rgb):
        self.count += 1
        return [ScreenTextFact(text="STEP 2", score=0.9, box=(0.0, 0.0, 0.2, 0.1))]


def wall(color=GREEN, size=(640, 360)):
    return np.full((size[1], size[0], 3), color, np.uint8)


def frames(studio, pictures):
    return studio.clip([studio.jpeg(picture) for picture in pictures]).frames


def test_background_is_that_of_the_picture_not_of_black_bars_around_it(studio):
    picture = wall((0, 0, 0))
    picture[45:315, 80:560] = WHITE

    facts = measure(frames(studio, [picture] * 3), None)

    assert facts.background.colors[0].name == "white"
    assert facts.background.border_share > 0.9


def test_thing_before_black_is_not_taken_for_the_picture(studio):
    picture = wall((0, 0, 0))
    studio.thing(picture, "circle", RED, (320, 180), 50)

    facts = measure(frames(studio, [picture] * 3), None)

    assert facts.background.colors[0].name == "black"
    assert [thing.color for thing in facts.objects] == ["red"]


def test_all_black_clip_has_a_black_background_and_nothing_in_it(studio):
    facts = measure(frames(studio, [wall((0, 0, 0))] * 4), None)

    assert facts.background.colors == (ColorShare("black", 1.0),)
    assert facts.objects == ()
    assert facts.brightness.lightness == 0.0
    assert facts.camera.motion == "still"


def test_text_that_stays_is_read_once(studio):
    picture = wall()
    studio.text(picture, "STEP 2", (20, 45))
    reader = CountingReader()

    facts = measure(frames(studio, [picture] * 8), reader)

    assert reader.count == 1
    assert facts.text_area_share == pytest.approx(0.02)


def test_text_that_changes_is_read_twice(studio):
    pictures = [wall() for _ in range(8)]
    for number, picture in enumerate(pictures):
        studio.text(picture, "Pour the milk" if number < 4 else "Heat the pan", (20, 45))
    reader = CountingReader()

    measure(frames(studio, pictures), reader)

    assert reader.count == 2


def test_clip_without_text_is_never_read_and_has_no_text_area(studio):
    reader = CountingReader()

    facts = measure(frames(studio, [wall()] * 8), reader)

    assert (reader.count, facts.text_area_share) == (0, 0.0)


def test_without_a_reader_text_is_not_measured_and_not_taken_for_a_thing(studio):
    picture = wall()
    studio.text(picture, "HHHH", (280, 200), 1.5)

    facts = measure(frames(studio, [picture] * 4), None)

    assert facts.text_area_share is None
    assert facts.screen_text == ()
    assert facts.objects == ()


def test_frames_of_another_size_are_brought_to_the_first(studio):
    pictures = [wall(), cv2.resize(wall(), (320, 180)), wall()]

    assert measure(frames(studio, pictures), None).camera.motion == "still"


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (31, 17), (200, 8)])
def test_tiny_frames_are_measured_too(studio, size):
    facts = measure(frames(studio, [wall(size=size)] * 3), None)

    assert facts.background.colors[0].name == "dark green"
