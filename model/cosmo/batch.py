"""What the model is given: packed sequences for the language-model loss, pairs for the contrastive.

Made by `model/data/`, read by the model and the losses. Shapes: B sequences, L tokens, M media of a
sequence, F frames of a media, C channels, H W pixels, S pairs. Media of a pair batch: B = S, M = 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Self

import torch
from torch import Tensor

from ...schemas.text import TextKind

NO_LOSS = -100
"""The label of a token that is not trained on (what torch's cross entropy ignores)."""
PADDING = -1
"""The document number of padding, and the kind of a token without loss."""
KINDS = tuple(TextKind)
"""Text kinds in the order of `label_kinds_BL` and of every tensor with suffix K."""


class OnDevice:
    """Moves or cuts every tensor of a dataclass at once."""

    __slots__ = ()

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> Self:
        """Return a copy with all tensors on `device`."""
        moved: dict[str, object] = {}
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, Tensor | OnDevice):
                moved[field.name] = value.to(device, non_blocking=non_blocking)
        return replace(self, **moved)  # type: ignore[type-var]

    def rows(self, first: int, last: int) -> Self:
        """Return the rows from `first` to before `last`, as views."""
        cut: dict[str, object] = {}
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            is_nested = isinstance(value, OnDevice)
            cut[field.name] = value.rows(first, last) if is_nested else value[first:last]
        return replace(self, **cut)  # type: ignore[type-var]


@dataclass(frozen=True, slots=True, kw_only=True)
class Media(OnDevice):
    """The pictures of many media (clips, or single pictures), padded to the longest."""

    frames_BMFCHW: Tensor
    """uint8 RGB, 0 to 255, the whole picture resized to the tower's size without cropping."""
    frame_mask_BMF: Tensor
    """bool, true where there is a frame. Frames stand first, and so do media with frames."""
    frame_times_BMF: Tensor
    """float32 seconds since the clip's start; 0 where there is no frame."""

    def __post_init__(self) -> None:
        _check_dtypes(
            self,
            {
                "frames_BMFCHW": torch.uint8,
                "frame_mask_BMF": torch.bool,
                "frame_times_BMF": torch.float32,
            },
        )
        if self.frames_BMFCHW.ndim != 6 or self.frames_BMFCHW.shape[3] != 3:
            raise ValueError(
                f"frames_BMFCHW has shape {tuple(self.frames_BMFCHW.shape)}, "
                "it must be (B, M, F, 3, H, W)"
            )
        lead = self.frames_BMFCHW.shape[:3]
        _check_shapes(self, {"frame_mask_BMF": lead, "frame_times_BMF": lead})


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedBatch(OnDevice):
    """Packed sequences: several whole documents in a row, each blind to the others."""

    input_ids_BL: Tensor
    """int64."""
    labels_BL: Tensor
    """int64, `NO_LOSS` where there is none. Not shifted: the label at t is the token at t."""
    label_kinds_BL: Tensor
    """int8, the text kind (index into `KINDS`) of each labelled token, -1 elsewhere.

    `<|endofchunk|>` and end of text carry the kind of their chunk's text.
    """
    document_BL: Tensor
    """int32, the document's number inside the sequence, `PADDING` where there is none."""
    position_ids_BL: Tensor
    """int64, from 0 in each document."""
    media_index_BL: Tensor
    """int32, the 1-based index into M of the media that a token sees, 0 for none."""
    media: Media
    """Media j of a row belongs to the row's j-th `<visual>`, counted over all its documents."""
    sequence_ids: tuple[str, ...]
    """Names of the rows, for logs."""

    def __post_init__(self) -> None:
        dtypes = {
            "input_ids_BL": torch.int64,
            "labels_BL": torch.int64,
            "label_kinds_BL": torch.int8,
            "document_BL": torch.int32,
            "position_ids_BL": torch.int64,
            "media_index_BL": torch.int32,
        }
        _check_dtypes(self, dtypes)
        if self.input_ids_BL.ndim != 2:
            raise ValueError(
                f"input_ids_BL has shape {tuple(self.input_ids_BL.shape)}, it must be (B, L)"
            )
        _check_shapes(self, dict.fromkeys(dtypes, self.input_ids_BL.shape))
        _check_rows(len(self.input_ids_BL), self.media, self.sequence_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairBatch(OnDevice):
    """Pairs of one clip and one of its texts."""

    input_ids_SL: Tensor
    """int64, right-padded, rendered as a document of one clip."""
    attention_SL: Tensor
    """bool, true where there is a token."""
    media: Media
    """B = S, M = 1."""
    valid_S: Tensor
    """bool, false for padding rows."""
    group_S: Tensor
    """int64, equal for pairs that must not be negatives of one another: same video or cluster, or
    equal text."""
    pair_ids: tuple[str, ...]
    """Names of the rows, for logs."""

    def __post_init__(self) -> None:
        dtypes = {
            "input_ids_SL": torch.int64,
            "attention_SL": torch.bool,
            "valid_S": torch.bool,
            "group_S": torch.int64,
        }
        _check_dtypes(self, dtypes)
        if self.input_ids_SL.ndim != 2:
            raise ValueError(
                f"input_ids_SL has shape {tuple(self.input_ids_SL.shape)}, it must be (S, L)"
            )
        pairs = self.input_ids_SL.shape[:1]
        _check_shapes(
            self, {"attention_SL": self.input_ids_SL.shape, "valid_S": pairs, "group_S": pairs}
        )
        _check_rows(len(self.input_ids_SL), self.media, self.pair_ids)


def _check_dtypes(batch: object, dtypes: Mapping[str, torch.dtype]) -> None:
    for name, dtype in dtypes.items():
        found = getattr(batch, name).dtype
        if found != dtype:
            raise ValueError(f"{name} has dtype {found}, it must be {dtype}")


def _check_shapes(batch: object, shapes: Mapping[str, torch.Size]) -> None:
    for name, shape in shapes.items():
        found = getattr(batch, name).shape
        if found != shape:
            raise ValueError(f"{name} has shape {tuple(found)}, it must be {tuple(shape)}")


def _check_rows(rows: int, media: Media, names: tuple[str, ...]) -> None:
    if len(media.frames_BMFCHW) != rows:
        raise ValueError(
            f"media.frames_BMFCHW has shape {tuple(media.frames_BMFCHW.shape)}, "
            f"it must have one row for each of the {rows} rows of the batch"
        )
    if len(names) != rows:
        raise ValueError(f"{len(names)} names for {rows} rows: there must be one for each")
