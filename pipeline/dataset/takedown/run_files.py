"""A run without what was taken down: its plans, its parts, and what unfinished attempts left."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.parquet as pq

from ....schemas.arrow import from_table, to_table
from ....schemas.denied import Denied
from ....schemas.ids import source_id
from ....schemas.source import Source
from ...parts.commit import read_commit
from ...parts.plan import part_name, plan_numbers, plan_path
from ...plans.published import forget_published, recount_published
from ...plans.run_files import last_recipe
from ...storage.scratch import remove_dead_scratch
from ...storage.store import Store
from ..listing import unfinished_files
from ..run_commits import (
    commits_of,
    first_step_folders,
    freed_plans,
    kept_columns,
    plan_of,
    step_folders,
)
from ..unfinished import (
    Unfinished,
    dead_scratch_folders,
    unfinished_attempts,
)
from .records import without_given_texts
from .run_part import PartChanges, clean_part


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChanges:
    """What was changed in a run."""

    run: Store
    """The run."""
    num_sources: int
    """Sources of its plans of which nothing but the id is left."""
    parts: tuple[PartChanges, ...]
    """One for each part of a step that was changed."""
    num_attempts: int
    """Folders of unfinished attempts, and scratch folders, that are there no more."""
    num_scratch: int
    """Scratch folders among them."""
    num_alive: int
    """Attempts at these parts that may be at work, and are left alone: do it again later."""
    named: tuple[str, ...]
    """What its recipe still names, as sources."""


def clean_run(run: Store, denied: Denied, *, is_dry: bool = False) -> RunChanges:
    """Take what is denied out of a run. What is committed besides keeps its bytes.

    Doing it again changes nothing. The first step comes last: it alone tells which source became
    which video.

    Args:
        run: the run.
        denied: what was taken down.
        is_dry: only count scratch folders, which lie outside of what a `DryStore` keeps as it is.

    Raises:
        UsageError: a step keeps records of another type.
        EnvironmentFault: a file is lost or damaged.
    """
    wanted = find_wanted(run, denied)
    first, freed = set(first_step_folders(run)), freed_plans(run)
    changed: list[PartChanges | None] = []
    left: list[Unfinished] = []

    def clean(*, is_first: bool) -> None:
        for folder, part in affected_parts(run, wanted):
            if (folder in first) is not is_first:
                continue
            commit = read_commit(run, folder, part)
            if commit is not None:
                is_freed = plan_of(part) in freed
                changed.append(clean_part(run, folder, commit, wanted.denied, is_freed=is_freed))
            left.extend(unfinished_attempts(run, folder, part))
            for file in unfinished_files(run, [f"{folder}/{part}"]):
                run.remove(file.path)

    clean(is_first=False)
    num_sources = sum(_scrub(run, number, wanted) for number in plan_numbers(run))
    clean(is_first=True)
    if num_sources or any(changed):
        forget_published(run, freed)
    recount_published(run, freed)
    for file in unfinished_files(run, ["plans"]):
        run.remove(file.path)
    scratch = dead_scratch_folders(run)
    for path in () if is_dry else scratch:
        remove_dead_scratch(path)
    for attempt in left:
        if not attempt.is_alive:
            run.remove(attempt.path)
    num_alive = sum(attempt.is_alive for attempt in left)
    return RunChanges(
        run=run,
        num_sources=num_sources,
        parts=tuple(part for part in changed if part is not None),
        num_attempts=len(left) - num_alive + len(scratch),
        num_scratch=len(scratch),
        num_alive=num_alive,
        named=tuple(named_in_recipe(run, wanted.denied)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be taken out of one run."""

    denied: Denied
    """What was taken down, with all sources of this run whose video was."""
    losing: dict[str, str]
    """Videos that lose clips, by the source that they came from."""


def find_wanted(run: Store, denied: Denied) -> Wanted:
    """Find the sources of a run whose video, or a clip of it, was taken down."""
    sources, losing = set(denied.sources), {}
    for folder in first_step_folders(run) if denied.videos or denied.spans else ():
        for commit in commits_of(run, folder):
            for row in kept_columns(run, commit, ["video_id", "source.source_id"]):
                source, video = row["source"]["source_id"], row["video_id"]
                if video in denied.videos:
                    sources.add(source)
                elif video in denied.spans:
                    losing[source] = video
    return Wanted(denied=replace(denied, sources=frozenset(sources)), losing=losing)


def affected_parts(run: Store, wanted: Wanted) -> list[tuple[str, str]]:
    """Return folder and part of every part of every step that may hold something denied."""
    names = wanted.denied.sources | wanted.losing.keys()
    parts = set()
    for number in plan_numbers(run):
        for row in _plan_table(run, number).select(["part", "source_id"]).to_pylist():
            if row["source_id"] in names:
                parts.add(part_name(number, row["part"]))
    return [(f, part) for f in step_folders(run) for part in run.names(f) if part in parts]


def told_sources(run: Store, number: int, wanted: Wanted) -> dict[str, Source]:
    """Return what should stand in a plan of sources of which it tells too much, by their ids."""
    told = {}
    for source in from_table(_plan_table(run, number).drop_columns(["part"]), Source):
        clean = source
        if source.source_id in wanted.denied.sources:
            clean = Source(source_id=source.source_id, uri="")
        elif source.source_id in wanted.losing:
            video = wanted.losing[source.source_id]
            clean = without_given_texts(source, video, wanted.denied)
        if clean != source:
            told[source.source_id] = clean
    return told


def named_in_recipe(run: Store, denied: Denied) -> Iterator[str]:
    """Yield the sources that the run's recipe names itself and that were taken down."""
    places = (last_recipe(run) or {}).get("sources") or ()
    for place in [places] if isinstance(places, str) else places:
        if source_id(place) in denied.sources:
            yield place


def _scrub(run: Store, number: int, wanted: Wanted) -> int:
    """Write a plan again without a word on what was taken down; parts and ids stay."""
    told = told_sources(run, number, wanted)
    if not told:
        return 0
    table = _plan_table(run, number)
    sources = [
        told.get(source.source_id, source)
        for source in from_table(table.drop_columns(["part"]), Source)
    ]
    scrubbed = to_table(sources, Source).add_column(0, table.field("part"), table["part"])
    sink = io.BytesIO()
    pq.write_table(
        scrubbed.replace_schema_metadata(table.schema.metadata),
        sink,
        row_group_size=1024,
        compression="zstd",
        write_page_checksum=True,
    )
    run.put(plan_path(number), sink.getvalue())
    return len(told)


def _plan_table(run: Store, number: int) -> pa.Table:
    with run.open(plan_path(number)) as file:
        return pq.read_table(file, use_threads=False)
