"""How far a run is, from its files alone: who asks may be another machine than who works."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ...schemas.outcome import Disposition
from ..jobs.job import JobRecord, read_jobs
from ..parts.attempt_notes import open_notes
from ..parts.commit import Commit, StageCounts
from ..parts.kept import read_outcomes
from ..plans.run_files import RunFiles, StepFolder, at_once, commits_by_step, step_folders
from ..plans.taken_over import TakenOver, taken_over, without
from ..step_run import add_counts
from ..storage.disk_guard import PAUSE_PREFIX, read_pause
from ..storage.store import Store
from .losses import read_losses
from .pace import Pace, Rest, ended_at, pace_of, rest_of, straggles

_PART_NAME = re.compile(r"\d{3,}-\d{5,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStatus:
    """How far one step is."""

    step: str
    engine: str
    num_done: int
    """Parts that are committed."""
    num_parts: int
    """Parts of all plans."""
    stages: tuple[StageCounts, ...]
    """Fates by stage; of a source that stands in several plans, those of the newest."""
    pace: Pace | None
    """None where no commit says when it ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A part that somebody has begun and not ended."""

    step: str
    part: str
    host: str
    pid: int
    begun: str
    """ISO 8601, UTC."""
    running_s: float
    """Seconds since then, by this machine's clock."""
    straggles: bool
    """Whether that is far longer than finished parts of the step took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Records that are deferred."""

    num_due: int
    """Those that may be tried now."""
    num_later: int
    """Those that may not be tried yet."""
    next_try: str | None
    """When the first of the latter may be tried; ISO 8601, UTC."""


@dataclass(frozen=True, kw_only=True)
class RunStatus:
    """How far a run is."""

    run: str
    plans: tuple[int, ...]
    num_parts: int
    steps: tuple[StepStatus, ...]
    """Empty for a run that is planned and has not begun."""
    work: tuple[Work, ...]
    """What is worked on, the longest first."""
    pauses: tuple[str, ...]
    """What workers wait for, such as space on a disk."""
    waiting: Waiting
    jobs: tuple[JobRecord, ...]
    """Processes that have carried the run out, oldest first; none in runs of older versions."""
    rest: Rest
    last_commit: str | None
    """When a part was last committed; ISO 8601, UTC."""
    num_taken_over: int
    """Sources that a retry took over from an earlier plan."""
    left: tuple[str, ...]
    """Folders of steps that an edited recipe left behind."""
    dataset: str | None

    @property
    def is_done(self) -> bool:
        """Whether all parts are through all steps."""
        return bool(self.steps) and all(step.num_done == step.num_parts for step in self.steps)


def run_status(run: RunFiles, *, now: datetime | None = None) -> RunStatus:
    """Look how far a run is.

    Args:
        run: the run.
        now: the time; None for that of this machine's clock.
    """
    now = now or datetime.now(UTC)
    parts = run.all_parts
    taken = taken_over(run.store, list(run.parts))
    commits = commits_by_step(run)
    steps = tuple(
        _step_status(run.store, step, done, len(parts), taken)
        for step, done in zip(run.steps, commits, strict=True)
    )
    work = [
        found
        for step, done in zip(run.steps, commits, strict=True)
        for found in _work(run.store, step, done, now)
    ]
    ends = [end for done in commits for c in done.values() if (end := ended_at(c)) is not None]
    current = {step.folder for step in run.steps}
    folders = [folder for found in step_folders(run.store).values() for folder in found]
    return RunStatus(
        run=run.store.display(),
        plans=tuple(run.parts),
        num_parts=len(parts),
        steps=steps,
        work=tuple(sorted(work, key=lambda found: -found.running_s)),
        pauses=tuple(_pauses(run)),
        waiting=_waiting(run.store, commits, taken, now),
        jobs=tuple(read_jobs(run.store)),
        rest=rest_of([(s.step, s.num_parts - s.num_done, s.pace) for s in steps]),
        last_commit=max(ends).isoformat() if ends else None,
        num_taken_over=len(taken.newest),
        left=tuple(folder for folder in folders if folder not in current) if current else (),
        dataset=run.dataset,
    )


def _step_status(
    store: Store,
    step: StepFolder,
    done: Mapping[str, Commit],
    num_parts: int,
    taken: TakenOver,
) -> StepStatus:
    return StepStatus(
        step=step.step,
        engine=step.engine,
        num_done=len(done),
        num_parts=num_parts,
        stages=add_counts(at_once(lambda c: _as_it_counts(store, c, taken), list(done.values()))),
        pace=pace_of(done.values()),
    )


def _as_it_counts(store: Store, commit: Commit, taken: TakenOver) -> Commit:
    """Return a commit without the sources that a later plan took over."""
    gone = taken.parts.get(commit.part)
    if not gone:
        return commit
    return replace(commit, stages=without(commit.stages, read_outcomes(store, [commit]), gone))


def _work(
    store: Store, step: StepFolder, done: Mapping[str, Commit], now: datetime
) -> Iterator[Work]:
    """Yield what is worked on in one step, by the notes of attempts that have not ended."""
    names = (name for name in store.names(step.folder) if _PART_NAME.fullmatch(name))
    begun = [name for name in names if name not in done]
    notes = at_once(lambda part: open_notes(store, f"{step.folder}/{part}"), begun)
    for part, found in zip(begun, notes, strict=True):
        for note in found:
            running_s = (now - datetime.fromisoformat(note.at)).total_seconds()
            yield Work(
                step=step.step,
                part=part,
                host=note.host,
                pid=note.pid,
                begun=note.at,
                running_s=round(running_s, 1),
                straggles=straggles(running_s, done.values()),
            )


def _pauses(run: RunFiles) -> Iterator[str]:
    for step in run.steps:
        for name in run.store.names(step.folder):
            if name.startswith(PAUSE_PREFIX):
                message = read_pause(run.store, f"{step.folder}/{name}")
                if message is not None:
                    yield f"{step.step}: {message}"


def _waiting(
    store: Store, commits: Sequence[Mapping[str, Commit]], taken: TakenOver, now: datetime
) -> Waiting:
    losses = read_losses(store, commits, taken, fates=[Disposition.DEFERRED])
    times = [loss.outcome.wait_until_us or 0 for loss in losses]
    later = [time_us for time_us in times if time_us > now.timestamp() * 1e6]
    return Waiting(
        num_due=len(times) - len(later),
        num_later=len(later),
        next_try=datetime.fromtimestamp(min(later) / 1e6, UTC).isoformat() if later else None,
    )
