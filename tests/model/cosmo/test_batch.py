from dataclasses import replace

import pytest
import torch

from interlink.model.cosmo.batch import KINDS
from interlink.schemas.text import TextKind


def test_kinds_are_in_the_order_of_the_enum():
    assert tuple(TextKind) == KINDS


def test_a_wrong_shape_is_named_with_both_shapes(tiny):
    batch = tiny.packed([[[3]]])
    with pytest.raises(ValueError, match=r"labels_BL has shape \(1, 4\), it must be \(1, 9\)"):
        replace(batch, labels_BL=batch.labels_BL[:, :4])
    with pytest.raises(ValueError, match=r"input_ids_BL has shape \(9,\), it must be \(B, L\)"):
        replace(batch, input_ids_BL=batch.input_ids_BL[0])
    with pytest.raises(ValueError, match="one row for each of the 1 rows"):
        replace(batch, media=tiny.media([[1], [1]]))
    with pytest.raises(ValueError, match="2 names for 1 rows"):
        replace(batch, sequence_ids=("a", "b"))


def test_a_wrong_dtype_is_named(tiny):
    batch = tiny.packed([[[3]]])
    with pytest.raises(ValueError, match=r"document_BL has dtype torch\.int64, .* torch\.int32"):
        replace(batch, document_BL=batch.document_BL.long())
    with pytest.raises(
        ValueError, match=r"frames_BMFCHW has dtype torch\.float32, .* torch\.uint8"
    ):
        replace(batch.media, frames_BMFCHW=batch.media.frames_BMFCHW.float())


def test_media_check_their_channels_and_lead(tiny):
    media = tiny.media([[2, 1]])
    with pytest.raises(
        ValueError, match=r"\(1, 2, 2, 16, 16, 3\), it must be \(B, M, F, 3, H, W\)"
    ):
        replace(media, frames_BMFCHW=media.frames_BMFCHW.movedim(3, 5))
    with pytest.raises(ValueError, match=r"frame_mask_BMF has shape \(1, 1, 2\)"):
        replace(media, frame_mask_BMF=media.frame_mask_BMF[:, :1])


def test_pairs_check_their_rows(tiny):
    pairs = tiny.pairs([3, 1])
    with pytest.raises(ValueError, match=r"valid_S has shape \(1,\), it must be \(2,\)"):
        replace(pairs, valid_S=pairs.valid_S[:1])
    with pytest.raises(ValueError, match=r"input_ids_SL has shape \(7,\), it must be \(S, L\)"):
        replace(pairs, input_ids_SL=pairs.input_ids_SL[0])


def test_to_moves_every_tensor_and_leaves_names(tiny):
    for batch in (tiny.packed([[[3]]]), tiny.pairs([2])):
        moved = batch.to("meta")
        tensors = [getattr(moved, n) for n in type(batch).__slots__]
        tensors += [getattr(moved.media, n) for n in type(batch.media).__slots__]
        devices = {t.device.type for t in tensors if isinstance(t, torch.Tensor)}
        assert devices == {"meta"}
        assert batch.media.frame_mask_BMF.device.type == "cpu"
        assert [n for n in tensors if isinstance(n, tuple)] in ([("row 0",)], [("pair 0",)])
