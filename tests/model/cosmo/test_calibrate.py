import pytest
import torch

from interlink.model.cosmo.calibrate import calibrate


@torch.no_grad()
def test_a_block_is_scaled_to_the_stream_in_front_of_its_layer(tiny):
    model = tiny.model()
    batch = tiny.packed([[[]], [[]]], prefix=8)
    states = model.language.model(
        input_ids=batch.input_ids_BL, use_cache=False, output_hidden_states=True
    ).hidden_states
    calibrate(model, batch)
    for name, block in model.gated_blocks():
        rms = states[int(name)].pow(2).mean(-1).sqrt()
        assert block.residual_scale.item() == pytest.approx(rms.median().item(), rel=1e-5)


@torch.no_grad()
def test_padding_is_not_measured_and_closed_gates_stay_bitwise(tiny):
    model = tiny.model()
    batch = tiny.packed([[[3, 2]]], pad_to=30)
    before = model(batch)
    calibrate(model, batch)
    scales = [block.residual_scale.item() for _, block in model.gated_blocks()]
    calibrate(model, tiny.packed([[[3, 2]]]))
    assert [b.residual_scale.item() for _, b in model.gated_blocks()] == pytest.approx(scales)
    assert all(scale != 1 for scale in scales)
    assert torch.equal(model(batch), before)


def test_without_residual_scale_nothing_is_measured(tiny):
    model = tiny.model(residual_scale=False)
    calibrate(model, tiny.packed([[[3, 2]]]))
    assert all(block.residual_scale.item() == 1 for _, block in model.gated_blocks())
