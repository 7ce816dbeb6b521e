"""Of a source with documents in several plans, the dataset holds those of the newest alone.

A retry takes a source again, whole. Until its documents are there those of the earlier plan stay,
and if it comes to nothing they stay for good.
"""

from collections.abc import Collection, Iterator, Sequence

import pyarrow.parquet as pq

from ...schemas.denied import Denied
from ...schemas.manifest import Shard, ShardList
from ..parts.plan import part_name, read_plan, retry_numbers
from ..storage.store import Store
from .clean_shard import clean_shard
from .shard_files import put_shard
from .shard_lists import read_list, write_list
from .work_folder import work_folder


def keep_newest(
    run: Store, dataset: Store, lists: Sequence[ShardList], in_hand: Collection[str]
) -> list[ShardList]:
    """Return the lists of a version without documents that a later plan has anew.

    Doing it again gives the same files.

    Args:
        run: the run.
        dataset: where the dataset lies.
        lists: the lists, one for each plan.
        in_hand: the plans that are published now; all others were held against each other before.
    """
    by_plan = {listed.plan: listed for listed in lists}
    retries = [plan for number in retry_numbers(run) if (plan := f"{number:03d}") in by_plan]
    for later in retries:
        earlier = [plan for plan in by_plan if int(plan) < int(later)]
        for plan in earlier:
            if not {plan, later}.isdisjoint(in_hand):
                by_plan[plan] = _without(run, dataset, by_plan[plan], by_plan[later])
    return list(by_plan.values())


def _without(run: Store, dataset: Store, listed: ShardList, newer: ShardList) -> ShardList:
    """Return a list without documents of the sources that a newer list has documents of."""
    parts, newer_parts = (dict(_sources(run, int(each.plan))) for each in (listed, newer))
    shared = parts.keys() & newer_parts.keys()
    renewed = {newer_parts[source] for source in shared}
    made = {
        source
        for shard in read_list(dataset, newer)
        if shard.part in renewed
        for source in _held(dataset, shard)
    }
    gone = made & shared
    touched = {parts[source] for source in gone}
    shards = read_list(dataset, listed)
    cleaned = [_clean(dataset, shard, gone) if shard.part in touched else shard for shard in shards]
    left = [shard for shard in cleaned if shard is not None]
    return listed if left == shards else write_list(dataset, listed.plan, left)


def _sources(run: Store, plan: int) -> Iterator[tuple[str, str]]:
    """Yield the sources of a plan, each with its part."""
    table = read_plan(run, plan, ["source_id", "part"])
    columns = (table.column(name).to_pylist() for name in ("source_id", "part"))
    for source, part in zip(*columns, strict=True):
        yield source, part_name(plan, part)


def _held(dataset: Store, shard: Shard) -> set[str]:
    """Return the sources that a shard has documents of."""
    with dataset.open(shard.docs_path) as file:
        column = pq.ParquetFile(file).read(columns=["source.source_id"]).column("source")
    return {source["source_id"] for source in column.to_pylist()}


def _clean(dataset: Store, shard: Shard, gone: set[str]) -> Shard | None:
    if _held(dataset, shard).isdisjoint(gone):
        return shard
    media = (dataset, shard.media_path) if shard.media_path else None
    with work_folder(dataset) as folder:
        files = clean_shard(
            (dataset, shard.docs_path), media, Denied(sources=frozenset(gone)), folder
        )
        return put_shard(dataset, shard.part, files)
