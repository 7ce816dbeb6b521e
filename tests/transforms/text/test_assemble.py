"""Documents from clips: nothing lost, nothing twice, ids from content."""

import os
import pickle
import subprocess
import sys
from dataclasses import replace

import pytest

from interlink.pipeline.storage.records_file import read_records, write_records
from interlink.schemas import ids
from interlink.schemas.clip import Clip, Flag
from interlink.schemas.lineage import Lineage
from interlink.schemas.reference import Media
from interlink.schemas.text import SegmentFlag, TextKind, TextStatus
from interlink.transforms.text.assemble import AssembleDocuments


def test_a_document_holds_its_clips_texts_words_and_gaps_in_time_order(make_clips):
    clips = make_clips(3)
    (document,) = make_clips.assemble(clips[::-1])
    assert [clip.clip_id for clip in document.clips] == [clip.clip_id for clip in clips]
    assert [clip.words for clip in document.clips] == [clip.words for clip in clips]
    assert [gap.before_clip for gap in document.gaps] == [1, 2]
    assert [gap.words for gap in document.gaps] == [clip.gap_before.words for clip in clips[1:]]
    kinds = [text.kind for text in document.clips[0].texts]
    assert kinds == [TextKind.CAPTION, TextKind.SPEECH]
    assert (document.num_clips, document.integrity) == (3, "complete")


def test_speech_is_one_text_that_names_its_model(make_clips):
    (document,) = make_clips.assemble(make_clips(1))
    speech = document.clips[0].texts[1]
    assert (speech.text, speech.model, speech.revision) == (
        "Sentence 0.",
        "whisper-base",
        "0123456789ab",
    )
    assert (speech.start_us, speech.end_us) == (500_000, 950_000)
    assert speech.scores.avg_logprob == -0.25


def test_looping_speech_is_kept_apart_and_not_shown(make_clips):
    (clip,) = make_clips(1)
    loop = replace(clip.speech[0], text="so so so so", flags=(SegmentFlag.REPETITIVE,))
    (document,) = make_clips.assemble([replace(clip, speech=(*clip.speech, loop))])
    spoken = [t for t in document.clips[0].texts if t.kind is TextKind.SPEECH]
    assert [(t.text, t.status) for t in spoken] == [
        ("Sentence 0.", TextStatus.OK),
        ("so so so so", TextStatus.DEGENERATE),
    ]
    assert "so so" not in document.text
    assert "Sentence 0." in document.text


def test_pictures_are_the_bytes_of_the_frame_set_evenly_spaced(make_clips):
    clips = make_clips(1, frames=10)
    (document,) = make_clips.assemble(clips, frames_per_clip=4)
    by_time = {frame.time_us: frame.reference for frame in clips[0].frames}
    frames = document.clips[0].frames
    assert len(frames) == 4
    for frame in frames:
        assert frame.image.bytes == make_clips.workspace.read(by_time[frame.time_us])
        assert frame.image.path is None
    assert document.num_frames == 4


def test_clip_files_go_into_the_media_file_in_the_order_of_clips(make_clips):
    clips = [make_clips.with_file(clip) for clip in make_clips(3)]
    (document,) = make_clips.assemble(clips)
    rows = read_records(make_clips.workspace.finish_media(), Media)
    assert [row.owner_id for row in rows] == [clip.clip_id for clip in clips]
    assert [row.sha256 for row in rows] == [clip.media.sha256 for clip in document.clips]
    assert [row.kind for row in rows] == ["clip"] * 3
    assert rows[1].start_us == clips[1].start_us - 500_000
    assert document.clips[1].media.lead_in_us == 500_000


def test_without_media_no_clip_file_is_copied(make_clips):
    clips = [make_clips.with_file(clip) for clip in make_clips(2)]
    (document,) = make_clips.assemble(clips, keep_media=False)
    assert [clip.media for clip in document.clips] == [None, None]
    assert make_clips.workspace.finish_media() is None


def test_a_long_video_becomes_numbered_windows_and_every_gap_lies_in_one(make_clips):
    clips = make_clips(7)
    documents = make_clips.assemble(clips, max_clips=3)
    assert [document.sequence for document in documents] == [0, 1, 2]
    assert [document.num_clips for document in documents] == [3, 3, 1]
    gaps = [gap.words for document in documents for gap in document.gaps]
    assert gaps == [clip.gap_before.words for clip in clips[1:]]
    assert documents[1].start_us == clips[3].start_us
    assert documents[1].end_us == clips[5].end_us
    assert len({document.document_id for document in documents}) == 3


def test_speech_after_the_last_clip_is_kept(make_clips):
    clips = make_clips(2)
    last = replace(clips[1].gap_before, start_us=9_250_000, end_us=9_700_000)
    words = tuple(
        replace(word, start_us=word.start_us + 5_000_000, end_us=word.end_us + 5_000_000)
        for word in last.words
    )
    clips[1] = replace(clips[1], gap_after=replace(last, words=words))
    (document,) = make_clips.assemble(clips)
    assert [gap.before_clip for gap in document.gaps] == [1, 2]
    assert document.text.splitlines()[-1] == "“and then”"


def test_the_id_depends_on_window_and_policy_and_not_on_captions(make_clips):
    clips = make_clips(2)
    silent = [replace(clip, captions=(), speech=(), words=(), gap_before=None) for clip in clips]
    (one,) = make_clips.assemble(clips)
    (two,) = make_clips.assemble(silent)
    (three,) = make_clips.assemble(clips, max_clips=9)
    assert one.document_id == two.document_id != three.document_id
    assert one.content_sha256 != two.content_sha256


def test_lineage_changes_neither_digest(make_clips):
    clips = make_clips(1)
    lineage = (Lineage(step="scan", digest="d", models=("m@1",)),)
    (plain,) = make_clips.assemble(clips)
    (traced,) = make_clips.assemble(clips, lineage=lineage)
    assert traced.lineage == lineage
    assert traced.content_sha256 == plain.content_sha256
    assert AssembleDocuments(lineage=lineage).digest() == AssembleDocuments().digest()
    assert AssembleDocuments(max_clips=9).digest() != AssembleDocuments().digest()


def test_models_read_from_paths_are_named_without_them(make_clips):
    clip = make_clips(1)[0]
    caption = replace(clip.captions[0], model="/models/llava")
    lineage = (Lineage(step="caption", digest="d", models=("/models/llava@1",)),)
    (document,) = make_clips.assemble([replace(clip, captions=(caption,))], lineage=lineage)
    assert document.clips[0].texts[0].model == "llava"
    assert document.lineage[0].models == ("llava@1",)


def test_a_repeated_caption_is_flagged_and_stays_among_the_texts(make_clips):
    clips = make_clips(3)
    clips[1] = replace(clips[1], captions=clips[0].captions)
    (document,) = make_clips.assemble(clips)
    assert [clip.flags for clip in document.clips] == [(), (Flag.REPEATED_CAPTION,), ()]
    assert document.flags == (Flag.REPEATED_CAPTION,)
    assert document.scores.caption_repetition == pytest.approx(1 / 3)
    assert document.clips[1].texts[0].text == clips[0].captions[0].text
    assert document.text.count("shade number 0 ") == 1


def test_a_document_is_partial_where_a_clip_has_no_caption(make_clips):
    clips = make_clips(3)
    clips[1] = replace(clips[1], captions=())
    assert make_clips.assemble(clips)[0].integrity == "partial"


@pytest.mark.parametrize(
    ("missing", "sizes", "integrity"),
    [
        (0, [3, 2], ["partial", "complete"]),
        (1, [2, 3], ["partial", "complete"]),
        (3, [3, 2], ["complete", "partial"]),
        (5, [3, 2], ["complete", "partial"]),
    ],
)
def test_a_document_is_partial_where_a_chosen_clip_is_missing(
    make_clips, missing, sizes, integrity
):
    clips = make_clips(6)
    del clips[missing]
    documents = make_clips.assemble(clips, max_duration_s=14.0)
    assert [document.num_clips for document in documents] == sizes
    assert [document.integrity for document in documents] == integrity


def test_a_document_without_any_text_is_kept(make_clips):
    clips = [
        replace(clip, captions=(), speech=(), words=(), gap_before=None) for clip in make_clips(2)
    ]
    (document,) = make_clips.assemble(clips)
    assert document.text == "<clip 1>\n<clip 2>"
    assert document.integrity == "partial"


def test_scores_are_means_weighted_by_duration(make_clips):
    (document,) = make_clips.assemble(make_clips(3))
    assert document.scores.motion == pytest.approx((0 + 1.5 + 3) / 3)
    assert document.scores.sharpness is None
    assert document.scores.clip_share == pytest.approx(12 / 14)
    assert document.scores.word_probability == pytest.approx(0.9)
    assert document.scores.language_probability == 0.98


def test_overlapping_given_spans_make_a_document(make_clips):
    from interlink.schemas.video import BoundaryKind

    clips = make_clips(2)
    given = replace(clips[0].boundary, start_kind=BoundaryKind.GIVEN, end_kind=BoundaryKind.GIVEN)
    longer = replace(
        clips[0], end_us=30_000_000, clip_id=ids.clip_id(clips[0].video_id, 0, 30_000_000)
    )
    (document,) = make_clips.assemble(
        [replace(longer, boundary=given), replace(clips[1], boundary=given)]
    )
    assert document.end_us == 30_000_000
    assert document.scores.clip_share == 1.0


def test_a_clip_with_a_wrong_id_is_refused(make_clips):
    clips = make_clips(2)
    clips[1] = replace(clips[1], clip_id="0" * 32)
    with pytest.raises(ValueError, match="has clip_id 0000"):
        make_clips.assemble(clips)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("max_clips", 0, "max_clips=0 must be >= 1"),
        ("frames_per_clip", 0, "frames_per_clip=0 must be >= 1"),
        ("max_duration_s", 0.0, "max_duration_s=0.0 must be > 0"),
        ("eval_share", 1.5, r"eval_share=1.5 must lie in \[0, 1\]"),
    ],
)
def test_parameters_out_of_range_are_refused(name, value, text):
    with pytest.raises(ValueError, match=text):
        AssembleDocuments(**{name: value})


def test_it_pickles():
    transform = AssembleDocuments(max_clips=4)
    assert pickle.loads(pickle.dumps(transform)) == transform


_ASSEMBLE = """
import sys
from pathlib import Path
from interlink.pipeline.storage.records_file import read_records, write_records
from interlink.pipeline.storage.store import Store
from interlink.pipeline.parts.workspace import PartWorkspace
from interlink.schemas.clip import Clip
from interlink.schemas.document import Document
from interlink.transforms.text.assemble import AssembleDocuments

run, clips, out = map(Path, sys.argv[1:])
clips = read_records(clips, Clip)
transform = AssembleDocuments(max_clips=2)
transform.open_part(PartWorkspace(Store(str(run)), "steps/again/part/a", out))
documents = list(transform.process_group(clips[0].video_id, clips))
write_records(out / "kept.parquet", documents, Document)
transform.workspace.finish_media()
"""


def test_bytes_do_not_depend_on_hash_seed_or_time_zone(make_clips, tmp_path):
    clips = [make_clips.with_file(clip) for clip in make_clips(5)]
    clips[1] = replace(clips[1], flags=(Flag.NO_SPEECH, Flag.NO_AUDIO, Flag.SPLIT_SENTENCE))
    write_records(tmp_path / "clips.parquet", clips, Clip)
    outputs = []
    for seed, zone in (("1", "UTC"), ("77", "Asia/Kathmandu")):
        out = tmp_path / f"out-{seed}"
        command = [
            sys.executable,
            "-c",
            _ASSEMBLE,
            tmp_path / "run",
            tmp_path / "clips.parquet",
            out,
        ]
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone}
        subprocess.run(command, env=environment, check=True)
        outputs.append([(out / name).read_bytes() for name in ("kept.parquet", "media.parquet")])
    assert outputs[0] == outputs[1]
