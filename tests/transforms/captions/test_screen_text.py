import socket
import sys

import cv2
import numpy as np
import pytest

from interlink.schemas.errors import EnvironmentFault
from interlink.transforms.captions import screen_text
from interlink.transforms.captions.screen_text import (
    ScreenTextFact,
    ScreenTextReader,
    find_text_like,
    merge_readings,
    text_share,
)

GREEN = (25, 70, 40)


@pytest.fixture(scope="module")
def reader():
    pytest.importorskip("rapidocr")
    return ScreenTextReader()


def wall(color=GREEN):
    return np.full((360, 640, 3), color, np.uint8)


def gray(rgb):
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)


def line(text, box=(0.1, 0.1, 0.5, 0.2), score=0.9):
    return ScreenTextFact(text=text, score=score, box=box)


@pytest.mark.parametrize(
    ("words", "at", "scale"),
    [
        ("STEP 2", (20, 45), 1.1),
        ("HOW TO SET THE TABLE", (60, 180), 1.2),
        ("Add 250 g flour", (100, 340), 0.8),
        ("Bake at 180 degrees for 20 minutes", (20, 300), 0.9),
        ("www.example.org", (300, 60), 0.9),
        ("Mix well.", (250, 200), 1.6),
    ],
)
def test_rendered_text_is_seen_and_read_exactly(reader, studio, words, at, scale):
    picture = wall()
    studio.text(picture, words, at, scale)
    picture = studio.jpeg(picture)

    (read,) = reader.read(picture)

    assert find_text_like(gray(picture))
    assert read.text == words
    left, top, right, bottom = read.box
    (width, height), _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, scale, 2)
    assert left == pytest.approx(at[0] / 640, abs=0.02)
    assert right == pytest.approx((at[0] + width) / 640, abs=0.03)
    assert top < (at[1] - height / 2) / 360 < bottom


def test_lines_come_in_reading_order(reader, studio):
    picture = wall()
    for row, words in enumerate(["First line", "Second line", "Third line"]):
        studio.text(picture, words, (40, 80 + 100 * row))

    assert [fact.text for fact in reader.read(studio.jpeg(picture))] == [
        "First line",
        "Second line",
        "Third line",
    ]


def test_text_too_small_to_be_sure_of_is_left_out(reader, studio):
    picture = wall()
    white, font = (255, 255, 255), cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(picture, "tiny words here", (40, 100), font, 0.25, white, 1, cv2.LINE_AA)

    assert reader.read(studio.jpeg(picture)) == []


def test_pictures_without_text_are_not_worth_reading(studio):
    shapes = wall()
    studio.thing(shapes, "circle", (200, 30, 40), (200, 200), 40)
    studio.thing(shapes, "triangle", (200, 30, 40), (400, 200), 40)
    slope = np.tile(np.linspace(0, 255, 640, dtype=np.uint8), (360, 1))

    assert find_text_like(gray(studio.jpeg(shapes))) == []
    assert find_text_like(slope) == []
    assert find_text_like(np.zeros((2, 2), np.uint8)) == []


def test_blank_and_tiny_pictures_have_no_text(reader):
    assert reader.read(wall()) == []
    assert reader.read(np.zeros((1, 1, 3), np.uint8)) == []


def test_reader_opens_no_socket_and_writes_nothing(monkeypatch, capfd, studio):
    pytest.importorskip("rapidocr")

    def refuse(*_):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    picture = wall()
    studio.text(picture, "STEP 2", (20, 45))

    assert ScreenTextReader().read(picture)[0].text == "STEP 2"
    assert ScreenTextReader().read(wall()) == []
    assert capfd.readouterr() == ("", "")


def test_missing_package_is_named_with_what_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "rapidocr", None)

    with pytest.raises(EnvironmentFault, match=r"pip install 'interlink\[ocr\]'"):
        ScreenTextReader()


def test_other_models_than_the_known_ones_are_refused(monkeypatch):
    pytest.importorskip("rapidocr")
    monkeypatch.setattr(screen_text, "FILES", {"PP-OCRv6_det_small.onnx": "0" * 64})

    with pytest.raises(EnvironmentFault, match="is not the model of rapidocr"):
        ScreenTextReader()


def test_one_line_read_twice_is_kept_once_in_its_surer_reading():
    merged = merge_readings([[line("STEP 2", score=0.9)], [line("Step 2", score=0.95)]])

    assert merged == (line("Step 2", score=0.95),)


def test_misread_line_gives_way_to_the_surer_one_in_its_place():
    merged = merge_readings([[line("Add 250g flour", score=0.98)], [line("Add 2509 f1our")]])

    assert [fact.text for fact in merged] == ["Add 250g flour"]


def test_new_text_in_the_same_place_is_kept_too():
    merged = merge_readings([[line("Pour the milk")], [line("Heat the pan")]])

    assert [fact.text for fact in merged] == ["Pour the milk", "Heat the pan"]


def test_number_that_went_up_in_the_same_place_is_a_new_line():
    merged = merge_readings([[line("STEP 3", score=0.99)], [line("STEP 4", score=0.98)]])

    assert [fact.text for fact in merged] == ["STEP 3", "STEP 4"]


def test_alike_lines_in_different_places_are_two():
    below = (0.1, 0.5, 0.5, 0.6)
    merged = merge_readings([[line("STEP 1"), line("STEP 2", box=below)]])

    assert [fact.text for fact in merged] == ["STEP 1", "STEP 2"]


def test_share_counts_overlapping_boxes_once():
    boxes = [(0.0, 0.0, 0.5, 0.5), (0.25, 0.0, 0.75, 0.5)]

    assert text_share([line("a", box=box) for box in boxes]) == pytest.approx(0.375, abs=0.01)
    assert text_share([]) == 0.0
