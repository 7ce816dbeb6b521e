"""Each input gets one outcome, matched by id, whatever the transform does."""

import dataclasses
import time

import interlink_toys as toys
import pytest
from interlink_toys import Act, Bind, Inspect, Item, Multiply, source, sources

from interlink.pipeline.parts.attempt_notes import Note
from interlink.pipeline.parts.attempts import Attempt
from interlink.pipeline.parts.runtime import StageRun, owner_of, run_stage
from interlink.pipeline.parts.trials import RetryPolicy
from interlink.pipeline.step import Stage
from interlink.pipeline.storage.store import Store
from interlink.schemas.clip import Flag
from interlink.schemas.errors import EnvironmentFault, RecordError
from interlink.schemas.outcome import ErrorCode, Outcome
from interlink.schemas.source import Source
from interlink.transforms.base import Expand

QUICK = RetryPolicy(attempts=3, first_pause_s=0)


def run(transform, records, batch_size=1, retry=QUICK) -> StageRun:
    stage = Stage(name="act", transform=transform, batch_size=batch_size)
    transform.setup()
    try:
        return run_stage(stage, records, step="toy", retry=retry)
    finally:
        transform.teardown()


def fates(result: StageRun) -> dict[str, tuple[str, str | None, int]]:
    return {o.input_id: (o.disposition, o.code, o.attempts) for o in result.outcomes}


def items(*names: str, **metadata: str) -> list[Item]:
    return [Item(item_id=n, source=source(n, **metadata)) for n in names]


@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_each_record_has_one_outcome_whatever_the_batch_size(tmp_path, batch_size):
    given = sources(
        {
            "a": "reject",
            "b": "fail",
            "c": "defer",
            "d": "flaky",
            "e": "unreachable",
            "f": "poison",
            "g": "crash",
        },
        keep=2,
    )
    result = run(Act(folder=str(tmp_path)), given, batch_size)
    assert {name: (d, c) for name, (d, c, _) in fates(result).items()} == {
        "a": ("rejected", "score_below"),
        "b": ("failed", "not_media"),
        "c": ("deferred", "live"),
        "d": ("kept", None),
        "e": ("failed", "dns"),
        "f": ("failed", "transform_error"),
        "g": ("failed", "child_crashed"),
        "innocent-0000": ("kept", None),
        "innocent-0001": ("kept", None),
    }
    assert [o.input_id for o in result.outcomes] == [s.source_id for s in given]
    assert [r.item_id for r in result.records] == ["d", "innocent-0000", "innocent-0001"]


def test_outcomes_say_where_why_and_how_much(tmp_path):
    result = run(Act(folder=str(tmp_path)), [source("a", "reject"), source("b", "unreachable")])
    assert result.outcomes == [
        Outcome(
            input_id="a",
            step="toy",
            stage="act",
            disposition="rejected",
            code="score_below",
            value=0.25,
            owner_id="a",
        ),
        Outcome(
            input_id="b",
            step="toy",
            stage="act",
            disposition="failed",
            code="dns",
            value=1.5,
            message="no such host",
            attempts=3,
            owner_id="b",
        ),
    ]


def test_a_batch_that_fails_for_good_is_halved_down_to_the_one_to_blame():
    given = items("a", "b", "c", "d", "e")
    given[2] = dataclasses.replace(given[2], source=source("c", inspect="poison"))
    result = run(Inspect(), given, batch_size=5)
    assert [o.input_id for o in result.outcomes if o.disposition == "failed"] == ["c"]
    assert [o.batch_split for o in result.outcomes] == [True] * 5
    assert [r.flags for r in result.records] == [(Flag.BATCH_SPLIT,)] * 4
    assert "LibraryError: the batch does not fit" in (result.outcomes[2].message or "")


class InspectEach(Inspect):
    """Looks at each item alone, whatever batch it comes in."""

    sees_batches = False


def test_records_that_were_looked_at_alone_say_nothing_of_a_batch_taken_apart():
    given = items("a", "b", "c")
    given[2] = dataclasses.replace(given[2], source=source("c", inspect="poison"))
    result = run(InspectEach(), given, batch_size=3)
    assert [o.batch_split for o in result.outcomes] == [True] * 3
    assert [r.flags for r in result.records] == [(), ()]


def test_a_failing_batch_of_one_is_not_called_split():
    given = [Item(item_id="a", source=source("a", inspect="poison"))]
    assert not run(Inspect(), given).outcomes[0].batch_split


def test_expansion_to_none_is_rejected_as_empty():
    given = items("a", times="0") + items("b", times="3")
    result = run(Multiply(), given)
    assert fates(result) == {"a": ("rejected", "empty", 1), "b": ("kept", None, 1)}
    assert [o.num_outputs for o in result.outcomes] == [0, 3]
    assert [r.item_id for r in result.records] == ["b-0", "b-1", "b-2"]


def test_what_an_expansion_yielded_before_it_failed_is_not_kept():
    given = [Item(item_id="a", source=source("a", times="3"), text="burst")]
    result = run(Multiply(), given)
    assert result.records == []
    assert fates(result) == {"a": ("failed", "cut_failed", 1)}
    assert result.outcomes[0].value == 1.0


def test_a_group_that_fails_gives_one_outcome_per_member():
    given = [
        Item(item_id=n, source=dataclasses.replace(source(n), group=g))
        for n, g in [("a", "whole"), ("b", "torn"), ("c", "whole"), ("d", "torn"), ("e", "none")]
    ]
    result = run(Bind(), given)
    assert [(b.bundle_id, b.members) for b in result.records] == [("whole", ("a", "c"))]
    assert fates(result) == {
        "a": ("kept", None, 1),
        "c": ("kept", None, 1),
        "b": ("failed", "model_error", 1),
        "d": ("failed", "model_error", 1),
        "e": ("rejected", "empty", 1),
    }
    assert sum(o.num_outputs for o in result.outcomes) == 1


@pytest.mark.parametrize(
    ("fate", "text"),
    [
        ("full", "disk full.*No space left"),
        ("bad disk", "the machine failed.*Input/output error"),
        ("broken", "toy machine is broken"),
    ],
)
def test_the_machine_s_fault_stops_the_run_and_blames_no_record(fate, text):
    with pytest.raises(EnvironmentFault, match=text):
        run(Act(), [source("a"), source("b", fate)], batch_size=2)


@dataclasses.dataclass(kw_only=True)
class Throw(Expand[Source, Source]):
    """Raises what it is given."""

    error: Exception

    def process(self, record):
        raise self.error


def test_messages_keep_no_secrets():
    error = RecordError(ErrorCode.NOT_FOUND, "https://bob:pw@host/v.mp4?token=abc is gone")
    [outcome] = run(Throw(error=error), [source("a")]).outcomes
    assert outcome.message == "https://host/v.mp4 is gone"


def test_two_records_with_one_id_are_refused():
    with pytest.raises(RuntimeError, match="two records with the id 'a'"):
        run(Inspect(), items("a", "b", "a"))


def test_a_transform_of_no_known_verb_is_refused():
    with pytest.raises(TypeError, match="must be a Map, an Expand or a Gather"):
        run_stage(Stage(name="x", transform=object()), [], step="toy", retry=QUICK)


def test_no_records_give_no_outcomes():
    for transform in (Inspect(), Multiply(), Bind()):
        assert run(transform, []) == StageRun(records=[], outcomes=[])


def test_the_owner_of_a_record_is_its_source():
    assert owner_of(source("a")) == "a"
    assert owner_of(items("b")[0]) == "b"
    assert owner_of(toys.Bundle(bundle_id="x", members=())) is None


@pytest.mark.parametrize(
    ("code", "told", "wait_s"),
    [
        (ErrorCode.HTTP_429, None, 3600),
        (ErrorCode.BOT_CHECK, None, 3600),
        (ErrorCode.LIVE, None, 24 * 3600),
        (ErrorCode.UPCOMING, 7, None),
        (ErrorCode.RATE_LIMITED, 7, None),
    ],
)
def test_a_deferred_record_says_when_it_may_be_tried_again(code, told, wait_s):
    before_us = time.time_ns() // 1000
    error = RecordError(code, "later", wait_until_us=told)
    [outcome] = run(Throw(error=error), [source("a")]).outcomes
    assert (outcome.disposition, outcome.code) == ("deferred", code)
    if told is not None:
        assert outcome.wait_until_us == told
    else:
        assert 0 <= outcome.wait_until_us - before_us - wait_s * 1_000_000 < 60_000_000


def test_what_is_not_deferred_waits_for_nothing(tmp_path):
    error = RecordError(ErrorCode.HTTP_5XX, "busy", wait_until_us=7)
    [outcome] = run(Throw(error=error), [source("a")]).outcomes
    assert (outcome.disposition, outcome.wait_until_us) == ("failed", None)
    assert all(o.wait_until_us is None for o in run(Inspect(), items("a")).outcomes)


def attempt(tmp_path, *deaths: tuple[str, ...]) -> Attempt:
    """An attempt after an unmarked death and others at these ids, in the stage `act`."""
    notes = [
        Note(
            attempt=f"{number:012x}",
            host="host-a",
            pid=1,
            process_started_s=0,
            at=f"2026-01-0{number + 1}T00:00:00.000+00:00",
            is_marking=number > 0,
            stage="act" if ids else None,
            record_ids=ids,
            is_batch=len(ids) > 1,
        )
        for number, ids in enumerate([(), *deaths])
    ]
    return Attempt(Store(str(tmp_path)), "steps/toy/001-00000", notes)


@dataclasses.dataclass(kw_only=True)
class Sizes(Inspect):
    """Keeps all, and notes its batches."""

    batches: list[list[str]] = dataclasses.field(default_factory=list)

    def process_batch(self, records):
        self.batches.append([record.item_id for record in records])
        return super().process_batch(records)


def guarded(transform, records, attempt: Attempt, batch_size=2) -> StageRun:
    stage = Stage(name="act", transform=transform, batch_size=batch_size)
    return run_stage(stage, records, step="toy", retry=QUICK, attempt=attempt)


def test_only_a_batch_at_which_an_attempt_died_is_taken_apart(tmp_path):
    transform = Sizes()
    result = guarded(transform, items(*"abcdef"), attempt(tmp_path, ("c", "d")))
    assert transform.batches == [["a", "b"], ["c"], ["d"], ["e", "f"]]
    assert [o.batch_split for o in result.outcomes] == [False, False, True, True, False, False]
    assert {r.item_id for r in result.records if Flag.BATCH_SPLIT in r.flags} == {"c", "d"}


def test_a_quarantined_record_is_not_run_and_says_why(tmp_path):
    transform = Sizes()
    result = guarded(transform, items(*"abcd"), attempt(tmp_path, ("c", "d"), ("d",)))
    assert transform.batches == [["a", "b"], ["c"]]
    assert fates(result)["d"] == ("quarantined", "worker_died", 3)
    assert result.outcomes[3].message == (
        "3 attempts died with it in hand (the first before it noted what it had), on "
        "host-a at 2026-01-01T00:00:00.000+00:00, host-a at 2026-01-02T00:00:00.000+00:00, "
        "host-a at 2026-01-03T00:00:00.000+00:00; "
        "it is not run again. See what it does alone: interlink replay RUN d --step toy"
    )
    assert [r.item_id for r in result.records] == ["a", "b", "c"]


def test_a_quarantined_member_takes_its_group_along(tmp_path):
    given = [
        Item(item_id=n, source=dataclasses.replace(source(n), group=g))
        for n, g in [("a", "g"), ("b", "h"), ("c", "g")]
    ]
    before = attempt(tmp_path, ("c",), ("c",))
    result = guarded(Bind(), given, before)
    assert {name: d for name, (d, _, _) in fates(result).items()} == {
        "a": "quarantined",
        "c": "quarantined",
        "b": "kept",
    }


def test_a_quarantined_input_is_not_expanded(tmp_path):
    result = guarded(Multiply(), items("a", "b"), attempt(tmp_path, ("a",), ("a",)))
    assert [r.item_id for r in result.records] == ["b-0"]
