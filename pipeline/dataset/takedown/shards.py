"""The shards of a dataset without what was taken down, and the removal of the files before."""

import logging
import re
from dataclasses import dataclass

import pyarrow as pa

from ....schemas.denied import Denied
from ....schemas.errors import EnvironmentFault
from ....schemas.manifest import Manifest, Shard, ShardList
from ...storage.store import Store
from ...storage.torn import first_line
from ..clean_shard import clean_shard, holds_denied
from ..listing import unfinished_files
from ..shard_files import put_shard
from ..shard_lists import read_list, write_list
from ..version_files import VersionFiles
from ..work_folder import work_folder

logger = logging.getLogger(__name__)

DATASET_FOLDERS = ("docs", "media", "funnel", "audits", "_manifest")
"""Folders of a dataset in which something may be left half written."""
_PART = re.compile(r"\.?(\d{3,}-\d{5,})-")


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanLists:
    """The shards of a version after a takedown."""

    lists: tuple[ShardList, ...]
    """The lists of shards, written already."""
    num_rewritten: int
    """Shards that have a new file."""
    num_emptied: int
    """Shards of which nothing is left."""
    num_documents: int
    """Documents that are there no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """Files that are there no more."""

    paths: tuple[str, ...]
    """Those of shards, under the dataset's root."""
    versions: tuple[int, ...]
    """Older versions that name one of them and cannot be read whole any more."""


def clean_lists(dataset: Store, before: Manifest, denied: Denied) -> CleanLists:
    """Write the shards that hold something denied anew, without it; all others stay as they are.

    Doing it again gives the same files.

    Raises:
        EnvironmentFault: a file of the version is lost or damaged.
    """
    lists, counts = [], {"rewritten": 0, "emptied": 0}
    for listed in before.shard_lists:
        shards = read_list(dataset, listed)
        cleaned: list[Shard] = []
        for shard in shards:
            after = _clean(dataset, shard, denied)
            counts["emptied"] += after is None
            counts["rewritten"] += after is not None and after is not shard
            if after is not None:
                cleaned.append(after)
        if cleaned == shards:
            lists.append(listed)
        elif cleaned:
            lists.append(write_list(dataset, listed.plan, cleaned))
    return CleanLists(
        lists=tuple(lists),
        num_rewritten=counts["rewritten"],
        num_emptied=counts["emptied"],
        num_documents=before.num_documents - sum(one.num_documents for one in lists),
    )


def remove_stale_files(dataset: Store, newest: Manifest, denied: Denied) -> Removed:
    """Remove every file of a shard that holds something denied and is not of the newest version.

    That takes files from older versions; nothing else can make sure that they are gone.
    """
    files = VersionFiles(dataset)
    stale = stale_files(dataset, newest, denied)
    for path in (*stale, *(file.path for file in unfinished_files(dataset, DATASET_FOLDERS))):
        dataset.remove(path)
    broken = [m.version for m in files.manifests() if not files.shard_paths(m).isdisjoint(stale)]
    return Removed(paths=tuple(stale), versions=tuple(broken))


def stale_files(dataset: Store, newest: Manifest, denied: Denied) -> list[str]:
    """Return the files of shards that must go, in the order in which to remove them.

    These are docs files with something denied in them, or that nobody can read; their media files;
    and whatever of their parts no version names.
    """
    files = VersionFiles(dataset)
    current = files.shard_paths(newest)
    docs_of = {s.media_path: s.docs_path for m in files.manifests() for s in files.shards(m)}
    found, media = (
        {f"{folder}/{name}" for name in dataset.names(folder)} for folder in ("docs", "media")
    )
    docs = {path for path in found - current if _must_go(dataset, path, denied)}
    parts = {part_of(path) for path in docs}

    def goes(path: str) -> bool:
        if path not in docs_of:
            return part_of(path) in parts
        # Without its documents a media file tells nobody what is in it.
        return docs_of[path] in docs or docs_of[path] not in found

    return [*sorted(filter(goes, media - current)), *sorted(docs)]


def part_of(path: str) -> str | None:
    """Return the part that a shard's file is of, finished or not; None if its name tells none."""
    found = _PART.match(path.rsplit("/", 1)[-1])
    return found[1] if found else None


def _clean(dataset: Store, shard: Shard, denied: Denied) -> Shard | None:
    try:
        with dataset.open(shard.docs_path) as file:
            if not holds_denied(file, denied):
                return shard
        media = (dataset, shard.media_path) if shard.media_path else None
        with work_folder(dataset) as folder:
            files = clean_shard((dataset, shard.docs_path), media, denied, folder)
            return put_shard(dataset, shard.part, files)
    except (OSError, pa.ArrowException) as error:
        raise EnvironmentFault(
            f"cannot look into the shard of part {shard.part}, of which something may have to go: "
            f"{first_line(error)}; see what `interlink fsck {dataset.display()} --deep` finds"
        ) from error


def _must_go(dataset: Store, path: str, denied: Denied) -> bool:
    """Tell whether a docs file that is not of the newest version must not stay."""
    try:
        with dataset.open(path) as file:
            return holds_denied(file, denied)
    except (OSError, pa.ArrowException) as error:
        logger.warning("%s goes, as nobody can tell what is in it: %s", path, error)
        return True
