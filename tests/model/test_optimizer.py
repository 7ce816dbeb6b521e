"""Groups, the learning rate by tokens, and a state that moves between optimizers by name."""

import pytest
import torch

from interlink.model.cosmo.model import Cosmo
from interlink.model.optimizer import (
    learning_share,
    load_optimizer_state,
    make_optimizer,
    optimizer_state,
    set_learning_rate,
)
from interlink.model.recipe import OptimizerOptions
from interlink.schemas.errors import UsageError

OPTIONS = OptimizerOptions(tokens=1000, warmup_tokens=200, weight_decay=0.1, final_share=0.1)


@pytest.fixture
def model(recipe):
    return Cosmo.build(recipe.model)


def test_every_trained_parameter_is_in_one_group_and_only_maps_decay(model):
    optimizer = make_optimizer(model, OPTIONS)
    names = {id(p): name for name, p in model.named_parameters()}
    groups = [[names[id(p)] for p in group["params"]] for group in optimizer.param_groups]
    gates, matrices, rest = groups
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    assert sorted(gates + matrices + rest) == sorted(trained)
    assert gates == [
        f"blocks.{n}.{what}_gate" for n in (2, 3) for what in ("attention", "feed_forward")
    ]
    assert {"resampler.latents", "heads.fusion.query", "heads.logit_scale"} <= set(rest)
    assert "language.rows.output_XW" in rest
    assert {"heads.text.weight", "blocks.2.query.weight"} <= set(matrices)
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.0, 0.1, 0.0]


def test_the_learning_rate_rises_in_a_line_and_falls_as_half_a_cosine():
    shares = [learning_share(OPTIONS, tokens) for tokens in (0, 100, 200, 600, 1000, 2000)]
    assert shares == pytest.approx([0.0, 0.5, 1.0, 0.55, 0.1, 0.1])


def test_gates_have_a_learning_rate_of_their_own(model):
    optimizer = make_optimizer(model, OPTIONS)
    set_learning_rate(optimizer, OPTIONS, 100)
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([5e-3, 5e-4, 5e-4])


def fill_gradients(model, seed):
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.grad = torch.randn(parameter.shape, generator=generator)


def test_a_state_taken_over_by_name_goes_on_to_the_bit(recipe):
    ends = []
    for is_moved in (False, True):
        model = Cosmo.build(recipe.model)
        optimizer = make_optimizer(model, OPTIONS)
        set_learning_rate(optimizer, OPTIONS, 300)
        fill_gradients(model, 1)
        optimizer.step()
        if is_moved:
            state = {n: t.clone() for n, t in optimizer_state(model, optimizer).items()}
            optimizer = make_optimizer(model, OPTIONS)
            set_learning_rate(optimizer, OPTIONS, 300)
            load_optimizer_state(model, optimizer, state)
        fill_gradients(model, 2)
        optimizer.step()
        ends.append({n: t.clone() for n, t in model.trained_state().items()})
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])


def test_the_state_of_another_model_is_refused(model):
    optimizer = make_optimizer(model, OPTIONS)
    state = {"blocks.9.query.weight.step": torch.zeros(())}
    with pytest.raises(UsageError, match="does not fit the model"):
        load_optimizer_state(model, optimizer, state)
