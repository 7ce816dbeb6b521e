"""Columns of a Parquet file, row by row."""

import pyarrow as pa
import pyarrow.parquet as pq

from interlink.pipeline.dataset.rows import rows_of
from interlink.pipeline.storage.store import Store


def test_only_the_columns_asked_for_come_row_by_row(tmp_path):
    table = pa.table({"a": [1, 2, 3], "b": [{"c": "x", "d": 1}] * 3})
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=2)
    rows = list(rows_of(Store(str(tmp_path)), "t.parquet", ["a", "b.c"]))
    assert rows == [{"a": n, "b": {"c": "x"}} for n in (1, 2, 3)]
