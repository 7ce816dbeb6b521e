import dataclasses
from pathlib import Path

import pytest

from interlink.examples.mistakes import list_mistakes
from interlink.examples.observed import Claims, Observed, Thing
from interlink.examples.truth import VideoTruth, read_truth
from interlink.schemas.video import Boundary, BoundaryKind

VIDEOS = Path(__file__).parents[2] / "examples" / "videos"
TRUTH = read_truth(VIDEOS / "sort_the_parts.json")


def perfect(truth: VideoTruth) -> Observed:
    return Observed(
        boundaries=tuple(
            Boundary(kind=t.kind, time_us=t.time_us, start_us=t.start_us, end_us=t.end_us, score=1)
            for t in truth.transitions
        ),
        speech=truth.speech(),
        clips=tuple(
            Claims(
                start_us=scene.start_us,
                end_us=scene.end_us,
                background=scene.background,
                camera=scene.camera,
                screen_text=scene.screen_text,
                things=tuple(
                    Thing(color=o.color, shape=o.shape, motion=o.motion) for o in scene.objects
                ),
            )
            for scene in truth.scenes
        ),
    )


def mistakes(**changes) -> list[str]:
    return list(list_mistakes(TRUTH, dataclasses.replace(perfect(TRUTH), **changes)))


def test_a_perfect_answer_has_no_mistakes():
    assert mistakes() == []


def test_missed_false_and_mistaken_boundaries_have_a_line_each():
    cut, dissolve, *rest = perfect(TRUTH).boundaries
    false = dataclasses.replace(cut, time_us=cut.time_us + 1_000_000)
    mistaken = dataclasses.replace(dissolve, kind=BoundaryKind.CUT)
    assert mistakes(boundaries=(false, mistaken, *rest)) == [
        "sort_the_parts.mp4 at 3.80 s: cut not found",
        "sort_the_parts.mp4 at 11.96 s: dissolve taken for a cut",
        "sort_the_parts.mp4 at 4.80 s: a cut that is not there",
    ]


def test_only_what_was_misheard_is_shown_and_not_case_or_punctuation():
    speech = TRUTH.speech()
    assert mistakes(speech=speech.upper().replace(".", "")) == []
    heard = speech.replace("the white ball", "white wall").replace("Look at", "Look now at")
    assert mistakes(speech=heard) == [
        'sort_the_parts.mp4: misheard "the" > "", "ball" > "wall", "" > "now"'
    ]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"camera": "pan left"}, "camera is still, claimed pan left"),
        ({"background": None}, "background is beige, claimed nothing"),
        ({"screen_text": "STEP Z"}, "screen text is STEP 2, claimed STEP Z"),
        (
            {"things": ()},
            "shows purple triangle (still), red circle (right to left), claimed nothing",
        ),
    ],
)
def test_a_wrong_or_missing_fact_has_a_line(changes, line):
    clips = list(perfect(TRUTH).clips)
    clips[2] = dataclasses.replace(clips[2], **changes)
    at = "sort_the_parts.mp4 from 11.96 to 18.20 s: "
    assert mistakes(clips=tuple(clips)) == [at + line]
