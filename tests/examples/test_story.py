import itertools

from interlink.examples.drawing import BACKGROUNDS as BACKGROUND_COLORS
from interlink.examples.drawing import COLORS as OBJECT_COLORS
from interlink.examples.make_videos import DEMO_SEEDS
from interlink.examples.story import BACKGROUNDS, COLORS, VOICES, tell_story
from interlink.schemas.video import BoundaryKind

STORIES = [tell_story(seed) for seed in range(200)]


def test_a_seed_always_tells_the_same_story_and_another_seed_another():
    assert tell_story(7) == tell_story(7)
    assert len({str(story.scenes) for story in STORIES}) == len(STORIES)


def test_a_story_has_a_title_card_and_four_to_six_steps_joined_by_transitions():
    for story in STORIES:
        title, *steps = story.scenes
        assert title.objects == ()
        assert title.screen_text == story.title.upper()
        assert [s.screen_text for s in steps] == [f"STEP {n + 1}" for n in range(len(steps))]
        assert 4 <= len(steps) <= 6
        assert len(story.transitions) == len(steps)


def test_backgrounds_change_at_each_step_and_no_object_has_its_background_s_color():
    for story in STORIES:
        for before, after in itertools.pairwise(story.scenes):
            assert before.background != after.background
        for scene in story.scenes:
            assert not any(thing.color in scene.background for thing in scene.objects)


def test_two_objects_of_a_scene_differ_in_color_and_shape_and_only_one_moves():
    pairs = [s.objects for story in STORIES for s in story.scenes if len(s.objects) == 2]
    assert len(pairs) > 50
    for moving, staying in pairs:
        assert moving.color != staying.color
        assert moving.shape != staying.shape
        assert moving.motion != "still"
        assert staying.motion == "still"


def test_things_stand_still_where_the_camera_moves():
    for scene in (scene for story in STORIES for scene in story.scenes):
        if scene.camera != "still":
            assert [thing.motion for thing in scene.objects] == ["still"]


def test_transitions_are_cuts_dissolves_of_0_4_to_1_s_and_fades_never_from_or_to_black():
    seen = set()
    for story in STORIES:
        for number, transition in enumerate(story.transitions):
            seen.add(transition.kind)
            frames = transition.num_frames
            if transition.kind is BoundaryKind.CUT:
                assert frames == 0
            elif transition.kind is BoundaryKind.DISSOLVE:
                assert 10 <= frames <= 25
            else:
                assert 20 <= frames <= 50
                around = story.scenes[number : number + 2]
                assert "black" not in [scene.background for scene in around]
    assert seen == {BoundaryKind.CUT, BoundaryKind.DISSOLVE, BoundaryKind.FADE}


def test_every_name_of_the_grammar_can_be_drawn():
    assert set(COLORS) == set(OBJECT_COLORS)
    assert set(BACKGROUNDS) == set(BACKGROUND_COLORS)


def test_the_demo_s_stories_differ_in_title_and_use_all_voices_a_pan_a_dissolve_and_a_fade():
    stories = [tell_story(seed) for seed in DEMO_SEEDS]
    kinds = {t.kind for story in stories for t in story.transitions}
    cameras = {scene.camera for story in stories for scene in story.scenes}
    assert len({story.title for story in stories}) == 4
    assert {story.voice for story in stories} == set(VOICES)
    assert kinds == {BoundaryKind.CUT, BoundaryKind.DISSOLVE, BoundaryKind.FADE}
    assert cameras == {"still", "pan left", "pan right", "zoom in"}
