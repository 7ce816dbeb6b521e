"""The funnel of a plan: one row per attempted source and clip, with its outcome."""

import io
import re
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from ...schemas.arrow import arrow_schema, to_table
from ...schemas.funnel import FunnelKind, FunnelRow
from ...schemas.outcome import Outcome
from ..commit import KEPT_NAME, Commit
from ..kept import read_outcomes
from ..step_run import StepReport
from ..store import Store

FUNNEL_FOLDER = "funnel"
_NAME = re.compile(r"\d{3,}\.parquet")


def funnel_path(plan: int) -> str:
    """Return the path of a plan's funnel under the dataset's root."""
    return f"{FUNNEL_FOLDER}/{plan:03d}.parquet"


def funnel_paths(dataset: Store) -> list[str]:
    """Return the paths of all funnels, by plan; what a killed run left unfinished is none."""
    names = (name for name in dataset.names(FUNNEL_FOLDER) if _NAME.fullmatch(name))
    return [f"{FUNNEL_FOLDER}/{name}" for name in names]


def write_funnel(run: Store, dataset: Store, plan: int, steps: Sequence[StepReport]) -> None:
    """Write the funnel of a plan, part by part, and check that nobody is missing.

    Args:
        run: where the steps' commits lie.
        dataset: where the funnel goes.
        plan: number of the plan.
        steps: what all steps did on it, the first one's inputs being sources.

    Raises:
        RuntimeError: a source or clip that went in has no row: a bug of ours.
    """
    parts = zip(*(step.commits for step in steps), strict=True)
    dataset.put(funnel_path(plan), funnel_bytes(_part_rows(run, commits) for commits in parts))


def funnel_bytes(parts: Iterable[Sequence[FunnelRow]]) -> bytes:
    """Return the content of a funnel's file, one row group for each part."""
    buffer = io.BytesIO()
    with pq.ParquetWriter(buffer, arrow_schema(FunnelRow), compression="zstd") as writer:
        for rows in parts:
            writer.write_table(to_table(rows, FunnelRow))
    return buffer.getvalue()


def funnel_rows(outcomes: Sequence[Outcome], videos: dict[str, str]) -> Iterator[FunnelRow]:
    """Yield one row for each source and clip of a part: where it ended.

    Args:
        outcomes: outcomes of all steps on the part, in the order of steps and stages.
        videos: the `video_id` of each source that was fetched.

    Raises:
        RuntimeError: there are more or fewer clips than sources say that they became.
    """
    last: dict[tuple[FunnelKind, str], Outcome] = {}
    for outcome in outcomes:
        source = outcome.owner_id or outcome.input_id
        is_source = outcome.input_id in (source, videos.get(source))
        kind = FunnelKind.SOURCE if is_source else FunnelKind.CLIP
        last[kind, source if is_source else outcome.input_id] = outcome
    clips = sum(kind is FunnelKind.CLIP for kind, _ in last)
    born = sum(o.num_outputs for (kind, _), o in last.items() if kind is FunnelKind.SOURCE)
    if clips != born:
        raise RuntimeError(f"the funnel has {clips} clips, but {born} were chosen")
    for (kind, name), outcome in last.items():
        source = outcome.owner_id or outcome.input_id
        yield FunnelRow(
            id=name,
            kind=kind,
            source_id=source,
            video_id=videos.get(source),
            step=outcome.step,
            stage=outcome.stage,
            disposition=outcome.disposition,
            code=outcome.code,
            value=outcome.value,
            message=outcome.message,
        )


def read_funnel(dataset: Store) -> pa.Table:
    """Return how many sources and clips of all plans ended where.

    Returns:
        Columns kind, step, stage, disposition, code and count; one row for each that occurs, the
        sources first, the most frequent first.
    """
    keys = ["kind", "step", "stage", "disposition", "code"]
    counted = []
    for path in funnel_paths(dataset):
        with dataset.open(path) as file:
            table = pq.read_table(file, columns=keys, use_threads=False)
        counted.append(table.group_by(keys).aggregate([([], "count_all")]))
    if not counted:
        counted = [arrow_schema(FunnelRow).empty_table().select(keys)]
        counted = [counted[0].append_column("count_all", pa.array([], pa.int64()))]
    whole = pa.concat_tables(counted).group_by(keys).aggregate([("count_all", "sum")])
    order = [("kind", "descending"), ("count_all_sum", "descending")]
    order += [(key, "ascending") for key in keys[1:]]
    return whole.sort_by(order).rename_columns([*keys, "count"])


def _part_rows(run: Store, commits: Sequence[Commit]) -> list[FunnelRow]:
    outcomes = [o for commit in commits for o in read_outcomes(run, [commit])]
    rows = list(funnel_rows(outcomes, _videos(run, commits[0])))
    _check_sources(rows, commits[0])
    return rows


def _videos(run: Store, fetched: Commit) -> dict[str, str]:
    kept = fetched.file(KEPT_NAME)
    assert kept is not None
    with run.open(kept.path) as file:
        table = pq.ParquetFile(file).read(columns=["video_id", "source.source_id"])
    sources = (source["source_id"] for source in table.column("source").to_pylist())
    return dict(zip(sources, table.column("video_id").to_pylist(), strict=True))


def _check_sources(rows: Sequence[FunnelRow], first: Commit) -> None:
    found = sum(row.kind is FunnelKind.SOURCE for row in rows)
    planned = first.stages[0].planned
    if found != planned:
        raise RuntimeError(
            f"part {first.part} has {found} sources in the funnel, {planned} went in"
        )
