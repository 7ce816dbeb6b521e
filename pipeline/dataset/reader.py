"""Reading a dataset by its manifest: what is not named there is not part of it."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from ...schemas.arrow import from_table
from ...schemas.document import Document
from ...schemas.errors import EnvironmentFault, UsageError
from ...schemas.manifest import Manifest
from ...schemas.view import View
from ...schemas.view_filter import open_filter
from ..storage.store import Store
from .versions import read_manifest, read_shards


def read_documents(
    url: str, view: str | View | None = None, *, version: int | None = None
) -> Iterator[Document]:
    """Yield the documents of a dataset, shard by shard, holding one row group at a time.

    Args:
        url: root of the dataset, a local path or an fsspec URL.
        view: a view, or the name of one that the manifest has; None for all documents.
        version: version of the dataset; None for the newest.

    Raises:
        UsageError: there is no dataset, no such version, or no such view.
        ValueError: the view does not suit the documents' columns.
        EnvironmentFault: what was judged cannot be read, and the view asks for it.
        TornFileError: a page does not have the checksum that was written with it.
    """
    dataset = Store(url)
    manifest = read_manifest(dataset, version)
    rules = find_view(manifest, view) if isinstance(view, str) else view
    chosen = open_filter(rules, manifest, dataset.read)
    for table in read_tables(dataset, manifest):
        yield from from_table(chosen.apply(table), Document)


def read_tables(
    dataset: Store, manifest: Manifest, columns: list[str] | None = None
) -> Iterator[pa.Table]:
    """Yield the row groups of all docs files of a version, in order.

    Args:
        dataset: where the dataset lies.
        manifest: the version to read.
        columns: Parquet paths of the columns to read, such as `source.license`; None for all.

    Raises:
        EnvironmentFault: a file is lost.
    """
    for shard in read_shards(dataset, manifest):
        if not dataset.exists(shard.docs_path):
            raise EnvironmentFault(
                f"{dataset.display()} lacks {shard.docs_path} of version {manifest.version}: it is "
                "lost, or a later version has taken something down. Read the newest version, or "
                f"see what `interlink fsck {dataset.display()}` finds"
            )
        with dataset.open(shard.docs_path) as file:
            parquet = pq.ParquetFile(file, page_checksum_verification=True)
            for index in range(parquet.num_row_groups):
                yield parquet.read_row_group(index, columns=columns)


def find_view(manifest: Manifest, name: str) -> View:
    """Return the view of a version that has a name.

    Raises:
        UsageError: it has no such view.
    """
    for view in manifest.views:
        if view.name == name:
            return view
    raise UsageError(f"no view {name!r}; this dataset has {[v.name for v in manifest.views]}")
