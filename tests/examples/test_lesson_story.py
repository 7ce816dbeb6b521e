import dataclasses
import re

import pytest

from interlink.examples.lesson_story import (
    GRID_US,
    WORD_US,
    Lesson,
    drawing_chance,
    lesson_sources,
    tell_lesson,
)
from interlink.model.tiny.words import COLORS

LESSON = Lesson(num_train=40, num_eval=20, seed=3)


def test_a_video_does_not_depend_on_how_many_there_are():
    more = list(lesson_sources(dataclasses.replace(LESSON, num_train=41)))
    fewer = list(lesson_sources(LESSON))
    assert more[:40] + more[41:] == fewer
    assert len({source.source_id for source in more}) == 61


def test_seeds_and_splits_give_other_videos():
    told = set()
    for seed in (0, 1):
        for source in lesson_sources(Lesson(num_train=10, num_eval=10, seed=seed)):
            told.add(tell_lesson(source.uri))
            assert tell_lesson(source.uri) == tell_lesson(source.uri)
    assert len(told) == 40


def test_clips_follow_one_another_on_the_grid_and_most_videos_have_two():
    counts = []
    for source in lesson_sources(LESSON):
        shots = tell_lesson(source.uri)
        counts.append(len(shots))
        assert [shot.start_us for shot in shots] == [0, *(shot.end_us for shot in shots[:-1])]
        assert source.duration_us == shots[-1].end_us
        for shot in shots:
            assert shot.end_us % GRID_US == 0
            assert shot.end_us - shot.start_us >= WORD_US * len(shot.sentence.split())
    assert set(counts) == {1, 2, 3}
    assert counts.count(2) > len(counts) / 2


def test_numbered_scenes_count_on():
    for source in lesson_sources(LESSON):
        steps = {
            int(shot.scene.screen_text.split()[1]) - place
            for place, shot in enumerate(tell_lesson(source.uri))
            if shot.scene.screen_text
        }
        assert len(steps) <= 1
        assert all(1 <= step <= 6 for step in steps)


def test_in_every_second_video_somebody_says_what_is_done():
    colors = "|".join(COLORS)
    for number, source in enumerate(lesson_sources(LESSON)):
        for shot in tell_lesson(source.uri):
            assert bool(shot.sentence) == bool(number % 2)
            for color in re.findall(rf"\b({colors})\b", shot.sentence):
                assert color == shot.scene.things[0].color


def test_the_chance_of_drawing_is_not_that_of_telling():
    first, second = (source.uri for source in lesson_sources(Lesson(num_train=2, num_eval=0)))
    draws = [drawing_chance(uri).random() for uri in (first, first, second)]
    assert draws[0] == draws[1] != draws[2]


@pytest.mark.parametrize(
    "uri", ["https://example.org/a", "generated://interlink.examples.lesson/0/test/1"]
)
def test_another_source_is_refused(uri):
    with pytest.raises(ValueError, match="must be generated://"):
        tell_lesson(uri)


@pytest.mark.parametrize(
    "fields", [{"num_train": -1}, {"seed": -1}, {"num_train": 0, "num_eval": 0}]
)
def test_a_lesson_of_nothing_is_refused(fields):
    with pytest.raises(ValueError, match="must have no negative number and at least one video"):
        Lesson(**fields)
