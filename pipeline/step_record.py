"""What stands behind a step key: the transforms' parameters and models, noted in the run.

`keys/<step>-<key>.json` is written when the step first begins, so that a later recipe can be held
against it. Nothing but words for people is made of it; the key alone decides what is done.
"""

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

from .step import Stage, Step
from .storage.store import Store

KEYS_FOLDER = "keys"

Value = str | int | float | bool | list[Any] | None
"""A parameter's value, as JSON holds it."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StageRecord:
    """What decides the output of one stage."""

    stage: str
    """Its name."""
    transform: str
    """Name of the transform's class."""
    version: int
    """The transform's version."""
    parameters: dict[str, Value]
    """Fields that change the output, by dotted name, such as `captioner.backend`."""
    models: tuple[str, ...]
    """Models, as `name@revision`."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """What decides the output of one step, but for the steps before it."""

    step: str
    """Its name."""
    key: str
    """Its step key."""
    previous: str | None
    """Folder of the step before, under the run; null for the first."""
    stages: tuple[StageRecord, ...]
    """Its stages, in order."""

    def to_json(self) -> bytes:
        """Return the content of the file."""
        return json.dumps(dataclasses.asdict(self), indent=1, sort_keys=True).encode()


def record_step(step: Step, key: str, previous: str | None) -> StepRecord:
    """Return what stands behind a step key.

    Args:
        step: the step.
        key: its key.
        previous: folder of the step before, None for the first.
    """
    stages = tuple(_record_stage(stage) for stage in step.stages)
    return StepRecord(step=step.name, key=key, previous=previous, stages=stages)


def note_step(store: Store, folder: str, record: StepRecord) -> None:
    """Write a step's record, unless there is one already.

    Args:
        store: the run.
        folder: the step's folder under the run.
        record: what stands behind its key.
    """
    store.put_if_absent(record_path(folder), record.to_json())


def record_path(folder: str) -> str:
    """Return the path of the record of a step, by the step's folder."""
    return f"{KEYS_FOLDER}/{folder.rsplit('/', 1)[-1]}.json"


def read_step_record(store: Store, folder: str) -> StepRecord | None:
    """Return what was noted of a step; None for one that was run before notes were taken."""
    try:
        row = store.read_json(record_path(folder))
    except FileNotFoundError:
        return None
    stages = tuple(
        StageRecord(**stage | {"models": tuple(stage["models"])}) for stage in row.pop("stages")
    )
    return StepRecord(stages=stages, **row)


def _record_stage(stage: Stage) -> StageRecord:
    transform = stage.transform
    parameters = transform.parameters()
    named = {name: value for name, value in parameters.items() if name not in {"class", "version"}}
    return StageRecord(
        stage=stage.name,
        transform=type(transform).__name__,
        version=transform.version,
        parameters=dict(_flat("", named)),
        models=tuple(transform.models()),
    )


def _flat(place: str, values: dict[str, Any]) -> Iterator[tuple[str, Value]]:
    """Yield each value by its dotted name; a nested section says its class and version too."""
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from _flat(f"{place}{name}.", value)
        else:
            yield f"{place}{name}", value
