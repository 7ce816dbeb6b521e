"""Rows of a docs file that were taken down since it was written, told by their ids."""

import pyarrow as pa
import pyarrow.parquet as pq

from ...schemas.denied import Denied

_CLIP = "clips.list.element"
_COLUMNS = [
    *("video_id", "source.source_id", "source.group"),
    *(f"{_CLIP}.{name}" for name in ("clip_id", "start_us", "end_us")),
]


def allowed_rows(parquet: pq.ParquetFile, group: int, denied: Denied) -> pa.Array:
    """Tell of each row of a row group whether it may be used: nothing in it was taken down.

    Returns:
        Booleans, one for each row.
    """
    rows = parquet.read_row_group(group, columns=_COLUMNS).to_pylist()
    return pa.array(
        [
            not denied.has_source(row["source"]["source_id"], row["source"]["group"])
            and row["video_id"] not in denied.videos
            and not any(
                denied.has_clip(c["clip_id"], row["video_id"], c["start_us"], c["end_us"])
                for c in row["clips"]
            )
            for row in rows
        ],
        pa.bool_(),
    )
