"""What a finished part leaves behind: `_done.json`, written last and only if absent."""

import dataclasses
import json
from collections.abc import Iterator, Sequence

from ...schemas.errors import EnvironmentFault
from ..storage.store import Store
from .workspace import CommittedFile

DONE_NAME = "_done.json"
KEPT_NAME = "kept.parquet"
OUTCOMES_NAME = "outcomes.parquet"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StageCounts:
    """Fates of one stage's inputs in one part."""

    stage: str
    kept: int = 0
    rejected: int = 0
    failed: int = 0
    deferred: int = 0
    quarantined: int = 0
    outputs: int = 0

    @property
    def planned(self) -> int:
        """Inputs of the stage."""
        return self.kept + self.rejected + self.failed + self.deferred + self.quarantined


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What `_done.json` says: the truth about a finished part."""

    part: str
    step: str
    key: str
    attempt: str
    num_kept: int
    stages: tuple[StageCounts, ...]
    files: tuple[CommittedFile, ...]
    wall_s: float
    cpu_s: float | None = None
    """CPU seconds of the worker and its children meanwhile; null in commits of older versions."""
    ended: str | None = None
    """When the part was committed, ISO 8601 in UTC; null in commits of older versions."""

    def file(self, name: str) -> CommittedFile | None:
        """Return the committed file of that name, or None if the part has none."""
        return next((f for f in self.files if f.path.endswith(f"/{name}")), None)

    def to_json(self) -> bytes:
        """Return the content of `_done.json`."""
        return json.dumps(dataclasses.asdict(self), indent=1, sort_keys=True).encode()


class TornCommitError(EnvironmentFault):
    """What a part committed cannot be read: the disk has damaged it since."""


def read_commit(store: Store, step_folder: str, part: str) -> Commit | None:
    """Return what a part committed in a step, or None if it has not.

    Raises:
        TornCommitError: it cannot be read.
    """
    return next(read_commits(store, step_folder, [part]))


def read_commits(store: Store, step_folder: str, parts: Sequence[str]) -> Iterator[Commit | None]:
    """Yield what each of some parts committed in a step, None for one that has not, in order.

    Raises:
        TornCommitError: one cannot be read.
    """
    paths = [f"{step_folder}/{part}/{DONE_NAME}" for part in parts]
    for path, content in zip(paths, store.read_all(paths), strict=True):
        try:
            commit = None if content is None else _commit(content)
        except (ValueError, KeyError, TypeError) as error:
            raise TornCommitError(
                f"{store.display(path)} cannot be read ({error}): the commit is damaged; "
                f"`interlink fsck {store.display()} --repair` takes it away, then run again"
            ) from error
        yield commit


def _commit(content: bytes) -> Commit:
    row = json.loads(content)
    stages = tuple(StageCounts(**stage) for stage in row.pop("stages"))
    files = tuple(CommittedFile(**file) for file in row.pop("files"))
    return Commit(stages=stages, files=files, **row)
