"""Follows commits; stops a step in which too many records fail."""

import time

import pytest
from interlink_toy_stores import strict_world

from interlink.pipeline.jobs.observer import Silent
from interlink.pipeline.jobs.watcher import MIN_RECORDS, CommitWatcher, out_of_time
from interlink.pipeline.parts.commit import DONE_NAME, Commit, StageCounts
from interlink.pipeline.parts.stop_note import take_stop
from interlink.pipeline.storage.disk_guard import PauseNote
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import BudgetExceededError, IncompleteError

FOLDER = "steps/toy-1"
NOTE = f"{FOLDER}/_stop-001.json"


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(str(tmp_path))


class Told(Silent):
    """Remembers the parts that were done."""

    def __init__(self):
        self.parts: list[str] = []
        self.pauses: list[tuple[str, str]] = []

    def part_done(self, commit):
        self.parts.append(commit.part)

    def paused(self, *, step, message):
        self.pauses.append((step, message))


def commit(store: Store, part: str, **counts: int) -> None:
    stages = (StageCounts(stage="first", kept=5), StageCounts(stage="second", **counts))
    done = Commit(
        part=part, step="toy", key="k", attempt="a", num_kept=0, stages=stages, files=(), wall_s=0
    )
    store.put_if_absent(f"{FOLDER}/{part}/{DONE_NAME}", done.to_json())


def watcher(
    store: Store,
    *parts: str,
    share: float = 0.2,
    told: Silent | None = None,
    until: float | None = None,
):
    observers = [told] if told else []
    return CommitWatcher(
        store,
        FOLDER,
        parts,
        stop_note=NOTE,
        max_failed_share=share,
        observers=observers,
        until=until,
    )


def wait_for(condition) -> bool:
    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def test_what_was_committed_before_is_known_and_no_news(store):
    commit(store, "a")
    told = Told()
    watching = watcher(store, "a", "b", told=told)
    assert watching.missing == ["b"]
    watching.look()
    assert told.parts == []


def test_commits_are_told_as_they_appear_and_once(store):
    told = Told()
    watching = watcher(store, "a", "b", "c", told=told)
    with watching:
        commit(store, "b")
        assert wait_for(lambda: told.parts == ["b"])
        commit(store, "a")
    assert told.parts == ["b", "a"]
    assert watching.missing == ["c"]
    assert set(watching.commits) == {"a", "b"}


def test_a_part_that_was_begun_is_not_done(store):
    store.put(f"{FOLDER}/a/attempt/kept.parquet", b"")
    assert watcher(store, "a").missing == ["a"]


@pytest.mark.parametrize(
    ("failed", "kept", "share", "stops"),
    [
        (41, 159, 0.2, True),
        (40, 160, 0.2, False),
        (199, 0, 0.2, False),
        (200, 0, 0.2, True),
        (200, 0, 1.0, False),
        (1, 199, 0.0, True),
    ],
)
def test_more_than_the_share_of_200_records_stops(store, failed, kept, share, stops):
    assert MIN_RECORDS == 200
    commit(store, "a", failed=failed, kept=kept)
    error = watcher(store, "a", share=share).failed_too_often()
    assert (error is not None) == stops
    if error:
        assert f"{failed} of {failed + kept} records failed in stage 'second'" in str(error)
        assert f"max_failed_share={share:g}" in str(error)


def test_shares_are_counted_over_parts_and_by_stage(store):
    for part in "abcd":
        commit(store, part, failed=30, kept=20)
    error = watcher(store, *"abcd").failed_too_often()
    assert "120 of 200" in str(error)


def test_deferred_and_rejected_records_did_not_fail(store):
    commit(store, "a", deferred=100, rejected=100)
    assert watcher(store, "a").failed_too_often() is None


def test_deferred_records_were_not_tried_and_dilute_no_share(store):
    commit(store, "a", deferred=800, kept=150, failed=50)
    error = watcher(store, "a").failed_too_often()
    assert "50 of 200 records failed" in str(error)
    commit(store, "b", deferred=800, kept=99, failed=100)
    assert watcher(store, "b").failed_too_often() is None


def test_a_quarantined_record_is_a_failed_one(store):
    commit(store, "a", quarantined=41, kept=159)
    assert "41 of 200 records failed" in str(watcher(store, "a").failed_too_often())


def test_the_error_says_what_to_do_next(store, tmp_path):
    commit(store, "a", failed=200)
    told = str(watcher(store, "a").failed_too_often())
    assert f"interlink failures {tmp_path}" in told
    assert "interlink retry" in told
    assert "What is committed stays" in told


def test_a_worker_that_waits_is_told_once_for_each_time(store):
    told, note = Told(), PauseNote(store, FOLDER)
    with watcher(store, "a", told=told):
        note("no room")
        assert wait_for(lambda: len(told.pauses) == 1)
        note(None)
        time.sleep(0.7)
        note("no room again")
        assert wait_for(lambda: len(told.pauses) == 2)
        note(None)
        commit(store, "a")
    assert [step for step, _ in told.pauses] == ["toy", "toy"]
    assert told.pauses[1][1].startswith("no room again (")


def test_the_watcher_stops_the_step(store):
    with watcher(store, "a", "b"):
        commit(store, "a", failed=200)
        assert wait_for(lambda: store.exists(NOTE))
    assert isinstance(take_stop(store, NOTE), BudgetExceededError)


def test_the_watcher_stops_the_step_when_the_time_is_over(store):
    assert out_of_time(None) is None
    assert out_of_time(time.time() + 60) is None
    with watcher(store, "a", until=time.time() + 0.1):
        assert not store.exists(NOTE)
        assert wait_for(lambda: store.exists(NOTE))
    assert isinstance(take_stop(store, NOTE), IncompleteError)


def test_a_store_that_cannot_be_listed_for_a_while_is_looked_at_again(store, monkeypatch, caplog):
    told = Told()
    names, answers = store.names, iter([OSError("busy")])

    def listed(path):
        for error in answers:
            raise error
        return names(path)

    watching = watcher(store, "a", told=told)
    monkeypatch.setattr(store, "names", listed)
    with watching:
        commit(store, "a")
        assert wait_for(lambda: told.parts == ["a"])
    assert "cannot list" in caplog.text


def test_a_commit_that_is_listed_late_is_not_lost():
    with strict_world("late") as world:
        store, world.listing_delay = Store("strict://late/run"), 1000
        watching = watcher(store, "a", "b", "c")
        with watching:
            commit(store, "b")
            commit(store, "a")
        assert watching.missing == ["c"]
        assert list(watching.commits) == ["a", "b"]
