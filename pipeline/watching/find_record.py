"""Finds one record of a run by an id, or the beginning of one: a source, a video, or a clip."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from ...schemas.errors import UsageError
from ...schemas.outcome import Disposition, Outcome
from ...transforms.base import Gather, record_id
from ..curate import step_keys
from ..parts.commit import Commit, read_commit
from ..parts.kept import read_kept, read_outcomes, read_owners
from ..parts.part import step_folder
from ..parts.plan import part_name, plan_numbers, plan_parts, read_part, read_plan
from ..parts.runtime import owner_of
from ..plans.run_files import at_once, commits_of
from ..step import Step
from ..storage.store import Store

MIN_PREFIX = 4
"""Characters of an id that must be given."""


@dataclass(frozen=True, kw_only=True)
class FoundRecord:
    """A record as a step takes it, or the records of a source where it has become several."""

    step: Step
    part: str
    """The part that holds it, in the newest plan that does."""
    inputs: Sequence[Any]
    """What the step before kept of it."""
    outcomes: Sequence[Outcome]
    """What the run did with it in this step, if it has come so far."""


def find_record(store: Store, steps: Sequence[Step], step: str, name: str) -> FoundRecord:
    """Find a record as a step takes it.

    Args:
        store: the run.
        steps: the recipe's steps.
        step: name of the step.
        name: id of a source, of a video, or of what the step takes; or a unique beginning of one.

    Raises:
        UsageError: there is no such step, no such record or several, or it did not come so far.
    """
    names = [each.name for each in steps]
    if step not in names:
        raise UsageError(f"--step {step} must be one of {', '.join(names)}")
    if len(name) < MIN_PREFIX:
        raise UsageError(f"{name!r} is too short: give at least {MIN_PREFIX} characters of an id")
    index = names.index(step)
    folders = [step_folder(s, key) for s, key in zip(steps, step_keys(steps), strict=True)]
    place = _find(store, folders[:index], name)
    records = _inputs(store, steps[:index], folders[:index], place.part)
    chosen = [r for r in records if record_id(r) == place.record_id or _is_of(r, place)]
    if not chosen:
        raise _did_not_come(store, folders[:index], place, step)
    first = steps[index].stages[0].transform
    if isinstance(first, Gather):
        keys = {first.key(record) for record in chosen}
        chosen = [record for record in records if first.key(record) in keys]
    ids = {record_id(record) for record in chosen}
    commit = read_commit(store, folders[index], place.part)
    done = read_outcomes(store, [commit]) if commit else ()
    return FoundRecord(
        step=steps[index],
        part=place.part,
        inputs=chosen,
        outcomes=[outcome for outcome in done if outcome.input_id in ids],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a record lies."""

    part: str
    record_id: str
    source_id: str
    is_source: bool
    """Whether the whole source is meant."""


def _is_of(record: Any, place: _Place) -> bool:  # noqa: ANN401  (any record)
    return place.is_source and owner_of(record) == place.source_id


def _find(store: Store, folders: Sequence[str], name: str) -> _Place:
    """Look among the sources first, then among what the first and the last step before kept."""
    found = list(_sources(store, name))
    if not found:
        parts = [part for number in plan_numbers(store) for part in plan_parts(store, number)]
        for folder in dict.fromkeys((*folders[:1], *folders[-1:])):
            found = list(_kept(store, commits_of(store, folder, parts), name, folder == folders[0]))
            if found:
                break
    exact = [place for place in found if name in (place.record_id, place.source_id)]
    ids = {place.record_id for place in exact or found}
    if not ids:
        raise UsageError(
            f"no source, video or record of {store.display()} has an id that begins with {name!r}"
        )
    if len(ids) > 1:
        shown = ", ".join(sorted(ids)[:3])
        raise UsageError(f"{name!r} is the beginning of {len(ids)} ids, such as {shown}; give more")
    # The newest plan that has come so far: a retry may be planned and not have run.
    places = sorted(exact or found, key=lambda place: place.part, reverse=True)
    has_come = (p for p in places if not folders or read_commit(store, folders[-1], p.part))
    return next(has_come, places[0])


def _sources(store: Store, name: str) -> Iterator[_Place]:
    for number in plan_numbers(store):
        table = read_plan(store, number, ["part", "source_id"])
        table = table.filter(pc.starts_with(table.column("source_id"), name))
        for row in table.to_pylist():
            source = row["source_id"]
            part = part_name(number, row["part"])
            yield _Place(part=part, record_id=source, source_id=source, is_source=True)


def _kept(
    store: Store, commits: Mapping[str, Commit], name: str, is_source: bool
) -> Iterator[_Place]:
    owners = at_once(lambda commit: read_owners(store, commit), list(commits.values()))
    for part, found in zip(commits, owners, strict=True):
        for record, source in found.items():
            if record.startswith(name):
                yield _Place(part=part, record_id=record, source_id=source, is_source=is_source)


def _inputs(store: Store, before: Sequence[Step], folders: Sequence[str], part: str) -> list[Any]:
    """Return all that a step takes of a part."""
    if not before:
        return list(read_part(store, part))
    commit = read_commit(store, folders[-1], part)
    if commit is None:
        raise UsageError(
            f"part {part} has no commit in {store.display(folders[-1])}, from which this recipe "
            f"would go on: run its step {before[-1].name!r} first, or name the run in place of an "
            "edited recipe"
        )
    return list(read_kept(store, [commit], before[-1].output_type))


def _did_not_come(store: Store, folders: Iterable[str], place: _Place, step: str) -> UsageError:
    """Say where a record ended before it came to a step."""
    for folder in folders:
        commit = read_commit(store, folder, place.part)
        for outcome in read_outcomes(store, [commit]) if commit else ():
            is_it = place.source_id in (outcome.owner_id, outcome.input_id)
            if is_it and outcome.disposition is not Disposition.KEPT:
                return UsageError(
                    f"{place.record_id} did not come to step {step!r}: in {outcome.step!r} it was "
                    f"{outcome.disposition} ({outcome.code}); replay --step {outcome.step} shows it"
                )
    return UsageError(f"{place.record_id} did not come to step {step!r}")
