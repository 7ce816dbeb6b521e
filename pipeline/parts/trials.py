"""Tries at one batch or one record: patience with what passes, and who is to blame for what stays.

Transient failures are tried again with growing pauses; a batch that fails for good is halved down
to the record that is to blame. How a part's records come here is the business of `runtime`.
"""

import dataclasses
import errno
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ...schemas.errors import (
    DiskFullError,
    EnvironmentFault,
    InterlinkError,
    OutOfMemoryError,
    RecordError,
)
from ...schemas.outcome import ERROR_CLASSES, ErrorClass, ErrorCode, RejectionReason
from ...transforms.base import Failed, Kept, Map, Rejected, RejectRecord, record_id

logger = logging.getLogger(__name__)

Result = Kept[Any] | Rejected | Failed

_FULL = {errno.ENOSPC, errno.EDQUOT}
_BROKEN = {
    *(errno.EIO, errno.EROFS, errno.ESTALE, errno.ENODEV, errno.ENXIO),
    *(errno.EMFILE, errno.ENFILE),
}
"""Errors of a disk or a system on which any other record would have failed as well."""


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
class Trial:
    """The last result for one record and how it was come by."""

    result: Result
    attempts: int
    batch_split: bool


def try_batch(
    transform: Map[Any, Any],
    batch: Sequence[Any],
    retry: RetryPolicy,
    *,
    attempt: int = 1,
    is_split: bool = False,
) -> dict[str, Trial]:
    """Try a batch whole first, and in halves only for good failures.

    Args:
        transform: what to run.
        batch: at least one record.
        retry: how often, and with what pauses.
        attempt: which try this is, counted from 1.
        is_split: whether the batch was taken out of a larger one.

    Returns:
        The last trial of each record, by its id.

    Raises:
        EnvironmentFault: the machine is at fault.
    """
    try:
        results = _match(transform, batch, transform.process_batch(batch))
    except Exception as error:
        failure = _blame(error)
        if _is_transient(failure.code) and attempt < retry.attempts:
            retry.pause(attempt)
            return try_batch(transform, batch, retry, attempt=attempt + 1, is_split=is_split)
        if len(batch) > 1:
            middle = len(batch) // 2
            first = try_batch(transform, batch[:middle], retry, attempt=attempt, is_split=True)
            rest = try_batch(transform, batch[middle:], retry, attempt=attempt, is_split=True)
            return first | rest
        only = record_id(batch[0])
        results = {only: dataclasses.replace(failure, input_id=only)}
    trials = {
        name: Trial(result=result, attempts=attempt, batch_split=is_split)
        for name, result in results.items()
    }
    again = [r for r in batch if _wants_retry(trials[record_id(r)].result)]
    if again and attempt < retry.attempts:
        retry.pause(attempt)
        trials |= try_batch(transform, again, retry, attempt=attempt + 1, is_split=is_split)
    return trials


def try_outputs(call: Callable[[], Iterable[Any]], retry: RetryPolicy) -> tuple[list[Any], Trial]:
    """Collect what an `Expand` or a `Gather` yields; nothing at all is a rejection.

    Raises:
        EnvironmentFault: the machine is at fault.
    """
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
    return outputs, Trial(result=result, attempts=attempt, batch_split=False)


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
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        raise OutOfMemoryError(
            "out of memory: give the worker more, or lower its batch size"
        ) from error
    if isinstance(error, OSError) and error.errno in _FULL:
        raise DiskFullError(f"disk full: {error}; free some space, then run again") from error
    if isinstance(error, OSError) and error.errno in _BROKEN:
        raise EnvironmentFault(f"the machine failed: {error}; mend it, then run again") from error
    if isinstance(error, RecordError):
        _stop_if_environment(error.code, error.message)
        return Failed(
            input_id="",
            code=error.code,
            message=error.message,
            value=error.value,
            wait_until_us=error.wait_until_us,
        )
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
