"""Exchanging media between documents, on hand-made batches."""

import importlib.util
from collections import Counter
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
import torch

from interlink.model.derange import derange_media

_PATH = Path(__file__).parent / "cosmo" / "conftest.py"
_SPEC = importlib.util.spec_from_file_location("tiny_models_of_derange", _PATH)
tiny_models = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(tiny_models)
TINY = tiny_models.Tiny("llama")

SHAPES = {
    "one media each": [[[1]], [[1]], [[1]]],
    "packed": [[[1, 2], [1], [2, 2]], [[1], [1]]],
    "of all sizes, one in half of all": [[[1, 1, 1, 1], [1]], [[1, 1], [1]]],
    "texts without media": [[[], [1], []], [[]], [[2], [1]]],
    "a row of padding": [[[1], [2]], []],
}


def batch_of(rows, *, seed: int = 4):
    """Documents whose media differ in pictures, number of frames and times."""
    batch = TINY.packed(rows, pad_to=48, seed=seed)
    frames = [[1 + j % 3 for j in range(sum(len(doc) for doc in row))] for row in rows]
    media = TINY.media(frames, seed=seed)
    times = media.frame_times_BMF + torch.arange(media.frame_mask_BMF.shape[1])[:, None] * 10.0
    return replace(batch, media=replace(media, frame_times_BMF=times * media.frame_mask_BMF))


def shown(batch):
    """The bytes of what each document is shown, by (row, document)."""
    found = {}
    for row in range(len(batch.document_BL)):
        for at in (batch.input_ids_BL[row] == tiny_models.SPECIAL.visual).nonzero().flatten():
            media = int(batch.media_index_BL[row, at]) - 1
            parts = (
                batch.media.frames_BMFCHW[row, media],
                batch.media.frame_mask_BMF[row, media],
                batch.media.frame_times_BMF[row, media],
            )
            key = row, int(batch.document_BL[row, at])
            found.setdefault(key, []).append(b"".join(part.numpy().tobytes() for part in parts))
    return found


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rows", SHAPES.values(), ids=SHAPES)
def test_every_media_with_its_mask_and_times_is_shown_once_and_in_another_document(rows, seed):
    before = shown(batch := batch_of(rows))
    after = shown(derange_media(batch, seed))
    assert before.keys() == after.keys()
    for document, media in after.items():
        assert not set(media) & set(before[document])
        assert len(media) == len(before[document])
    assert Counter(chain(*after.values())) == Counter(chain(*before.values()))


def test_a_document_with_more_than_half_of_all_media_is_shown_those_of_others_in_turn():
    before = shown(batch := batch_of([[[1, 1, 1, 1, 1], [1]], [[1]]]))
    after = shown(derange_media(batch, 0))
    for document, media in after.items():
        assert not set(media) & set(before[document])
    assert sorted(Counter(after[0, 0]).values()) == [2, 3]


def test_the_seed_alone_decides_and_no_other_generator_is_used():
    batch = batch_of(SHAPES["packed"])
    torch.manual_seed(1)
    state = torch.get_rng_state()
    once = shown(derange_media(batch, 7))
    assert torch.equal(state, torch.get_rng_state())
    torch.manual_seed(2)
    assert shown(derange_media(batch, 7)) == once
    assert len({str(shown(derange_media(batch, seed))) for seed in range(20)}) > 5


def test_texts_stay_and_the_batch_given_is_left_as_it_was():
    batch = batch_of(SHAPES["packed"])
    pictures = batch.media.frames_BMFCHW.clone()
    deranged = derange_media(batch, 0)
    assert torch.equal(batch.media.frames_BMFCHW, pictures)
    assert deranged.input_ids_BL is batch.input_ids_BL
    assert deranged.sequence_ids == batch.sequence_ids


@torch.no_grad()
def test_a_model_takes_the_deranged_batch_and_answers_otherwise():
    batch = batch_of(SHAPES["texts without media"])
    model = TINY.model(gates=0.5)
    deranged = model(derange_media(batch, 0))
    changed = (deranged != model(batch)).any(-1)
    assert torch.equal(changed, batch.media_index_BL > 0)


@pytest.mark.parametrize("rows", [[[[1, 1]]], [[[], [1]], [[]]], [[[]], []]])
def test_one_document_with_media_has_no_partner(rows):
    with pytest.raises(ValueError, match=r"fewer than two documents .* \(rows row 0"):
        derange_media(batch_of(rows), 0)
