"""What a recipe would find done in its run: parts that are cached, new or invalidated, and why."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ..curate import step_keys
from ..parts.commit import Commit
from ..parts.part import step_folder
from ..plans.run_files import commits_of, step_folders
from ..step import Step
from ..step_record import StepRecord, read_step_record, record_step
from ..storage.store import Store
from .changes import explain_changes

_FOLLOWS = "follows "
_NOT_NOTED = "what it was run with was not noted, as an earlier version of Interlink ran it"


@dataclass(frozen=True, kw_only=True)
class StepOutlook:
    """What a step of a recipe finds done, and what it would do."""

    step: Step
    key: str
    cached: Mapping[str, Commit]
    """Parts that are done with this very key."""
    invalidated: Mapping[str, Commit]
    """Parts that are done, but with another key: they are done again."""
    new: Sequence[str]
    """Parts that no key has done."""
    why: tuple[str, ...]
    """What invalidated the parts, in words; empty if none is."""

    @property
    def folder(self) -> str:
        """Where the step commits, under the run."""
        return step_folder(self.step, self.key)

    @property
    def to_do(self) -> list[str]:
        """Parts that are to be done, in order."""
        return sorted((*self.new, *self.invalidated))

    @property
    def done(self) -> dict[str, Commit]:
        """What finished parts say of this step, whatever the key; this key's own first."""
        return {**self.invalidated, **self.cached}


def look_ahead(
    store: Store, steps: Sequence[Step], parts: Sequence[str], *, last: Collection[str] = ()
) -> list[StepOutlook]:
    """Hold a recipe's steps against what lies in its run.

    Args:
        store: the run; may be empty.
        steps: the recipe's steps.
        parts: the parts of all plans, also of those that are yet to be written.
        last: folders of the recipe that was run last; of several that did a part, it is told
            what changed since that one.
    """
    folders = step_folders(store)
    wanted: list[StepRecord] = []
    outlooks: list[StepOutlook] = []
    for step, key in zip(steps, step_keys(steps), strict=True):
        own = step_folder(step, key)
        wanted.append(record_step(step, key, outlooks[-1].folder if outlooks else None))
        others = [folder for folder in folders.get(step.name, ()) if folder != own]
        others.sort(key=lambda folder: folder not in last)
        cached = commits_of(store, own, parts)
        invalidated: dict[str, Commit] = {}
        why: tuple[str, ...] = ()
        for folder in others:
            missing = [part for part in parts if part not in cached and part not in invalidated]
            found = commits_of(store, folder, missing)
            if found and not why:
                why = _why(store, folder, wanted, outlooks)
            invalidated |= found
        outlook = StepOutlook(
            step=step,
            key=key,
            cached=cached,
            invalidated=invalidated,
            new=[part for part in parts if part not in cached and part not in invalidated],
            why=why,
        )
        outlooks.append(outlook)
    return outlooks


def _why(
    store: Store, folder: str, wanted: Sequence[StepRecord], earlier: Sequence[StepOutlook]
) -> tuple[str, ...]:
    """Say why what lies in `folder` is not what the last of the `wanted` steps asks for."""
    before = read_step_record(store, folder)
    if before is None:
        return (_NOT_NOTED,)
    own = explain_changes(before, wanted[-1])
    followed = []
    for outlook, record in zip(reversed(earlier), reversed(wanted[:-1]), strict=True):
        before = read_step_record(store, before.previous) if before and before.previous else None
        edits = explain_changes(before, record) if before else [_NOT_NOTED]
        if edits:
            told = outlook.why and not outlook.why[0].startswith(_FOLLOWS)
            followed.append(record.step if told else f"{record.step} ({'; '.join(edits)})")
        if before is None or before.key == record.key:
            break
    return (*own, *([_FOLLOWS + ", ".join(reversed(followed))] if followed else []))
