from pathlib import Path

import av
import pytest

from interlink.examples.make_videos import DEMO_SEEDS
from interlink.examples.story import tell_story
from interlink.examples.truth import VideoTruth, read_truth, write_truth
from interlink.schemas.video import BoundaryKind

VIDEOS = Path(__file__).parents[2] / "examples" / "videos"
TRUTHS = [read_truth(path) for path in sorted(VIDEOS.glob("*.json"))]


def test_a_truth_survives_its_json(tmp_path):
    write_truth(TRUTHS[0], tmp_path / "a.json")
    assert read_truth(tmp_path / "a.json") == TRUTHS[0]
    assert isinstance(TRUTHS[0].transitions[0].kind, BoundaryKind)


def test_speech_is_all_sentences_in_order():
    text = TRUTHS[0].speech()
    assert text.startswith("In this video you will learn how to")
    places = [text.index(s.text) for scene in TRUTHS[0].scenes for s in scene.sentences]
    assert places == sorted(places)


def test_the_committed_videos_are_those_of_the_demo_s_seeds():
    assert sorted(truth.seed for truth in TRUTHS) == sorted(DEMO_SEEDS)


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: truth.file)
def test_a_committed_truth_is_still_what_the_grammar_tells(truth: VideoTruth):
    story = tell_story(truth.seed)
    assert [scene.objects for scene in story.scenes] == [scene.objects for scene in truth.scenes]
    assert [t.kind for t in story.transitions] == [t.kind for t in truth.transitions]
    told = [list(scene.sentences) for scene in story.scenes]
    assert told == [[s.text for s in scene.sentences] for scene in truth.scenes]


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: truth.file)
def test_a_committed_video_has_the_frames_sound_and_length_of_its_truth(truth: VideoTruth):
    assert 20_000_000 <= truth.duration_us <= 40_000_000
    with av.open(str(VIDEOS / truth.file)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert (video.width, video.height) == (640, 360)
        times = [
            round(frame.pts * frame.time_base * 1_000_000) for frame in container.decode(video)
        ]
        assert audio.duration * audio.time_base == pytest.approx(truth.duration_us / 1e6, abs=0.1)
    assert times == list(range(0, truth.duration_us, truth.frame_us))


def test_the_four_videos_are_small():
    assert sum(path.stat().st_size for path in VIDEOS.glob("*.mp4")) < 2.5e6
