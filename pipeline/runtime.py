"""One stage on the records of a part. Every engine comes through here, so all outcomes agree.

Each input gets exactly one outcome; results are matched by id, never by position; a batch that
fails for good is halved down to the record that is to blame.
"""

import dataclasses
import errno
import logging
import time
from collections.abc import Iterator, Sequence
from typing import Any

from ..schemas.clip import Flag
from ..schemas.errors import EnvironmentFault, InterlinkError, RecordError
from ..schemas.outcome import (
    ERROR_CLASSES,
    Disposition,
    ErrorClass,
    ErrorCode,
    Outcome,
    RejectionReason,
)
from ..transforms.base import (
    Expand,
    Failed,
    Gather,
    Kept,
    Map,
    Rejected,
    RejectRecord,
    record_id,
)
from .redact import redact
from .step import Stage

logger = logging.getLogger(__name__)

Result = Kept[Any] | Rejected | Failed

_DEFERRING = {ErrorClass.DEFERRED, ErrorClass.HOST}


@dataclasses.dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How often and how patiently a transient failure is tried again."""

    attempts: int = 3
    """Times that a record is tried in all, at least 1."""
    first_pause_s: float = 2.0
    """Pause before the second attempt; each further one is four times as long, 60 s at most."""

    def pause(self, attempt: int) -> None:
        """Wait after the failed attempt number `attempt`, counted from 1."""
        time.sleep(min(60.0, self.first_pause_s * 4 ** (attempt - 1)))


@dataclasses.dataclass(frozen=True, kw_only=True)
class StageRun:
    """What a stage made of its records, in their order, and one outcome for each of them."""

    records: list[Any]
    outcomes: list[Outcome]


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Trial:
    """The last result for one record and how it was come by."""

    result: Result
    attempts: int
    batch_split: bool


def run_stage(stage: Stage, records: Sequence[Any], *, step: str, retry: RetryPolicy) -> StageRun:
    """Run one stage on all records of a part.

    Raises:
        EnvironmentFault: the machine is at fault; no record is blamed.
        RuntimeError: two records have the same id.
    """
    ids = [record_id(record) for record in records]
    if len(set(ids)) != len(ids):
        twice = next(i for i in ids if ids.count(i) > 1)
        raise RuntimeError(f"stage {stage.name!r} got two records with the id {twice!r}")
    transform = stage.transform
    if isinstance(transform, Map):
        made = _run_map(transform, stage.batch_size, records, retry)
    elif isinstance(transform, Expand):
        made = _run_expand(transform, records, retry)
    elif isinstance(transform, Gather):
        made = _run_gather(transform, records, retry)
    else:
        raise TypeError(f"{type(transform).__name__} must be a Map, an Expand or a Gather")
    run = StageRun(records=[], outcomes=[])
    for record, outputs, trial in made:
        run.records.extend(outputs)
        run.outcomes.append(_outcome(stage, step, record, len(outputs), trial))
    return run


Made = Iterator[tuple[Any, list[Any], _Trial]]


def _run_map(
    transform: Map[Any, Any], size: int, records: Sequence[Any], retry: RetryPolicy
) -> Made:
    for start in range(0, len(records), size):
        batch = records[start : start + size]
        trials = _try_batch(transform, batch, retry, attempt=1, is_split=False)
        for record in batch:
            trial = trials[record_id(record)]
            if isinstance(trial.result, Kept):
                yield record, [_mark_split(trial)], trial
            else:
                yield record, [], trial


def _try_batch(
    transform: Map[Any, Any],
    batch: Sequence[Any],
    retry: RetryPolicy,
    *,
    attempt: int,
    is_split: bool,
) -> dict[str, _Trial]:
    """Return the last trial of each record: whole batches first, halves only for good failures."""
    try:
        results = _match(transform, batch, transform.process_batch(batch))
    except Exception as error:
        failure = _blame(error)
        if _is_transient(failure.code) and attempt < retry.attempts:
            retry.pause(attempt)
            return _try_batch(transform, batch, retry, attempt=attempt + 1, is_split=is_split)
        if len(batch) > 1:
            middle = len(batch) // 2
            first = _try_batch(transform, batch[:middle], retry, attempt=attempt, is_split=True)
            rest = _try_batch(transform, batch[middle:], retry, attempt=attempt, is_split=True)
            return first | rest
        only = record_id(batch[0])
        results = {only: dataclasses.replace(failure, input_id=only)}
    trials = {
        name: _Trial(result=result, attempts=attempt, batch_split=is_split)
        for name, result in results.items()
    }
    again = [r for r in batch if _wants_retry(trials[record_id(r)].result)]
    if again and attempt < retry.attempts:
        retry.pause(attempt)
        trials |= _try_batch(transform, again, retry, attempt=attempt + 1, is_split=is_split)
    return trials


def _run_expand(transform: Expand[Any, Any], records: Sequence[Any], retry: RetryPolicy) -> Made:
    for record in records:
        outputs, trial = _try_outputs(lambda r=record: transform.process(r), retry)
        yield record, outputs, trial


def _run_gather(transform: Gather[Any, Any], records: Sequence[Any], retry: RetryPolicy) -> Made:
    groups: dict[str, list[Any]] = {}
    for record in records:
        groups.setdefault(transform.key(record), []).append(record)
    for key, group in groups.items():
        outputs, trial = _try_outputs(lambda k=key, g=group: transform.process_group(k, g), retry)
        # Documents count once, at the group's first member, so that the numbers add up.
        yield group[0], outputs, trial
        for record in group[1:]:
            yield record, [], trial


def _try_outputs(call: Any, retry: RetryPolicy) -> tuple[list[Any], _Trial]:  # noqa: ANN401
    """Collect what an `Expand` or a `Gather` yields; nothing at all is a rejection."""
    result: Result
    for attempt in range(1, retry.attempts + 1):
        outputs: list[Any] = []
        try:
            outputs = list(call())
            result = (
                Kept(input_id="", record=None)
                if outputs
                else Rejected(input_id="", reason=RejectionReason.EMPTY)
            )
            break
        except RejectRecord as rejection:
            outputs = []
            result = Rejected(input_id="", reason=rejection.reason, value=rejection.value)
            break
        except Exception as error:
            outputs, result = [], _blame(error)
            if not _is_transient(result.code) or attempt == retry.attempts:
                break
            retry.pause(attempt)
    return outputs, _Trial(result=result, attempts=attempt, batch_split=False)


def _match(
    transform: Map[Any, Any], batch: Sequence[Any], results: Sequence[Result]
) -> dict[str, Result]:
    """Bring results to their inputs by id, and refuse any that is missing, double or foreign."""
    by_id = {result.input_id: result for result in results}
    expected = {record_id(record) for record in batch}
    if by_id.keys() != expected or len(results) != len(batch):
        raise RuntimeError(
            f"{type(transform).__name__} gave {len(results)} results for {len(batch)} records; "
            f"without result: {sorted(expected - by_id.keys())[:3]}, "
            f"unknown: {sorted(by_id.keys() - expected)[:3]}"
        )
    for result in results:
        if isinstance(result, Failed):
            _stop_if_environment(result.code, result.message)
    return by_id


def _blame(error: Exception) -> Failed:
    """Turn what a transform raised into a failure with a code, unless the machine is to blame."""
    if isinstance(error, InterlinkError) and not isinstance(error, RecordError):
        raise error
    if isinstance(error, MemoryError):
        raise EnvironmentFault(
            "out of memory: give the worker more, or lower its batch size"
        ) from error
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        raise EnvironmentFault(f"disk full: {error}; free some space, then run again") from error
    if isinstance(error, RecordError):
        _stop_if_environment(error.code, error.message)
        return Failed(input_id="", code=error.code, message=error.message, value=error.value)
    if isinstance(error, ConnectionError | TimeoutError):
        code = ErrorCode.TIMEOUT_TOTAL if isinstance(error, TimeoutError) else ErrorCode.CONNECTION
        return Failed(input_id="", code=code, message=str(error))
    logger.debug("a transform raised", exc_info=error)
    message = f"{type(error).__name__}: {error}"
    return Failed(input_id="", code=ErrorCode.TRANSFORM_ERROR, message=message)


def _stop_if_environment(code: ErrorCode, message: str) -> None:
    if ERROR_CLASSES[code] is ErrorClass.ENVIRONMENT:
        raise EnvironmentFault(f"{code}: {message}")


def _is_transient(code: ErrorCode) -> bool:
    return ERROR_CLASSES[code] is ErrorClass.TRANSIENT


def _wants_retry(result: Result) -> bool:
    return isinstance(result, Failed) and _is_transient(result.code)


def _mark_split(trial: _Trial) -> Any:  # noqa: ANN401  (any record)
    """Say on the record itself that its batch was taken apart, where records have flags."""
    assert isinstance(trial.result, Kept)
    record = trial.result.record
    flags = getattr(record, "flags", None)
    if not trial.batch_split or flags is None or Flag.BATCH_SPLIT in flags:
        return record
    return dataclasses.replace(record, flags=(*flags, Flag.BATCH_SPLIT))


def _outcome(stage: Stage, step: str, record: Any, num_outputs: int, trial: _Trial) -> Outcome:  # noqa: ANN401
    result = trial.result
    disposition, code, value, message = Disposition.KEPT, None, None, None
    if isinstance(result, Rejected):
        disposition, code = Disposition.REJECTED, result.reason.value
        value, message = result.value, result.message
    elif isinstance(result, Failed):
        waits = ERROR_CLASSES[result.code] in _DEFERRING
        disposition = Disposition.DEFERRED if waits else Disposition.FAILED
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
    )


def owner_of(record: Any) -> str | None:  # noqa: ANN401  (any record)
    """Return the id of the source that a record comes from, where it says so."""
    video = getattr(record, "video", record)
    source = getattr(video, "source", record)
    owner: str | None = getattr(source, "source_id", None)
    return owner
