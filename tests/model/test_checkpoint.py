"""Saving and going on: whole or not there, newest valid first, no pickle, clear refusals."""

import dataclasses
import hashlib
import json
import logging
import pickle
import stat
from pathlib import Path

import pytest
import torch
from interlink_toy_disks import KB, small_disk

from interlink.model.checkpoint import (
    SEAL,
    TENSORS,
    check_seal,
    load_checkpoint,
    newest_checkpoint,
    save_checkpoint,
)
from interlink.model.cosmo.model import Cosmo
from interlink.model.parallelize import Ranks
from interlink.model.recipe import TrainRecipe
from interlink.model.trainer import Trainer
from interlink.model.training_data import TrainingStreams
from interlink.schemas.errors import EnvironmentFault, UsageError


def make(recipe):
    model = Cosmo.build(recipe.model)
    streams = TrainingStreams(recipe, model.processor, Ranks().world)
    return Trainer(model, recipe), streams


@pytest.fixture
def saved(recipe, tmp_path):
    """Returns (folder of checkpoints at steps 0, 1 and 2, trainer at step 2, its streams)."""
    trainer, streams = make(recipe)
    folder = tmp_path / "checkpoints"
    save_checkpoint(folder, trainer, streams.state_dict(), keep=9)
    for batch, pairs in streams:
        trainer.step(batch, pairs)
        save_checkpoint(folder, trainer, streams.state_dict(), keep=9)
        if trainer.ledger.steps == 2:
            break
    return folder, trainer, streams


def reseal(path: Path) -> None:
    """Let the seal say what the files are now."""
    seal = json.loads((path / SEAL).read_text())
    for name in seal["files"]:
        data = (path / name).read_bytes()
        seal["files"][name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (path / SEAL).write_text(json.dumps(seal))


def test_a_trainer_goes_on_from_a_checkpoint_to_the_bit(saved, recipe):
    folder, trainer, streams = saved
    again, its_streams = make(recipe)
    its_streams.load_state_dict(load_checkpoint(folder / "step-00000002", again))
    assert again.ledger == trainer.ledger
    for _ in range(2):
        metrics = [t.step(*next(iter(s))) for t, s in ((trainer, streams), (again, its_streams))]
        assert metrics[0] == metrics[1]
    ends = [t.model.trained_state() for t in (trainer, again)]
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])


def test_random_numbers_go_on_where_they_were(saved, recipe):
    folder, trainer, streams = saved
    torch.manual_seed(5)
    torch.rand(3)
    trainer.ledger.steps = 7
    path = save_checkpoint(folder, trainer, streams.state_dict(), keep=9)
    expected = torch.rand(4)
    load_checkpoint(path, make(recipe)[0])
    assert torch.equal(torch.rand(4), expected)


def test_the_newest_whole_checkpoint_is_taken_and_a_fall_back_is_told(saved, caplog):
    folder, *_ = saved
    assert newest_checkpoint(folder).name == "step-00000002"
    file = folder / "step-00000002" / TENSORS
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with caplog.at_level(logging.WARNING):
        assert newest_checkpoint(folder).name == "step-00000001"
    assert "step-00000002 is damaged (training.safetensors has another sha256)" in caplog.text


@pytest.mark.parametrize("damage", ["cut", "missing", "seal"])
def test_a_torn_checkpoint_is_never_read(saved, damage):
    folder, *_ = saved
    path = folder / "step-00000002"
    if damage == "cut":
        (path / "model.safetensors").write_bytes(b"")
    elif damage == "missing":
        (path / "training.json").unlink()
    else:
        (path / SEAL).unlink()
    assert check_seal(path) is not None
    assert newest_checkpoint(folder).name == "step-00000001"


def test_a_save_that_was_interrupted_is_written_again(saved):
    folder, trainer, streams = saved
    path = folder / "step-00000002"
    (path / SEAL).unlink()
    (path / "model.safetensors").write_bytes(b"half")
    save_checkpoint(folder, trainer, streams.state_dict(), keep=9)
    assert check_seal(path) is None


def test_a_damaged_checkpoint_is_replaced_when_training_comes_there_again(saved):
    folder, trainer, streams = saved
    path = folder / "step-00000002"
    (path / "model.safetensors").write_bytes(b"half")
    save_checkpoint(folder, trainer, streams.state_dict(), keep=9)
    assert check_seal(path) is None
    assert newest_checkpoint(folder) == path


def test_a_damaged_later_checkpoint_costs_no_good_one(saved, recipe):
    folder, *_ = saved
    (folder / "step-00000002" / "model.safetensors").write_bytes(b"half")
    again, streams = make(recipe)
    streams.load_state_dict(load_checkpoint(newest_checkpoint(folder), again))
    save_checkpoint(folder, again, streams.state_dict(), keep=1)
    assert [path.name for path in folder.iterdir()] == ["step-00000001"]
    assert newest_checkpoint(folder).name == "step-00000001"


def test_where_all_are_damaged_nothing_is_begun_anew_in_silence(saved):
    folder, *_ = saved
    for path in folder.iterdir():
        (path / "training.json").unlink()
    with pytest.raises(EnvironmentFault, match=r"all checkpoints .* are damaged, the newest"):
        newest_checkpoint(folder)


def test_what_interrupted_saves_left_is_deleted(saved):
    folder, trainer, streams = saved
    (folder / "step-00000001" / SEAL).unlink()
    save_checkpoint(folder, trainer, streams.state_dict(), keep=9)
    assert sorted(p.name for p in folder.iterdir()) == ["step-00000000", "step-00000002"]


FULL = """
import json, resource, sys
from pathlib import Path
from interlink.model.checkpoint import save_checkpoint
from interlink.model.cosmo.model import Cosmo
from interlink.model.recipe import TrainRecipe
from interlink.model.trainer import Trainer
from interlink.schemas.errors import EnvironmentFault

recipe = TrainRecipe.from_mapping(json.loads(Path(sys.argv[1]).read_text()))
trainer = Trainer(Cosmo.build(recipe.model), recipe)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    save_checkpoint(Path(sys.argv[2]), trainer, {}, keep=1)
except EnvironmentFault as error:
    print(error)
"""


def test_a_full_disk_is_the_machines_fault(run_python, recipe_file, tmp_path):
    done = run_python(FULL, recipe_file(), tmp_path / "full")
    assert "step-00000000 cannot be written: " in done.stdout
    assert "free space there" in done.stdout
    assert newest_checkpoint(tmp_path / "full") is None


def test_a_disk_that_fills_up_leaves_the_last_one_and_room_lets_it_go_on(recipe, tmp_path):
    trainer, streams = make(recipe)
    with small_disk(tmp_path / "disk", "64m") as disk:
        first = save_checkpoint(disk.path, trainer, streams.state_dict(), keep=9)
        ballast = disk.fill(free_bytes=100 * KB)
        trainer.ledger.steps = 1
        with pytest.raises(
            EnvironmentFault, match=r"step-00000001 cannot be written: .*free space"
        ):
            save_checkpoint(disk.path, trainer, streams.state_dict(), keep=9)
        assert newest_checkpoint(disk.path) == first
        assert sorted(disk.path.iterdir()) == [ballast, first]
        ballast.unlink()
        second = save_checkpoint(disk.path, trainer, streams.state_dict(), keep=9)
        assert newest_checkpoint(disk.path) == second


def test_older_ones_are_deleted_and_nothing_else(saved):
    folder, trainer, streams = saved
    (folder / "mine").mkdir()
    trainer.ledger.steps = 3
    save_checkpoint(folder, trainer, streams.state_dict(), keep=2)
    assert sorted(p.name for p in folder.iterdir()) == ["mine", "step-00000002", "step-00000003"]


def test_no_checkpoint_is_none(tmp_path):
    assert newest_checkpoint(tmp_path / "nothing") is None


def test_files_can_be_read_by_others(saved):
    folder, *_ = saved
    for file in (folder / "step-00000002").rglob("*.safetensors"):
        assert file.stat().st_mode & stat.S_IROTH


def test_another_recipe_is_refused_with_what_differs(saved, recipe):
    folder, *_ = saved
    other = dataclasses.replace(recipe, optimizer=dataclasses.replace(recipe.optimizer, lr=0.5))
    with pytest.raises(UsageError, match=r"differs in optimizer\.lr \(0\.001 there, 0\.5 here\)"):
        load_checkpoint(folder / "step-00000002", make(other)[0])


def test_another_place_or_interval_is_no_other_recipe(saved, plain_recipe):
    folder, *_ = saved
    moved = plain_recipe | {"output": "elsewhere", "checkpoint": {"every_steps": 9, "keep": 1}}
    trainer, _ = make(TrainRecipe.from_mapping(moved))
    load_checkpoint(folder / "step-00000002", trainer)
    assert trainer.ledger.steps == 2


class Bomb:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("name", [TENSORS, "model.safetensors"])
def test_a_crafted_pickle_is_refused_whatever_it_is_called(saved, recipe, tmp_path, name):
    folder, *_ = saved
    path = folder / "step-00000002"
    (path / name).write_bytes(pickle.dumps(Bomb(tmp_path / "bomb")))
    reseal(path)
    assert check_seal(path) is None
    with pytest.raises(UsageError, match="no safetensors file; pickles are never read"):
        load_checkpoint(path, make(recipe)[0])
    assert not (tmp_path / "bomb").exists()


def test_a_checkpoint_is_a_model_that_can_be_read(saved):
    folder, trainer, _ = saved
    model = Cosmo.from_pretrained(folder / "step-00000002")
    own = trainer.model.trained_state()
    assert all(torch.equal(own[name], t) for name, t in model.trained_state().items())


def test_a_place_that_cannot_be_written_is_told_before_anything_is_trained(recipe, tmp_path):
    trainer, streams = make(recipe)
    (tmp_path / "checkpoints").write_text("a file")
    with pytest.raises(EnvironmentFault, match="cannot be written"):
        save_checkpoint(tmp_path / "checkpoints", trainer, streams.state_dict(), keep=1)
