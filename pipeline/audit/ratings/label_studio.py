"""What Label Studio exports as JSON: tasks of our own, with annotations by its users.

The questions are those of `export/label_studio_config.py`. A rater is who completed an annotation:
an address where the export has it, else the number of the user in Label Studio.
"""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any

from ..export.label_studio_config import (
    CLIP_VERDICT,
    ERROR_TYPES,
    NOTE,
    PREFERRED,
    SEVERITY,
    VERDICT,
)
from .raw import Found, LeftOut, Problem, Row, Why, judged

_NO_ANNOTATIONS = "it has no annotations; export as JSON, not as JSON-MIN or CSV"
_NOT_JUDGED = (
    "it is still to be judged: import the tasks into Label Studio, judge them there, export as "
    "JSON, and import that file"
)
_CLAIM = re.compile(rf"({VERDICT}|{ERROR_TYPES}|{SEVERITY})_([a-z])_(\d{{1,6}})")


def read_label_studio(path: str, data: bytes) -> Iterator[Found]:
    """Yield the annotations of an export, what is wrong with it, and what is left out."""
    try:
        tasks = json.loads(data.removeprefix(codecs.BOM_UTF8))
    except (ValueError, RecursionError) as error:
        yield Problem(place=path, what=f"no JSON, or cut off while it was written: {error}")
        return
    if not isinstance(tasks, list):
        yield Problem(place=path, what="an export of Label Studio is a list of tasks, [...]")
        return
    for number, task in enumerate(tasks, 1):
        yield from _task(path, number, task)


def _task(path: str, number: int, task: object) -> Iterator[Found]:
    place = f"{path}: task {_number(task, number)}"
    if not isinstance(task, dict) or not isinstance(task.get("annotations"), list):
        yield Problem(place=place, what=_NOT_JUDGED if _is_to_judge(task) else _NO_ANNOTATIONS)
        return
    drafts = task.get("drafts")
    for _ in drafts if isinstance(drafts, list) else ():
        yield LeftOut(why=Why.DRAFT)
    if not task["annotations"]:
        return
    data = task.get("data")
    if not isinstance(data, dict) or not data.get("item_id"):
        what = "its data has no item_id: it was not made by `interlink audit export`"
        yield Problem(place=place, what=what)
        return
    for index, annotation in enumerate(task["annotations"], 1):
        where = f"{place}, annotation {_number(annotation, index)}"
        yield _annotation(where, data, annotation)


def _is_to_judge(task: object) -> bool:
    """Tell whether it is a task as it is imported into Label Studio, not exported from it."""
    return isinstance(task, dict) and isinstance(task.get("data"), dict)


def _annotation(place: str, data: dict[str, Any], annotation: object) -> Found:
    if not isinstance(annotation, dict) or not isinstance(annotation.get("result"), list):
        return Problem(place=place, what="it has no result")
    if annotation.get("was_cancelled"):
        return LeftOut(why=Why.CANCELLED)
    try:
        answers = _answers(annotation["result"])
        values = answers | {
            "audit_id": data.get("audit_id"),
            "item_id": data["item_id"],
            "rater": _rater(annotation.get("completed_by")),
            "seconds": annotation.get("lead_time"),
            "rated_at": annotation.get("updated_at"),
        }
    except ValueError as error:
        return Problem(place=place, what=str(error))
    return judged(Row(place=place, values=values))


def _answers(result: list[object]) -> dict[str, Any]:
    """Return what was answered, by the names of a rating.

    Raises:
        ValueError: a question is none of ours, or has no answer that can be read.
    """
    values: dict[str, Any] = {CLIP_VERDICT: None, PREFERRED: None, NOTE: ""}
    claims: dict[tuple[str, int], dict[str, Any]] = {}
    for answer in result:
        if not isinstance(answer, dict) or not isinstance(answer.get("value"), dict):
            raise ValueError(f"{answer!r:.60} is no answer")
        name, value = str(answer.get("from_name")), answer["value"]
        match = _CLAIM.fullmatch(name)
        if match:
            what, side, claim = match[1], match[2], int(match[3])
            found = claims.setdefault((side, claim), {"side": side, "claim": claim})
            found[what] = _choices(name, value) if what == ERROR_TYPES else _one(name, value)
        elif name == NOTE:
            values[NOTE] = _text(value)
        elif name in values:
            values[name] = _one(name, value)
        else:
            raise ValueError(f"from_name={name!r:.60} is no question of config.xml")
    values["claims"] = [_claim(claims[key]) for key in sorted(claims)]
    return values


def _claim(claim: dict[str, Any]) -> dict[str, Any]:
    """Return a verdict; what was said of an error goes where the rater changed her mind."""
    if claim.get(VERDICT) != "wrong":
        return {k: v for k, v in claim.items() if k not in (ERROR_TYPES, SEVERITY)}
    severity = claim.get(SEVERITY)
    number = int(severity) if severity and severity.isdecimal() else severity
    return claim | {SEVERITY: number}


def _one(name: str, value: dict[str, Any]) -> str | None:
    choices = _choices(name, value)
    if len(choices) > 1:
        raise ValueError(f"{name} has {len(choices)} answers, {choices!s:.60}: one is asked")
    return choices[0] if choices else None


def _choices(name: str, value: dict[str, Any]) -> list[str]:
    choices = value.get("choices")
    if not isinstance(choices, list) or not all(isinstance(choice, str) for choice in choices):
        raise ValueError(f"{name} has no list of choices")
    return choices


def _text(value: dict[str, Any]) -> str:
    text = value.get("text")
    if isinstance(text, str):
        return text
    if not isinstance(text, list) or not all(isinstance(part, str) for part in text):
        raise ValueError(f"{NOTE} has no text")
    return "\n".join(text)


def _rater(completed_by: object) -> str | None:
    if isinstance(completed_by, dict):
        named = completed_by.get("email") or completed_by.get("username")
        completed_by = named if isinstance(named, str) else completed_by.get("id")
    if isinstance(completed_by, int) and not isinstance(completed_by, bool):
        return f"label-studio-{completed_by}"
    return completed_by if isinstance(completed_by, str) else None


def _number(numbered: object, position: int) -> int:
    """Return the id of a task or annotation, or its place in the file."""
    number = numbered.get("id") if isinstance(numbered, dict) else None
    return number if isinstance(number, int) else position
