"""A takedown from end to end: the dataset and its audits, the runs behind it, folders of audits.

First a version is committed that no longer has what is taken down and whose tombstones keep it out;
then files go. Whoever is interrupted does it again: every place is made to fit the tombstones, and
nothing of what was asked has to be remembered.
"""

import datetime
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ... import __version__
from ...schemas.denied import Denied
from ...schemas.errors import UsageError
from ...schemas.ids import digest
from ...schemas.manifest import Manifest, Provenance, Tombstone, content_digest, schema_id
from ..audit.takedown.folder import AuditChanges, clean_audit
from ..dataset.shard_lists import read_list
from ..dataset.takedown.funnel import clean_funnels
from ..dataset.takedown.run_files import RunChanges, clean_run
from ..dataset.takedown.shards import CleanLists, Removed, clean_lists, remove_stale_files
from ..dataset.version_files import VersionFiles
from ..dataset.versions import manifest_path, newest_manifest
from ..dataset.work_folder import remove_dead_work
from ..storage.store import Store
from .card import rewrite_card
from .takedown_audits import CleanAudits, clean_audits, stale_audit_files

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Takedown:
    """What a takedown did."""

    manifest: Manifest
    """The newest version."""
    is_new: bool
    """Whether it is new; false where it fitted the tombstones before."""
    shards: CleanLists
    """The shards."""
    audits: CleanAudits
    """What audits had published."""
    removed: Removed
    """Files of shards that are there no more."""
    num_audit_files: int
    """Files of earlier results of audits that are there no more."""
    num_funnel_rows: int
    """Rows of the funnel that were changed or are there no more."""
    runs: tuple[RunChanges, ...]
    """The runs."""
    folders: tuple[AuditChanges, ...]
    """The folders of audits."""


def take_down(
    dataset: Store,
    stones: Sequence[Tombstone],
    *,
    runs: Sequence[Store] = (),
    audits: Sequence[Path] = (),
    is_dry: bool = False,
) -> Takedown:
    """Take out of a dataset, its runs and its audits all that tombstones name.

    Args:
        dataset: where the dataset lies. Where there is none yet a first version without documents
            is made, if there is a run.
        stones: new tombstones, besides those that the newest version has.
        runs: runs that made it.
        audits: folders of its audits.
        is_dry: whether dataset and runs are `DryStore`s. Scratch folders then stay, and the card is
            not written: the shards that it would tell of are not there.

    Raises:
        UsageError: there is neither a dataset nor a run, or a step of a run keeps other records.
        EnvironmentFault: a file is lost or damaged.
    """
    for store in (dataset, *runs):
        remove_dead_work(store)
    VersionFiles(dataset).read_all()  # what goes wrong later would leave old files for ever
    while True:
        before = newest_manifest(dataset) or _first_version(dataset, runs)
        after, shards, found = _clean_version(dataset, before, stones)
        is_new = after.version != before.version
        if not is_new or dataset.put_if_absent(manifest_path(after.version), after.to_json()):
            break
        logger.info("version %d was taken by another; building upon it", after.version)
    denied = Denied.of(after.tombstones)
    removed = remove_stale_files(dataset, after, denied)
    stale = list(stale_audit_files(dataset, after.audits, denied))
    for path in stale:
        dataset.remove(path)
    num_funnel_rows = clean_funnels(dataset, denied)
    changed_runs = tuple(clean_run(run, denied, is_dry=is_dry) for run in runs)
    folders = tuple(clean_audit(folder, denied) for folder in audits)
    if not is_dry:
        rewrite_card(dataset)
    return Takedown(
        manifest=after,
        is_new=is_new,
        shards=shards,
        audits=found,
        removed=removed,
        num_audit_files=len(stale),
        num_funnel_rows=num_funnel_rows,
        runs=changed_runs,
        folders=folders,
    )


def _clean_version(
    dataset: Store, before: Manifest, stones: Sequence[Tombstone]
) -> tuple[Manifest, CleanLists, CleanAudits]:
    """Return the version that follows, or `before` where that fits; its files are written."""
    known = {(stone.kind, stone.id) for stone in before.tombstones}
    version = before.version + 1
    new = [replace(s, version=version) for s in stones if (s.kind, s.id) not in known]
    tombstones = (*before.tombstones, *new)
    denied = Denied.of(tombstones)
    shards = clean_lists(dataset, before, denied)
    audits = clean_audits(dataset, before.audits, denied)
    # A version 0 is none yet.
    is_same = not new and shards.lists == before.shard_lists and audits.audits == before.audits
    if before.version and is_same:
        return before, shards, audits
    contents = (shard for listed in shards.lists for shard in read_list(dataset, listed))
    after = replace(
        before,
        version=version,
        parents=(before.version,) if before.version else (),
        content_digest=content_digest(contents),
        shard_lists=shards.lists,
        tombstones=tombstones,
        audits=audits.audits,
        provenance=replace(before.provenance, created=_now()),
    )
    return after, shards, audits


def _first_version(dataset: Store, runs: Sequence[Store]) -> Manifest:
    """Return a version 0 of a dataset that its run has not published yet."""
    if not runs:
        raise UsageError(
            f"there is no dataset at {dataset.display()}: it must hold {manifest_path(1)}. To keep "
            "something out of one that is still to be made, name its run with --run"
        )
    name = runs[0].display().rstrip("/").rsplit("/", 1)[-1]
    return Manifest(
        version=0,
        schema_id=schema_id(),
        content_digest=content_digest(()),
        parents=(),
        shard_lists=(),
        provenance=Provenance(
            run=name, recipe_digest=digest("none"), code_version=__version__, created=_now()
        ),
    )


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
