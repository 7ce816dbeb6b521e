"""The small files of a run that say what has been done: each must be one that can be read."""

import json
from collections.abc import Iterable, Iterator

from ...freed import FREED_FOLDER
from ...plans.published import PUBLISHED_FOLDER
from ...plans.run_files import DIGESTS_NAME, RECIPE_NAME, last_recipe
from ...step_record import KEYS_FOLDER
from ...storage.store import Store
from ...storage.torn import TornFileError, first_line
from ..run_commits import freed_plans, plan_of
from .finding import Fault, Finding
from .repair import Repair

_FOLDERS = (KEYS_FOLDER, PUBLISHED_FOLDER, FREED_FOLDER)


def check_notes(run: Store) -> Iterator[Finding]:
    """Yield the notes of a run that cannot be read. Logs, such as of jobs, are not looked into."""
    paths = [DIGESTS_NAME]
    for folder in _FOLDERS:
        paths += [f"{folder}/{name}" for name in run.names(folder) if name.endswith(".json")]
    for path, content in zip(paths, run.read_all(paths), strict=True):
        try:
            is_sound = content is None or isinstance(json.loads(content), dict)
            why = "it says nothing"
        except ValueError as error:
            is_sound, why = False, first_line(error)
        if not is_sound:
            yield Finding(path=path, fault=Fault.BYTES, what=f"the note cannot be read: {why}")
    try:
        last_recipe(run)
    except TornFileError as error:
        what = f"the recipe cannot be read: {error.reason}"
        yield Finding(path=RECIPE_NAME, fault=Fault.BYTES, what=what)


def remove_notes(run: Store, findings: Iterable[Finding]) -> Iterator[Repair]:
    """Remove damaged notes that the next run writes again, and yield those.

    What tells of plans whose working files are gone nobody can write again.
    """
    freed = freed_plans(run)
    for one in findings:
        folder, _, name = one.path.rpartition("/")
        is_written_again = one.path in (DIGESTS_NAME, RECIPE_NAME) or folder == KEYS_FOLDER
        if is_written_again or (folder == PUBLISHED_FOLDER and plan_of(name) not in freed):
            run.remove(one.path)
            yield Repair(path=one.path, what="removed: the next run writes it again")
