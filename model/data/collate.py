"""Rendered windows and decoded frames to `PackedBatch`; single clips to the media of a pair."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..cosmo.batch import NO_LOSS, PADDING, Media, PackedBatch
from .pictures import Pixels, choose_evenly, decode_picture
from .render import NO_KIND, Rendered
from .rows import RowClip


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipFrames:
    """What a model sees of one clip."""

    pixels_FCHW: Pixels
    """uint8, RGB."""
    times_F: npt.NDArray[np.float32]
    """Seconds since the clip's start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedRow:
    """One packed sequence, ready to be stacked with others."""

    documents: Sequence[Rendered]
    """Its windows."""
    clips: Sequence[ClipFrames]
    """The clips of all windows, in order."""
    name: str
    """What logs call it."""


def decode_clip(clip: RowClip, *, frames_per_clip: int, size_px: int) -> ClipFrames:
    """Decode the frames of a clip that samples show.

    Raises:
        ValueError: a frame is no picture.
    """
    frames = [clip.frames[i] for i in choose_evenly(len(clip.frames), frames_per_clip)]
    pixels = np.empty((len(frames), 3, size_px, size_px), np.uint8)
    for place, frame in enumerate(frames):
        assert frame.image is not None
        pixels[place] = decode_picture(frame.image.bytes, size_px)
    # A picture that stands longer than its clip was shown before the clip starts.
    times = [max(0, frame.time_us - clip.start_us) / 1e6 for frame in frames]
    return ClipFrames(pixels_FCHW=pixels, times_F=np.array(times, np.float32))


def stack_packed(
    rows: Sequence[PackedRow], *, length: int, pad_id: int, size_px: int
) -> PackedBatch:
    """Stack packed sequences, padded to `length` tokens.

    Args:
        rows: the sequences; each fits into `length`.
        length: L.
        pad_id: the token of padding.
        size_px: side of the pictures.
    """
    shape = (len(rows), length)
    columns: dict[str, npt.NDArray[np.generic]] = {
        "input_ids_BL": np.full(shape, pad_id, np.int64),
        "labels_BL": np.full(shape, NO_LOSS, np.int64),
        "label_kinds_BL": np.full(shape, NO_KIND, np.int8),
        "document_BL": np.full(shape, PADDING, np.int32),
        "position_ids_BL": np.zeros(shape, np.int64),
        "media_index_BL": np.zeros(shape, np.int32),
    }
    for index, row in enumerate(rows):
        at = media = 0
        for number, document in enumerate(row.documents):
            end = at + len(document.ids)
            columns["input_ids_BL"][index, at:end] = document.ids
            # No document is learned from the one before it, so its first token has no loss.
            columns["labels_BL"][index, at + 1 : end] = document.labels[1:]
            columns["label_kinds_BL"][index, at + 1 : end] = document.kinds[1:]
            columns["document_BL"][index, at:end] = number
            columns["position_ids_BL"][index, at:end] = np.arange(end - at)
            # Each document counts its media from 1; in the row they stand one after another.
            seen = np.array(document.media)
            columns["media_index_BL"][index, at:end] = np.where(seen > 0, seen + media, 0)
            at, media = end, media + int(seen.max(initial=0))
        assert media == len(row.clips), f"{media} <visual> for {len(row.clips)} clips"
    tensors: dict[str, Tensor] = {name: torch.from_numpy(a) for name, a in columns.items()}
    return PackedBatch(
        **tensors,
        media=stack_media([row.clips for row in rows], size_px=size_px),
        sequence_ids=tuple(row.name for row in rows),
    )


def stack_media(rows: Sequence[Sequence[ClipFrames]], *, size_px: int) -> Media:
    """Stack the clips of several rows, padded to the most clips and frames, at least one each."""
    num_media = max([1, *(len(row) for row in rows)])
    num_frames = max([1, *(len(clip.times_F) for row in rows for clip in row)])
    shape = (len(rows), num_media, num_frames)
    frames_BMFCHW = torch.zeros((*shape, 3, size_px, size_px), dtype=torch.uint8)
    frame_mask_BMF = torch.zeros(shape, dtype=torch.bool)
    frame_times_BMF = torch.zeros(shape, dtype=torch.float32)
    for row, clips in enumerate(rows):
        for place, clip in enumerate(clips):
            count = len(clip.times_F)
            frames_BMFCHW[row, place, :count] = torch.from_numpy(clip.pixels_FCHW)
            frame_mask_BMF[row, place, :count] = True
            frame_times_BMF[row, place, :count] = torch.from_numpy(clip.times_F)
    return Media(
        frames_BMFCHW=frames_BMFCHW,
        frame_mask_BMF=frame_mask_BMF,
        frame_times_BMF=frame_times_BMF,
    )
