"""Attempts that die, in real processes, and what those after them do about it."""

import dataclasses
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from interlink_toy_runs import ToyRun, take_part
from interlink_toys import (
    Act,
    Bind,
    Bundle,
    Copy,
    DieOutside,
    Inspect,
    Item,
    Multiply,
    source,
    tries,
)

from interlink.pipeline.parts.attempt_notes import BEGUN_NAME, Note, dead_attempts
from interlink.pipeline.parts.attempts import MAX_DEATHS, Attempt
from interlink.pipeline.parts.commit import DONE_NAME, Commit
from interlink.pipeline.parts.part import PartRunner
from interlink.pipeline.step import Stage
from interlink.pipeline.storage.store import Store
from interlink.schemas.clip import Flag
from interlink.schemas.outcome import Disposition, Outcome
from interlink.schemas.source import Source

PART = "steps/toy-1/001-00000"
_ME = Note(
    attempt="aaaaaaaaaaaa",
    host=socket.gethostname(),
    pid=1,
    process_started_s=0.0,
    at="2026-01-01T00:00:00.000+00:00",
    is_marking=False,
)


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(str(tmp_path / "run"))


def note(number: int, *ids: str, stage: str = "act", is_batch: bool = False) -> Note:
    """The note of the dead attempt number `number`, with these records in hand."""
    return dataclasses.replace(
        _ME,
        attempt=f"{number:012x}",
        at=f"2026-01-0{number}T00:00:00.000+00:00",
        is_marking=number > 1,
        stage=stage if ids else None,
        record_ids=ids,
        is_batch=is_batch,
    )


def one_part(sources: list[Source]) -> list[Source]:
    """Give the sources durations by which they make one part."""
    return [dataclasses.replace(s, duration_us=1_000_000) for s in sources]


# What leaves a note


def test_a_note_lies_in_the_folder_of_an_attempt_while_it_lives(store):
    with Attempt(store, PART) as attempt:
        found = json.loads(store.read(f"{attempt.folder}/{BEGUN_NAME}"))
        assert store.names(PART) == [attempt.name]
    assert (found["host"], found["pid"], found["stage"]) == (
        socket.gethostname(),
        os.getpid(),
        None,
    )
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", found["at"])
    assert not store.exists(f"{attempt.folder}/{BEGUN_NAME}")


@pytest.mark.parametrize("error", [ValueError("a bug"), KeyboardInterrupt(), SystemExit(143)])
def test_an_attempt_that_is_told_to_end_leaves_nothing(store, error):
    with pytest.raises(type(error)), Attempt(store, PART) as attempt:
        store.put(f"{attempt.folder}/file", b"half")
        raise error
    assert store.names(PART) == []


def test_what_a_commit_may_name_stays_whatever_goes_wrong(store):
    with pytest.raises(KeyboardInterrupt), Attempt(store, PART) as attempt:
        store.put(f"{attempt.folder}/file", b"whole")
        attempt.before_commit()
        raise KeyboardInterrupt
    assert store.names(attempt.folder) == ["file"]


def test_an_attempt_without_deaths_before_it_marks_nothing(store):
    with Attempt(store, PART) as attempt:
        before = store.read(f"{attempt.folder}/{BEGUN_NAME}")
        attempt.mark("act", ["a"], is_batch=False)
        attempt.mark_none()
        assert store.read(f"{attempt.folder}/{BEGUN_NAME}") == before


def test_an_attempt_after_a_death_marks_what_it_has_in_hand(store):
    with Attempt(store, PART, [note(1)]) as attempt:
        marks = []
        for mark in (
            lambda: attempt.mark("act", ["a", "b"], is_batch=True),
            lambda: attempt.mark_none(),
        ):
            mark()
            row = json.loads(store.read(f"{attempt.folder}/{BEGUN_NAME}"))
            marks.append((row["stage"], row["record_ids"], row["is_batch"], row["is_marking"]))
    assert marks == [("act", ["a", "b"], True, True), (None, [], False, True)]


def test_a_process_that_ends_with_an_attempt_in_a_thread_takes_the_note_away(store):
    code = (
        "import sys, threading, time; from interlink.pipeline.parts.attempts import Attempt;"
        "from interlink.pipeline.storage.store import Store;"
        f"attempt = Attempt(Store(sys.argv[1]), {PART!r});"
        "enter = lambda: (attempt.__enter__(), begun.set(), time.sleep(60));"
        "begun = threading.Event();"
        "threading.Thread(target=enter, daemon=True).start(); begun.wait()"
    )
    subprocess.run([sys.executable, "-c", code, store.url], check=True, timeout=30)
    assert dead_attempts(store, PART, store.names(PART)) == []
    assert not list(store.local_path(PART).glob(f"*/{BEGUN_NAME}"))


# Who is to blame


@pytest.mark.parametrize(
    ("dead", "condemned"),
    [
        pytest.param([note(1)], {}, id="one death"),
        pytest.param([note(1), note(2, "x")], {}, id="two deaths"),
        pytest.param([note(1), note(2, "x"), note(3, "x")], {"x": 3}, id="three at one record"),
        pytest.param(
            [note(1), note(2, "x", "y", is_batch=True), note(3, "x")],
            {"x": 3},
            id="a batch, then one of it",
        ),
        pytest.param(
            [note(1), note(2, "x", "y", is_batch=True), note(3, "x", "y", is_batch=True)],
            {},
            id="batches alone",
        ),
        pytest.param(
            [note(1), note(2, "x"), note(3, "x"), note(4, "y"), note(5, "y")],
            {"x": 3},
            id="the first death is one record's alone",
        ),
        pytest.param(
            [note(1), note(2, "x", stage="act"), note(3, "x", stage="other")],
            {},
            id="two stages",
        ),
        pytest.param([note(1), note(2), note(3, "x"), note(4, "x")], {}, id="none in hand"),
        pytest.param(
            [note(1), note(2, "x", "y"), note(3, "x", "y")],
            {"x": 3, "y": 3},
            id="a group cannot be taken apart",
        ),
    ],
)
def test_a_record_is_condemned_by_three_deaths(store, dead, condemned):
    attempt = Attempt(store, PART, dead)
    found = {name: attempt.evidence("act", name) for name in ("x", "y", "z")}
    assert {name: len(deaths) for name, deaths in found.items() if deaths} == condemned


def test_the_winner_removes_what_others_left_but_for_the_live(store):
    store.put(f"{PART}/{note(1).attempt}/{BEGUN_NAME}", note(1).to_json())
    store.put(f"{PART}/0123456789ab/ended", b"")
    with Attempt(store, PART) as live, Attempt(store, PART, names=store.names(PART)) as winner:
        winner.bury_others()
        assert store.names(PART) == sorted([live.name, winner.name])


# Whole parts, in processes that die


def stages(folder: Path, batch_size: int) -> list[Stage]:
    return [
        Stage(
            name="act", transform=Act(folder=str(folder), has_child=False), batch_size=batch_size
        ),
        Stage(name="inspect", transform=Inspect(), batch_size=4),
    ]


def take_until_done(run: ToyRun, runner: PartRunner) -> tuple[Commit, int]:
    """Take the only part again and again; return the commit and the number of deaths."""
    [part] = run.parts
    for deaths in range(20):
        commit = take_part(runner, part)
        if commit is not None:
            return commit, deaths
    raise AssertionError("never done")


@pytest.mark.parametrize("batch_size", [1, 4])
def test_a_record_that_kills_its_worker_each_time_is_quarantined_with_its_evidence(
    tmp_path, batch_size
):
    given = [source("x", "die"), *(source(f"innocent-{n}") for n in range(9))]
    run = ToyRun(tmp_path / "run", one_part(given))
    commit, deaths = take_until_done(run, run.runner(*stages(tmp_path, batch_size)))
    assert deaths == MAX_DEATHS
    outcomes = {
        o.input_id: o for o in run.rows(commit, "outcomes.parquet", Outcome) if o.stage == "act"
    }
    x = outcomes.pop("x")
    assert (x.disposition, x.code, x.attempts) == ("quarantined", "worker_died", 3)
    host = re.escape(socket.gethostname())
    assert re.fullmatch(
        r"3 attempts died with it in hand \(the first before it noted what it had\), "
        rf"on ({host} at [-0-9T:.+]+(, )?){{3}}; it is not run "
        "again. See what it does alone: interlink replay RUN x --step toy",
        x.message,
    )
    assert {o.disposition for o in outcomes.values()} == {Disposition.KEPT}
    assert sum(o.batch_split for o in outcomes.values()) == (3 if batch_size == 4 else 0)
    kept = run.rows(commit, "kept.parquet", Item)
    assert len(kept) == 9
    assert {k.item_id for k in kept if Flag.BATCH_SPLIT in k.flags} == {
        o.input_id for o in outcomes.values() if o.batch_split
    }
    assert commit.stages[0].quarantined == 1
    folder = f"{commit.step}-{commit.key[:12]}"
    assert run.store.names(f"steps/{folder}/{commit.part}") == sorted([DONE_NAME, commit.attempt])
    assert not run.store.exists(f"steps/{folder}/{commit.part}/{commit.attempt}/{BEGUN_NAME}")


@pytest.mark.parametrize("batch_size", [1, 16])
def test_two_records_that_kill_cost_three_deaths_each(tmp_path, batch_size):
    given = [source("x", "die"), source("y", "die"), *(source(f"i-{n}") for n in range(6))]
    run = ToyRun(tmp_path / "run", one_part(given))
    commit, deaths = take_until_done(run, run.runner(*stages(tmp_path, batch_size)))
    assert deaths <= 2 * MAX_DEATHS
    assert (commit.stages[0].quarantined, commit.stages[0].kept) == (2, 6)


def test_an_innocent_part_keeps_its_bytes_after_a_death(tmp_path):
    given = [source("x", "die once"), *(source(f"innocent-{n}") for n in range(9))]
    digests = []
    for name in ("once", "again"):
        run = ToyRun(tmp_path / name, one_part(given))
        commit, deaths = take_until_done(run, run.runner(*stages(tmp_path, 4)))
        digests.append((commit.file("kept.parquet").sha256, commit.file("outcomes.parquet").sha256))
        assert deaths == (1 if name == "once" else 0)
    assert tries(tmp_path, "x") == 3
    assert digests[0] == digests[1]


def test_an_expansion_that_kills_is_quarantined(tmp_path):
    given = one_part([source("a"), source("x", multiply="die"), source("b")])
    run = ToyRun(tmp_path / "run", given)
    runner = run.runner(
        Stage(name="act", transform=Act(has_child=False), batch_size=8),
        Stage(name="multiply", transform=Multiply()),
    )
    commit, deaths = take_until_done(run, runner)
    assert deaths == MAX_DEATHS
    assert [s.quarantined for s in commit.stages] == [0, 1]
    assert {k.item_id for k in run.rows(commit, "kept.parquet", Item)} == {"a-0", "b-0"}


def test_a_group_that_kills_is_quarantined_with_one_outcome_per_member(tmp_path):
    groups = {"a1": "a", "x1": "deadly", "a2": "a", "x2": "deadly", "b1": "b"}
    given = [dataclasses.replace(source(n), group=g) for n, g in groups.items()]
    run = ToyRun(tmp_path / "run", one_part(given))
    runner = run.runner(
        Stage(name="act", transform=Act(has_child=False), batch_size=8),
        Stage(name="bind", transform=Bind()),
    )
    commit, deaths = take_until_done(run, runner)
    assert deaths == MAX_DEATHS
    outcomes = [o for o in run.rows(commit, "outcomes.parquet", Outcome) if o.stage == "bind"]
    assert {o.input_id for o in outcomes if o.disposition == "quarantined"} == {"x1", "x2"}
    assert {b.bundle_id for b in run.rows(commit, "kept.parquet", Bundle)} == {"a", "b"}


def test_deaths_without_a_record_in_hand_accuse_none(tmp_path):
    run = ToyRun(tmp_path / "run", one_part([source("a"), source("b")]))
    runner = run.runner(
        Stage(name="copy", transform=Copy()),
        Stage(name="outside", transform=DieOutside(folder=str(tmp_path), deaths=5)),
    )
    commit, deaths = take_until_done(run, runner)
    assert deaths == 5
    assert [s.kept for s in commit.stages] == [2, 2]
    assert not any(o.batch_split for o in run.rows(commit, "outcomes.parquet", Outcome))


def test_a_part_that_a_live_worker_has_in_hand_is_taken_without_suspicion(tmp_path):
    run = ToyRun(tmp_path / "run", one_part([source("a"), source("b")]))
    runner = run.runner(Stage(name="copy", transform=Copy(), batch_size=2))
    [part] = run.parts
    with Attempt(run.store, f"{runner.folder}/{part}", [note(1)]) as other:
        other.mark("copy", ["a", "b"], is_batch=True)
        commit = runner.run(part)
        assert run.store.exists(f"{other.folder}/{BEGUN_NAME}")
    assert not any(o.batch_split for o in run.rows(commit, "outcomes.parquet", Outcome))
