"""Each invariant of a document row is enforced, and says what is wrong."""

from dataclasses import replace

import pytest

from interlink.schemas.check import check_document
from interlink.schemas.clip import Flag
from interlink.schemas.content import content_sha256
from interlink.schemas.lineage import Lineage
from interlink.schemas.text import Word


@pytest.fixture
def document(make_documents):
    return make_documents("a")[0]


def _refuses(document, text):
    """Check that `document`, with a digest that is right, is refused."""
    with pytest.raises(ValueError, match=text):
        check_document(replace(document, content_sha256=content_sha256(document)))


def _with_clip(document, index, **changes):
    clips = list(document.clips)
    clips[index] = replace(clips[index], **changes)
    return replace(document, clips=tuple(clips))


def test_a_document_as_assembled_is_right(document):
    check_document(document)


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("num_clips", 2, "num_clips=2 must be 3"),
        ("num_frames", 2, "num_frames=2 must be 24"),
        ("num_chars", 2, "num_chars=2 must be"),
        ("start_us", 5, "start_us=5 must be 0"),
        ("end_us", 5, "end_us=5 must be 14000000"),
        ("schema_version", 9, "schema_version=9 must be 1"),
        ("split", "test", "split='test' must be 'train' or 'eval'"),
        ("integrity", "whole", "integrity='whole' must be"),
        ("clips", (), "at least one clip"),
    ],
)
def test_numbers_and_closed_choices_are_held(document, column, value, text):
    _refuses(replace(document, **{column: value}), text)


def test_clips_stand_in_the_order_of_time(document):
    _refuses(replace(document, clips=document.clips[::-1], start_us=10_000_000), "stands after")


def test_clips_do_not_overlap_unless_they_were_given(document):
    _refuses(_with_clip(document, 0, end_us=6_000_000), "only given spans may overlap")


def test_a_clip_has_the_id_of_its_span(document):
    _refuses(_with_clip(document, 1, clip_id="x"), "has clip_id x, which must be")


def test_frames_are_in_strict_order(document):
    frames = document.clips[0].frames
    _refuses(_with_clip(document, 0, frames=frames[::-1]), "not in strict time order")
    twice = (*frames[:-1], frames[-2])
    _refuses(_with_clip(document, 0, frames=twice), "not in strict time order")


def test_texts_are_in_the_order_of_their_kinds(document):
    texts = document.clips[0].texts
    _refuses(_with_clip(document, 0, texts=texts[::-1]), "order of TextKind")


def test_a_word_lies_in_one_clip_or_one_gap(document):
    words = document.clips[0].words
    _refuses(_with_clip(document, 1, words=words), r"words \['0\.', 'Sentence'\] lie in two")
    gap = replace(document.gaps[0], start_us=words[0].start_us, end_us=words[-1].end_us)
    _refuses(
        replace(document, gaps=(replace(gap, words=words), document.gaps[1])), "lie in two clips"
    )


def test_words_of_a_clip_are_in_order(document):
    words = document.clips[0].words
    _refuses(_with_clip(document, 0, words=words[::-1]), "follows one at")


def test_a_gap_spans_its_words_and_precedes_a_clip(document):
    gap = document.gaps[0]
    _refuses(replace(document, gaps=(replace(gap, end_us=gap.end_us + 1),)), "must span its words")
    _refuses(replace(document, gaps=(replace(gap, words=()),)), "must span its words")
    _refuses(replace(document, gaps=(replace(gap, before_clip=4),)), "within 0 to 3")
    _refuses(replace(document, gaps=document.gaps[::-1]), "within 0 to 3")


def test_flags_are_the_union_of_those_of_the_clips(document):
    flagged = _with_clip(document, 0, flags=(Flag.NO_AUDIO,))
    _refuses(flagged, r"flags lack \[<Flag\.NO_AUDIO")


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("uri", "/srv/me/a.mp4", "path of one machine"),
        ("uri", "file:///a.mp4", "path of one machine"),
        ("group", "C:\\videos", "path of one machine"),
        ("uri", "https://h.org/a?token=1", "no user name, query or fragment"),
        ("uri", "https://h.org/watch?v=a&sig=1", "no user name, query or fragment"),
        ("uri", "https://me:secret@h.org/a", "no user name, query or fragment"),
        ("creator_uri", "https://h.org/a#x", "no user name, query or fragment"),
    ],
)
def test_no_path_of_a_machine_and_no_secret_stands_in_a_source(document, column, value, text):
    _refuses(replace(document, source=replace(document.source, **{column: value})), text)


def test_the_parameter_that_names_a_video_may_stay(document):
    source = replace(document.source, uri="https://www.youtube.com/watch?v=a-B_9")
    right = replace(document, source=source)
    check_document(replace(right, content_sha256=content_sha256(right)))


def test_no_model_is_named_by_a_path(document):
    text = replace(document.clips[0].texts[0], model="/models/llava")
    _refuses(_with_clip(document, 0, texts=(text,)), "path of one machine")
    step = Lineage(step="caption", digest="d", models=("/models/llava@1",))
    _refuses(replace(document, lineage=(step,)), "path of one machine")


def test_the_digest_is_that_of_the_content(document):
    with pytest.raises(ValueError, match=r"content_sha256='.*' must be '"):
        check_document(replace(document, sequence=5))


def test_a_message_names_the_document(document):
    with pytest.raises(ValueError, match=f"document {document.document_id}: "):
        check_document(replace(document, num_clips=9))


def test_words_that_sound_the_same_at_other_times_are_two_words(document):
    words = (*document.clips[0].words, Word(text="0.", start_us=3_000_000, end_us=3_100_000))
    right = _with_clip(document, 0, words=words)
    check_document(replace(right, content_sha256=content_sha256(right)))
