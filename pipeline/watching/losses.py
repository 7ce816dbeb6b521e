"""The records of a run that failed, are deferred or were quarantined, read from its commits."""

import io
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import pyarrow.parquet as pq

from ...schemas.arrow import from_table
from ...schemas.outcome import Disposition, Outcome
from ..parts.commit import OUTCOMES_NAME, Commit
from ..plans.run_files import at_once
from ..plans.taken_over import TakenOver
from ..storage.store import Store

LOST = (Disposition.FAILED, Disposition.DEFERRED, Disposition.QUARANTINED)
"""Fates of records that may be tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One record that was lost, and where."""

    part: str
    outcome: Outcome

    @property
    def plan(self) -> int:
        """Number of the part's plan."""
        return int(self.part.partition("-")[0])

    @property
    def source_id(self) -> str:
        """The source that the record comes from."""
        return self.outcome.owner_id or self.outcome.input_id


def read_losses(
    store: Store,
    commits: Iterable[Mapping[str, Commit]],
    taken: TakenOver,
    *,
    fates: Collection[Disposition] = LOST,
) -> Iterator[Loss]:
    """Yield the losses of a recipe, step by step, in the order of the parts.

    Sources that a later plan took over are left out: there they may still come through.

    Args:
        store: the run.
        commits: of each step, by part; see `run_files.commits_by_step`.
        taken: what later plans took over.
        fates: which losses.
    """
    for done in commits:
        hit = [commit for commit in done.values() if _has(commit, fates)]
        found = at_once(lambda commit: _lost(store, commit, fates), hit)
        for commit, outcomes in zip(hit, found, strict=True):
            for outcome in outcomes:
                if taken.counts(outcome, commit.part):
                    yield Loss(part=commit.part, outcome=outcome)


def _has(commit: Commit, fates: Collection[Disposition]) -> bool:
    return any(getattr(stage, fate.value) for stage in commit.stages for fate in fates)


def _lost(store: Store, commit: Commit, fates: Collection[Disposition]) -> list[Outcome]:
    file = commit.file(OUTCOMES_NAME)
    if file is None:
        return []
    wanted = [("disposition", "in", [fate.value for fate in fates])]
    content = io.BytesIO(store.read(file.path))  # of a remote store one call is better than ranges
    return from_table(pq.read_table(content, filters=wanted, use_threads=False), Outcome)
