"""The funnel without what was taken down: a row for each source or clip stays, and says so."""

from collections.abc import Iterator
from dataclasses import replace

import pyarrow.parquet as pq

from ....schemas.arrow import from_table
from ....schemas.denied import Denied
from ....schemas.funnel import FunnelKind, FunnelRow
from ....schemas.outcome import Disposition, RejectionReason
from ...storage.store import Store
from ..funnel import funnel_bytes, funnel_paths

_ENDED = {FunnelKind.SOURCE: ("fetch", "fetch"), FunnelKind.CLIP: ("cut", "scores")}
"""Step and stage at which a run has it that something was left out that is taken down."""


def clean_funnels(dataset: Store, denied: Denied, *, is_dry: bool = False) -> int:
    """Write the funnels again that tell more of something denied than that it was taken down.

    Args:
        dataset: where the dataset lies.
        denied: what was taken down.
        is_dry: only count.

    Returns:
        Rows that were changed or are there no more.
    """
    changed = 0
    for path in funnel_paths(dataset):
        groups = list(_row_groups(dataset, path))
        cleaned = [list(_clean(rows, denied)) for rows in groups]
        if cleaned == groups:
            continue
        for before, after in zip(groups, cleaned, strict=True):
            changed += len(set(before) - set(after))
        if not is_dry:
            dataset.put(path, funnel_bytes(cleaned))
    return changed


def _row_groups(dataset: Store, path: str) -> Iterator[list[FunnelRow]]:
    with dataset.open(path) as opened:
        file = pq.ParquetFile(opened, page_checksum_verification=True)
        for group in range(file.num_row_groups):
            yield from_table(file.read_row_group(group), FunnelRow)


def _clean(rows: list[FunnelRow], denied: Denied) -> Iterator[FunnelRow]:
    for row in rows:
        is_gone = row.source_id in denied.sources or row.video_id in denied.videos
        if is_gone and row.kind is FunnelKind.CLIP:
            continue
        if is_gone or (row.kind is FunnelKind.CLIP and row.id in denied.clips):
            step, stage = _ENDED[row.kind]
            yield replace(
                row,
                video_id=None if is_gone else row.video_id,
                step=step,
                stage=stage,
                disposition=Disposition.REJECTED,
                code=RejectionReason.TAKEN_DOWN.value,
                value=None,
                message=None,
            )
        else:
            yield row
