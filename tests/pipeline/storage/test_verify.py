"""Files are read back before a commit names them."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interlink.pipeline.storage.verify import verify_parquet
from interlink.schemas.errors import EnvironmentFault


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.parquet"
    table = pa.table({"x": [bytes([n % 251]) * 1000 for n in range(200)]})
    pq.write_table(
        table,
        path,
        row_group_size=50,
        compression="none",
        use_dictionary=False,
        write_page_checksum=True,
    )
    return path


def test_a_whole_file_passes(file):
    verify_parquet(file)
    verify_parquet(file, num_rows=200)


def test_another_number_of_rows_is_told(file):
    with pytest.raises(EnvironmentFault, match="reads back with 200 rows, 199 were written"):
        verify_parquet(file, num_rows=199)


@pytest.mark.parametrize("place", [0.1, 0.5, 0.8])
def test_a_flipped_byte_is_found(file, place):
    data = bytearray(file.read_bytes())
    data[int(len(data) * place)] ^= 0xFF
    file.write_bytes(data)
    with pytest.raises(EnvironmentFault, match="does not read back as it was written"):
        verify_parquet(file)


def test_a_file_cut_short_is_found(file):
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(EnvironmentFault, match="does not read back as it was written"):
        verify_parquet(file)


def test_a_missing_file_is_found(tmp_path):
    with pytest.raises(EnvironmentFault, match=r"none\.parquet does not read back"):
        verify_parquet(tmp_path / "none.parquet")
