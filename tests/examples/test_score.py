import dataclasses

import pytest

from interlink.examples.observed import Observed
from interlink.examples.score import (
    Score,
    format_score,
    match_boundaries,
    score_documents,
    score_rows,
    score_video,
)
from interlink.examples.shares import Share
from interlink.examples.truth import SceneTruth, SentenceTruth, TransitionTruth, VideoTruth
from interlink.schemas.video import Boundary, BoundaryKind

S = 1_000_000
FRAME = 40_000


def boundary(kind: str, time_us: int) -> Boundary:
    return Boundary(
        kind=BoundaryKind(kind), time_us=time_us, start_us=time_us, end_us=time_us, score=1.0
    )


def transition(kind: str, start_us: int, end_us: int) -> TransitionTruth:
    middle = (start_us + end_us) // 2
    return TransitionTruth(
        kind=BoundaryKind(kind), time_us=middle, start_us=start_us, end_us=end_us
    )


def scene(number: int) -> SceneTruth:
    sentence = SentenceTruth(
        text="Move it now.", start_us=number * 5 * S, end_us=number * 5 * S + S
    )
    return SceneTruth(
        start_us=number * 5 * S,
        end_us=(number + 1) * 5 * S,
        background="beige",
        camera="still",
        screen_text="STEP",
        objects=(),
        sentences=(sentence,),
    )


TRUTH = VideoTruth(
    file="a.mp4",
    title="A",
    seed=0,
    voice="slt",
    duration_us=20 * S,
    frame_us=FRAME,
    transitions=(
        transition("cut", 5 * S, 5 * S),
        transition("dissolve", 9_600_000, 10_400_000),
        transition("fade", 14_000_000, 16_000_000),
    ),
    scenes=tuple(scene(number) for number in range(4)),
)
ALL = (boundary("cut", 5 * S), boundary("dissolve", 10_100_000), boundary("fade", 14_500_000))
SPEECH = "Move it now. " * 4


def score_of(boundaries, speech: str = SPEECH) -> Score:
    return score_video(TRUTH, Observed(boundaries=tuple(boundaries), speech=speech, clips=()))


def test_a_perfect_answer_scores_full_in_all():
    score = score_of(ALL)
    assert score.cuts == score.dissolves == score.fades == Share(1, 1)
    assert score.kinds == score.boundaries == Share(3, 3)
    assert score.word_errors == Share(0, 12)
    assert score.false_boundaries_per_minute == 0


@pytest.mark.parametrize(("shift", "found"), [(-1, 1), (1, 1), (-2, 0), (2, 0)])
def test_a_cut_counts_if_it_is_at_most_one_frame_off(shift, found):
    score = score_of([boundary("cut", 5 * S + shift * FRAME)])
    assert score.cuts == Share(found, 1)
    assert score.boundaries == Share(found, 1)


def test_a_second_boundary_at_one_transition_is_false():
    score = score_of([boundary("cut", 9_700_000), boundary("dissolve", 10_000_000)])
    assert score.dissolves == Share(1, 1)
    assert score.boundaries == Share(1, 2)
    assert score.false_boundaries_per_minute == pytest.approx(3)
    matched = dict(match_boundaries(TRUTH, [boundary("cut", 9_700_000), ALL[1]]))
    assert matched[TRUTH.transitions[1]] is ALL[1]


def test_a_dissolve_taken_for_a_cut_is_found_but_of_the_wrong_kind():
    score = score_of([boundary("cut", 10 * S)])
    assert score.dissolves == Share(1, 1)
    assert score.kinds == Share(0, 1)


def test_nothing_found_has_no_kinds_and_no_false_ones():
    score = score_of([], speech="")
    assert (score.cuts, score.kinds, score.boundaries) == (Share(0, 1), Share(0, 0), Share(0, 0))
    assert score.word_errors == Share(12, 12)


def test_scores_of_videos_add_up():
    total = score_of(ALL) + score_of([])
    assert (total.num_videos, total.duration_us) == (2, 40 * S)
    assert total.cuts == Share(1, 2)
    assert Score() + score_of(ALL) == score_of(ALL)
    assert Score().false_boundaries_per_minute == 0


def test_documents_find_their_truth_by_file_name_and_a_missing_video_counts(make_documents):
    document = make_documents("a")[0]
    source = dataclasses.replace(document.source, uri="http://127.0.0.1:8000/videos/a.mp4")
    document = dataclasses.replace(document, source=source)
    lost = dataclasses.replace(TRUTH, file="b.mp4")

    score = score_documents([document], [TRUTH, lost])
    assert score.num_videos == 2
    assert score.cuts == Share(1, 2)  # one of its clips starts at 5 s

    known = {document.video_id: ALL}
    assert score_documents([document], [TRUTH], known).dissolves == Share(1, 1)


def test_the_table_names_each_measure_with_its_share_n_and_interval():
    text = format_score(score_of(ALL[:2]))
    lines = {line[:38].strip(): line[38:] for line in text.splitlines()}
    assert lines["cuts found within one frame"].split() == ["100.0%", "1", "20.7%", "to", "100.0%"]
    assert lines["fades found"].split() == ["0.0%", "1", "0.0%", "to", "79.3%"]
    assert lines["shape: stated and right"].split() == ["-", "0"]
    assert "0.3 minutes of 1 videos" in lines["false boundaries per minute"]
    assert len(lines) == len(score_rows(Score())) + 2
