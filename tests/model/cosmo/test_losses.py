"""Expected numbers are computed here in float64, by hand or by formulas written again."""

import math
from dataclasses import replace

import pytest
import torch

from interlink.model.cosmo.batch import KINDS, NO_LOSS, Media, PackedBatch
from interlink.model.cosmo.heads import Embeddings
from interlink.model.cosmo.losses import contrastive_loss, count_tokens, language_loss
from interlink.schemas.text import TextKind

GIVEN, CAPTION, SPEECH = (
    KINDS.index(kind) for kind in (TextKind.GIVEN, TextKind.CAPTION, TextKind.SPEECH)
)


def batch(labels, kinds, documents=None):
    """A batch without media: rows of labels (None: no loss), kinds and document numbers."""
    ids = torch.tensor([[0 if label is None else label for label in row] for row in labels])
    rows, length = ids.shape
    return PackedBatch(
        input_ids_BL=ids,
        labels_BL=torch.tensor([[NO_LOSS if x is None else x for x in row] for row in labels]),
        label_kinds_BL=torch.tensor(
            [[-1 if k is None else k for k in row] for row in kinds], dtype=torch.int8
        ),
        document_BL=torch.tensor(documents or [[0] * length] * rows, dtype=torch.int32),
        position_ids_BL=torch.arange(length).expand(rows, length),
        media_index_BL=torch.zeros(rows, length, dtype=torch.int32),
        media=Media(
            frames_BMFCHW=torch.zeros(rows, 1, 1, 3, 1, 1, dtype=torch.uint8),
            frame_mask_BMF=torch.zeros(rows, 1, 1, dtype=torch.bool),
            frame_times_BMF=torch.zeros(rows, 1, 1),
        ),
        sequence_ids=tuple(map(str, range(rows))),
    )


def test_golden_gradient_of_the_weighted_loss():
    """Two kinds, logits chosen so that every probability is a simple fraction.

    Row: tokens 0 (no loss), 1 (caption), 2 (caption), 1 (given), 0 (speech, weight 0).
    Logits at t = 0..3 are log of (1, 2, 1), (1, 1, 2), (2, 1, 1), (1, 1, 1), so that the
    probabilities of the targets are 1/2, 1/2, 1/4, 1/3.
    """
    logits = torch.tensor(
        [[[1, 2, 1], [1, 1, 2], [2, 1, 1], [1, 1, 1], [5, 1, 1]]], dtype=torch.float64
    ).log()
    logits.requires_grad_()
    made = batch([[None, 1, 2, 1, 0]], [[None, CAPTION, CAPTION, GIVEN, SPEECH]])
    weights = {TextKind.CAPTION: 1.0, TextKind.GIVEN: 0.5, TextKind.SPEECH: 0.0}
    loss = language_loss(logits, made, weights)
    assert loss.counts_K.tolist() == [1, 2, 0, 0, 0, 1, 0, 0, 0]
    # caption: (ln 2 + ln 2) / 2, given: ln 4 / 1, speech: ln 3 / 1 but weighs nothing
    assert loss.by_kind_K.tolist() == pytest.approx(
        [math.log(4), math.log(2), 0, 0, 0, math.log(3), 0, 0, 0]
    )
    assert loss.total.item() == pytest.approx(math.log(2) + 0.5 * math.log(4))
    loss.total.backward()
    # (probabilities - one-hot of the target) * weight / count of the kind
    expected = [
        [1 / 8, -1 / 4, 1 / 8],
        [1 / 8, 1 / 8, -1 / 4],
        [1 / 4, -3 / 8, 1 / 8],
        [0, 0, 0],
        [0, 0, 0],
    ]
    torch.testing.assert_close(
        logits.grad[0], torch.tensor(expected, dtype=torch.float64), rtol=0, atol=1e-7
    )


def test_golden_gradient_with_counts_of_the_global_step():
    logits = torch.tensor([[[1.0, 3.0], [1.0, 1.0]]], dtype=torch.float64).log().requires_grad_()
    made = batch([[None, 1]], [[None, CAPTION]])
    totals = torch.zeros(len(KINDS), dtype=torch.int64)
    totals[CAPTION] = 5
    loss = language_loss(logits, made, {TextKind.CAPTION: 2.0}, totals)
    assert loss.total.item() == pytest.approx(2 * math.log(4 / 3) / 5)
    assert loss.by_kind_K[CAPTION].item() == pytest.approx(math.log(4 / 3) / 5)
    loss.total.backward()
    torch.testing.assert_close(
        logits.grad[0, 0], torch.tensor([0.1, -0.1], dtype=torch.float64), rtol=0, atol=1e-7
    )


def random_case(rows: int):
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 7, (rows, 9), generator=generator).tolist()
    kinds = torch.randint(0, 3, (rows, 9), generator=generator).tolist()
    drop = torch.rand(rows, 9, generator=generator) < 0.4
    for b in range(rows):
        for t in range(9):
            if drop[b, t]:
                labels[b][t] = kinds[b][t] = None
    logits = torch.randn(rows, 9, 7, generator=generator)
    return batch(labels, kinds), logits


def rows_of(made: PackedBatch, rows: slice):
    tensors = {
        name: getattr(made, name)[rows]
        for name in PackedBatch.__slots__
        if name.endswith("_BL") or name == "sequence_ids"
    }
    media = {name: getattr(made.media, name)[rows] for name in Media.__slots__}
    return PackedBatch(**tensors, media=Media(**media))


def test_micro_batches_add_up_to_the_loss_of_the_whole():
    made, logits = random_case(6)
    weights = {TextKind.GIVEN: 0.3, TextKind.CAPTION: 1.0, TextKind.FRAME_CAPTION: 2.0}
    whole = logits.clone().requires_grad_()
    expected = language_loss(whole, made, weights)
    expected.total.backward()
    parts = [rows_of(made, slice(b, b + 2)) for b in (0, 2, 4)]
    totals = torch.stack([count_tokens(part) for part in parts]).sum(0)
    assert torch.equal(totals, count_tokens(made))
    pieces = logits.clone().requires_grad_()
    found = [
        language_loss(pieces[2 * i : 2 * i + 2], part, weights, totals)
        for i, part in enumerate(parts)
    ]
    sum(loss.total for loss in found).backward()
    torch.testing.assert_close(sum(loss.total for loss in found), expected.total)
    torch.testing.assert_close(sum(loss.by_kind_K for loss in found), expected.by_kind_K)
    torch.testing.assert_close(pieces.grad, whole.grad)


def test_the_loss_equals_cross_entropy_over_the_labels_when_all_weigh_the_same_kind():
    made, logits = random_case(4)
    one_kind = torch.where(made.label_kinds_BL >= 0, CAPTION, -1).to(torch.int8)
    made = replace(made, label_kinds_BL=one_kind)
    loss = language_loss(logits, made, {TextKind.CAPTION: 1.0})
    expected = torch.nn.functional.cross_entropy(
        logits[:, :-1].flatten(0, 1), made.labels_BL[:, 1:].flatten()
    )
    torch.testing.assert_close(loss.total, expected)


def test_without_labels_the_loss_is_zero_and_gradients_are_finite():
    logits = torch.randn(1, 4, 5, requires_grad=True)
    loss = language_loss(logits, batch([[None] * 4], [[None] * 4]), {TextKind.CAPTION: 1.0})
    assert loss.total.item() == 0
    loss.total.backward()
    assert (logits.grad == 0).all()


def test_the_first_token_of_a_document_is_not_predicted_from_the_one_before():
    labels, kinds = [[1, 2, 1, 2]], [[CAPTION] * 4]
    assert count_tokens(batch(labels, kinds))[CAPTION] == 3
    assert count_tokens(batch(labels, kinds, [[0, 0, 1, 1]]))[CAPTION] == 2
    assert count_tokens(batch(labels, kinds, [[0, 0, -1, -1]]))[CAPTION] == 1


def test_a_label_without_kind_is_refused():
    with pytest.raises(ValueError, match="must name the kind of every token that has a label"):
        count_tokens(batch([[0, 1]], [[None, None]]))


def infonce(image, text, scale: float, negatives):
    """Symmetric InfoNCE in float64, written as sums; `negatives[i]` are the rows j != i."""
    image, text = image.double(), text.double()
    total = 0.0
    for i, others in enumerate(negatives):
        own = math.exp(scale * float(text[i] @ image[i]))
        for query, keys in ((text[i], image), (image[i], text)):
            away = sum(math.exp(scale * float(query @ keys[j])) for j in others)
            total -= math.log(own / (own + away))
    return total / (2 * len(negatives))


def embeddings(pairs: int, scale: float = 2.0):
    generator = torch.Generator().manual_seed(1)
    image, text = (
        torch.nn.functional.normalize(torch.randn(pairs, 8, generator=generator), dim=-1)
        for _ in range(2)
    )
    return Embeddings(image_SE=image, text_SE=text, logit_scale=torch.tensor(scale))


def test_the_contrastive_loss_equals_symmetric_infonce_in_float64():
    made = embeddings(6)
    loss = contrastive_loss(made, torch.ones(6, dtype=torch.bool), torch.arange(6))
    others = [[j for j in range(6) if j != i] for i in range(6)]
    expected = infonce(made.image_SE, made.text_SE, math.exp(2.0), others)
    assert loss.loss.item() == pytest.approx(expected, rel=1e-5)
    assert loss.effective_negatives.item() == 5


def test_pairs_of_a_group_are_no_negatives_and_padding_is_nothing():
    made = embeddings(6)
    valid = torch.tensor([True] * 5 + [False])
    group = torch.tensor([7, 8, 7, 9, 10, 8])
    loss = contrastive_loss(made, valid, group)
    others = [[j for j in range(5) if group[j] != group[i]] for i in range(5)]
    expected = infonce(made.image_SE, made.text_SE, math.exp(2.0), others)
    assert loss.loss.item() == pytest.approx(expected, rel=1e-5)
    assert loss.effective_negatives.item() == pytest.approx((3 + 4 + 3 + 4 + 4) / 5)


def test_padding_pairs_have_no_gradient():
    made = embeddings(4)
    image = made.image_SE.clone().requires_grad_()
    valid = torch.tensor([True, True, True, False])
    contrastive_loss(replace(made, image_SE=image), valid, torch.arange(4)).loss.backward()
    assert (image.grad[3] == 0).all()
    assert (image.grad[:3] != 0).any()


def test_without_a_valid_pair_the_loss_is_zero_and_finite():
    made = embeddings(3)
    image = made.image_SE.clone().requires_grad_()
    none = torch.zeros(3, dtype=torch.bool)
    loss = contrastive_loss(replace(made, image_SE=image), none, torch.arange(3))
    loss.loss.backward()
    assert (loss.loss.item(), loss.top1.item()) == (0, 0)
    assert (image.grad == 0).all()


def test_identity_embeddings_are_all_found():
    eye = torch.eye(5)
    made = Embeddings(image_SE=eye, text_SE=eye, logit_scale=torch.tensor(math.log(100.0)))
    loss = contrastive_loss(made, torch.ones(5, dtype=torch.bool), torch.arange(5))
    assert loss.top1.item() == 1
    assert loss.loss.item() < 1e-6
    swapped = replace(made, text_SE=eye.flip(0))
    # the middle one alone still meets its partner
    assert contrastive_loss(
        swapped, torch.ones(5, dtype=torch.bool), torch.arange(5)
    ).top1.item() == pytest.approx(0.2)
