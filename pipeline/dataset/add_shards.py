"""Files of committed parts become shards of a dataset: linked in place, or copied."""

import os
from collections.abc import Sequence, Set

import pyarrow.parquet as pq

from ...schemas.denied import Denied
from ...schemas.errors import IncompleteError
from ...schemas.manifest import Shard
from ..faults import fault_point
from ..parts.commit import KEPT_NAME, Commit
from ..parts.workspace import MEDIA_NAME, CommittedFile
from ..storage.store import Store
from .clean_shard import clean_shard, holds_denied
from .shard_files import id_range, put_shard, shard_path
from .work_folder import work_folder


def add_shards(
    run: Store,
    dataset: Store,
    commits: Sequence[Commit],
    *,
    known: Sequence[Shard],
    denied: Denied,
) -> list[Shard]:
    """Link the files of parts into a dataset; nothing comes of a part without documents.

    Args:
        run: where the commits lie.
        dataset: where the dataset lies.
        commits: of the last step, whose records are documents.
        known: the shards that the newest version has of the same plans.
        denied: what was taken down, which is left out.

    Returns:
        The shards, in the order of the commits.

    Raises:
        IncompleteError: a part is not as it was committed.
    """
    clean = {shard.docs_sha256 for shard in known}
    named = {path for shard in known for path in (shard.docs_path, shard.media_path)}
    shards = []
    for commit in commits:
        docs, media = commit.file(KEPT_NAME), commit.file(MEDIA_NAME)
        assert docs is not None
        if commit.num_kept == 0:
            continue
        if denied and docs.sha256 not in clean and _holds_denied(run, docs, denied):
            shard = _add_cleaned(run, dataset, commit, denied)
        else:
            shard = _add_shard(run, dataset, commit.part, (docs, media), named)
        if shard is not None:
            shards.append(shard)
    return shards


def _holds_denied(run: Store, docs: CommittedFile, denied: Denied) -> bool:
    with run.open(docs.path) as file:
        return holds_denied(file, denied)


def _add_cleaned(run: Store, dataset: Store, commit: Commit, denied: Denied) -> Shard | None:
    """Bring in a part that was made before something in it was taken down, without that."""
    docs, media = commit.file(KEPT_NAME), commit.file(MEDIA_NAME)
    assert docs is not None
    with work_folder(dataset) as folder:
        files = clean_shard((run, docs.path), (run, media.path) if media else None, denied, folder)
        return put_shard(dataset, commit.part, files)


def _add_shard(
    run: Store,
    dataset: Store,
    part: str,
    files: tuple[CommittedFile, CommittedFile | None],
    named: Set[str | None],
) -> Shard:
    docs, media = files
    with run.open(docs.path) as file:
        num_bytes = file.seek(0, os.SEEK_END)
        metadata = pq.read_metadata(file)
    if num_bytes != docs.num_bytes:
        raise IncompleteError(
            f"part {part} of {run.display()} is not as it was committed: a takedown may just have "
            "changed it; run again. If that does not help, `interlink fsck` tells what is wrong"
        )
    first, last = id_range(metadata)
    num_media = 0
    if media is not None:
        with run.open(media.path) as file:
            num_media = pq.read_metadata(file).num_rows
    return Shard(
        part=part,
        docs_path=_add_file(run, dataset, docs, f"docs/{part}", named),
        docs_bytes=docs.num_bytes,
        docs_sha256=docs.sha256,
        num_documents=metadata.num_rows,
        min_document_id=first,
        max_document_id=last,
        media_path=_add_file(run, dataset, media, f"media/{part}", named) if media else None,
        media_bytes=media.num_bytes if media else 0,
        media_sha256=media.sha256 if media else None,
        num_media=num_media,
    )


def _add_file(
    run: Store, dataset: Store, file: CommittedFile, stem: str, named: Set[str | None]
) -> str:
    path = shard_path(stem, file.sha256)
    # What the newest version does not name is garbage to `gc`, unless it is young: linked anew.
    if (dataset.is_local and path not in named) or not dataset.exists(path):
        fault_point("shard.before", path)
        run.copy_to(file.path, dataset, path)
        fault_point("shard.after", path)
    return path
