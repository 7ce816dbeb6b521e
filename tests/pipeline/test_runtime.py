"""Each input gets one outcome, matched by id, whatever the transform does."""

import dataclasses

import interlink_toys as toys
import pytest
from interlink_toys import Act, Bind, Inspect, Item, Multiply, source, sources, tries

from interlink.pipeline import runtime
from interlink.pipeline.runtime import RetryPolicy, StageRun, owner_of, run_stage
from interlink.pipeline.step import Stage
from interlink.schemas.clip import Flag
from interlink.schemas.errors import EnvironmentFault, RecordError
from interlink.schemas.outcome import ErrorCode, Outcome
from interlink.schemas.source import Source
from interlink.transforms.base import Expand, Failed, Gather, Kept, Map, Rejected

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


def test_a_transient_failure_is_tried_again_and_others_are_not(tmp_path):
    given = [source("a", "flaky"), source("b"), source("c", "fail")]
    result = run(Act(folder=str(tmp_path)), given, batch_size=3)
    assert fates(result) == {
        "a": ("kept", None, 3),
        "b": ("kept", None, 1),
        "c": ("failed", "not_media", 1),
    }


def test_a_batch_that_fails_for_a_while_is_tried_again_whole(tmp_path):
    result = run(Act(folder=str(tmp_path)), [source("a", "flaky batch"), source("b")], batch_size=2)
    assert fates(result) == {"a": ("kept", None, 3), "b": ("kept", None, 3)}
    assert tries(tmp_path, "a") == 3
    assert not any(o.batch_split for o in result.outcomes)


def test_a_batch_that_fails_for_good_is_halved_down_to_the_one_to_blame():
    given = items("a", "b", "c", "d", "e")
    given[2] = dataclasses.replace(given[2], source=source("c", inspect="poison"))
    result = run(Inspect(), given, batch_size=5)
    assert [o.input_id for o in result.outcomes if o.disposition == "failed"] == ["c"]
    assert [o.batch_split for o in result.outcomes] == [True] * 5
    assert [r.flags for r in result.records] == [(Flag.BATCH_SPLIT,)] * 4
    assert "LibraryError: the batch does not fit" in (result.outcomes[2].message or "")


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


def test_pauses_grow_fourfold_up_to_a_minute(monkeypatch):
    pauses: list[float] = []
    monkeypatch.setattr(runtime.time, "sleep", pauses.append)
    for attempt in range(1, 6):
        RetryPolicy(first_pause_s=2.0).pause(attempt)
    assert pauses == [2.0, 8.0, 32.0, 60.0, 60.0]


@pytest.mark.parametrize(
    ("fate", "text"), [("full", "disk full.*No space left"), ("broken", "toy machine is broken")]
)
def test_the_machine_s_fault_stops_the_run_and_blames_no_record(fate, text):
    with pytest.raises(EnvironmentFault, match=text):
        run(Act(), [source("a"), source("b", fate)], batch_size=2)


@dataclasses.dataclass(kw_only=True)
class Answer(Map[Source, Source]):
    """Gives prepared results."""

    results: list

    def process_batch(self, records):
        return self.results[: len(records)] if len(records) > 1 else []


@pytest.mark.parametrize(
    "results",
    [
        pytest.param([Kept(input_id="a", record=source("a"))], id="missing"),
        pytest.param([Kept(input_id="a", record=source("a"))] * 2, id="double"),
        pytest.param(
            [Kept(input_id=n, record=source("a")) for n in ("a", "z")],
            id="foreign",
        ),
    ],
)
def test_results_that_do_not_match_their_inputs_are_a_bug_of_the_transform(results):
    result = run(Answer(results=results), [source("a"), source("b")], batch_size=2)
    assert [o.code for o in result.outcomes] == ["transform_error"] * 2
    assert "results for" in (result.outcomes[0].message or "")


@pytest.mark.parametrize("code", [ErrorCode.DISK_FULL, ErrorCode.OUT_OF_MEMORY])
def test_a_result_that_names_the_machine_stops_the_run(code):
    given = [
        Failed(input_id="a", code=code, message="all of it"),
        Rejected(input_id="b", reason="empty"),
    ]
    with pytest.raises(EnvironmentFault, match=f"{code}: all of it"):
        run(Answer(results=given), [source("a"), source("b")], batch_size=2)


@dataclasses.dataclass(kw_only=True)
class Throw(Expand[Source, Source]):
    """Raises what it is given."""

    error: Exception

    def process(self, record):
        raise self.error


@pytest.mark.parametrize(
    ("error", "code", "attempts"),
    [
        (TimeoutError("slow"), "timeout_total", 3),
        (ConnectionResetError("gone"), "connection", 3),
        (RecordError(ErrorCode.TOO_BIG, "9 GB", value=9.0), "too_big", 1),
        (PermissionError(13, "no"), "transform_error", 1),
        (ZeroDivisionError("oops"), "transform_error", 1),
    ],
)
def test_what_a_transform_raises_becomes_a_code(error, code, attempts):
    [outcome] = run(Throw(error=error), [source("a")]).outcomes
    assert (outcome.disposition, outcome.code, outcome.attempts) == ("failed", code, attempts)


def test_running_out_of_memory_is_the_machine_s_fault():
    with pytest.raises(EnvironmentFault, match="out of memory: give the worker more"):
        run(Throw(error=MemoryError()), [source("a")])


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


@dataclasses.dataclass(kw_only=True)
class Dodge(Gather[Item, Item]):
    """Works at the second time."""

    calls: list[str] = dataclasses.field(default_factory=list)

    def key(self, record):
        return "all"

    def process_group(self, key, records):
        self.calls.append(key)
        if len(self.calls) < 2:
            raise TimeoutError("slow")
        yield from records


def test_a_group_is_tried_again_as_a_whole():
    result = run(Dodge(), items("a", "b"))
    assert fates(result) == {"a": ("kept", None, 2), "b": ("kept", None, 2)}
