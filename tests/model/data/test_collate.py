"""Stacking rendered windows and decoded clips."""

import numpy as np
import pytest
import torch

from interlink.model.data.collate import (
    ClipFrames,
    PackedRow,
    decode_clip,
    stack_media,
    stack_packed,
)
from interlink.model.data.render import Rendered
from interlink.model.data.rows import RowClip, RowFrame, RowImage


def rendered(ids: list[int], media: list[int]) -> Rendered:
    return Rendered(
        ids=ids, labels=list(ids), kinds=[1] * len(ids), media=media, pieces=[1] * len(ids)
    )


def clip(value: int, times: list[float]) -> ClipFrames:
    pixels = np.full((len(times), 3, 4, 4), value, np.uint8)
    return ClipFrames(pixels_FCHW=pixels, times_F=np.array(times, np.float32))


@pytest.fixture
def batch():
    rows = [
        PackedRow(
            documents=[
                rendered([1, 3, 9, 3, 8, 2], [0, 1, 1, 2, 2, 2]),
                rendered([1, 3, 7], [0, 1, 1]),
            ],
            clips=[clip(10, [0, 1]), clip(20, [0]), clip(30, [0.5, 1, 1.5])],
            name="first",
        ),
        PackedRow(documents=[rendered([1, 3, 6], [0, 1, 1])], clips=[clip(40, [2])], name="second"),
    ]
    return stack_packed(rows, length=10, pad_id=0, size_px=4)


def test_documents_lie_one_after_the_other_and_are_told_apart(batch):
    assert batch.input_ids_BL.tolist() == [
        [1, 3, 9, 3, 8, 2, 1, 3, 7, 0],
        [1, 3, 6, 0, 0, 0, 0, 0, 0, 0],
    ]
    assert batch.document_BL[0].tolist() == [0] * 6 + [1] * 3 + [-1]
    assert batch.position_ids_BL[0].tolist() == [0, 1, 2, 3, 4, 5, 0, 1, 2, 0]
    assert batch.sequence_ids == ("first", "second")


def test_a_document_s_first_token_is_not_learned_from_the_document_before(batch):
    assert batch.labels_BL[0].tolist() == [-100, 3, 9, 3, 8, 2, -100, 3, 7, -100]
    assert batch.label_kinds_BL[0].tolist() == [-1, 1, 1, 1, 1, 1, -1, 1, 1, -1]


def test_media_are_counted_over_all_documents_of_a_row(batch):
    assert batch.media_index_BL[0].tolist() == [0, 1, 1, 2, 2, 2, 0, 3, 3, 0]
    assert batch.media_index_BL[1].tolist() == [0, 1, 1] + [0] * 7


def test_media_are_padded_to_the_most_clips_and_frames(batch):
    media = batch.media
    assert media.frames_BMFCHW.shape == (2, 3, 3, 3, 4, 4)
    assert media.frame_mask_BMF.sum(-1).tolist() == [[2, 1, 3], [1, 0, 0]]
    assert media.frames_BMFCHW[:, :, 0, 0, 0, 0].tolist() == [[10, 20, 30], [40, 0, 0]]
    assert media.frame_times_BMF[0, 2].tolist() == [0.5, 1, 1.5]
    assert media.frame_times_BMF[1, 1].tolist() == [0, 0, 0]


def test_without_any_clip_there_is_room_for_one():
    assert stack_media([[], []], size_px=4).frames_BMFCHW.shape == (2, 1, 1, 3, 4, 4)


def test_as_many_media_as_visual_tokens_are_needed():
    row = PackedRow(documents=[rendered([3, 9], [1, 1])], clips=[], name="x")
    with pytest.raises(AssertionError, match="1 <visual> for 0 clips"):
        stack_packed([row], length=4, pad_id=0, size_px=4)


def test_frames_are_chosen_evenly_with_times_since_the_clip_s_start(make_clips, make_documents):
    (document,) = make_documents("a")
    whole = document.clips[1]
    frames = tuple(
        RowFrame(time_us=f.time_us, image=RowImage(bytes=f.image.bytes)) for f in whole.frames
    )
    row = RowClip(
        clip_id="c", start_us=whole.start_us, end_us=whole.end_us, frames=frames, texts=(), flags=()
    )
    found = decode_clip(row, frames_per_clip=3, size_px=8)
    assert len(whole.frames) == 8
    chosen = [whole.frames[index].time_us for index in (0, 4, 7)]
    assert found.times_F.tolist() == pytest.approx([(t - whole.start_us) / 1e6 for t in chosen])
    assert found.pixels_FCHW.shape == (3, 3, 8, 8)
    early = (RowFrame(time_us=whole.start_us - 500_000, image=frames[0].image),)
    standing = RowClip(
        clip_id="c", start_us=whole.start_us, end_us=whole.end_us, frames=early, texts=(), flags=()
    )
    assert torch.from_numpy(
        decode_clip(standing, frames_per_clip=3, size_px=8).times_F
    ).tolist() == [0]
