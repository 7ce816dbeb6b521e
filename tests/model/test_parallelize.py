"""Real processes over gloo on loopback: sums, gathers, gradients, and a guard that all obey."""

import json

import pytest
import torch

from interlink.model.parallelize import Ranks, join_ranks

GATHERS = """
import json, sys
import torch
from interlink.model.parallelize import join_ranks

with join_ranks() as ranks:
    mine = torch.tensor([[1.0, 2.0]]) + 10 * ranks.rank
    mine.requires_grad_()
    whole = ranks.gather_with_gradient(mine)
    (whole * torch.tensor([[1.0, 2.0], [3.0, 4.0]])).sum().backward()
    found = {
        "sum": ranks.sum(torch.tensor([ranks.rank + 1])).tolist(),
        "gather": ranks.gather(torch.tensor([ranks.rank])).tolist(),
        "texts": ranks.gather_text("" if ranks.is_first else "späte Zeile"),
        "whole": whole.tolist(),
        "gradient": mine.grad.tolist(),
    }
    ranks.wait()
    with open(f"{sys.argv[1]}/{ranks.rank}.json", "w") as file:
        json.dump(found, file)
"""


def test_alone_nothing_is_exchanged():
    ranks = Ranks()
    tensor = torch.arange(3.0, requires_grad=True)
    assert ranks.gather_with_gradient(tensor) is tensor
    assert ranks.gather(tensor) is tensor
    assert ranks.sum(tensor) is tensor
    assert ranks.gather_text("a") == ["a"]
    assert ranks.is_first


def test_without_torchrun_a_process_is_alone(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with join_ranks() as ranks:
        assert (ranks.rank, ranks.size) == (0, 1)


def test_two_processes_sum_and_gather(run_python, tmp_path):
    run_python(GATHERS, tmp_path, ranks=2)
    for rank in range(2):
        found = json.loads((tmp_path / f"{rank}.json").read_text())
        assert found["sum"] == [3]
        assert found["gather"] == [0, 1]
        assert found["texts"] == ["", "späte Zeile"]
        assert found["whole"] == [[1, 2], [11, 12]]
        # Both compute the same loss: the gradient is that of both together.
        assert found["gradient"] == [[2, 4], [6, 8]][rank : rank + 1]


SKIP = """
import dataclasses, json, math, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from interlink.model.cosmo.model import Cosmo
from interlink.model.parallelize import join_ranks
from interlink.model.recipe import TrainRecipe
from interlink.model.trainer import Trainer
from interlink.model.training_data import TrainingStreams

recipe = TrainRecipe.from_mapping(json.loads(Path(sys.argv[1]).read_text()))
with join_ranks() as ranks:
    model = Cosmo.build(recipe.model)
    trainer = Trainer(model, recipe, ranks)
    batches = iter(TrainingStreams(recipe, model.processor, ranks.world))
    batch, pairs = next(batches)
    good = trainer.step(batch, pairs)
    before = {n: t.clone() for n, t in model.trained_state().items()}
    if ranks.rank == 1:
        times = batch.media.frame_times_BMF.clone()
        times[0, 0, 0] = math.inf
        media = dataclasses.replace(batch.media, frame_times_BMF=times)
        batch = dataclasses.replace(batch, media=media)
    bad = trainer.step(batch, pairs)
    same = all(torch.equal(before[n], t) for n, t in model.trained_state().items())
    found = {
        "good": good.skipped, "bad": bad.skipped, "own": batch.sequence_ids, "same": same,
        "skipped_steps": trainer.ledger.skipped_steps,
    }
    Path(f"{sys.argv[2]}/{ranks.rank}.json").write_text(json.dumps(found))
    trainer.close()
"""


def test_a_step_that_is_not_finite_on_one_rank_is_taken_on_none(run_python, recipe_file, tmp_path):
    run_python(SKIP, recipe_file(), tmp_path, ranks=2)
    found = [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2)]
    for rank in found:
        assert rank["good"] == []
        assert rank["bad"] == found[1]["own"]
        assert rank["same"]
        assert rank["skipped_steps"] == 1


@pytest.mark.gpu
def test_a_gpu_computes_in_bf16():
    with join_ranks() as ranks, ranks.autocast():
        product = torch.ones(2, 2, device=ranks.device) @ torch.ones(2, 2, device=ranks.device)
    assert ranks.device.type == "cuda"
    assert product.dtype == ranks.frozen_dtype == torch.bfloat16
