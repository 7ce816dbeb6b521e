"""How long parts will take and what they will write, reckoned from parts that are finished.

A step's work grows with what its part holds: seconds of video, else bytes, else sources, whichever
is known of all parts that are to be done. Starting engines and loading models comes on top.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from ..parts.commit import KEPT_NAME, OUTCOMES_NAME, Commit
from ..parts.plan import part_name


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSize:
    """What a part holds, as far as the manifest or the fetched files tell."""

    sources: int
    """Number of its sources."""
    num_bytes: int | None = None
    """Bytes of its videos."""
    seconds: float | None = None
    """Seconds of its videos."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What is expected of one step."""

    worker_s: float
    """Seconds of one worker that has all the work."""
    wall_s: float
    """Seconds with the step's workers, all of them busy."""
    num_bytes: int
    """Bytes that it writes under the run."""
    by: str
    """What it was reckoned by: `seconds of video`, `bytes` or `sources`."""
    parts: int
    """Finished parts that it was reckoned from."""


_TABLES = (f"/{KEPT_NAME}", f"/{OUTCOMES_NAME}")
_MEASURES = (("seconds", "seconds of video"), ("num_bytes", "bytes"), ("sources", "sources"))


def part_sizes(plan: int, sources: pa.Table) -> dict[str, PartSize]:
    """Return what each part of a plan holds, by the part's name, as the manifest tells.

    Args:
        plan: number of the plan.
        sources: columns part, duration_us and num_bytes, one row for each source.
    """
    sums = sources.group_by("part").aggregate(
        [
            ([], "count_all"),
            *((name, how) for name in ("duration_us", "num_bytes") for how in ("count", "sum")),
        ]
    )
    sizes = {}
    for row in sums.to_pylist():
        count = row["count_all"]
        seconds = row["duration_us_sum"] / 1e6 if row["duration_us_count"] == count else None
        num_bytes = row["num_bytes_sum"] if row["num_bytes_count"] == count else None
        name = part_name(plan, row["part"])
        sizes[name] = PartSize(sources=count, seconds=seconds, num_bytes=num_bytes)
    return sizes


def learn_bytes(
    sizes: Mapping[str, PartSize], fetched: Mapping[str, Commit]
) -> dict[str, PartSize]:
    """Return the sizes with the bytes that were fetched, which no manifest knows so well.

    Args:
        sizes: what the manifest tells, by part.
        fetched: commits of the step that fetches, by part.
    """
    learnt = dict(sizes)
    for part, commit in fetched.items():
        if part in learnt:
            media = [f.num_bytes for f in commit.files if not f.path.endswith(_TABLES)]
            learnt[part] = replace(learnt[part], num_bytes=sum(media))
    return learnt


def estimate(
    to_do: Sequence[str],
    done: Mapping[str, Commit],
    sizes: Mapping[str, PartSize],
    *,
    workers: int,
) -> Estimate | None:
    """Reckon what a step costs on the parts that are to be done.

    Args:
        to_do: names of these parts.
        done: commits of finished parts of the step, by part.
        sizes: what each part holds, by part.
        workers: workers that the step has.

    Returns:
        The estimate; None if no part of the step is finished, or all that are were empty.
    """
    if not to_do:
        return Estimate(worker_s=0.0, wall_s=0.0, num_bytes=0, by="sources", parts=len(done))
    for name, words in _MEASURES:
        known = {part: getattr(sizes[part], name) for part in (*to_do, *done) if part in sizes}
        finished = [part for part in done if known.get(part)]
        total = sum(known[part] for part in finished)
        if not total or any(known.get(part) is None for part in to_do):
            continue
        share = sum(known[part] for part in to_do) / total
        worker_s = share * sum(done[part].wall_s for part in finished)
        return Estimate(
            worker_s=worker_s,
            wall_s=worker_s / min(workers, len(to_do)),
            num_bytes=round(share * sum(map(_written, (done[part] for part in finished)))),
            by=words,
            parts=len(finished),
        )
    return None


def _written(commit: Commit) -> int:
    return sum(file.num_bytes for file in commit.files)
