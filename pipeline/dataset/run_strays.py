"""What lies in the steps of a run that nothing names: who tells of it and who removes it agree."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from ..parts.commit import Commit
from ..parts.plan import part_name, plan_numbers, plan_path
from ..parts.stop_note import STOP_PREFIX
from ..storage.disk_guard import PAUSE_PREFIX
from ..storage.store import Store
from .listing import is_unfinished

_PART_NAME = re.compile(r"(\d{3,})-\d{5,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedParts:
    """The parts of all plans of a run."""

    names: frozenset[str]
    """Their names."""
    unread: dict[int, str]
    """Of plans that cannot be read, by number, why; nobody knows which parts they have."""

    def strays(self, names: Iterable[str]) -> Iterator[str]:
        """Yield those names in a step's folder that are neither parts of a plan nor notes."""
        for name in names:
            found = _PART_NAME.fullmatch(name)
            may_be_planned = name in self.names or (found and int(found[1]) in self.unread)
            if not may_be_planned and not is_note(name) and not is_unfinished(name):
                yield name


def planned_parts(run: Store, *, deep: bool = False) -> PlannedParts:
    """Return the parts of all plans.

    Args:
        run: the run.
        deep: read all of each plan, and not only which parts it has.
    """
    names: set[str] = set()
    unread: dict[int, str] = {}
    for number in plan_numbers(run):
        try:
            with run.open(plan_path(number)) as file:
                plan = pq.ParquetFile(file, page_checksum_verification=True)
                parts = plan.read(columns=None if deep else ["part"])["part"]
        except (OSError, pa.ArrowException) as error:
            unread[number] = str(error)
            continue
        names |= {part_name(number, part) for part in set(parts.to_pylist())}
    return PlannedParts(names=frozenset(names), unread=unread)


def is_note(name: str) -> bool:
    """Tell whether a name in a step's folder is that of a note: of who waits, of why it stopped."""
    return name.startswith((STOP_PREFIX, PAUSE_PREFIX))


def stray_files(folder: str, commit: Commit, paths: Iterable[str]) -> Iterator[str]:
    """Yield those paths in the folder of the attempt that was committed that no commit names.

    Args:
        folder: the step's folder.
        commit: what its part committed.
        paths: files of the part, and maybe others.
    """
    own, named = f"{folder}/{commit.part}/{commit.attempt}/", {file.path for file in commit.files}
    for path in paths:
        if path.startswith(own) and path not in named:
            yield path
