"""Tries at a batch or a record: what is tried again, how patiently, and who is to blame."""

import dataclasses

import pytest
from interlink_toys import Act, Inspect, Item, source, tries

from interlink.pipeline.parts import trials
from interlink.pipeline.parts.trials import RetryPolicy, try_batch, try_outputs
from interlink.schemas.errors import EnvironmentFault, RecordError
from interlink.schemas.outcome import ErrorCode
from interlink.schemas.source import Source
from interlink.transforms.base import Failed, Kept, Map, Rejected, RejectRecord

QUICK = RetryPolicy(attempts=3, first_pause_s=0)


def attempts(found: dict[str, trials.Trial]) -> dict[str, tuple[str, int, bool]]:
    return {name: (type(t.result).__name__, t.attempts, t.batch_split) for name, t in found.items()}


@pytest.fixture
def act(tmp_path):
    transform = Act(folder=str(tmp_path))
    transform.setup()
    yield transform
    transform.teardown()


def test_a_transient_failure_is_tried_again_and_others_are_not(act):
    given = [source("a", "flaky"), source("b"), source("c", "fail")]
    assert attempts(try_batch(act, given, QUICK)) == {
        "a": ("Kept", 3, False),
        "b": ("Kept", 1, False),
        "c": ("Failed", 1, False),
    }


def test_a_record_is_tried_no_more_often_than_the_policy_says(act):
    found = try_batch(act, [source("a", "unreachable")], RetryPolicy(attempts=2, first_pause_s=0))
    assert attempts(found) == {"a": ("Failed", 2, False)}


def test_a_batch_that_fails_for_a_while_is_tried_again_whole(act, tmp_path):
    found = try_batch(act, [source("a", "flaky batch"), source("b")], QUICK)
    assert attempts(found) == {"a": ("Kept", 3, False), "b": ("Kept", 3, False)}
    assert tries(tmp_path, "a") == 3


def test_a_batch_that_fails_for_good_is_halved_down_to_the_one_to_blame():
    given = [Item(item_id=n, source=source(n)) for n in "abcde"]
    given[2] = dataclasses.replace(given[2], source=source("c", inspect="poison"))
    assert attempts(try_batch(Inspect(), given, QUICK)) == {
        name: ("Failed" if name == "c" else "Kept", 1, True) for name in "abcde"
    }


def test_pauses_grow_fourfold_up_to_a_minute(monkeypatch):
    pauses: list[float] = []
    monkeypatch.setattr(trials.time, "sleep", pauses.append)
    for attempt in range(1, 6):
        RetryPolicy(first_pause_s=2.0).pause(attempt)
    assert pauses == [2.0, 8.0, 32.0, 60.0, 60.0]


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
        pytest.param([Kept(input_id=n, record=source("a")) for n in ("a", "z")], id="foreign"),
    ],
)
def test_results_that_do_not_match_their_inputs_are_a_bug_of_the_transform(results):
    found = try_batch(Answer(results=results), [source("a"), source("b")], QUICK)
    assert {trial.result.code for trial in found.values()} == {"transform_error"}
    assert "results for" in found["a"].result.message


@pytest.mark.parametrize("code", [ErrorCode.DISK_FULL, ErrorCode.OUT_OF_MEMORY])
def test_a_result_that_names_the_machine_stops_the_run(code):
    given = [
        Failed(input_id="a", code=code, message="all of it"),
        Rejected(input_id="b", reason="empty"),
    ]
    with pytest.raises(EnvironmentFault, match=f"{code}: all of it"):
        try_batch(Answer(results=given), [source("a"), source("b")], QUICK)


def throw(error: Exception):
    raise error


@pytest.mark.parametrize(
    ("error", "code", "attempts"),
    [
        (TimeoutError("slow"), "timeout_total", 3),
        (ConnectionResetError("gone"), "connection", 3),
        (RecordError(ErrorCode.TOO_BIG, "9 GB", value=9.0), "too_big", 1),
        (RecordError(ErrorCode.HTTP_429, "later", wait_until_us=7), "http_429", 1),
        (PermissionError(13, "no"), "transform_error", 1),
        (ZeroDivisionError("oops"), "transform_error", 1),
    ],
)
def test_what_a_transform_raises_becomes_a_code(error, code, attempts):
    outputs, trial = try_outputs(lambda: throw(error), QUICK)
    assert (outputs, trial.result.code, trial.attempts) == ([], code, attempts)
    assert trial.result.wait_until_us == getattr(error, "wait_until_us", None)


def test_running_out_of_memory_is_the_machine_s_fault():
    with pytest.raises(EnvironmentFault, match="out of memory: give the worker more"):
        try_outputs(lambda: throw(MemoryError()), QUICK)


def test_outputs_are_rejected_for_a_reason_or_for_being_none():
    outputs, trial = try_outputs(list, QUICK)
    assert (outputs, trial.result.reason) == ([], "empty")
    _, trial = try_outputs(lambda: throw(RejectRecord("too_short", value=0.5)), QUICK)
    assert (trial.result.reason, trial.result.value) == ("too_short", 0.5)


def test_outputs_are_collected_anew_at_each_try():
    calls = []

    def once_half():
        calls.append(1)
        yield "a"
        if len(calls) < 2:
            raise TimeoutError("slow")
        yield "b"

    outputs, trial = try_outputs(once_half, QUICK)
    assert (outputs, trial.attempts) == (["a", "b"], 2)
