"""Loss, vision gain and retrieval of tiny models, against plain forwards and hand-made numbers."""

import importlib.util
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from interlink.model.cosmo.batch import KINDS, Media
from interlink.model.cosmo.heads import Embeddings
from interlink.model.cosmo.losses import has_loss, language_loss
from interlink.model.derange import derange_media
from interlink.model.evaluate import Evaluation, evaluate
from interlink.model.parallelize import Ranks
from interlink.schemas.text import TextKind

_PATH = Path(__file__).parent / "cosmo" / "conftest.py"
_SPEC = importlib.util.spec_from_file_location("tiny_models_of_evaluate", _PATH)
tiny_models = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(tiny_models)
TINY = tiny_models.Tiny("llama")
WEIGHTS = dict.fromkeys(TextKind, 1.0)
SHAPES = {
    "one media each": [[[1]], [[3]], [[2]]],
    "several media, several documents a row": [[[1, 2], [], [2, 2, 1]], [[1], [3, 0]]],
    "rows of padding": [[[2], [1, 1]], [], []],
}


def measure(model, packed, pairs=(), ranks=None):
    return evaluate(model, packed, pairs, ranks=ranks or Ranks())


def with_speech(batch):
    """Every second labelled token is speech."""
    kinds = batch.label_kinds_BL.clone()
    kinds[:, ::2] = torch.where(kinds[:, ::2] >= 0, KINDS.index(TextKind.SPEECH), -1)
    return replace(batch, label_kinds_BL=kinds)


@torch.no_grad()
def gains_by_document(model, batch):
    """Loss on deranged media minus loss, token by token, by (row, document): two plain forwards."""
    losses = []
    for shown in (batch, derange_media(batch, 0)):
        logits = model(shown)[:, :-1].log_softmax(-1)
        labels = batch.labels_BL[:, 1:].clamp(min=0)
        losses.append(-logits.gather(-1, labels[..., None])[..., 0].double())
    found = {}
    for row, at in has_loss(batch).nonzero().tolist():
        document = batch.document_BL[row, at + 1]
        if (batch.media_index_BL[row] > 0)[batch.document_BL[row] == document].any():
            gain = float(losses[1][row, at] - losses[0][row, at])
            found.setdefault((row, int(document)), []).append(gain)
    return found


@pytest.mark.parametrize("rows", SHAPES.values(), ids=SHAPES)
def test_with_closed_gates_the_vision_gain_is_exactly_zero(rows):
    found = measure(TINY.model(), [TINY.packed(rows, pad_to=40)])
    assert (found.vision_gain, found.vision_gain_error) == (0, 0)
    assert found.vision_gain_by_kind == {"caption": 0}


@pytest.mark.parametrize("form", ["dense", "gather"])
@pytest.mark.parametrize("rows", SHAPES.values(), ids=SHAPES)
def test_the_vision_gain_is_what_two_plain_forwards_give(rows, form):
    model = TINY.model(gates=0.7, xattn_form=form)
    batches = [with_speech(TINY.packed(rows, pad_to=40, seed=seed)) for seed in (4, 5)]
    documents = [d for batch in batches for d in gains_by_document(model, batch).values()]
    means = np.array([np.mean(gains) for gains in documents])
    found = measure(model, batches)
    assert found.documents == len(means)
    assert found.vision_gain == pytest.approx(means.mean(), abs=1e-5)
    assert found.vision_gain_error == pytest.approx(means.std(ddof=1) / len(means) ** 0.5, abs=1e-5)
    counts = dict.fromkeys(("caption", "speech"), 0)
    for batch in batches:
        for kind in counts:
            counts[kind] += int((batch.label_kinds_BL == KINDS.index(TextKind(kind))).sum())
    total = sum(found.vision_gain_by_kind[kind] * count for kind, count in counts.items())
    assert total == pytest.approx(sum(map(sum, documents)), abs=1e-4)


@torch.no_grad()
def test_the_loss_is_weighted_by_tokens_over_all_batches():
    model = TINY.model(gates=0.7)
    batches = [with_speech(TINY.packed(rows, pad_to=40)) for rows in SHAPES.values()]
    sums, counts = torch.zeros(len(KINDS)), torch.zeros(len(KINDS))
    for batch in batches:
        loss = language_loss(model(batch), batch, WEIGHTS)
        sums += loss.by_kind_K * loss.counts_K
        counts += loss.counts_K
    found = measure(model, batches)
    assert found.loss == pytest.approx(float(sums.sum() / counts.sum()), abs=1e-5)
    assert found.loss_by_kind == {
        kind: pytest.approx(float(sums[i] / counts[i]), abs=1e-5)
        for kind in ("caption", "speech")
        for i in [KINDS.index(TextKind(kind))]
    }


def colours(count: int, *, seed: int):
    """Documents of one plain picture each; the one word of its caption is the picture's colour."""
    generator = torch.Generator().manual_seed(seed)
    batch = TINY.packed([[[1]]] * count, frames=1, prefix=1)
    colour_B = torch.randint(4, (count,), generator=generator)
    table = torch.tensor([[250, 10, 10], [10, 250, 10], [10, 10, 250], [240, 240, 240]])
    shape = batch.media.frames_BMFCHW.shape
    pictures = table[colour_B].to(torch.uint8)[:, None, None, :, None, None].expand(shape)
    ids = batch.input_ids_BL.clone()
    ids[:, 1], ids[:, 3] = 7, 10 + colour_B
    labels = torch.where(batch.labels_BL >= 0, ids, batch.labels_BL)
    media = Media(
        frames_BMFCHW=pictures.contiguous(),
        frame_mask_BMF=batch.media.frame_mask_BMF,
        frame_times_BMF=batch.media.frame_times_BMF,
    )
    return replace(batch, input_ids_BL=ids, labels_BL=labels, media=media)


@pytest.mark.parametrize("is_deranged", [False, True])
def test_the_gain_is_large_for_a_model_that_learned_colours_and_nothing_for_its_control(
    is_deranged,
):
    model = TINY.model()
    learned = [p for part in model.trainable_parameters().values() for p in part.values()]
    optimizer = torch.optim.AdamW(learned, lr=3e-3)
    for step in range(60):
        batch = colours(16, seed=100 + step)
        batch = derange_media(batch, step) if is_deranged else batch
        language_loss(model(batch), batch, WEIGHTS).total.backward()
        optimizer.step()
        optimizer.zero_grad()
    found = measure(model, [colours(32, seed=1), colours(32, seed=2)])
    assert found.documents == 64
    if is_deranged:
        assert abs(found.vision_gain) < 0.02
    else:
        assert found.vision_gain > max(0.1, 4 * found.vision_gain_error)


class Recorder(Ranks):
    """A rank whose partner has run before it: adds or appends what the partner brought."""

    def __init__(self, partner=None):
        super().__init__(rank=1 if partner is None else 0, size=2)
        object.__setattr__(self, "brought", [])
        object.__setattr__(self, "of_partner", partner and iter(partner.brought))

    def sum(self, tensor):
        self.brought.append(tensor)
        return tensor + next(self.of_partner) if self.of_partner else tensor

    def gather(self, tensor):
        self.brought.append(tensor)
        return torch.cat([tensor, next(self.of_partner)]) if self.of_partner else tensor


def test_two_ranks_that_share_the_batches_measure_what_one_does():
    model = TINY.model(gates=0.7)
    packed = [TINY.packed([[[1, 2]], [[1], [2]]], pad_to=40, seed=seed) for seed in range(3)]
    pairs = [TINY.pairs([3, 2, 4], pad_to=12), TINY.pairs([1, 5, 6], pad_to=12)]
    pairs[1] = replace(pairs[1], group_S=torch.tensor([7, 8, 9]))
    second = Recorder()
    measure(model, packed[2:], pairs[1:], second)
    both = measure(model, packed[:2], pairs[:1], Recorder(second))
    alone = measure(model, packed, pairs)
    assert both.documents == alone.documents == 9
    assert both.pairs == alone.pairs == 6
    assert both.retrieval_top1 == alone.retrieval_top1
    for name in ("loss", "vision_gain", "vision_gain_error"):
        assert getattr(both, name) == pytest.approx(getattr(alone, name), abs=1e-9)


def test_all_pair_batches_are_one_set_of_negatives_and_top1_is_what_hands_count():
    model = TINY.model()
    texts = torch.tensor([[1.0, 0], [0, 1], [0.6, 0.8], [0.6, 0.8], [1, 0]])
    images = torch.tensor([[1.0, 0], [0, 1], [0.8, 0.6], [0.8, 0.6], [1, 0]])
    first, second = TINY.pairs([2, 2, 2]), TINY.pairs([2, 2])
    # The fourth pair must not be a negative of the third; the fifth row is padding.
    first = replace(first, group_S=torch.tensor([0, 1, 2]))
    second = replace(second, group_S=torch.tensor([2, -1]), valid_S=torch.tensor([True, False]))
    parts = iter([slice(0, 3), slice(3, 5)])

    def encode_pairs(batch):
        part = next(parts)
        return Embeddings(image_SE=images[part], text_SE=texts[part], logit_scale=torch.tensor(1.0))

    model.encode_pairs = encode_pairs
    found = measure(model, [TINY.packed([[[1]], [[1]]])], [first, second])
    # Texts 0 and 1 find their pictures; 2 and 3: .96 with their own beats .6 and .8. Pictures find
    # their texts: 0 and 1 exactly, 2 and 3 with .96 against .8.
    assert found.retrieval_top1 == 1
    assert found.pairs == 4
    parts = iter([slice(0, 3), slice(3, 5)])
    apart = replace(second, group_S=torch.tensor([3, -1]))
    found = measure(model, [TINY.packed([[[1]], [[1]]])], [first, apart])
    # 2 and 3 are equal: the first of two equals is taken, so 3 misses in both directions.
    assert found.retrieval_top1 == 0.75


def test_without_pairs_there_is_no_retrieval():
    packed = [TINY.packed([[[1]], [[1]]])]
    padding = replace(TINY.pairs([2]), valid_S=torch.tensor([False]))
    for pairs in ([], [padding]):
        found = measure(TINY.model(), packed, pairs)
        assert (found.retrieval_top1, found.pairs) == (None, 0)


@pytest.mark.parametrize("mode", [True, False])
def test_model_and_global_generator_are_left_as_they_were(mode):
    model = TINY.model(gates=0.7).train(mode)
    modes = {name: module.training for name, module in model.named_modules()}
    state = torch.get_rng_state()
    measure(model, [TINY.packed([[[1]], [[1]]])])
    assert math.isnan(measure(model, []).loss)
    assert {name: module.training for name, module in model.named_modules()} == modes
    assert torch.equal(torch.get_rng_state(), state)
    assert all(p.grad is None for p in model.parameters())


def test_a_batch_of_one_document_counts_for_the_loss_alone():
    model = TINY.model(gates=0.7)
    pair, single = TINY.packed([[[1]], [[2]]]), TINY.packed([[[3], []]])
    found, without = measure(model, [pair, single]), measure(model, [pair])
    assert found.documents == without.documents == 2
    assert found.vision_gain == without.vision_gain != 0
    assert found.vision_gain_by_kind == without.vision_gain_by_kind
    assert found.loss != without.loss
    alone = measure(model, [single])
    assert alone.documents == 0
    assert math.isnan(alone.vision_gain)
    assert alone.loss > 0


def test_an_evaluation_goes_through_json_and_stands_beside_other_values():
    found = Evaluation(
        documents=2,
        loss=1.25,
        loss_by_kind={"given": 1.0},
        vision_gain=0.1,
        vision_gain_error=0.05,
        vision_gain_by_kind={"given": 0.2},
        retrieval_top1=None,
        pairs=0,
    )
    line = json.dumps({"event": "evaluation", "step": 3, **found.to_plain()}, allow_nan=False)
    assert Evaluation.from_plain(json.loads(line)) == found
    diverged = replace(found, loss=math.nan, loss_by_kind={"given": math.inf})
    plain = diverged.to_plain()
    assert (plain["loss"], plain["loss_by_kind"]) == (None, {"given": None})
    assert math.isnan(Evaluation.from_plain(plain).loss)
