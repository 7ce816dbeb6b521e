"""A document without some clips is what the assembler makes of the others, and keeps its id."""

from dataclasses import replace

import pytest

from interlink.schemas.check import check_document
from interlink.schemas.clip import Flag
from interlink.transforms.text.remove_clips import remove_clips


@pytest.fixture
def clips(make_clips):
    return [make_clips.with_file(clip) for clip in make_clips(4)]


def without(document, *numbers, **options):
    ids = {document.clips[number].clip_id for number in numbers}
    changed = remove_clips(document, ids, **options)
    check_document(changed)
    return changed


def test_an_inner_clip_goes_with_its_words_and_the_speech_beside_it_stays(make_clips, clips):
    [document] = make_clips.assemble(clips)
    changed = without(document, 2)
    assert [c.clip_id for c in changed.clips] == [clips[n].clip_id for n in (0, 1, 3)]
    assert "Sentence 2." not in changed.text
    assert "<clip 3> “Sentence 3.”" in changed.text
    # Two gaps of two words met where the clip was.
    assert [(gap.before_clip, len(gap.words)) for gap in changed.gaps] == [(1, 2), (2, 4)]
    assert changed.num_frames == document.num_frames - len(document.clips[2].frames)
    assert (changed.document_id, changed.integrity) == (document.document_id, "partial")
    assert changed.content_sha256 != document.content_sha256


def test_all_but_gaps_and_id_is_what_the_assembler_makes_of_the_other_clips(make_clips, clips):
    """The assembler knows nothing of the gap before a clip that was rejected."""
    bare = [replace(clip, gap_before=None) for clip in clips]
    [document] = make_clips.assemble(bare)
    for number in range(4):
        [expected] = make_clips.assemble([c for n, c in enumerate(bare) if n != number])
        named = {"document_id": "", "content_sha256": "", "integrity": "partial"}
        assert replace(without(document, number), **named) == replace(expected, **named)


def test_a_caption_that_repeated_the_clip_that_went_is_told_again(make_clips, clips):
    twice = [clips[0], clips[1], replace(clips[2], captions=clips[1].captions), clips[3]]
    [document] = make_clips.assemble(twice)
    assert Flag.REPEATED_CAPTION in document.flags
    changed = without(document, 1)
    assert Flag.REPEATED_CAPTION not in changed.flags
    assert clips[1].captions[0].text in changed.text


def test_a_clip_can_lose_its_file_alone(make_clips, clips):
    flagged = [replace(clip, flags=(Flag.MEDIA_LEAD_IN,)) for clip in clips]
    [document] = make_clips.assemble(flagged)
    changed = without(document, 0, without_media=[clips[1].clip_id])
    assert [clip.media is None for clip in changed.clips] == [True, False, False]
    assert changed.clips[0].flags == ()
    assert changed.flags == (Flag.MEDIA_LEAD_IN,)


def test_nothing_is_left_of_a_document_without_clips(make_clips, clips):
    [document] = make_clips.assemble(clips)
    assert remove_clips(document, {clip.clip_id for clip in clips}) is None


def test_removing_one_after_the_other_is_removing_both(make_clips, clips):
    [document] = make_clips.assemble(clips)
    assert without(without(document, 0), 1) == without(document, 0, 2)
