"""One committed file: there, with its size, its bytes, and each of its pages."""

import hashlib

import pyarrow as pa
import pyarrow.parquet as pq

from interlink.pipeline.dataset.fsck.files import check_bytes, check_size
from interlink.pipeline.dataset.fsck.finding import Fault
from interlink.pipeline.storage.store import Store


def test_a_file_is_judged_by_its_size_where_that_is_enough():
    sizes = {"a": 3}
    assert check_size("a", 3, sizes) is None
    assert check_size("a", None, sizes) is None
    assert check_size("a", 4, sizes) == (Fault.SIZE, "has 3 bytes, 4 were committed")
    assert check_size("b", 4, sizes) == (Fault.MISSING, "is not there")


def test_a_flipped_bit_is_told_with_its_row_group(tmp_path):
    path = tmp_path / "t.parquet"
    table = pa.table({"a": [bytes(50) for _ in range(20)]})
    pq.write_table(
        table,
        path,
        row_group_size=10,
        compression="none",
        use_dictionary=False,
        write_statistics=False,
        write_page_checksum=True,
    )
    data = bytearray(path.read_bytes())
    sha256 = hashlib.sha256(data).hexdigest()
    store = Store(str(tmp_path))
    assert list(check_bytes(store, "t.parquet", sha256)) == []
    place = pq.read_metadata(path).row_group(1).column(0).data_page_offset + 200
    data[place] ^= 1
    path.write_bytes(data)
    [(fault, what)] = check_bytes(store, "t.parquet", sha256)
    assert fault is Fault.BYTES
    assert "row group 1: " in what
    assert "CRC" in what
    assert "row group 0" not in what


def test_a_file_that_is_cut_off_cannot_be_opened(tmp_path):
    (tmp_path / "t.parquet").write_bytes(b"PAR1 and no more")
    [(_, what)] = check_bytes(Store(str(tmp_path)), "t.parquet", "0" * 64)
    assert "cannot be opened: " in what
    (tmp_path / "t.mp4").write_bytes(b"x")
    [(_, what)] = check_bytes(Store(str(tmp_path)), "t.mp4", "0" * 64)
    assert what.startswith("has sha256 2d711642b726..., 000000000000... was committed")
