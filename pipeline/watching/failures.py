"""What failed in a run: counted by code, host or step, with examples, and whether to try again."""

import dataclasses
from collections import Counter
from collections.abc import Collection, Sequence
from urllib.parse import urlsplit

from ...schemas.outcome import ERROR_CLASSES, Disposition, ErrorClass, ErrorCode
from ...transforms.fetch.routing import Route, is_url, route
from ..parts.plan import read_plan
from ..plans.run_files import RunFiles, commits_by_step
from ..plans.taken_over import taken_over
from ..redact import redact
from .losses import Loss, read_losses

LOCAL_HOST = "files here"
"""Stands for the host of sources that are files of this machine."""
_ADVICE = {
    ErrorClass.PERMANENT: "no, unless its cause is gone",
    ErrorClass.TRANSIENT: "yes",
    ErrorClass.DEFERRED: "yes, when its time has come",
    ErrorClass.HOST: "yes, when its time has come",
    ErrorClass.ENVIRONMENT: "yes, when the machine is mended",
    ErrorClass.DEADLY: "no: see replay",
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One record that failed, is deferred or was quarantined."""

    record_id: str
    source_id: str
    uri: str
    """The source's URI without secrets, of a file its name."""
    host: str
    """Where the source lies."""
    part: str
    step: str
    stage: str
    disposition: str
    code: str
    value: float | None
    """The number that decided, if one did."""
    message: str | None
    """What went wrong, without secrets."""
    attempts: int
    """Times that it was tried."""
    wait_until_us: int | None
    """When a deferred record may be tried again, in microseconds since 1970, UTC."""


BY = ("code", "host", "step", "stage", "disposition", "part")
"""Fields of a failure that failures are counted by."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Failures that are alike."""

    values: tuple[str, ...]
    """What they have in common, in the order of what they were counted by."""
    records: int
    sources: int
    """Sources that these records come from."""


def read_failures(run: RunFiles, *, codes: Collection[str] | None = None) -> list[Failure]:
    """Return all failures of the recipe that was run last, in the order of steps and parts.

    Args:
        run: the run.
        codes: only those with one of these codes; None for all.
    """
    taken = taken_over(run.store, list(run.parts))
    losses = [
        loss
        for loss in read_losses(run.store, commits_by_step(run), taken)
        if codes is None or loss.outcome.code in codes
    ]
    uris = _uris(run, losses)
    return [_failure(loss, uris.get((loss.plan, loss.source_id), "")) for loss in losses]


def count_by(failures: Sequence[Failure], fields: Sequence[str]) -> list[Group]:
    """Count failures by what they have in common, the most frequent first.

    Args:
        failures: what to count.
        fields: names of `BY`.
    """
    records: Counter[tuple[str, ...]] = Counter()
    sources: dict[tuple[str, ...], set[str]] = {}
    for failure in failures:
        values = tuple(str(getattr(failure, field)) for field in fields)
        records[values] += 1
        sources.setdefault(values, set()).add(failure.source_id)
    ordered = sorted(records.items(), key=lambda item: (-item[1], item[0]))
    return [
        Group(values=values, records=count, sources=len(sources[values]))
        for values, count in ordered
    ]


def advice(code: str) -> str:
    """Say in a few words whether it makes sense to try records with this code again."""
    if code == ErrorCode.TRANSFORM_ERROR:
        return "no: a bug, see replay"
    return _ADVICE[class_of(code)]


def class_of(code: str) -> ErrorClass:
    """Return what a code calls for; codes of other versions are permanent."""
    return ERROR_CLASSES[ErrorCode(code)] if code in set(ErrorCode) else ErrorClass.PERMANENT


def is_worth_a_retry(code: str, disposition: str) -> bool:
    """Tell whether a record with this code is tried again where nobody says which ones."""
    if disposition == Disposition.QUARANTINED:
        return False
    return class_of(code) in {ErrorClass.TRANSIENT, ErrorClass.DEFERRED, ErrorClass.HOST}


def host_of(uri: str) -> str:
    """Return where a source lies: the host of its URL, the bucket of a store, or this machine."""
    if not is_url(uri) or route(uri) is Route.LOCAL:
        return LOCAL_HOST
    parts = urlsplit(uri.rsplit("::", 1)[-1])
    if parts.scheme in {"http", "https"}:
        return parts.hostname or parts.scheme
    return f"{parts.scheme}://{parts.hostname or ''}"


def _uris(run: RunFiles, losses: Sequence[Loss]) -> dict[tuple[int, str], str]:
    """Return the URI of each source that lost a record, by plan and source id."""
    wanted = {(loss.plan, loss.source_id) for loss in losses}
    uris = {}
    for plan in sorted({plan for plan, _ in wanted}):
        table = read_plan(run.store, plan, ["source_id", "uri"])
        columns = (table.column(name).to_pylist() for name in ("source_id", "uri"))
        for source, uri in zip(*columns, strict=True):
            if (plan, source) in wanted:
                uris[plan, source] = uri
    return uris


def _failure(loss: Loss, uri: str) -> Failure:
    outcome = loss.outcome
    return Failure(
        record_id=outcome.input_id,
        source_id=loss.source_id,
        uri=redact(uri),
        host=host_of(uri),
        part=loss.part,
        step=outcome.step,
        stage=outcome.stage,
        disposition=outcome.disposition.value,
        code=outcome.code or "",
        value=outcome.value,
        message=outcome.message,
        attempts=outcome.attempts,
        wait_until_us=outcome.wait_until_us,
    )
