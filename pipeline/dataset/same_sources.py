"""Whether a dataset holds the documents of this run's plans, or of another run's."""

import pyarrow.parquet as pq

from ...schemas.errors import UsageError
from ...schemas.manifest import Shard
from ...schemas.source import Source
from ..parts.plan import read_part
from ..storage.store import Store


def check_same_sources(run: Store, dataset: Store, shard: Shard) -> None:
    """Refuse to put a part in the place of one that holds documents of other sources.

    Parts are numbered within a run, so that another run's documents would be lost.

    Args:
        run: the run that is to be published.
        dataset: where the dataset lies.
        shard: what it holds of the part now.

    Raises:
        UsageError: it holds documents of sources that are not in that part of this run's plan.
    """
    with dataset.open(shard.docs_path) as file:
        column = pq.ParquetFile(file).read(columns=["source.source_id"]).column("source")
    held = {source["source_id"] for source in column.to_pylist()}
    foreign = sorted(held - {source.source_id for source in _planned(run, shard.part)})
    if foreign:
        raise UsageError(
            f"{dataset.display()} holds another run's documents: part {shard.part} is of source "
            f"{foreign[0]!r}, which is not in that part of {run.display()}. Give this run a "
            "dataset of its own, or add its sources to the manifest of the other run"
        )


def _planned(run: Store, part: str) -> list[Source]:
    try:
        return read_part(run, part)
    except FileNotFoundError:  # there is no such plan
        return []
