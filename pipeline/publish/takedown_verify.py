"""The proof of a takedown: a search for what was taken down, wherever it may be."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ...schemas.denied import Denied
from ...schemas.manifest import Manifest
from ..audit.takedown.verify import left_in_audit
from ..dataset.dry_store import DryStore
from ..dataset.takedown.verify import Left, Looked, left_in_dataset, left_in_run
from ..storage.store import Store
from .takedown_audits import clean_audits, stale_audit_files


def find_left(
    dataset: Store,
    newest: Manifest,
    looked: Looked,
    *,
    runs: Sequence[Store] = (),
    audits: Sequence[Path] = (),
) -> Iterator[Left]:
    """Yield every place where something is left of what a dataset's newest version says is gone.

    Args:
        dataset: where the dataset lies.
        newest: its newest version.
        looked: counts what was looked into.
        runs: runs that made it.
        audits: folders of its audits.

    Raises:
        UsageError: a folder holds no audit.
        EnvironmentFault: a file is lost or damaged, so that nobody can tell.
    """
    denied = Denied.of(newest.tombstones)
    yield from left_in_dataset(dataset, newest, denied, looked)
    yield from _left_in_published(dataset, newest, denied)
    for run in runs:
        yield from left_in_run(run, denied, looked)
    for folder in audits:
        for one in left_in_audit(folder, denied):
            yield Left(place=str(one.path), what=one.what)


def _left_in_published(dataset: Store, newest: Manifest, denied: Denied) -> Iterator[Left]:
    for audit in newest.audits:
        if clean_audits(DryStore(dataset.url), [audit], denied).audits != (audit,):
            place = dataset.display(audit.ratings_path.rpartition("/")[0])
            yield Left(place=place, what="a published rating or example")
    for path in stale_audit_files(dataset, newest.audits, denied):
        yield Left(place=dataset.display(path), what="an earlier result of an audit")
