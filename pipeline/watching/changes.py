"""Why a step key is another one: what changed between two records of a step, in words."""

import json
from collections.abc import Iterator
from typing import get_type_hints

from ..recipes.recipe import Recipe
from ..step_record import StageRecord, StepRecord, Value

_MAX_CHARS = 40
_CONTEXT_CHARS = 12
_UNKNOWN: list[Value] = ["no such field"]
"""Stands for a field that one of two versions of a transform does not have."""


def explain_changes(before: StepRecord, now: StepRecord) -> list[str]:
    """Say what changed in a step itself, one sentence for each; nothing for an earlier step's edit.

    Args:
        before: what was done.
        now: what the recipe asks for.
    """
    known = {stage.stage: stage for stage in before.stages}
    wanted = {stage.stage: stage for stage in now.stages}
    changes = [f"stage {name} is gone" for name in known if name not in wanted]
    for name, stage in wanted.items():
        if name in known:
            changes.extend(_stage_changes(known[name], stage))
        else:
            changes.append(f"stage {name} is new")
    if not changes and list(known) != list(wanted):
        changes.append("its stages are in another order")
    return changes


def _stage_changes(before: StageRecord, now: StageRecord) -> Iterator[str]:
    place = _recipe_section(now)
    if before.transform != now.transform:
        yield f"{place}: {before.transform} -> {now.transform}"
        return
    if before.version != now.version:
        yield f"{place}: {now.transform} version {before.version} -> {now.version}"
    yield from _parameter_changes(place, before.parameters, now.parameters)
    if before.models != now.models:
        yield f"{place}: model {_names(before.models)} -> {_names(now.models)}"


def _parameter_changes(
    place: str, before: dict[str, Value], now: dict[str, Value]
) -> Iterator[str]:
    replaced = _replaced_sections(before, now)
    for name in dict.fromkeys((*before, *now)):
        old, new = before.get(name, _UNKNOWN), now.get(name, _UNKNOWN)
        section, _, field = name.rpartition(".")
        if old == new:
            continue
        if any(f"{section}.".startswith(other) for other in replaced):
            # Another backend has parameters of its own: only which one it is says something.
            if field == "backend" or (field == "class" and f"{section}.backend" not in now):
                yield f"{place}.{name.removesuffix('.class')}: {_pair(old, new)}"
        elif field == "version" and section:
            yield f"{place}.{section}: version {old} -> {new}"
        else:
            yield f"{place}.{name}: {_pair(old, new)}"


def _replaced_sections(before: dict[str, Value], now: dict[str, Value]) -> list[str]:
    """Return the nested sections that are of another class now, such as `captioner.`."""
    classes = [name for name in now if name.endswith(".class")]
    return [name.removesuffix("class") for name in classes if before.get(name) != now[name]]


def _recipe_section(stage: StageRecord) -> str:
    """Return the section of the recipe that a stage is written in, or else the stage's name."""
    sections = {
        hint.__name__: name
        for name, hint in get_type_hints(Recipe).items()
        if isinstance(hint, type)
    }
    return sections.get(stage.transform, stage.stage)


def _pair(old: Value, new: Value) -> str:
    """Return `old -> new`, long ones cut down to where they differ."""
    before, now = (
        "no such field" if value is _UNKNOWN else json.dumps(value, ensure_ascii=False)
        for value in (old, new)
    )
    if max(len(before), len(now)) > _MAX_CHARS:
        same = 0
        while same < min(len(before), len(now)) and before[same] == now[same]:
            same += 1
        start = max(same - _CONTEXT_CHARS, 0)
        before, now = _cut(before, start), _cut(now, start)
    return f"{before} -> {now}"


def _cut(text: str, start: int) -> str:
    head, rest = ("..." if start else ""), text[start:]
    return head + (rest if len(rest) <= _MAX_CHARS else rest[: _MAX_CHARS - 3] + "...")


def _names(models: tuple[str, ...]) -> str:
    return ", ".join(models) or "none"
