"""From committed parts to a version of the dataset: files linked in place, then one manifest.

Shards are named by their content and never change; a version is one small file put only if absent.
Two that publish at once both succeed: the later one builds upon the version of the faster.
"""

import logging
import re
from collections.abc import Iterable, Iterator, Sequence, Set

from ...schemas.denied import Denied
from ...schemas.errors import EnvironmentFault, UsageError
from ...schemas.manifest import (
    Manifest,
    Provenance,
    Shard,
    ShardList,
    Tombstone,
    content_digest,
    schema_id,
)
from ...schemas.view import DEFAULT_VIEWS, View
from ..faults import fault_point
from ..parts.commit import Commit
from ..storage.store import Store
from .add_shards import add_shards
from .newest_plan import keep_newest
from .same_sources import check_same_sources
from .shard_lists import MANIFEST_FOLDER, read_list, write_list

logger = logging.getLogger(__name__)

_MANIFEST_NAME = re.compile(r"v(\d{6,})\.json")


def commit_version(
    run: Store,
    dataset: Store,
    commits: Iterable[Commit],
    *,
    provenance: Provenance,
    views: Sequence[View] = DEFAULT_VIEWS,
) -> Manifest:
    """Bring the documents of committed parts into a dataset and commit a version that names them.

    Doing it again changes nothing: parts that the newest version names with the same content make
    no new version. A part with other content than before takes its own place. Parts without a
    document are left out, and so is what was taken down since a part was made.

    Args:
        run: where the commits lie.
        dataset: where the dataset lies; made if need be.
        commits: commits of the last step, whose records are documents.
        provenance: how this version came about.
        views: named rules over documents, for a dataset that has none yet.

    Returns:
        The newest version.

    Raises:
        UsageError: the dataset holds another run's documents in these parts.
    """
    commits = list(commits)
    plans = {commit.part.partition("-")[0] for commit in commits}
    stones: tuple[Tombstone, ...] | None = None
    while True:
        before = newest_manifest(dataset)
        if stones is None or (before and before.tombstones != stones):
            stones = before.tombstones if before else ()
            known = _shards_of(dataset, before, plans)
            shards = add_shards(run, dataset, commits, known=known, denied=Denied.of(stones))
        lists = _merge_lists(run, dataset, before, commits, shards)
        lists = keep_newest(run, dataset, lists, plans)
        after = _next_version(dataset, before, lists, provenance, views)
        if before is not None and after.content_digest == before.content_digest:
            return before
        fault_point("manifest.before", str(after.version))
        if dataset.put_if_absent(manifest_path(after.version), after.to_json()):
            fault_point("manifest.after", str(after.version))
            return after
        logger.info("version %d was taken by another run; building upon it", after.version)


def newest_manifest(dataset: Store) -> Manifest | None:
    """Return the newest version of a dataset, or None if there is none yet.

    Raises:
        EnvironmentFault: it cannot be read.
    """
    versions = manifest_versions(dataset)
    newest = _read_version(dataset, versions[-1]) if versions else None
    # Some stores list what is new a little later, and a version must follow the very newest.
    while (later := _later_version(dataset, newest)) is not None:
        newest = later
    return newest


def read_manifest(dataset: Store, version: int | None = None) -> Manifest:
    """Return a version of a dataset, the newest by default.

    Raises:
        UsageError: there is no dataset, or no such version.
        EnvironmentFault: the version cannot be read.
    """
    versions = manifest_versions(dataset)
    if not versions:
        raise UsageError(
            f"there is no dataset at {dataset.display()}: it must hold {manifest_path(1)}"
        )
    if version is not None and version not in versions:
        raise UsageError(f"{dataset.display()} has no version {version}; it has {versions}")
    return _read_version(dataset, version or versions[-1])


def manifest_versions(dataset: Store) -> list[int]:
    """Return the numbers of the versions of a dataset, oldest first."""
    found = [_MANIFEST_NAME.fullmatch(name) for name in dataset.names(MANIFEST_FOLDER)]
    return sorted(int(match.group(1)) for match in found if match)


def manifest_path(version: int) -> str:
    """Return the path of a version under the dataset's root."""
    return f"{MANIFEST_FOLDER}/v{version:06d}.json"


def read_shards(dataset: Store, manifest: Manifest) -> Iterator[Shard]:
    """Yield the shards of a version in the order of their parts.

    Raises:
        EnvironmentFault: a list of shards is not what the manifest says.
    """
    for listed in manifest.shard_lists:
        yield from read_list(dataset, listed)


def _read_version(dataset: Store, version: int) -> Manifest:
    path = manifest_path(version)
    return _manifest(dataset, path, dataset.read(path))


def _later_version(dataset: Store, version: Manifest | None) -> Manifest | None:
    path = manifest_path(version.version + 1 if version else 1)
    content = next(dataset.read_all([path]))
    return None if content is None else _manifest(dataset, path, content)


def _manifest(dataset: Store, path: str, content: bytes) -> Manifest:
    try:
        return Manifest.from_json(content)
    except (ValueError, KeyError, TypeError) as error:
        raise EnvironmentFault(
            f"{dataset.display(path)} cannot be read ({error}), so that nobody knows what this "
            "version needs. If it is torn, restore it from a copy, or remove it where a later "
            f"version is there and nobody needs this one; see `interlink fsck {dataset.display()}`"
        ) from error


def _shards_of(dataset: Store, version: Manifest | None, plans: Set[str]) -> list[Shard]:
    lists = version.shard_lists if version else ()
    return [shard for one in lists if one.plan in plans for shard in read_list(dataset, one)]


def _merge_lists(
    run: Store,
    dataset: Store,
    before: Manifest | None,
    commits: Sequence[Commit],
    shards: Sequence[Shard],
) -> list[ShardList]:
    """Write the lists of the plans in hand, in which parts that were committed take their places.

    A part that has documents no more loses its shard.
    """
    lists = {listed.plan: listed for listed in before.shard_lists} if before else {}
    new = {shard.part: shard for shard in shards}
    parts = {commit.part for commit in commits}
    for plan in sorted({part.partition("-")[0] for part in parts}):
        known = read_list(dataset, lists[plan]) if plan in lists else []
        for shard in known:
            if shard.part in parts and shard != new.get(shard.part):
                check_same_sources(run, dataset, shard)
        of_plan = [shard for shard in known if shard.part not in parts]
        of_plan += [shard for shard in shards if shard.plan == plan]
        if of_plan or plan in lists:
            lists[plan] = write_list(dataset, plan, sorted(of_plan, key=lambda shard: shard.part))
    return [lists[plan] for plan in sorted(lists)]


def _next_version(
    dataset: Store,
    before: Manifest | None,
    lists: Sequence[ShardList],
    provenance: Provenance,
    views: Sequence[View],
) -> Manifest:
    """Return the version that follows `before`."""
    contents = (shard for listed in lists for shard in read_list(dataset, listed))
    return Manifest(
        version=before.version + 1 if before else 1,
        schema_id=schema_id(),
        content_digest=content_digest(contents),
        parents=(before.version,) if before else (),
        shard_lists=tuple(lists),
        views=before.views if before else tuple(views),
        tombstones=before.tombstones if before else (),
        audits=before.audits if before else (),
        provenance=provenance,
    )
