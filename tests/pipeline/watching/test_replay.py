"""One record through one step again, outside of the run, told as it happens."""

from pathlib import Path

import pytest
from interlink_toy_chains import ToyChain, chain
from interlink_toys import Item, Multiply, source

from interlink.pipeline.step import Stage, Step
from interlink.pipeline.storage.records_file import read_records
from interlink.pipeline.storage.store import Store
from interlink.pipeline.watching.find_record import FoundRecord, find_record
from interlink.pipeline.watching.replay import StageReplay, replay
from interlink.schemas.outcome import Outcome
from interlink.schemas.reference import Reference
from interlink.transforms.base import Expand


class Told:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.errors: list[BaseException] = []
        self.stages: list[StageReplay] = []

    def loading(self, stage: str) -> None:
        self.said.append(f"{stage} loads")

    def begins(self, stage: str, num_records: int) -> None:
        self.said.append(f"{stage} has {num_records}")

    def raised(self, stage: str, error: BaseException) -> None:
        self.said.append(f"{stage} raised")
        self.errors.append(error)

    def ended(self, replay: StageReplay) -> None:
        self.said.append(f"{replay.stage} gave {replay.num_outputs}")
        self.stages.append(replay)


@pytest.fixture
def run(tmp_path) -> ToyChain:
    given = [source("alpha", times="3", say="nothing"), source("badly", "raise"), source("other")]
    made = ToyChain(tmp_path / "run", given)
    made.go()
    return made


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_each_stage_tells_what_became_of_the_record(run, tmp_path):
    told = Told()
    found = find_record(run.store, chain(), "caption", "alpha")
    before = files(tmp_path / "run")
    out = replay(run.store, found, tmp_path / "out", told)
    assert told.said == ["say loads", "say has 3", "say gave 2"]
    assert [item.text for item in out] == ["say item-alpha-1", "say item-alpha-2"]
    assert [o.disposition for o in told.stages[0].outcomes] == ["failed", "kept", "kept"]
    assert told.stages[0].wall_s >= 0
    assert told.stages[0].peak_bytes > 1 << 20
    assert files(tmp_path / "run") == before


def test_what_comes_out_lies_in_a_folder_of_its_own(run, tmp_path):
    found = find_record(run.store, chain(), "caption", "item-alpha-1")
    replay(run.store, found, tmp_path / "out", Told())
    outputs = tmp_path / "out" / "outputs"
    assert [item.item_id for item in read_records(outputs / "kept.parquet", Item)] == [
        "item-alpha-1"
    ]
    [outcome] = read_records(outputs / "outcomes.parquet", Outcome)
    assert outcome.input_id == "item-alpha-1"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["outputs"]


def test_what_a_batch_raises_is_told_with_its_traceback(run, tmp_path):
    told = Told()
    replay(run.store, find_record(run.store, chain(), "fetch", "badly"), tmp_path / "out", told)
    assert told.said == ["take loads", "take has 1", "take raised", "take gave 0"]
    [error] = told.errors
    assert str(error) == "went wrong"
    assert error.__traceback__ is not None


def test_what_an_expansion_raises_in_its_midst_is_told(run, tmp_path):
    told = Told()
    step = Step(name="cut", stages=[Stage(name="times", transform=Multiply())])
    item = Item(item_id="x", source=source("x", times="2"), text="burst")
    replay(
        run.store,
        FoundRecord(step=step, part="001-00000", inputs=[item], outcomes=()),
        tmp_path / "out",
        told,
    )
    assert told.said[-2:] == ["times raised", "times gave 0"]


class Reads(Expand[Item, Item]):
    """Reads what the run holds, and adds a file."""

    def process(self, record):
        data = self.files().read(Reference(file="given.bin", sha256=record.text))
        path = self.files().scratch / "added.bin"
        path.write_bytes(data * 2)
        added = self.files().add_file(path, sha256=DOUBLE)
        assert self.files().read(added) == data * 2
        yield record


GIVEN = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"  # sha256 of "a"
DOUBLE = "961b6dd3ede3cb8ecbaacbd68de040cd78eb2ed5889130cceb4c49268ea4d506"  # sha256 of "aa"


def test_it_reads_the_run_s_files_and_adds_its_own_elsewhere(tmp_path):
    run = Store(str(tmp_path / "run"))
    run.put("given.bin", b"a")
    item = Item(item_id="x", source=source("x"), text=GIVEN)
    step = Step(name="cut", stages=[Stage(name="reads", transform=Reads())])
    found = FoundRecord(step=step, part="001-00000", inputs=[item], outcomes=())
    assert replay(run, found, tmp_path / "out", Told()) == [item]
    assert run.names("") == ["given.bin"]
    [added] = (tmp_path / "out" / "outputs").glob("*.bin")
    assert added.read_bytes() == b"aa"
