import io
import pickle

import numpy as np
import pytest
from PIL import Image

from interlink.examples.lesson import DrawLesson, make_lesson
from interlink.examples.lesson_story import Lesson, lesson_sources, tell_lesson
from interlink.model.tiny.world import describe
from interlink.pipeline.storage.records_file import write_records
from interlink.schemas.check import check_document
from interlink.schemas.clip import Flag
from interlink.schemas.document import Document
from interlink.schemas.text import TextKind

LESSON = Lesson(num_train=6, num_eval=3)


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    return list(make_lesson(LESSON))


def test_each_document_keeps_the_invariants(documents):
    for document in documents:
        check_document(document)
    assert [document.split for document in documents] == ["train"] * 6 + ["eval"] * 3
    assert len({document.document_id for document in documents}) == 9
    assert len({document.source.group for document in documents}) == 9


def test_captions_are_given_and_say_what_is_drawn(documents):
    for document, source in zip(documents, lesson_sources(LESSON), strict=True):
        assert document.source.source_id == source.source_id
        for clip, shot in zip(document.clips, tell_lesson(source.uri), strict=True):
            given = [text for text in clip.texts if text.kind is TextKind.GIVEN]
            assert [text.text for text in given] == [describe(shot.scene)]
            assert given[0].text in document.text
            assert all(text.model is None for text in clip.texts)


def test_what_is_said_stands_as_speech_with_its_words_inside_the_clip(documents):
    for silent, spoken in zip(documents[0:6:2], documents[1:6:2], strict=True):
        assert silent.flags == (Flag.NO_AUDIO,)
        assert not any(clip.words for clip in silent.clips)
        assert spoken.flags == ()
        for clip in spoken.clips:
            _, speech = clip.texts
            assert speech.kind is TextKind.SPEECH
            assert speech.text == " ".join(word.text for word in clip.words)
            assert clip.start_us <= clip.words[0].start_us
            assert clip.words[-1].end_us <= clip.end_us
            assert f"“{speech.text}”" in spoken.text


def test_frames_lie_on_the_scans_grid_and_are_whole_pictures(documents):
    for document in documents:
        for clip in document.clips:
            times = [frame.time_us for frame in clip.frames]
            assert 6 <= len(times) <= 8
            assert all(time % 500_000 == 0 for time in times)
            assert clip.start_us <= times[0]
            assert times[-1] < clip.end_us
            for frame in clip.frames:
                assert Image.open(io.BytesIO(frame.image.bytes)).size == (598, 336)


def test_of_a_clip_that_moves_the_frames_differ(documents):
    moving = [
        (clip, shot)
        for document, source in zip(documents, lesson_sources(LESSON), strict=True)
        for clip, shot in zip(document.clips, tell_lesson(source.uri), strict=True)
        if shot.scene.things[0].motion != "still"
    ]
    assert moving
    for clip, _ in moving:
        first, last = (_pixels(frame.image.bytes) for frame in (clip.frames[0], clip.frames[-1]))
        assert (np.abs(first - last).max(axis=-1) > 60).mean() > 0.01


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(documents, tmp_path):
    paths = [tmp_path / name for name in ("first", "again", "other")]
    other = make_lesson(Lesson(num_train=6, num_eval=3, seed=1))
    for path, made in zip(paths, (documents, make_lesson(LESSON), other), strict=True):
        write_records(path, list(made), Document)
    first, again, other_bytes = (path.read_bytes() for path in paths)
    assert first == again != other_bytes


def test_the_transform_pickles_and_its_digest_names_its_parameters():
    copy = pickle.loads(pickle.dumps(DrawLesson()))
    assert copy.digest() == DrawLesson().digest() != DrawLesson(frames_per_clip=4).digest()
    (source, *_) = lesson_sources(LESSON)
    assert max(len(c.frames) for c in DrawLesson(frames_per_clip=4).document(source).clips) == 4


def _pixels(jpeg: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(jpeg)), int)
