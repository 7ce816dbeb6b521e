"""A retry: the next plan, of sources that failed or are deferred, which it then takes over."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ...schemas.arrow import from_table
from ...schemas.outcome import Disposition
from ...schemas.source import Source
from ..dataset.denied import leave_out_denied, read_denied
from ..parts.commit import Commit
from ..parts.kept import read_owners
from ..parts.plan import note_retry, plan_path, write_plan
from ..plans.run_files import RunFiles, at_once, commits_by_step
from ..plans.taken_over import taken_over
from ..storage.store import Store
from .failures import is_worth_a_retry
from .losses import Loss, read_losses


@dataclass(frozen=True, kw_only=True)
class RetryRule:
    """Which losses are tried again."""

    codes: Collection[str] | None = None
    """Those with these codes; None for those whose class says that trying again may help."""
    fates: Collection[Disposition] = (Disposition.FAILED, Disposition.DEFERRED)
    """Those with these fates."""
    with_clips: bool = False
    """Whether a source that came through is taken again, whole, because clips of it were lost."""
    is_early: bool = False
    """Whether deferred records are taken before their time."""


@dataclass(frozen=True, kw_only=True)
class Retry:
    """What a retry planned, and what it left out."""

    plans: Mapping[int, int] = field(default_factory=dict)
    """Number of sources of each new plan, by its number."""
    codes: Mapping[str, int] = field(default_factory=dict)
    """Sources that are tried again, by the code that they were lost with."""
    hopeless: Mapping[str, int] = field(default_factory=dict)
    """Records left out as trying again seldom helps, by code."""
    clips: Mapping[str, int] = field(default_factory=dict)
    """Clips left out as their sources came through, by code."""
    early: int = 0
    """Deferred records left out as their time has not come."""
    next_try: str | None = None
    """When the first of these may be tried; ISO 8601, UTC."""


def plan_retry(
    run: RunFiles, rule: RetryRule, *, plan_size: int, now: datetime | None = None
) -> Retry:
    """Write the plan of a retry, or several if it is a long one.

    A source that stands in a later plan already is not planned again, whether that plan has run or
    not, nor is one that was taken down. Where nothing is to be tried again, no plan is written.

    Args:
        run: the run.
        rule: which losses are tried again.
        plan_size: sources of one plan, at most.
        now: the time; None for that of this machine's clock.
    """
    chosen, retry = _choose(run, rule, now or datetime.now(UTC))
    sources = _sources(run.store, chosen)
    if run.dataset is not None:
        sources = leave_out_denied(sources, read_denied(Store(run.dataset)))
    number = max(run.parts)
    plans = {}
    for start in range(0, len(sources), plan_size):
        some = sources[start : start + plan_size]
        number = _write(run.store, number + 1, some, retry)
        plans[number] = len(some)
    return replace(retry, plans=plans)


def _write(store: Store, number: int, sources: Sequence[Source], retry: Retry) -> int:
    """Write a retry's plan under the first free number from `number` on, and return that.

    Whoever took a number meanwhile may have planned the same sources: they are then done twice, and
    the later plan counts.
    """
    note = json.dumps({"sources": len(sources), "codes": dict(retry.codes)}).encode()
    while True:
        note_retry(store, number, note)
        if write_plan(store, number, sources):
            return number
        number += 1


def _choose(run: RunFiles, rule: RetryRule, now: datetime) -> tuple[dict[str, int], Retry]:
    """Return the plan that each chosen source stands in, and what was chosen and left out."""
    commits = commits_by_step(run)
    losses = list(read_losses(run.store, commits, taken_over(run.store, list(run.parts))))
    is_whole = _whole_sources(run.store, commits, losses)
    chosen: dict[str, int] = {}
    codes, hopeless, clips = Counter[str](), Counter[str](), Counter[str]()
    waits: list[int] = []
    for loss in losses:
        code, wait_us = loss.outcome.code or "", loss.outcome.wait_until_us or 0
        if not _is_wanted(loss, rule):
            hopeless[code] += 1
        elif not rule.with_clips and not is_whole(loss):
            clips[code] += 1
        elif wait_us > now.timestamp() * 1e6 and not rule.is_early:
            waits.append(wait_us)
        elif loss.source_id not in chosen:
            chosen[loss.source_id] = loss.plan
            codes[code] += 1
    next_try = datetime.fromtimestamp(min(waits) / 1e6, UTC).isoformat() if waits else None
    return chosen, Retry(
        codes=codes, hopeless=hopeless, clips=clips, early=len(waits), next_try=next_try
    )


def _is_wanted(loss: Loss, rule: RetryRule) -> bool:
    code, fate = loss.outcome.code or "", loss.outcome.disposition
    if fate not in rule.fates:
        return False
    if rule.codes is not None:
        return code in rule.codes
    # Who names the fate of the quarantined wants them; none of their codes promises anything.
    return fate is Disposition.QUARANTINED or is_worth_a_retry(code, fate)


def _whole_sources(
    store: Store, commits: Sequence[Mapping[str, Commit]], losses: Sequence[Loss]
) -> Callable[[Loss], bool]:
    """Return what tells whether a loss is that of a whole source, and not of a clip of it.

    The record of a whole source has its id, or the id of what the first step made of it.
    """
    parts = {loss.part for loss in losses if loss.outcome.input_id != loss.source_id}
    asked = [commits[0][part] for part in sorted(parts) if part in commits[0]] if commits else []
    found = at_once(lambda commit: read_owners(store, commit), asked)
    owners = {commit.part: ids for commit, ids in zip(asked, found, strict=True)}

    def is_whole(loss: Loss) -> bool:
        name = loss.outcome.input_id
        return name == loss.source_id or name in owners.get(loss.part, ())

    return is_whole


def _sources(store: Store, chosen: Mapping[str, int]) -> list[Source]:
    """Return the chosen sources as their plans hold them."""
    sources: list[Source] = []
    for plan in sorted(set(chosen.values())):
        wanted = pa.array([source for source, number in chosen.items() if number == plan])
        with store.open(plan_path(plan)) as file:
            table = pq.read_table(file, use_threads=False)
        sources += from_table(table.filter(pc.is_in(table.column("source_id"), wanted)), Source)
    return sources
