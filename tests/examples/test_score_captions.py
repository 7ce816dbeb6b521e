import dataclasses

from interlink.examples.observed import Claims, Thing
from interlink.examples.score_captions import CaptionScore, FactScore, scene_of, score_captions
from interlink.examples.shares import Share
from interlink.examples.truth import ObjectTruth, SceneTruth

S = 1_000_000
BALL = ObjectTruth(shape="circle", color="red", name="ball", motion="left to right")
BOX = ObjectTruth(shape="square", color="blue", name="box", motion="still")
SEEN_BALL = Thing(shape="circle", color="red", motion="left to right")
SEEN_BOX = Thing(shape="square", color="blue", motion="still")
SCENE = SceneTruth(
    start_us=0,
    end_us=10 * S,
    background="beige",
    camera="still",
    screen_text="STEP 1",
    objects=(BALL, BOX),
    sentences=(),
)
CLIP = Claims(
    start_us=0,
    end_us=10 * S,
    background="beige",
    camera="still",
    screen_text="STEP 1",
    things=(SEEN_BOX, SEEN_BALL),
)


def facts(score: CaptionScore) -> dict[str, tuple[Share, Share]]:
    return {name: (fact.precision, fact.coverage) for name, fact in score.facts()}


def test_all_right_is_all_right_whatever_the_order_of_things():
    score = facts(score_captions([SCENE], [CLIP]))
    for name in ("color", "shape", "motion"):
        assert score[name] == (Share(2, 2), Share(2, 2))
    for name in ("camera", "background", "screen text"):
        assert score[name] == (Share(1, 1), Share(1, 1))


def test_what_is_left_open_is_not_wrong_but_not_covered():
    score = facts(score_captions([SCENE], [Claims(start_us=0, end_us=S)]))
    for name in ("color", "shape", "motion"):
        assert score[name] == (Share(0, 0), Share(0, 2))
    for name in ("camera", "background", "screen text"):
        assert score[name] == (Share(0, 0), Share(0, 1))


def test_a_thing_wrong_in_one_attribute_is_right_in_the_others():
    seen = dataclasses.replace(SEEN_BALL, color="orange")
    score = facts(score_captions([SCENE], [dataclasses.replace(CLIP, things=(seen, SEEN_BOX))]))
    assert score["color"] == (Share(1, 2), Share(1, 2))
    assert score["shape"] == score["motion"] == (Share(2, 2), Share(2, 2))


def test_a_thing_that_is_not_there_is_wrong_in_all():
    things = (SEEN_BALL, SEEN_BOX, SEEN_BALL)
    score = facts(score_captions([SCENE], [dataclasses.replace(CLIP, things=things)]))
    for name in ("color", "shape", "motion"):
        assert score[name] == (Share(2, 3), Share(2, 2))


def test_a_thing_on_a_scene_without_any_is_wrong():
    scene = dataclasses.replace(SCENE, objects=())
    score = facts(score_captions([scene], [dataclasses.replace(CLIP, things=(SEEN_BALL,))]))
    assert score["shape"] == (Share(0, 1), Share(0, 0))


def test_two_clips_of_one_scene_state_each_and_cover_it_once():
    wrong = dataclasses.replace(CLIP, camera="pan left", screen_text="STEP I")
    score = facts(score_captions([SCENE], [CLIP, wrong]))
    assert score["camera"] == score["screen text"] == (Share(1, 2), Share(1, 1))
    assert score["color"] == (Share(4, 4), Share(2, 2))


def test_a_clip_belongs_to_the_scene_that_covers_most_of_it():
    later = dataclasses.replace(SCENE, start_us=10 * S, end_us=20 * S, camera="zoom in")
    clip = dataclasses.replace(CLIP, start_us=6 * S, end_us=15 * S)
    assert scene_of([SCENE, later], clip) is later
    assert scene_of([SCENE, later], dataclasses.replace(clip, end_us=13 * S)) is SCENE


def test_scores_add_up():
    score = score_captions([SCENE], [CLIP])
    double = facts(score + score)
    assert double["color"] == (Share(4, 4), Share(4, 4))
    assert facts(score + CaptionScore()) == facts(score)
    assert FactScore(Share(1, 2)) + FactScore(Share(1, 2)) == FactScore(Share(2, 4))
