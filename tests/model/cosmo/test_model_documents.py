"""Documents packed into one row are separate documents, on tiny random Llama and OPT."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from interlink.model.cosmo.batch import NO_LOSS, PADDING
from interlink.model.cosmo.losses import language_loss
from interlink.schemas.text import TextKind

COLUMNS = {
    "input_ids_BL": 0,
    "labels_BL": NO_LOSS,
    "label_kinds_BL": -1,
    "document_BL": PADDING,
    "position_ids_BL": 0,
    "media_index_BL": 0,
}
"""What each column of a batch holds where there is padding."""
WEIGHTS = {TextKind.CAPTION: 0.7}
DOCUMENTS = [[3, 0], [], [2, 1, 4]]


def same(one, other, *, atol: float = 2e-5):
    torch.testing.assert_close(one, other, rtol=0, atol=atol)


def documents_of(packed):
    """Yield the tokens (bool, [L]) of each document of a row, and it as a batch of its own."""
    for number in range(int(packed.document_BL.max()) + 1):
        tokens = packed.document_BL[0] == number
        seen = packed.media_index_BL[0, tokens]
        numbers = seen[seen > 0].unique().long() - 1
        own = numbers if len(numbers) else torch.zeros(1, dtype=torch.int64)
        media = {n: getattr(packed.media, n)[:, own] for n in type(packed.media).__slots__}
        media["frame_mask_BMF"] = media["frame_mask_BMF"] & bool(len(numbers))
        columns = {name: getattr(packed, name)[:, tokens] for name in COLUMNS}
        columns["media_index_BL"] = (columns["media_index_BL"] - own[0].int()).clamp(min=0)
        yield tokens, replace(packed, **columns, media=replace(packed.media, **media))


@pytest.mark.parametrize("form", ["dense", "gather"])
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@torch.no_grad()
def test_packed_documents_have_the_logits_and_the_loss_of_each_alone(tiny, form, attention):
    """The explicit block-causal mask equals separate documents, with open gates."""
    model = tiny.model(gates=0.7, xattn_form=form, attention=attention)
    packed = tiny.packed([DOCUMENTS], pad_to=40)
    together = model(packed)
    loss = language_loss(together, packed, WEIGHTS)
    found = []
    for tokens, alone in documents_of(packed):
        logits = model(alone)
        same(logits[0], together[0, tokens])
        found.append(language_loss(logits, alone, WEIGHTS, loss.counts_K))
    assert len(found) == len(DOCUMENTS)
    same(sum(part.total for part in found), loss.total)
    assert torch.equal(sum(part.counts_K for part in found), loss.counts_K)
    # Were all one document, the later ones would read the first.
    one = replace(packed, document_BL=packed.document_BL.clamp(max=0))
    later = packed.document_BL[0] > 0
    assert (model(one)[0, later] - together[0, later]).abs().max() > 1e-2


@torch.no_grad()
def test_texts_packed_into_one_row_have_the_embeddings_of_each_alone(tiny):
    model = tiny.model()
    pairs = tiny.pairs([3, 1, 5])
    real = pairs.attention_SL
    document = torch.arange(3)[:, None].expand(real.shape)[real][None].int()
    position = torch.cat([torch.arange(int(n)) for n in real.sum(1)])[None]
    hidden, step = model.language.begin(pairs.input_ids_SL[real][None], position, document)
    hidden = model.language.run(model.lower, hidden, step)[0]
    expected = model.encode_pairs(pairs)
    for number, visible in enumerate(model._text_tokens(pairs)):
        own = hidden[document[0] == number][None]
        fused = model.heads.fusion(own, visible[real[number]][None])
        same(functional.normalize(model.heads.text(fused), dim=-1)[0], expected.text_SE[number])


@pytest.mark.parametrize("form", ["dense", "gather"])
@pytest.mark.parametrize("sides", [(0, 9), (9, 0), (4, 5)])
@torch.no_grad()
def test_padding_on_either_side_changes_no_logits_and_no_loss(tiny, form, sides):
    model = tiny.model(gates=0.7, xattn_form=form)
    batch = tiny.packed([DOCUMENTS, [[4]]])
    columns = {n: functional.pad(getattr(batch, n), sides, value=v) for n, v in COLUMNS.items()}
    padded = replace(batch, **columns)
    logits, wider = model(batch), model(padded)
    real = batch.document_BL != PADDING
    same(wider[:, sides[0] :][:, : real.shape[1]][real], logits[real])
    loss, other = (language_loss(x, b, WEIGHTS) for x, b in ((logits, batch), (wider, padded)))
    same(other.total, loss.total)
    assert torch.equal(other.counts_K, loss.counts_K)
