from dataclasses import replace

import pytest
import torch

from interlink.model.cosmo.masks import block_causal_mask, check_media


def test_a_token_sees_earlier_tokens_of_its_own_document_only():
    documents = torch.tensor([[0, 0, 1, 1, -1, -1]])
    mask = block_causal_mask(documents, 6, torch.float32)[0, 0] == 0
    assert mask.int().tolist() == [
        [1, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0],
        [0, 0, 1, 0, 0, 0],
        [0, 0, 1, 1, 0, 0],
        [0, 0, 0, 0, 1, 0],
        [0, 0, 0, 0, 1, 1],
    ]


def test_the_last_rows_are_those_of_the_tokens_that_ask():
    documents = torch.tensor([[-1, 0, 0, 0], [0, 0, 0, 0]])
    whole = block_causal_mask(documents, 4, torch.float32)
    assert torch.equal(block_causal_mask(documents, 1, torch.float32), whole[:, :, -1:])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_the_mask_is_made_of_floats_and_finite(dtype: torch.dtype):
    mask = block_causal_mask(torch.tensor([[0, 1]]), 2, dtype)
    assert mask.dtype == dtype
    assert mask.isfinite().all()


def test_a_visual_without_media_and_media_without_visual_are_refused(tiny):
    batch = tiny.packed([[[2], [1, 1]]])
    check_media(batch, 50)
    too_few = replace(batch, media=tiny.media([[2, 2]]))
    with pytest.raises(ValueError, match=r"per row \[3\] must be as many .* \[2\] \(rows row 0\)"):
        check_media(too_few, 50)
    with pytest.raises(ValueError, match=r"per row \[3\] must be as many .* \[4\]"):
        check_media(replace(batch, media=tiny.media([[2] * 4])), 50)


def test_an_index_that_points_to_a_later_media_is_refused(tiny):
    batch = tiny.packed([[[2], [1]]])
    late = batch.media_index_BL.clone()
    late[0, 0] = 2
    with pytest.raises(ValueError, match="no token a later one"):
        check_media(replace(batch, media_index_BL=late), 50)
    shifted = (batch.media_index_BL - 1).clamp(min=0)
    with pytest.raises(ValueError, match="j-th <visual> of a row its media j"):
        check_media(replace(batch, media_index_BL=shifted), 50)


def test_a_token_may_see_no_media_after_one(tiny):
    batch = tiny.packed([[[2]]])
    blind = batch.media_index_BL * (batch.input_ids_BL == 50)
    check_media(replace(batch, media_index_BL=blind), 50)
