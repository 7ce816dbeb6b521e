"""One stage on the records of a part. Every engine comes through here, so all outcomes agree.

Each input gets exactly one outcome; results are matched by id, never by position; records at which
attempts died are run one by one or not at all. How often a record is tried stands in `trials`.
"""

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ...schemas.clip import Flag
from ...schemas.outcome import (
    ERROR_CLASSES,
    Disposition,
    ErrorClass,
    ErrorCode,
    Outcome,
)
from ...transforms.base import Expand, Failed, Gather, Kept, Map, Rejected, record_id
from ..redact import redact
from ..step import Stage
from .attempts import Attempt, tell_deaths
from .trials import Result, RetryPolicy, Trial, try_batch, try_outputs

DEFAULT_WAIT_S = {ErrorClass.HOST: 3600, ErrorClass.DEFERRED: 24 * 3600}
"""How long a record waits where nothing told for how long."""
_DISPOSITIONS = {
    ErrorClass.HOST: Disposition.DEFERRED,
    ErrorClass.DEFERRED: Disposition.DEFERRED,
    ErrorClass.DEADLY: Disposition.QUARANTINED,
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class StageRun:
    """What a stage made of its records, in their order, and one outcome for each of them."""

    records: list[Any]
    outcomes: list[Outcome]


def run_stage(
    stage: Stage,
    records: Sequence[Any],
    *,
    step: str,
    retry: RetryPolicy,
    attempt: Attempt | None = None,
) -> StageRun:
    """Run one stage on all records of a part.

    Args:
        stage: what to run.
        records: what to run it on.
        step: name of the step, for the outcomes.
        retry: how transient failures are tried again.
        attempt: the attempt at the part, which knows at what others died.

    Raises:
        EnvironmentFault: the machine is at fault; no record is blamed.
        RuntimeError: two records have the same id.
    """
    ids = [record_id(record) for record in records]
    if len(set(ids)) != len(ids):
        twice = next(i for i in ids if ids.count(i) > 1)
        raise RuntimeError(f"stage {stage.name!r} got two records with the id {twice!r}")
    guard = _Guard(attempt, step=step, stage=stage.name)
    transform = stage.transform
    if isinstance(transform, Map):
        made = _run_map(transform, stage.batch_size, records, retry, guard)
    elif isinstance(transform, Expand):
        made = _run_expand(transform, records, retry, guard)
    elif isinstance(transform, Gather):
        made = _run_gather(transform, records, retry, guard)
    else:
        raise TypeError(f"{type(transform).__name__} must be a Map, an Expand or a Gather")
    run = StageRun(records=[], outcomes=[])
    for record, outputs, trial in made:
        run.records.extend(outputs)
        run.outcomes.append(_outcome(stage, step, record, len(outputs), trial))
    if attempt is not None:
        attempt.mark_none()
    return run


class _Guard:
    """Keeps records at which attempts died from a stage, and marks what it takes in hand."""

    def __init__(self, attempt: Attempt | None, *, step: str, stage: str) -> None:
        self._attempt = attempt
        self._step = step
        self._stage = stage

    def batch(
        self, batch: Sequence[Any], call: Callable[[Sequence[Any], bool], dict[str, Trial]]
    ) -> dict[str, Trial]:
        """Call for the batch whole, or for each record alone if an attempt died at the batch."""
        ids = [record_id(record) for record in batch]
        is_batch = len(batch) > 1
        if self._attempt is None or not self._attempt.has_death_at(self._stage, ids):
            self._mark(ids, is_batch=is_batch)
            return call(batch, False)
        trials: dict[str, Trial] = {}
        for record in batch:
            condemned = self._condemn([record], is_split=is_batch)
            if condemned is not None:
                trials[record_id(record)] = condemned
            else:
                self._mark([record_id(record)], is_batch=False)
                trials |= call([record], is_batch)
        return trials

    def outputs(
        self, records: Sequence[Any], call: Callable[[], tuple[list[Any], Trial]]
    ) -> tuple[list[Any], Trial]:
        """Call for records that cannot be taken apart, unless they are quarantined."""
        condemned = self._condemn(records, is_split=False)
        if condemned is not None:
            return [], condemned
        self._mark([record_id(record) for record in records], is_batch=False)
        return call()

    def _condemn(self, records: Sequence[Any], *, is_split: bool) -> Trial | None:
        for name in map(record_id, records):
            deaths = self._attempt.evidence(self._stage, name) if self._attempt else None
            if deaths is not None:
                message = tell_deaths(deaths, step=self._step, record_id=name)
                failed = Failed(input_id=name, code=ErrorCode.WORKER_DIED, message=message)
                return Trial(result=failed, attempts=len(deaths), batch_split=is_split)
        return None

    def _mark(self, ids: Sequence[str], *, is_batch: bool) -> None:
        if self._attempt is not None:
            self._attempt.mark(self._stage, ids, is_batch=is_batch)


Made = Iterator[tuple[Any, list[Any], Trial]]


def _run_map(
    transform: Map[Any, Any],
    size: int,
    records: Sequence[Any],
    retry: RetryPolicy,
    guard: _Guard,
) -> Made:
    def call(some: Sequence[Any], is_split: bool) -> dict[str, Trial]:
        return try_batch(transform, some, retry, is_split=is_split)

    for start in range(0, len(records), size):
        batch = records[start : start + size]
        trials = guard.batch(batch, call)
        for record in batch:
            trial = trials[record_id(record)]
            if isinstance(trial.result, Kept):
                yield record, [_mark_split(transform, trial)], trial
            else:
                yield record, [], trial


def _run_expand(
    transform: Expand[Any, Any], records: Sequence[Any], retry: RetryPolicy, guard: _Guard
) -> Made:
    for record in records:

        def call(record: Any = record) -> tuple[list[Any], Trial]:  # noqa: ANN401  (any record)
            return try_outputs(lambda: transform.process(record), retry)

        outputs, trial = guard.outputs([record], call)
        yield record, outputs, trial


def _run_gather(
    transform: Gather[Any, Any], records: Sequence[Any], retry: RetryPolicy, guard: _Guard
) -> Made:
    groups: dict[str, list[Any]] = {}
    for record in records:
        groups.setdefault(transform.key(record), []).append(record)
    for key, group in groups.items():

        def call(key: str = key, group: list[Any] = group) -> tuple[list[Any], Trial]:
            return try_outputs(lambda: transform.process_group(key, group), retry)

        outputs, trial = guard.outputs(group, call)
        # Documents count once, at the group's first member, so that the numbers add up.
        yield group[0], outputs, trial
        for record in group[1:]:
            yield record, [], trial


def _mark_split(transform: Map[Any, Any], trial: Trial) -> Any:  # noqa: ANN401  (any record)
    """Say on the record itself that its batch was taken apart, where that may have changed it."""
    assert isinstance(trial.result, Kept)
    record = trial.result.record
    flags = getattr(record, "flags", None)
    if flags is None or not trial.batch_split or not transform.sees_batches:
        return record
    if Flag.BATCH_SPLIT in flags:
        return record
    return dataclasses.replace(record, flags=(*flags, Flag.BATCH_SPLIT))


def _outcome(stage: Stage, step: str, record: Any, num_outputs: int, trial: Trial) -> Outcome:  # noqa: ANN401
    result = trial.result
    disposition, code, value, message = Disposition.KEPT, None, None, None
    if isinstance(result, Rejected):
        disposition, code = Disposition.REJECTED, result.reason.value
        value, message = result.value, result.message
    elif isinstance(result, Failed):
        disposition = _DISPOSITIONS.get(ERROR_CLASSES[result.code], Disposition.FAILED)
        code, value, message = result.code.value, result.value, result.message
    return Outcome(
        input_id=record_id(record),
        step=step,
        stage=stage.name,
        disposition=disposition,
        code=code,
        value=value,
        num_outputs=num_outputs,
        message=redact(message) if message else None,
        attempts=trial.attempts,
        batch_split=trial.batch_split,
        owner_id=owner_of(record),
        wait_until_us=_wait_until_us(result),
    )


def _wait_until_us(result: Result) -> int | None:
    """Return when a deferred record may be tried again; null for all others."""
    if not isinstance(result, Failed) or ERROR_CLASSES[result.code] not in DEFAULT_WAIT_S:
        return None
    if result.wait_until_us is not None:
        return result.wait_until_us
    return time.time_ns() // 1000 + DEFAULT_WAIT_S[ERROR_CLASSES[result.code]] * 1_000_000


def owner_of(record: Any) -> str | None:  # noqa: ANN401  (any record)
    """Return the id of the source that a record comes from, where it says so."""
    video = getattr(record, "video", record)
    source = getattr(video, "source", record)
    owner: str | None = getattr(source, "source_id", None)
    return owner
