import math

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from interlink.model.tiny.head_floor import head_floors


@pytest.fixture
def model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=40,
        hidden_size=64,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        tie_word_embeddings=True,
    )
    model = LlamaForCausalLM(config)
    torch.nn.init.normal_(model.model.embed_tokens.weight, std=0.3)
    return model


def test_words_with_equal_rows_cannot_be_told_apart(model):
    with torch.no_grad():
        model.model.embed_tokens.weight[7] = model.model.embed_tokens.weight[5]
    floors = head_floors(model, {"red": [5], "blue": [7], "green": [9]})
    # Two equal rows share the probability, whatever the state is: ln 2 is the least.
    assert floors["red"] == pytest.approx(math.log(2), abs=0.01)
    assert floors["blue"] == pytest.approx(math.log(2), abs=0.01)
    assert floors["green"] < 0.01


def test_rows_that_differ_little_allow_little_certainty(model):
    # After the norm the state has length sqrt(D): logits differ by at most that times the rows.
    direction = torch.nn.functional.normalize(torch.ones(64), dim=0)
    with torch.no_grad():
        model.model.embed_tokens.weight[7] = model.model.embed_tokens.weight[5] + 0.1 * direction
    floor = head_floors(model, {"blue": [7]})["blue"]
    assert floor >= math.log(1 + math.exp(-math.sqrt(64) * 0.1)) - 1e-3
    assert floor < math.log(2)


def test_a_word_is_as_uncertain_as_its_worst_token(model):
    with torch.no_grad():
        model.model.embed_tokens.weight[7] = model.model.embed_tokens.weight[5]
    assert head_floors(model, {"redwood": [9, 5]})["redwood"] > 0.6


def test_measuring_leaves_the_model_alone(model):
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    head_floors(model, {"red": [5]})
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())
