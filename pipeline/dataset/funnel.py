"""The funnel of a plan: one row per attempted source and clip, with its outcome."""

import io
import re
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ...schemas.arrow import arrow_schema, to_table
from ...schemas.funnel import FunnelKind, FunnelRow
from ...schemas.outcome import Disposition, Outcome
from ..parts.commit import KEPT_NAME, Commit
from ..parts.kept import read_outcomes
from ..step_run import StepReport
from ..storage.store import Store

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
    schema = arrow_schema(FunnelRow)
    with pq.ParquetWriter(buffer, schema, compression="zstd", write_page_checksum=True) as writer:
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
    """Return how many sources and clips of all plans ended where, each source and clip once.

    Of a source that stands in several plans, as a retry makes them, the newest plan counts that
    made documents of it, as these are the ones in the dataset; if none did, the newest plan.

    Returns:
        Columns kind, step, stage, disposition, code and count; one row for each that occurs, the
        sources first, the most frequent first.
    """
    keys = ["kind", "step", "stage", "disposition", "code"]
    paths = funnel_paths(dataset)
    outdated = _outdated(dataset, paths)
    counted = []
    for path in paths:
        table = _columns(dataset, path, [*keys, "source_id"] if path in outdated else keys)
        if path in outdated:
            is_gone = pc.is_in(table.column("source_id"), outdated[path])
            table = table.filter(pc.invert(is_gone)).select(keys)
        counted.append(table.group_by(keys).aggregate([([], "count_all")]))
    if not counted:
        counted = [arrow_schema(FunnelRow).empty_table().select(keys)]
        counted = [counted[0].append_column("count_all", pa.array([], pa.int64()))]
    whole = pa.concat_tables(counted).group_by(keys).aggregate([("count_all", "sum")])
    order = [("kind", "descending"), ("count_all_sum", "descending")]
    order += [(key, "ascending") for key in keys[1:]]
    return whole.sort_by(order).rename_columns([*keys, "count"])


def _outdated(dataset: Store, paths: Sequence[str]) -> dict[str, pa.Array]:
    """Return for each funnel the sources that another plan's funnel counts, if there are any."""
    several = _in_several(dataset, paths)
    counting: dict[str, str] = {}
    standing: dict[str, list[str]] = {}
    made: set[str] = set()
    for path in paths if len(several) else ():  # later plans come later
        table = _columns(dataset, path, ["kind", "disposition", "source_id"])
        table = table.filter(pc.is_in(table.column("source_id"), several))
        is_kept = pc.equal(table.column("disposition"), Disposition.KEPT.value)
        is_clip = pc.equal(table.column("kind"), FunnelKind.CLIP.value)
        made_here = set(table.filter(pc.and_(is_kept, is_clip)).column("source_id").to_pylist())
        standing[path] = table.column("source_id").unique().to_pylist()
        newest = (s for s in standing[path] if s in made_here or s not in made)
        counting |= dict.fromkeys(newest, path)
        made |= made_here
    return {
        path: pa.array([s for s in sources if counting[s] != path], pa.string())
        for path, sources in standing.items()
    }


def _in_several(dataset: Store, paths: Sequence[str]) -> pa.Array:
    """Return the sources that stand in several funnels."""
    found = []
    for path in paths:
        table = _columns(dataset, path, ["kind", "source_id"])
        is_source = pc.equal(table.column("kind"), FunnelKind.SOURCE.value)
        found.append(table.filter(is_source).select(["source_id"]))
    if len(found) < 2:
        return pa.array([], pa.string())
    counts = pa.concat_tables(found).group_by("source_id").aggregate([([], "count_all")])
    several = counts.filter(pc.greater(counts.column("count_all"), 1))
    return several.column("source_id").combine_chunks()


def _columns(dataset: Store, path: str, names: Sequence[str]) -> pa.Table:
    with dataset.open(path) as file:
        return pq.read_table(file, columns=list(names), use_threads=False)


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
