"""A dataset as a reader sees it: the manifest is the only entrance, views choose documents.

`interlink.open` gives a `Dataset`. Nothing here needs torch.
"""

import hashlib
import io
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from ...schemas.arrow import from_table
from ...schemas.denied import Denied
from ...schemas.document import Document
from ...schemas.errors import EnvironmentFault, UsageError
from ...schemas.manifest import Manifest, Shard, ShardList, Tombstone
from ...schemas.view import View
from ...schemas.view_filter import ViewFilter, open_filter, view_schema
from .denied_rows import allowed_rows
from .files import Files

if TYPE_CHECKING:
    from .torch_documents import TorchDocuments

logger = logging.getLogger(__name__)

_FOLDER = "_manifest"
_NAME = re.compile(r"v(\d{6,})\.json")


def open_dataset(
    url: str | Path, view: str | View | None = None, *, version: int | None = None
) -> "Dataset":
    """Open a dataset through its manifest.

    What was taken down since is left out of an older version too.

    Args:
        url: root of the dataset, a local path or an fsspec URL such as `s3://bucket/dataset`.
        view: a view, or the name of one that the manifest has; None for all documents.
        version: version of the dataset; None for the newest.

    Raises:
        UsageError: there is no dataset, no such version, no such view, or the view names a column
            that documents do not have.
        EnvironmentFault: it cannot be read.
    """
    files = Files(str(url))
    manifest = read_manifest(files, version)
    # The newest version itself holds nothing of what it says was taken down.
    stones = () if version is None else newer_tombstones(files, manifest)
    return Dataset(url=str(url), manifest=manifest, view=None, stones=stones).through(view)


@dataclass(frozen=True)
class Dataset:
    """One version of a dataset through one view; opened by `open_dataset`. It pickles."""

    url: str
    """Root of the dataset."""
    manifest: Manifest
    """The version."""
    view: View | None = field(kw_only=True)
    """Which documents; None for all."""
    stones: tuple[Tombstone, ...] = field(default=(), kw_only=True)
    """What later versions have taken down."""

    @cached_property
    def denied(self) -> Denied:
        """What was taken down since this version: its files may still hold it."""
        return Denied.of(self.stones)

    def denied_now(self) -> Denied:
        """Return what was taken down since this version, as the newest one tells it now.

        Where it cannot be read, what was known when the dataset was opened counts.
        """
        try:
            stones = newer_tombstones(Files(self.url), self.manifest)
        except (UsageError, EnvironmentFault, FileNotFoundError) as error:
            logger.warning("cannot tell what was taken down since: %s", error)
            return self.denied
        if stones:
            logger.warning(
                "%d takedowns are newer than version %d of %s: what shows them is left out",
                len(stones),
                self.manifest.version,
                self.url,
            )
        return Denied.of(stones)

    @cached_property
    def shards(self) -> tuple[Shard, ...]:
        """The shards of this version in the order of their parts.

        Raises:
            EnvironmentFault: a list of shards is lost, or not what the manifest says.
        """
        files, manifest = Files(self.url), self.manifest
        return tuple(s for plan in manifest.shard_lists for s in _shards(files, manifest, plan))

    def through(self, view: str | View | None) -> "Dataset":
        """Return the same version through another view.

        A dataset may grow between two openings; what is compared must be of one version.

        Args:
            view: a view, or the name of one that the manifest has; None for all documents.

        Raises:
            UsageError: there is no such view, or it names a column that documents do not have.
        """
        found = replace(self, view=_find_view(self.manifest, view))
        if found.view is not None:
            try:
                found.view.expression(view_schema())
            except ValueError as error:
                raise UsageError(f"view {found.view.name!r}: {error}") from error
        return found

    def documents(self) -> Iterator[Document]:
        """Yield the documents in the order of the dataset, holding one row group at a time.

        Raises:
            OSError: a page does not have the checksum that was written with it.
        """
        for table in self.tables():
            yield from from_table(table, Document)

    def tables(self) -> Iterator[pa.Table]:
        """Yield the documents as Arrow tables, one for each row group that has any."""
        for _, _, table in self.scan():
            kept = table.drop_columns(["_row"])
            if kept.num_rows:
                yield kept

    def scan(
        self, columns: Sequence[str] | None = None, *, with_denied: bool = False
    ) -> Iterator[tuple[int, int, pa.Table]]:
        """Yield every row group as (index of the shard, row group, table of the view's rows).

        Args:
            columns: Parquet paths to read, such as `clips.list.element.texts` (which means all
                below it); None for all. What the view asks for is read besides.
            with_denied: whether rows are given that were taken down since, for who leaves them out
                later, so that what is computed of a version stays the same.

        Yields:
            The table has one column more, `_row`: the row of the row group.
        """
        wanted = None if columns is None else [*columns, *self._filter.columns]
        for index in range(len(self.shards)):
            with self.open_shard(index) as parquet:
                for group in range(parquet.num_row_groups):
                    table = parquet.read_row_group(group, columns=wanted)
                    table = table.append_column("_row", pa.array(range(table.num_rows), pa.int32()))
                    if self.denied and not with_denied:
                        table = table.filter(allowed_rows(parquet, group, self.denied))
                    yield index, group, self._filter.apply(table)

    def open_shard(self, index: int) -> pq.ParquetFile:
        """Open the docs file of a shard; its pages are checked against their checksums.

        Raises:
            EnvironmentFault: it is lost, or cannot be opened.
        """
        shard = self.shards[index]
        try:
            return _OwnedParquet(
                Files(self.url).source(shard.docs_path),
                page_checksum_verification=True,
                pre_buffer=False,
            )
        except FileNotFoundError as error:
            raise _lost(self.url, shard.docs_path, self.manifest, self.stones) from error

    def find(self, document_id: str) -> Document:
        """Return one document by its id, whether it is in the view or not.

        Raises:
            UsageError: there is none, or it was taken down.
        """
        for index, shard in enumerate(self.shards):
            if not shard.min_document_id <= document_id <= shard.max_document_id:
                continue
            with self.open_shard(index) as parquet:
                for group in range(parquet.num_row_groups):
                    ids = parquet.read_row_group(group, columns=["document_id"])[0].to_pylist()
                    if document_id not in ids:
                        continue
                    number = ids.index(document_id)
                    if not self.denied or allowed_rows(parquet, group, self.denied)[number].as_py():
                        row = parquet.read_row_group(group).slice(number, 1)
                        return from_table(row, Document)[0]
        raise UsageError(
            f"no document {document_id!r} in {self.url} version {self.manifest.version}"
        )

    def torch(self, *, size_px: int, frames_per_clip: int = 8) -> "TorchDocuments":
        """Return a map-style `torch.utils.data.Dataset` of the documents with decoded frames.

        Args:
            size_px: every frame is resized to a square of this side, without cropping.
            frames_per_clip: at most so many frames of a clip, evenly spaced.
        """
        from .torch_documents import TorchDocuments

        return TorchDocuments(self, size_px=size_px, frames_per_clip=frames_per_clip)

    @cached_property
    def _filter(self) -> ViewFilter:
        return open_filter(self.view, self.manifest, Files(self.url).read)


class _OwnedParquet(pq.ParquetFile):  # type: ignore[misc]  # pyarrow is untyped
    """A Parquet file that closes the file object that it was given, as pyarrow's own does not."""

    def close(self, force: bool = True) -> None:
        super().close(force=force)


def newer_tombstones(files: Files, manifest: Manifest) -> tuple[Tombstone, ...]:
    """Return what versions after this one have taken down, as the newest tells it."""
    newest = read_manifest(files, None)
    return tuple(stone for stone in newest.tombstones if stone.version > manifest.version)


def read_manifest(files: Files, version: int | None) -> Manifest:
    """Return a version of a dataset; None for the newest.

    Raises:
        UsageError: there is no dataset, or no such version.
        EnvironmentFault: it cannot be read.
    """
    found = (_NAME.fullmatch(name) for name in files.names(_FOLDER))
    versions = sorted(int(match.group(1)) for match in found if match)
    if not versions:
        raise UsageError(f"there is no dataset at {files.url}: it must hold {_FOLDER}/v000001.json")
    if version is not None and version not in versions:
        raise UsageError(f"{files.url} has no version {version}; it has {versions}")
    data = files.read(f"{_FOLDER}/v{version or versions[-1]:06d}.json")
    try:
        return Manifest.from_json(data)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _shards(files: Files, manifest: Manifest, plan: ShardList) -> list[Shard]:
    try:
        data = files.read(plan.path)
    except FileNotFoundError as error:
        raise _lost(files.url, plan.path, manifest) from error
    if hashlib.sha256(data).hexdigest() != plan.sha256:
        raise EnvironmentFault(
            f"{files.url}/{plan.path} does not have the digest that the manifest names; restore it"
        )
    return from_table(pq.read_table(io.BytesIO(data), use_threads=False), Shard)


def _lost(
    url: str, path: str, manifest: Manifest, stones: Sequence[Tombstone] = ()
) -> EnvironmentFault:
    version = manifest.version
    if stones:
        newer = max(stone.version for stone in stones)
        return EnvironmentFault(
            f"{url} lacks {path} of version {version}: version {newer} took something out of it, "
            f"and version {version} can no longer be read whole. Begin anew on the newest version, "
            "without `version` in the recipe and in an output of its own"
        )
    return EnvironmentFault(
        f"{url} lacks {path}, which its manifest v{version:06d} names; restore it"
    )


def _find_view(manifest: Manifest, view: str | View | None) -> View | None:
    if not isinstance(view, str):
        return view
    for found in manifest.views:
        if found.name == view:
            return found
    raise UsageError(f"no view {view!r}; this dataset has {[v.name for v in manifest.views]}")
