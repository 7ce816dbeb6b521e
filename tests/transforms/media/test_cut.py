"""Clips get their files, through the real child and the real media file."""

import dataclasses
import hashlib
import io
import pickle

import av
import pyarrow.parquet as pq
import pydantic
import pytest

from interlink.schemas.clip import Flag
from interlink.schemas.outcome import ErrorCode
from interlink.schemas.source import GivenSpan
from interlink.transforms.base import Failed, Kept
from interlink.transforms.clips import ChooseClips
from interlink.transforms.media.cut import CutClips

SECOND = 1_000_000


@pytest.fixture
def clips_of(as_video, records):
    """Makes the clips of a file at given spans, in seconds."""

    def make(path, *spans):
        video = as_video(path)
        source = dataclasses.replace(
            video.source,
            spans=tuple(
                GivenSpan(start_us=round(a * SECOND), end_us=round(b * SECOND)) for a, b in spans
            ),
        )
        scan = records.video(60).scan
        return list(ChooseClips().process(dataclasses.replace(video, scan=scan, source=source)))

    return make


@pytest.fixture
def cut(workspace):
    """Cuts clips as a worker does."""
    made = []

    def run(clips, **fields):
        cutter = CutClips(**fields)
        made.append(cutter)
        cutter.setup()
        cutter.open_part(workspace)
        return cutter.process_batch(clips)

    yield run
    for cutter in made:
        cutter.teardown()


def stored(workspace, reference):
    """Return the row of the part's media file that `reference` means."""
    table = pq.ParquetFile(workspace.finish_media()).read_row_group(reference.row_group)
    return table.slice(reference.row, 1).to_pylist()[0]


def test_a_copy_is_stored_with_its_lead_in_and_true_end(make_video, clips_of, cut, workspace):
    video = make_video("a.mp4", shots=(6.0,), keyframe_every_s=2.0, audio=(440,))
    clips = clips_of(video.path, (2.5, 3.5), (4.0, 5.0))
    results = cut(clips)
    assert [result.input_id for result in results] == [clip.clip_id for clip in clips]
    first, second = (result.record for result in results)
    assert first.file.lead_in_us == 500_000
    assert first.file.end_us >= 3_500_000
    assert first.flags == (Flag.MEDIA_LEAD_IN,)
    assert (second.file.lead_in_us, second.flags) == (0, ())
    row = stored(workspace, first.file.reference)
    assert (row["owner_id"], row["kind"], row["mime"]) == (first.clip_id, "clip", "video/mp4")
    assert (row["start_us"], row["end_us"]) == (2_000_000, first.file.end_us)
    assert hashlib.sha256(row["bytes"]).hexdigest() == first.file.reference.sha256
    with av.open(io.BytesIO(row["bytes"])) as container:
        assert {stream.type for stream in container.streams} == {"video", "audio"}
    assert list(workspace.scratch.glob("cut-*")) == []


def test_an_exact_cut_has_no_lead_in(make_video, clips_of, cut):
    (clip,) = clips_of(make_video("a.mp4", shots=(4.0,)).path, (1.1, 2.9))
    (result,) = cut([clip], mode="exact")
    file = result.record.file
    assert (file.lead_in_us, file.end_us, file.mime) == (0, clip.end_us, "video/mp4")
    assert result.record.flags == clip.flags


def test_clips_of_several_videos_in_one_batch_keep_to_their_own(make_video, clips_of, cut):
    one = clips_of(make_video("one.mp4", shots=(3.0,), seed=1).path, (0, 1), (1, 2))
    two = clips_of(make_video("two.mp4", shots=(3.0,), seed=2).path, (0, 1))
    results = cut([*one, *two])
    assert [result.input_id for result in results] == [clip.clip_id for clip in (*one, *two)]
    assert len({result.record.file.reference.sha256 for result in results}) == 3


@pytest.mark.parametrize("fields", [{"mode": "none"}, {"no_copies_for": ("CC-BY-ND-4.0",)}])
def test_no_file_is_written_where_none_is_wanted_or_allowed(
    make_video, clips_of, cut, workspace, fields
):
    clips = clips_of(make_video("a.mp4", shots=(3.0,)).path, (0, 1))
    clips = [
        dataclasses.replace(clip, video=dataclasses.replace(clip.video, license="CC-BY-ND-4.0"))
        for clip in clips
    ]
    assert cut(clips, **fields) == [Kept(input_id=clips[0].clip_id, record=clips[0])]
    assert workspace.finish_media() is None


def test_a_clip_that_cannot_be_cut_fails_alone(make_video, clips_of, cut):
    clips = clips_of(make_video("a.mkv", shots=(3.0,), start_s=2.0).path, (0, 1), (3, 4))
    bad, good = cut(clips)
    assert isinstance(bad, Failed)
    assert (bad.input_id, bad.code) == (clips[0].clip_id, ErrorCode.CUT_FAILED)
    assert "no frame lies in" in bad.message
    assert isinstance(good, Kept)


def test_a_file_that_cannot_be_read_fails_all_its_clips(tmp_path, clips_of, cut):
    (tmp_path / "page.mp4").write_text("<html>" * 100)
    clips = clips_of(tmp_path / "page.mp4", (0, 1), (1, 2))
    results = cut(clips)
    assert [type(result) for result in results] == [Failed, Failed]
    assert {result.code for result in results} == {ErrorCode.NOT_MEDIA}


def test_a_cutter_that_was_not_set_up_says_so(make_video, clips_of, workspace):
    cutter = CutClips()
    cutter.open_part(workspace)
    with pytest.raises(RuntimeError, match="call setup first"):
        cutter.process_batch(clips_of(make_video("a.mp4", shots=(1.0,)).path, (0, 1)))


def test_recipes_choose_the_mode_and_the_transform_pickles():
    adapter = pydantic.TypeAdapter(CutClips)
    cutter = adapter.validate_python({"mode": "exact", "no_copies_for": ["CC-BY-ND-4.0"]})
    assert pickle.loads(pickle.dumps(cutter)) == cutter
    assert cutter.digest() != CutClips().digest()
    with pytest.raises(pydantic.ValidationError, match="'copy', 'exact' or 'none'"):
        adapter.validate_python({"mode": "smart"})


@pytest.mark.parametrize(
    "name",
    [
        "av1.mkv",
        "hevc_10bit.mp4",
        "nasa_multistream_speech.mp4",
        "pancake_240p_opus.mkv",
        "rotated_90.mov",
    ],
)
@pytest.mark.parametrize("mode", ["copy", "exact"])
def test_scanned_real_videos_can_be_cut(shared_videos, scan, cut, workspace, name, mode):
    video = scan(shared_videos / name).record
    clips = list(ChooseClips(min_duration_s=0.05, max_duration_s=4.0).process(video))
    results = cut(clips, mode=mode)
    assert clips
    assert [type(result) for result in results] == [Kept] * len(clips)
    for result in results:
        clip = result.record
        row = stored(workspace, clip.file.reference)
        with av.open(io.BytesIO(row["bytes"])) as container:
            num_frames = sum(1 for _ in container.decode(video=0))
        assert num_frames >= 1
        assert 0 <= clip.file.lead_in_us <= clip.start_us - video.scan.start_us
        assert clip.file.end_us > clip.start_us
