"""Whether anything is left of what was taken down: in a dataset, and in a run."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from ....schemas.denied import Denied
from ....schemas.errors import EnvironmentFault
from ....schemas.manifest import Manifest, Shard
from ...parts.commit import read_commit
from ...parts.plan import plan_numbers, plan_path
from ...storage.store import Store
from ...storage.torn import first_line
from ..clean_shard import holds_denied
from ..dry_store import DryStore
from ..funnel import funnel_paths
from ..listing import unfinished_files
from ..run_commits import freed_plans, plan_of, step_folders
from ..unfinished import dead_scratch_folders, unfinished_attempts
from ..version_files import VersionFiles
from .funnel import clean_funnels
from .run_files import affected_parts, find_wanted, told_sources
from .run_part import clean_part
from .shards import DATASET_FOLDERS, stale_files

_HALF = "half written by a process that was killed, with who knows what in it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Something that should not be there any more."""

    place: str
    """Path or URL of the file or folder."""
    what: str
    """What is wrong with it."""


@dataclass(kw_only=True)
class Looked:
    """What was looked into."""

    num_shards: int = 0
    """Shards of the newest version."""
    num_older_files: int = 0
    """Other files of shards: of older versions, or of none."""
    num_funnels: int = 0
    """Files of the funnel."""
    num_steps: int = 0
    """Steps of runs, of all recipes."""
    num_parts: int = 0
    """Parts in these steps in which something was, or may have been."""
    num_plans: int = 0
    """Plans of runs."""


def left_in_dataset(
    dataset: Store, newest: Manifest, denied: Denied, looked: Looked
) -> Iterator[Left]:
    """Yield what is left in the shards and funnels of a dataset, older files among them."""
    files = VersionFiles(dataset)
    for shard in files.shards(newest):
        looked.num_shards += 1
        for path, what in _left_in_shard(dataset, shard, denied):
            yield Left(place=dataset.display(path), what=what)
    names = {f"{folder}/{name}" for folder in ("docs", "media") for name in dataset.names(folder)}
    looked.num_older_files += len(names - files.shard_paths(newest))
    for path in stale_files(dataset, newest, denied):
        yield Left(place=dataset.display(path), what="an earlier or stray file that holds it")
    for file in unfinished_files(dataset, DATASET_FOLDERS):
        yield Left(place=dataset.display(file.path), what=_HALF)
    dry = DryStore(dataset.url)
    looked.num_funnels += len(funnel_paths(dataset))
    clean_funnels(dry, denied)
    for path in dry.places:
        yield Left(place=dataset.display(path), what="a row tells more than that it is gone")


def left_in_run(run: Store, denied: Denied, looked: Looked) -> Iterator[Left]:
    """Yield what is left in the plans, parts and scratch folders of a run."""
    wanted = find_wanted(run, denied)
    looked.num_steps += len(step_folders(run))
    for number in plan_numbers(run):
        looked.num_plans += 1
        told = told_sources(run, number, wanted)
        if told:
            what = f"{len(told)} sources with more than their id"
            yield Left(place=run.display(plan_path(number)), what=what)
    freed = freed_plans(run)
    for folder, part in affected_parts(run, wanted):
        looked.num_parts += 1
        dry, commit = DryStore(run.url), read_commit(run, folder, part)
        if commit is not None:
            clean_part(dry, folder, commit, wanted.denied, is_freed=plan_of(part) in freed)
        for path in dry.places:
            yield Left(place=run.display(path), what="a file of a part that held it")
        for file in unfinished_files(run, [f"{folder}/{part}"]):
            yield Left(place=run.display(file.path), what=_HALF)
        for attempt in unfinished_attempts(run, folder, part):
            state = "still at work" if attempt.is_alive else "never finished"
            yield Left(place=run.display(attempt.path), what=f"an attempt at its part, {state}")
    for file in unfinished_files(run, ["plans"]):
        yield Left(place=run.display(file.path), what=_HALF)
    for scratch in dead_scratch_folders(run):
        yield Left(place=str(scratch), what="scratch of an attempt that never finished")


def _left_in_shard(dataset: Store, shard: Shard, denied: Denied) -> Iterator[tuple[str, str]]:
    try:
        with dataset.open(shard.docs_path) as file:
            if holds_denied(file, denied):
                yield shard.docs_path, "a document of the newest version"
        if shard.media_path is not None:
            num_strangers = _num_strangers(dataset, shard.docs_path, shard.media_path)
            if num_strangers:
                yield shard.media_path, f"{num_strangers} clip files of no document"
    except (OSError, pa.ArrowException) as error:
        raise EnvironmentFault(
            f"cannot look into the shard of part {shard.part}: {first_line(error)}; see what "
            f"`interlink fsck {dataset.display()}` finds"
        ) from error


def _num_strangers(dataset: Store, docs: str, media: str) -> int:
    """Count the rows of a media file that belong to no clip of the documents beside it."""
    with dataset.open(docs) as file:
        table = pq.ParquetFile(file).read(columns=["clips.list.element.clip_id"])
    clips = {clip["clip_id"] for row in table.to_pylist() for clip in row["clips"]}
    with dataset.open(media) as file:
        owners = pq.ParquetFile(file).read(columns=["owner_id"])["owner_id"].to_pylist()
    return sum(owner not in clips for owner in owners)
