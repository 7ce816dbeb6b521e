import itertools

import numpy as np
import pytest

from interlink.examples.drawing import ScenePicture
from interlink.examples.narration import SAMPLE_RATE_HZ
from interlink.examples.story import Scene, Story, Transition
from interlink.examples.timeline import FRAME_US, SAMPLES_PER_FRAME, draw, lay_out
from interlink.schemas.video import BoundaryKind

KINDS = (BoundaryKind.CUT, BoundaryKind.DISSOLVE, BoundaryKind.FADE)


def make_story() -> Story:
    """Four scenes without things, joined by one transition of each kind."""
    scenes = tuple(
        Scene(
            background=background,
            camera="still",
            screen_text="STEP",
            objects=(),
            sentences=("One.", "Two."),
        )
        for background in ("beige", "dark green", "light gray", "brown")
    )
    lengths = {BoundaryKind.CUT: 0, BoundaryKind.DISSOLVE: 11, BoundaryKind.FADE: 30}
    transitions = tuple(Transition(kind=kind, num_frames=lengths[kind]) for kind in KINDS)
    return Story(title="how to test", voice="slt", scenes=scenes, transitions=transitions)


@pytest.fixture
def timeline():
    tone = np.full(SAMPLE_RATE_HZ, 1000, np.int16)
    return lay_out(make_story(), [[tone, tone[:9001]] for _ in range(4)])


def test_scenes_leave_no_hole_and_end_with_the_sound(timeline):
    assert timeline.scenes[0].start_us == 0
    for before, after in itertools.pairwise(timeline.scenes):
        assert before.end_us == after.start_us
    num_frames = timeline.scenes[-1].end_us // FRAME_US
    assert len(timeline.samples) == num_frames * SAMPLES_PER_FRAME


def test_a_transition_lies_around_the_edge_of_its_scenes_and_is_as_long_as_told(timeline):
    for transition, scene in zip(timeline.transitions, timeline.scenes[1:], strict=True):
        assert transition.time_us == scene.start_us
        assert transition.start_us <= transition.time_us <= transition.end_us
    lengths = [(t.end_us - t.start_us) // FRAME_US for t in timeline.transitions]
    assert lengths == [0, 11, 30]


def test_sentences_are_exactly_where_the_sound_is_and_never_inside_a_transition(timeline):
    heard = np.zeros(len(timeline.samples), bool)
    for sentence in (s for scene in timeline.scenes for s in scene.sentences):
        start, end = (
            -(-us * SAMPLE_RATE_HZ // 1_000_000) for us in (sentence.start_us, sentence.end_us)
        )
        heard[start:end] = True
        for transition in timeline.transitions:
            apart = sentence.end_us < transition.start_us or sentence.start_us > transition.end_us
            assert apart
    np.testing.assert_array_equal(heard, timeline.samples != 0)


def test_a_cut_changes_at_once_a_dissolve_evenly_and_a_fade_through_black(timeline):
    pictures = [ScenePicture(scene, np.random.default_rng(0)) for scene in make_story().scenes]
    corner = np.array([frame[-1, -1].astype(int) for frame in draw(timeline, pictures)])
    cut, dissolve, fade = timeline.transitions
    beige, green, gray, brown = (225, 210, 180), (25, 70, 40), (200, 200, 200), (110, 75, 45)

    first = cut.time_us // FRAME_US
    assert tuple(corner[first - 1]) == beige
    assert tuple(corner[first]) == green

    first, last = dissolve.start_us // FRAME_US, dissolve.end_us // FRAME_US
    expected = np.linspace(green, gray, last - first + 2)
    np.testing.assert_allclose(corner[first - 1 : last + 1], expected, atol=0.6)

    first, last = fade.start_us // FRAME_US, fade.end_us // FRAME_US
    luma = corner.sum(axis=1)
    middle = (first + last) // 2
    assert tuple(corner[first - 1]) == gray
    assert tuple(corner[last]) == brown
    assert np.all(np.diff(luma[first - 1 : middle]) <= 0)
    assert np.all(np.diff(luma[middle : last + 1]) >= 0)
    assert np.sum(luma[first:last] == 0) >= 3
