"""What cannot be read is told by its file's name; what the machine says of itself passes."""

import errno
import pickle

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interlink.pipeline.storage.store import Store
from interlink.pipeline.storage.torn import TornFileError, first_line, naming


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(str(tmp_path))


def test_a_torn_table_is_told_by_name(store, tmp_path):
    pq.write_table(pa.table({"a": [1]}), tmp_path / "a.parquet")
    data = store.read("a.parquet")
    store.put("a.parquet", data[: len(data) // 2])
    with pytest.raises(TornFileError) as caught, store.open("a.parquet") as file:
        pq.read_table(file)
    place = f"{tmp_path}/a.parquet"
    assert str(caught.value).startswith(f"{place} cannot be read (")
    remedy = f": the file is damaged; see what `interlink fsck {tmp_path} --deep` finds"
    assert str(caught.value).endswith(remedy)
    assert "\n" not in str(caught.value)


def test_a_page_with_another_checksum_is_told_by_name(store, tmp_path):
    table = pa.table({"a": pa.array(range(1000))})
    pq.write_table(table, tmp_path / "a.parquet", write_page_checksum=True, use_dictionary=False)
    data = bytearray(store.read("a.parquet"))
    data[1000] ^= 1
    store.put("a.parquet", bytes(data))
    told = pytest.raises(TornFileError, match=r"a\.parquet cannot be read")
    with told, store.open("a.parquet") as file:
        pq.ParquetFile(file, page_checksum_verification=True).read()


@pytest.mark.parametrize("content", [b"", b'{"a": 1', b"\xff\xfe", b"\x00" * 20])
def test_torn_json_is_told_by_name(store, content):
    store.put("a.json", content)
    with pytest.raises(TornFileError, match=r"a\.json cannot be read \(.+\): the file is damaged"):
        store.read_json("a.json")
    store.put("a.json", b'{"a": 1}')
    assert store.read_json("a.json") == {"a": 1}


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "no space left"),
        FileNotFoundError("a client's, without a number"),
        KeyError("a"),
        TornFileError("b.json", "run", "torn within"),
    ],
)
def test_other_errors_pass_as_they_are(error):
    with pytest.raises(type(error)) as caught, naming("a.json", "run"):
        raise error
    assert caught.value is error


def test_it_reaches_another_process_whole():
    error = TornFileError("run/a.json", "run", "no end\nin sight")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (TornFileError, str(error))
    assert first_line(again) == "no end"
    assert first_line(ValueError()) == "ValueError"
