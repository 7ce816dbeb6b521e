"""A dataset is read by its manifest, through views."""

import pickle
import subprocess
import sys
from pathlib import Path

import fsspec
import pyarrow as pa
import pytest

import interlink
from interlink.model.data.dataset import open_dataset
from interlink.pipeline.dataset.reader import read_documents
from interlink.schemas.errors import EnvironmentFault, UsageError
from interlink.schemas.manifest import TombstoneKind
from interlink.schemas.view import Rule, View

ONE = View(name="one", rules=(Rule(column="source.title", op="==", value="Video a"),))


@pytest.fixture
def url(write_dataset, make_documents) -> str:
    return write_dataset(make_documents("a", "b"), make_documents("c"))


def test_documents_are_those_that_the_pipeline_reads(url):
    assert list(interlink.open(url).documents()) == list(read_documents(url))


def test_tables_hold_the_rows_as_arrow(url):
    tables = list(interlink.open(url, "train").tables())
    assert sum(table.num_rows for table in tables) == 3
    table = pa.concat_tables(tables)
    assert table["num_clips"].to_pylist() == [3, 3, 3]
    assert not [name for name in table.column_names if name.startswith("_")]


def test_views_choose_documents_by_name_or_by_rules(url):
    assert [d.source.title for d in open_dataset(url, ONE).documents()] == ["Video a"]
    assert len(list(open_dataset(url, "train").documents())) == 3
    assert list(open_dataset(url, "eval").documents()) == []
    assert list(open_dataset(url, "eval").tables()) == []


def test_a_scan_reads_few_columns_and_tells_where_rows_lie(url):
    found = [
        (shard, group, table["_row"].to_pylist(), table["document_id"].to_pylist())
        for shard, group, table in open_dataset(url, ONE).scan(["document_id"])
    ]
    (document,) = open_dataset(url, ONE).documents()
    assert [ids for _, _, _, ids in found if ids] == [[document.document_id]]
    shard, group, (row,), _ = next(entry for entry in found if entry[3])
    with open_dataset(url).open_shard(shard) as parquet:
        assert parquet.read_row_group(group)["document_id"][row].as_py() == document.document_id


def test_a_document_is_found_by_its_id(url):
    dataset = open_dataset(url, "eval")
    for document in read_documents(url):
        assert dataset.find(document.document_id) == document
    for missing in ("0" * 32, "z"):
        with pytest.raises(UsageError, match=f"no document '{missing}' in .* version 1"):
            dataset.find(missing)


def test_files_that_no_manifest_names_are_not_read(url):
    docs = Path(url) / "docs"
    stray = next(docs.iterdir())
    (docs / "001-00009-00000000.parquet").write_bytes(stray.read_bytes())
    assert len(list(open_dataset(url).documents())) == 3


def test_a_dataset_lies_anywhere_that_fsspec_reaches(url):
    memory = fsspec.filesystem("memory")
    memory.put(url, "/bucket/dataset", recursive=True)
    try:
        found = list(open_dataset("memory://bucket/dataset").documents())
    finally:
        memory.rm("/bucket", recursive=True)
    assert found == list(read_documents(url))


def test_a_dataset_pickles(url):
    dataset = open_dataset(url, ONE)
    assert len(dataset.shards) == 2
    assert list(pickle.loads(pickle.dumps(dataset)).documents()) == list(dataset.documents())


def test_versions_are_chosen_by_number(url):
    assert open_dataset(url, version=1).manifest.version == 1
    with pytest.raises(UsageError, match=r"has no version 7; it has \[1\]"):
        open_dataset(url, version=7)


def test_another_view_is_of_the_same_version(url, write_dataset, make_documents):
    dataset = open_dataset(url, "train")
    write_dataset(make_documents("a", "b"), make_documents("c"), make_documents("d"))
    assert open_dataset(url).manifest.version == 2
    whole = dataset.through(None)
    assert (whole.manifest.version, whole.view) == (1, None)
    assert len(list(whole.documents())) == 3
    assert [d.source.title for d in dataset.through(ONE).documents()] == ["Video a"]
    with pytest.raises(UsageError, match="no view 'best'"):
        dataset.through("best")


def test_what_is_missing_is_told_in_one_sentence(url, tmp_path):
    with pytest.raises(UsageError, match=r"there is no dataset at .*: it must hold _manifest/v0"):
        open_dataset(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"no view 'best'; this dataset has \['train', 'eval'\]"):
        open_dataset(url, "best")
    unknown = View(name="odd", rules=(Rule(column="scores.beauty", op=">", value=1),))
    with pytest.raises(UsageError, match=r"view 'odd': no column 'scores.beauty'"):
        open_dataset(url, unknown)
    with pytest.raises(EnvironmentFault, match="cannot open the dataset 'nofs://x'"):
        open_dataset("nofs://x")


def test_a_lost_docs_file_is_named(url):
    dataset = open_dataset(url)
    path = dataset.shards[1].docs_path
    (Path(url) / path).unlink()
    with pytest.raises(EnvironmentFault, match=f"lacks {path}, which its manifest v000001 names"):
        list(dataset.documents())


def test_a_lost_list_of_shards_is_named(url):
    path = next((Path(url) / "_manifest").glob("files-*"))
    path.unlink()
    sentence = f"lacks _manifest/{path.name}, which its manifest v000001 names; restore it"
    with pytest.raises(EnvironmentFault, match=sentence):
        list(open_dataset(url).documents())


def test_a_list_of_shards_with_other_bytes_is_refused(url):
    path = next((Path(url) / "_manifest").glob("files-*"))
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(EnvironmentFault, match="does not have the digest that the manifest names"):
        list(open_dataset(url).documents())


def test_a_page_with_other_bytes_is_noticed(url):
    path = Path(url) / open_dataset(url).shards[0].docs_path
    data = bytearray(path.read_bytes())
    at = data.index(b"\xff\xd8\xff")  # inside a JPEG
    data[at + 40] ^= 1
    path.write_bytes(data)
    with pytest.raises(OSError, match="CRC checksum verification failed"):
        list(open_dataset(url).documents())


def test_reading_documents_needs_no_torch(url):
    code = (
        "import sys, interlink; "
        f"print(len(list(interlink.open({url!r}).documents())), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["3", "False"]


def test_what_was_taken_down_since_is_left_out_of_an_older_version(url, take_down):
    [gone, *_] = open_dataset(url).documents()
    take_down(url, TombstoneKind.VIDEO, gone.video_id)
    older = open_dataset(url, version=1)
    assert gone.video_id not in {document.video_id for document in older.documents()}
    assert len(older.torch(size_px=8)) == len(list(older.documents()))
    with pytest.raises(UsageError, match="no document"):
        older.find(gone.document_id)
    everything = sum(table.num_rows for _, _, table in older.scan(with_denied=True))
    assert everything > len(list(older.documents()))
    assert not open_dataset(url).denied, "the newest version holds nothing of it by itself"


def test_a_file_that_a_takedown_removed_is_told_with_what_to_do(url, take_down):
    dataset = open_dataset(url)
    [gone, *_] = dataset.documents()
    take_down(url, TombstoneKind.VIDEO, gone.video_id)
    for path in Path(url, "docs").iterdir():
        path.unlink()
    with pytest.raises(EnvironmentFault, match=r"version 2 took something out of it.*Begin anew"):
        list(open_dataset(url, version=1).documents())


def test_what_cannot_be_read_now_is_as_it_was(url, take_down, caplog):
    dataset = open_dataset(url)
    [gone, *_] = dataset.documents()
    take_down(url, TombstoneKind.VIDEO, gone.video_id)
    assert dataset.denied_now().videos == {gone.video_id}
    Path(url, "_manifest", "v000002.json").write_text("{")
    assert not dataset.denied_now()
    assert "cannot tell what was taken down" in caplog.text
