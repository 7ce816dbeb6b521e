"""The life of one part in one step, on the local disk."""

import dataclasses
import errno
import hashlib
import pickle
from collections.abc import Callable

import pytest
from interlink_toy_runs import ToyRun
from interlink_toy_stores import strict_world
from interlink_toys import Act, Bind, Copy, Item, Multiply, source, sources

from interlink.pipeline.parts import part as part_module
from interlink.pipeline.parts.commit import DONE_NAME, StageCounts, read_commit
from interlink.pipeline.parts.stop_note import take_stop
from interlink.pipeline.step import Stage
from interlink.pipeline.storage.records_file import read_records
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import EnvironmentFault
from interlink.schemas.outcome import Outcome
from interlink.schemas.source import Source
from interlink.transforms.base import Kept, Map, parameter


@dataclasses.dataclass(kw_only=True)
class LeaveFiles(Map[Source, Source]):
    """Leaves a file and a row of media behind."""

    def process_batch(self, records):
        for record in records:
            path = self.files().scratch / f"{record.source_id}.BIN"
            path.write_bytes(record.source_id.encode())
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            self.files().add_file(path, sha256=sha256)
            self.files().add_media(
                b"frame of " + path.name.encode(),
                video_id=record.source_id,
                owner_id=record.source_id,
                kind="frame",
                start_us=0,
                end_us=0,
                mime="image/jpeg",
            )
        return [Kept(input_id=r.source_id, record=r) for r in records]


@pytest.fixture
def run(tmp_path) -> ToyRun:
    return ToyRun(tmp_path / "run", [source("a"), source("b", "reject"), source("c")])


def taken(run: ToyRun, *stages: Stage):
    runner = run.runner(*stages)
    runner.setup()
    commits = [runner.run(part) for part in run.parts]
    runner.teardown()
    return runner, commits


def test_a_part_commits_what_was_kept_the_outcomes_and_the_counts(run):
    stages = [Stage(name="act", transform=Act()), Stage(name="times", transform=Multiply())]
    runner, commits = taken(run, *stages)
    [rejected] = [c for c in commits if c.num_kept == 0]
    assert rejected.stages == (
        StageCounts(stage="act", rejected=1),
        StageCounts(stage="times"),
    )
    assert [f.path.rsplit("/", 1)[1] for f in rejected.files] == [
        "kept.parquet",
        "outcomes.parquet",
    ]
    other = next(c for c in commits if c.num_kept)
    assert other.stages[1] == StageCounts(stage="times", kept=1, outputs=1)
    with run.store.open(other.file("kept.parquet").path) as file:
        [record] = read_records(file, Item)
    with run.store.open(other.file("outcomes.parquet").path) as file:
        assert [o.stage for o in read_records(file, Outcome)] == ["act", "times"]
    assert record.item_id == f"{record.source.source_id}-0"
    assert read_commit(run.store, runner.folder, other.part) == other


def test_files_are_described_by_size_and_digest_and_scratch_is_emptied(run):
    _, commits = taken(run, Stage(name="store", transform=LeaveFiles()))
    for commit in commits:
        assert len(commit.files) == 4
        for file in commit.files:
            data = run.store.read(file.path)
            assert (len(data), hashlib.sha256(data).hexdigest()) == (file.num_bytes, file.sha256)
        assert commit.file("media.parquet")
        assert any(f.path.endswith(f"{f.sha256[:32]}.bin") for f in commit.files)
    assert list(run.store.local_path("scratch").iterdir()) == []


def test_a_committed_part_is_not_done_again(run):
    runner, before = taken(run, Stage(name="act", transform=Act()))
    paths = [run.store.local_path(f"{runner.folder}/{part}/{DONE_NAME}") for part in run.parts]
    times = [path.stat().st_mtime_ns for path in paths]
    _, after = taken(run, Stage(name="act", transform=Act()))
    assert after == before
    assert [path.stat().st_mtime_ns for path in paths] == times


def test_the_next_step_reads_what_was_kept(run):
    first, _ = taken(run, Stage(name="act", transform=Act()))
    second = run.runner(Stage(name="bind", transform=Bind()), name="next")
    second = dataclasses.replace(second, previous_folder=first.folder)
    commits = [second.run(part) for part in run.parts]
    assert sum(c.num_kept for c in commits) == 2
    assert sum(s.planned for c in commits for s in c.stages) == 2


def test_a_missing_previous_step_stops_with_a_hint(run):
    runner = run.runner(Stage(name="bind", transform=Bind()), name="next")
    runner = dataclasses.replace(runner, previous_folder="steps/nowhere")
    assert runner.run(run.parts[0]) is None
    error = take_stop(run.store, runner.stop_note)
    assert isinstance(error, EnvironmentFault)
    assert "has no commit in" in str(error)
    assert "run the step before it first" in str(error)


@dataclasses.dataclass(kw_only=True)
class Overtaken(Copy):
    """Is slower than another worker, who takes the whole part meanwhile."""

    meanwhile: Callable[[], object] = dataclasses.field(metadata={"in_digest": False})

    def process_batch(self, records):
        self.meanwhile()
        return super().process_batch(records)


def test_the_slower_of_two_workers_takes_the_commit_of_the_faster(run):
    [part] = run.parts[:1]
    faster = run.runner(Stage(name="copy", transform=Overtaken(meanwhile=lambda: None)))
    commits = []
    overtake = Overtaken(meanwhile=lambda: commits.append(faster.run(part)))
    slower = run.runner(Stage(name="copy", transform=overtake))
    assert slower.folder == faster.folder
    assert slower.run(part) == commits[0]
    assert run.store.names(f"{faster.folder}/{part}") == sorted([DONE_NAME, commits[0].attempt])


def test_a_stopped_step_takes_no_further_part(run):
    runner = run.runner(Stage(name="copy", transform=Copy()))
    run.store.put_if_absent(runner.stop_note, b"{}")
    assert runner.run(run.parts[0]) is None
    assert run.store.names(runner.folder) == ["_stop-000.json"]


def test_a_stop_of_one_plan_is_none_of_another(run):
    runner = run.runner(Stage(name="copy", transform=Copy()))
    run.store.put_if_absent(runner.stop_note, b"{}")
    assert dataclasses.replace(runner, plan=7).run(run.parts[0]) is not None


def test_a_worker_that_cannot_work_never_does_though_its_note_was_taken_away(run):
    runner = run.runner(Stage(name="copy", transform=Copy()))
    runner.package = "of another image"
    runner.setup()
    for _ in range(2):
        assert isinstance(take_stop(run.store, runner.stop_note), EnvironmentFault)
        assert runner.run(run.parts[0]) is None


def test_a_commit_whose_answer_was_lost_keeps_its_files(run, monkeypatch):
    """A file server that is asked again for a hard link says that it is there already."""
    runner = run.runner(Stage(name="copy", transform=Copy()))
    put_if_absent = Store.put_if_absent

    def put_twice(store, path, data):
        if path.endswith(DONE_NAME):
            put_if_absent(store, path, data)
        return put_if_absent(store, path, data)

    monkeypatch.setattr(Store, "put_if_absent", put_twice)
    commit = runner.run(run.parts[0])
    assert all(run.store.exists(file.path) for file in commit.files)


@dataclasses.dataclass(kw_only=True)
class Fragile(Map[Source, Source]):
    """Cannot be set up, or released before it was."""

    error: Exception = dataclasses.field(metadata={"in_digest": False})
    is_up: bool = parameter(False, in_digest=False)

    def setup(self):
        self.is_up = True
        raise self.error

    def teardown(self):
        assert self.is_up, "never set up"

    def process_batch(self, records):
        raise AssertionError("must not be reached")


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (EnvironmentFault("no such model"), EnvironmentFault, "^no such model$"),
        (OSError(errno.EIO, "Input/output error"), EnvironmentFault, "Input/output error"),
        (ZeroDivisionError("oops"), RuntimeError, "met a bug\nTraceback(.|\n)*oops"),
    ],
)
def test_what_goes_wrong_in_setup_stops_the_step(run, error, kind, text):
    stages = [
        Stage(name="fragile", transform=Fragile(error=error)),
        Stage(name="late", transform=Fragile(error=error)),
    ]
    runner = run.runner(*stages)
    runner.setup()
    commits = [runner.run(part) for part in run.parts]
    runner.teardown()
    assert commits == [None] * 3
    with pytest.raises(kind, match=text):
        raise take_stop(run.store, runner.stop_note)


def test_a_full_disk_is_told_apart_from_a_bug(run, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(part_module, "write_records", full)
    runner = run.runner(Stage(name="copy", transform=Copy()))
    assert runner.run(run.parts[0]) is None
    error = take_stop(run.store, runner.stop_note)
    assert isinstance(error, EnvironmentFault)
    assert "no space left to write" in str(error)


def test_a_fault_of_the_machine_is_no_death(tmp_path):
    run = ToyRun(tmp_path, [source("a", "broken")])
    runner = run.runner(Stage(name="act", transform=Act()))
    runner.setup()
    assert runner.run(run.parts[0]) is None
    assert "the toy machine is broken" in str(take_stop(run.store, runner.stop_note))
    assert run.store.names(f"{runner.folder}/{run.parts[0]}") == []
    runner.teardown()


def test_a_damaged_input_stops_the_step(run):
    first, [commit, *_] = taken(run, Stage(name="act", transform=Act()))
    kept = run.store.local_path(commit.file("kept.parquet").path)
    kept.unlink()
    runner = run.runner(Stage(name="bind", transform=Bind()), name="next")
    runner = dataclasses.replace(runner, previous_folder=first.folder)
    assert runner.run(commit.part) is None
    assert "cannot read or write" in str(take_stop(run.store, runner.stop_note))


def test_an_interrupt_is_not_swallowed(run):
    @dataclasses.dataclass(kw_only=True)
    class Interrupt(Map[Source, Source]):
        def process_batch(self, records):
            raise KeyboardInterrupt

    runner = run.runner(Stage(name="stop", transform=Interrupt()))
    with pytest.raises(KeyboardInterrupt):
        runner.run(run.parts[0])
    assert list(run.store.local_path("scratch").iterdir()) == []
    assert run.store.names(f"{runner.folder}/{run.parts[0]}") == []


def test_a_runner_pickles_before_setup(run):
    runner = run.runner(Stage(name="act", transform=Act()), Stage(name="x", transform=Multiply()))
    assert pickle.loads(pickle.dumps(runner)) == runner


def test_scratch_may_lie_elsewhere(run, tmp_path):
    runner = dataclasses.replace(
        run.runner(Stage(name="store", transform=LeaveFiles())), scratch=str(tmp_path / "fast")
    )
    assert runner.run(run.parts[0]) is not None
    assert (tmp_path / "fast").is_dir()
    assert not (run.store.local_path("scratch")).exists()


def test_a_single_writer_commits_on_a_store_that_overwrites():
    with strict_world("careless") as world:
        world.keeps_absent = False
        run = ToyRun("strict://careless/run", sources({}, keep=2))
        runner = dataclasses.replace(
            run.runner(Stage(name="store", transform=LeaveFiles())), single_writer=True
        )
        commit = pickle.loads(pickle.dumps(runner)).run(run.parts[0])
        assert read_commit(run.store, runner.folder, run.parts[0]) == commit
        assert runner.run(run.parts[0]) == commit


def test_a_run_in_memory_commits_just_so():
    run = ToyRun("memory://part-test", sources({}, keep=2))
    _, [commit, _] = taken(run, Stage(name="store", transform=LeaveFiles()))
    for file in commit.files:
        assert hashlib.sha256(run.store.read(file.path)).hexdigest() == file.sha256
