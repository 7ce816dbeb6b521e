"""Lists of shards: the files that a manifest names, one for each plan."""

import hashlib
import io
from collections.abc import Sequence

import pyarrow.parquet as pq

from ...schemas.arrow import from_table, to_table
from ...schemas.errors import EnvironmentFault
from ...schemas.manifest import Shard, ShardList
from ..storage.store import Store

MANIFEST_FOLDER = "_manifest"


def read_list(dataset: Store, listed: ShardList) -> list[Shard]:
    """Return the shards of one plan.

    Raises:
        EnvironmentFault: the list is not what the manifest says.
    """
    data = dataset.read(listed.path)
    if hashlib.sha256(data).hexdigest() != listed.sha256:
        raise EnvironmentFault(
            f"{dataset.display(listed.path)} does not have the digest that the manifest names; "
            "restore it, or publish the run again under another name; see "
            f"`interlink fsck {dataset.display()}`"
        )
    return from_table(pq.read_table(io.BytesIO(data), use_threads=False), Shard)


def write_list(dataset: Store, plan: str, shards: Sequence[Shard]) -> ShardList:
    """Write the shards of one plan, in the order of their parts, as a list for manifests."""
    buffer = io.BytesIO()
    pq.write_table(to_table(shards, Shard), buffer, compression="zstd")
    sha256 = hashlib.sha256(buffer.getvalue()).hexdigest()
    path = f"{MANIFEST_FOLDER}/files-{plan}-{sha256[:8]}.parquet"
    dataset.put(path, buffer.getvalue())
    return ShardList(
        plan=plan,
        path=path,
        sha256=sha256,
        num_shards=len(shards),
        num_documents=sum(shard.num_documents for shard in shards),
        num_bytes=sum(shard.docs_bytes + shard.media_bytes for shard in shards),
    )
