"""A dataset held against its manifests: what they name must be there, as it was committed."""

from collections.abc import Iterable, Iterator, Mapping

from ....schemas.errors import UsageError
from ....schemas.manifest import Manifest, PublishedAudit, Shard
from ...storage.store import Store
from ..funnel import funnel_paths
from ..listing import list_files
from ..shard_lists import MANIFEST_FOLDER
from ..version_files import VersionFiles
from ..versions import manifest_path, manifest_versions
from .files import check_bytes, check_size, damaged_pages
from .finding import Fault, Finding
from .shard import check_shard_content

OURS = ("_manifest", "docs", "media", "audits")
"""Folders in which only what versions name belongs."""


def check_dataset(dataset: Store, *, deep: bool = False) -> Iterator[Finding]:
    """Yield what is wrong with a dataset, or worth a word.

    Args:
        dataset: where the dataset lies.
        deep: read everything, and not only look whether it is there with its size.

    Raises:
        UsageError: there is no dataset.
        EnvironmentFault: its files cannot be listed.
    """
    if not manifest_versions(dataset):
        raise UsageError(f"there is no dataset at {dataset.display()}")
    sizes = {file.path: file.num_bytes for folder in OURS for file in list_files(dataset, folder)}
    manifests, torn = _read_manifests(dataset, sizes)
    yield from torn
    files, named = VersionFiles(dataset), {one.path for one in torn}
    checked: set[str] = set()
    for manifest in manifests:
        bad_lists = list(_check_lists(dataset, manifest, sizes))
        yield from (one for one in bad_lists if one.path not in checked)
        checked |= {one.path for one in bad_lists}
        if bad_lists:
            named |= {manifest_path(manifest.version), *(one.path for one in bad_lists)}
            continue
        named |= files.paths(manifest)
        found: list[Finding] = []
        for shard in files.shards(manifest):
            if shard.docs_path not in checked:
                checked.add(shard.docs_path)
                found += _check_shard(dataset, shard, sizes, deep=deep)
        for audit in manifest.audits:
            if audit.report_path not in checked:
                checked.add(audit.report_path)
                found += _check_audit(dataset, audit, sizes)
        yield from _explained(found, manifest, manifests[0])
    for path in sorted(sizes.keys() - named):
        yield Finding(path=path, fault=Fault.STRAY, what="no version names it")
    for path in funnel_paths(dataset) if deep else ():
        for what in damaged_pages(dataset, path):
            what += "; remove it, then run its recipe again, which writes it anew"
            what += ", unless the plan's working files were freed"
            yield Finding(path=path, fault=Fault.BYTES, what=what)


def _read_manifests(
    dataset: Store, sizes: Mapping[str, int]
) -> tuple[list[Manifest], list[Finding]]:
    """Return all versions, the newest first, and of those that cannot be read, that they cannot."""
    manifests, torn = [], []
    names = [path for path in sizes if path.startswith(f"{MANIFEST_FOLDER}/v")]
    for path in sorted(names, reverse=True):
        try:
            manifests.append(Manifest.from_json(dataset.read(path)))
        except (ValueError, KeyError, TypeError) as error:
            torn.append(Finding(path=path, fault=Fault.BYTES, what=f"cannot be read: {error}"))
    return manifests, torn


def _check_lists(dataset: Store, manifest: Manifest, sizes: Mapping[str, int]) -> Iterator[Finding]:
    for listed in manifest.shard_lists:
        wrong = check_size(listed.path, None, sizes)
        found = [wrong] if wrong else check_bytes(dataset, listed.path, listed.sha256)
        for fault, what in found:
            yield Finding(path=listed.path, fault=fault, what=f"list of shards: {what}")


def _check_shard(
    dataset: Store, shard: Shard, sizes: Mapping[str, int], *, deep: bool
) -> Iterator[Finding]:
    committed = {shard.docs_path: (shard.docs_bytes, shard.docs_sha256)}
    if shard.media_path is not None and shard.media_sha256 is not None:
        committed[shard.media_path] = (shard.media_bytes, shard.media_sha256)
    is_sound = True
    for path, (num_bytes, sha256) in committed.items():
        wrong = check_size(path, num_bytes, sizes)
        faults = [wrong] if wrong else list(check_bytes(dataset, path, sha256)) if deep else []
        # One that has another size is read too, to tell where it is damaged.
        if deep and wrong is not None and wrong[0] is Fault.SIZE:
            faults += check_bytes(dataset, path, sha256)
        for fault, what in faults:
            is_sound = False
            yield Finding(path=path, fault=fault, what=what, part=shard.part)
    if deep and is_sound:
        yield from check_shard_content(dataset, shard)


def _check_audit(
    dataset: Store, audit: PublishedAudit, sizes: Mapping[str, int]
) -> Iterator[Finding]:
    for path, sha256 in (
        (audit.ratings_path, audit.ratings_sha256),
        (audit.clips_path, audit.clips_sha256),
        (audit.report_path, audit.report_sha256),
    ):
        wrong = check_size(path, None, sizes)
        for fault, what in [wrong] if wrong else check_bytes(dataset, path, sha256):
            yield Finding(path=path, fault=fault, what=f"of audit {audit.audit_id[:12]}: {what}")


def _explained(found: Iterable[Finding], manifest: Manifest, newest: Manifest) -> Iterator[Finding]:
    """Tell what an older version lacks since a takedown, at once, from what is lost."""
    later = [s.version for s in newest.tombstones if s.version > manifest.version]
    num_gone = 0
    for finding in found:
        if finding.fault is Fault.MISSING and later:
            num_gone += 1
        else:
            yield finding
    if num_gone:
        what = (
            f"{num_gone} files of it are gone since version {min(later)} took something down: it "
            "can no longer be read whole"
        )
        yield Finding(path=manifest_path(manifest.version), fault=Fault.OLDER, what=what)
