"""The split model against Hugging Face's own forward, and the trap that the mask avoids."""

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, OPTConfig, OPTForCausalLM

from interlink.model.cosmo.language import SplitLanguageModel, TokenRows, family_of
from interlink.schemas.errors import UsageError


@torch.no_grad()
def test_positions_alone_do_not_separate_documents_on_opt_and_the_mask_does(tiny):
    """Why the mask is explicit: the bare model under restarted positions, for comparison."""
    model = tiny.model()
    batch = tiny.packed([[[], []]], prefix=5)
    ids, positions = batch.input_ids_BL, batch.position_ids_BL
    alone = [
        model.language.model(input_ids=ids[:, batch.document_BL[0] == d], use_cache=False).logits
        for d in (0, 1)
    ]
    expected = torch.cat(alone, 1)
    torch.testing.assert_close(model(batch)[..., :50], expected, rtol=0, atol=1e-5)
    if tiny.family == "opt":
        wrong = model.language.model(input_ids=ids, position_ids=positions, use_cache=False).logits
        assert (wrong - expected).abs().max() > 1e-2


@torch.no_grad()
def test_added_rows_start_as_the_mean_of_all_rows(tiny):
    model = tiny.model(tied=False)
    rows, bare = model.language.rows, model.language.model
    for found, table in (
        (rows.input_XW, bare.get_input_embeddings()),
        (rows.output_XW, bare.get_output_embeddings()),
    ):
        torch.testing.assert_close(found, table.weight.mean(0).expand(2, -1))


@torch.no_grad()
def test_faithful_rows_are_random_small_and_frozen(tiny):
    model = tiny.model(faithful=True, new_rows="frozen")
    rows = model.language.rows
    assert 0.01 < rows.input_XW.std() < 0.03
    assert not rows.input_XW.requires_grad
    assert not rows.output_XW.requires_grad
    assert not torch.equal(rows.output_XW[0], rows.output_XW[1])
    assert model.trainable_parameters()["token rows"] == {}


@torch.no_grad()
def test_added_tokens_enter_by_their_own_rows(tiny):
    model = tiny.model()
    language = model.language
    language.rows.input_XW.data.copy_(language.model.get_input_embeddings().weight[[7, 9]])
    position = torch.arange(4)[None]
    added = language.embed(torch.tensor([[5, 50, 6, 51]]), position)
    plain = language.embed(torch.tensor([[5, 7, 6, 9]]), position)
    assert torch.equal(added, plain)


@torch.no_grad()
def test_rows_beyond_the_tokenizer_are_no_words(tiny):
    """OPT has 50,272 rows for 50,265 tokens: added ids fall on rows that stand for nothing."""
    bare = tiny.model().language.model
    rows = TokenRows(bare, 2, learn="output", random=False)
    split = SplitLanguageModel(bare, rows, base_vocabulary=45)
    rows.output_XW.data.fill_(0)
    ids = torch.tensor([[3, 4, 45, 46]])
    document = torch.zeros(1, 4, dtype=torch.int32)
    hidden, step = split.begin(ids, torch.arange(4)[None], document)
    logits = split.logits(split.run(split.numbers, hidden, step))
    assert logits.shape == (1, 4, 47)
    assert (logits[..., 45:] == 0).all()
    embedded = split.embed(torch.tensor([[45, 45]]), torch.zeros(1, 2, dtype=torch.int64))
    first = split.embed(torch.tensor([[44, 44]]), torch.zeros(1, 2, dtype=torch.int64))
    assert not torch.equal(embedded, first)


@torch.no_grad()
def test_opt_with_narrow_embeddings_equals_its_own_forward():
    """The shape of OPT-350M: projections in and out, norms after."""
    torch.manual_seed(0)
    bare = OPTForCausalLM(
        OPTConfig(
            vocab_size=40,
            hidden_size=32,
            word_embed_proj_dim=16,
            ffn_dim=48,
            num_hidden_layers=2,
            num_attention_heads=2,
            do_layer_norm_before=False,
            max_position_embeddings=32,
        )
    ).eval()
    split = SplitLanguageModel(
        bare, TokenRows(bare, 2, learn="output", random=False), base_vocabulary=40
    )
    ids = torch.randint(3, 40, (2, 7))
    hidden, step = split.begin(ids, torch.arange(7).expand(2, 7), torch.zeros_like(ids))
    logits = split.logits(split.run(split.numbers, hidden, step))
    torch.testing.assert_close(logits[..., :40], bare(input_ids=ids, use_cache=False).logits)


def test_a_family_without_file_is_named():
    config = GPT2Config(n_layer=1, n_head=1, n_embd=8, vocab_size=10)
    with pytest.raises(
        UsageError, match="of type 'gpt2' is not supported; supported are llama, opt"
    ):
        family_of(GPT2LMHeadModel(config))


def test_training_mode_does_not_reach_the_frozen_model(tiny):
    """OPT has dropout; two passes in training mode must be equal."""
    model = tiny.model(gates=0.3).train()
    batch = tiny.packed([[[3]]])
    with torch.no_grad():
        assert torch.equal(model(batch), model(batch))
    assert model.training
    assert model.blocks.training
