"""One step of one plan: what is missing goes to the engine, what comes out is counted."""

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from ..schemas.errors import IncompleteError, UsageError
from .engines.engine import Engine
from .faults import fault_point
from .jobs.observer import Observer
from .jobs.watcher import CommitWatcher, out_of_time
from .machine.cpu import cpu_seconds
from .parts.commit import Commit, StageCounts, read_commits
from .parts.part import PartRunner
from .parts.plan import plan_parts
from .parts.stop_note import take_stop
from .step import EngineName
from .step_record import note_step, record_step
from .storage.store import Store


@dataclass(frozen=True, kw_only=True)
class StepReport:
    """What one step of one plan did."""

    plan: int
    step: str
    engine: EngineName
    folder: str
    num_parts: int
    num_reused: int
    """Parts that an earlier run had committed."""
    stages: tuple[StageCounts, ...]
    """Fates by stage, over all parts."""
    wall_s: float
    cpu_s: float
    """CPU seconds of this machine, in this run; a cluster's are not in it."""
    workers: int = 1
    """Workers that the parts of this run could have at once."""
    busy_s: float = 0.0
    """Seconds that workers were at parts in this run, added up."""
    busy_cpu_s: float = 0.0
    """CPU seconds that the workers used meanwhile, wherever they were."""
    longest_s: float = 0.0
    """Seconds of the part that took the longest in this run."""
    commits: tuple[Commit, ...] = ()
    """The commits, in the order of the parts; empty where they are no longer held."""


def run_step(
    engine: Engine,
    runner: PartRunner,
    *,
    plan: int,
    parts: Sequence[str],
    max_failed_share: float,
    observers: Sequence[Observer],
    until: float | None = None,
) -> StepReport:
    """Take all parts of a plan through one step, until `until` (seconds since the epoch) at most.

    Raises:
        EnvironmentFault: the machine is at fault.
        BudgetExceededError: more than `max_failed_share` of at least 200 records failed.
        IncompleteError: the engine ended or the time is over, and parts are missing.
    """
    store, step = runner.open_store(), runner.step
    note_step(store, runner.folder, record_step(step, runner.key, runner.previous_folder))
    take_stop(store, runner.stop_note)  # what stopped an earlier run may be mended by now
    watcher = CommitWatcher(
        store,
        runner.folder,
        parts,
        stop_note=runner.stop_note,
        max_failed_share=max_failed_share,
        observers=observers,
        until=until,
    )
    reused = frozenset(watcher.commits)
    wall, cpu = time.monotonic(), cpu_seconds()
    for observer in observers:
        observer.step_started(
            plan=plan, step=step.name, engine=step.engine, parts=len(parts), done=len(reused)
        )
    fault_point("step.started", runner.folder)
    ended = None
    # What earlier runs committed counts: a restart is no new budget.
    if watcher.missing and watcher.failed_too_often() is None:
        ended = out_of_time(until) or _carry_out(engine, runner, watcher)
    _raise_if_unfinished(store, runner, watcher, ended)
    commits = tuple(watcher.commits[part] for part in parts)
    report = _report(
        runner,
        plan,
        commits,
        reused=reused,
        wall_s=round(time.monotonic() - wall, 3),
        cpu_s=round(cpu_seconds() - cpu, 3),
    )
    fault_point("step.ended", runner.folder)
    for observer in observers:
        observer.step_ended(plan=plan, step=step.name, wall_s=report.wall_s, cpu_s=report.cpu_s)
    return report


def read_step(runner: PartRunner, *, plan: int, parts: Sequence[str]) -> StepReport:
    """Return what an earlier run did in a step.

    Raises:
        UsageError: it is not done for all parts.
    """
    found = read_commits(Store(runner.store_url), runner.folder, parts)
    commits = tuple(commit for commit in found if commit is not None)
    if len(commits) < len(parts):
        raise UsageError(
            f"step {runner.step.name!r} of plan {plan:03d} is done for {len(commits)} of "
            f"{len(parts)} parts; run it first: --plan {plan} --step {runner.step.name}"
        )
    return _report(runner, plan, commits, reused=frozenset(parts), wall_s=0.0, cpu_s=0.0)


def commits_of(store: Store, report: StepReport) -> Iterator[Commit]:
    """Yield the commits of a step in the order of the parts, held or read once more."""
    if report.commits:
        yield from report.commits
        return
    found = read_commits(store, report.folder, plan_parts(store, report.plan))
    yield from (commit for commit in found if commit is not None)


def add_counts(commits: Sequence[Commit | StepReport]) -> tuple[StageCounts, ...]:
    """Add the counts of each stage over parts or plans, in the order of the stages."""
    names = list(dict.fromkeys(counts.stage for commit in commits for counts in commit.stages))
    totals = []
    for name in names:
        own = [c for commit in commits for c in commit.stages if c.stage == name]
        totals.append(
            StageCounts(
                stage=name,
                kept=sum(c.kept for c in own),
                rejected=sum(c.rejected for c in own),
                failed=sum(c.failed for c in own),
                deferred=sum(c.deferred for c in own),
                quarantined=sum(c.quarantined for c in own),
                outputs=sum(c.outputs for c in own),
            )
        )
    return tuple(totals)


def _carry_out(
    engine: Engine, runner: PartRunner, watcher: CommitWatcher
) -> IncompleteError | None:
    """Give the engine what is missing, and return why it ended early, if it says so."""
    try:
        with watcher:
            engine.run(runner, watcher.missing)
    except IncompleteError as error:
        watcher.look_closely()
        return error
    return None


def _report(
    runner: PartRunner,
    plan: int,
    commits: tuple[Commit, ...],
    *,
    reused: Collection[str],
    wall_s: float,
    cpu_s: float,
) -> StepReport:
    step = runner.step
    own = [commit for commit in commits if commit.part not in reused]
    report = StepReport(
        plan=plan,
        step=step.name,
        engine=step.engine,
        folder=runner.folder,
        num_parts=len(commits),
        num_reused=len(reused),
        stages=add_counts(commits),
        wall_s=wall_s,
        cpu_s=cpu_s,
        workers=1 if step.engine == "local" else min(step.resources.workers, max(len(own), 1)),
        busy_s=round(sum(commit.wall_s for commit in own), 3),
        busy_cpu_s=round(sum(commit.cpu_s or 0.0 for commit in own), 3),
        longest_s=max((commit.wall_s for commit in own), default=0.0),
        commits=commits,
    )
    _check_sums(report)
    return report


def _raise_if_unfinished(
    store: Store, runner: PartRunner, watcher: CommitWatcher, ended: IncompleteError | None
) -> None:
    # Why a worker stopped the step says more than how the engine took it.
    stopped = take_stop(store, runner.stop_note) or watcher.failed_too_often()
    if stopped is not None:
        raise stopped from ended
    if watcher.missing and ended is not None:
        raise ended
    if watcher.missing:
        raise IncompleteError(
            f"step {runner.step.name!r} ended without {len(watcher.missing)} of its parts, such as "
            f"{watcher.missing[0]}; run again to go on"
        )


def _check_sums(report: StepReport) -> None:
    """Every record that a stage gave is an input of the next, and the last one's are committed."""
    if not report.commits:
        return
    given = [stage.outputs for stage in report.stages]
    taken = [stage.planned for stage in report.stages[1:]]
    taken.append(sum(commit.num_kept for commit in report.commits))
    if given != taken:
        raise RuntimeError(
            f"step {report.step!r} lost records between its stages: gave {given}, took {taken}"
        )
