"""Single documents, as much of them as training needs."""

from interlink.model.data.dataset import open_dataset
from interlink.model.data.rows import TEXT_COLUMNS, Row, RowReader
from interlink.schemas.arrow import from_plain, from_table, to_plain


def test_a_row_is_found_again_where_the_scan_saw_it(write_dataset, make_documents):
    url = write_dataset(make_documents("a", "b"), make_documents("c"))
    dataset = open_dataset(url)
    documents = {document.document_id: document for document in dataset.documents()}
    reader = RowReader(dataset)
    for shard, group, table in dataset.scan(TEXT_COLUMNS):
        for place, light in zip(table["_row"].to_pylist(), from_table(table, Row), strict=True):
            row = reader.read(shard, group, place)
            document = documents[row.document_id]
            assert row == from_plain(to_plain(document), Row)
            assert [c.texts for c in light.clips] == [c.texts for c in row.clips]
            assert all(frame.image is None for clip in light.clips for frame in clip.frames)
            assert [len(c.frames) for c in light.clips] == [len(c.frames) for c in row.clips]
    reader.close()


def test_a_row_group_is_kept_as_long_as_there_is_room(write_dataset, make_documents, monkeypatch):
    url = write_dataset(make_documents("a"), make_documents("b"))
    reader = RowReader(open_dataset(url))
    first, second = reader.read(0, 0, 0), reader.read(1, 0, 0)
    with monkeypatch.context() as patch:
        patch.setattr(RowReader, "_file", None)  # nothing may be read anew
        assert (reader.read(0, 0, 0), reader.read(1, 0, 0)) == (first, second)
    monkeypatch.setattr("interlink.model.data.rows._MAX_KEPT_BYTES", 1)
    tight = RowReader(open_dataset(url))
    assert [tight.read(n, 0, 0) for n in (0, 1, 0)] == [first, second, first]
    assert len(tight._kept) == 1
    tight.close()
    reader.close()


def test_few_files_stay_open(write_dataset, make_documents, monkeypatch):
    monkeypatch.setattr("interlink.model.data.rows._MAX_OPEN", 1)
    monkeypatch.setattr("interlink.model.data.rows._MAX_KEPT_BYTES", 1)
    url = write_dataset(make_documents("a"), make_documents("b"))
    reader = RowReader(open_dataset(url))
    ids = [reader.read(shard, 0, 0).video_id for shard in (0, 1, 0, 1)]
    assert ids[:2] == ids[2:]
    assert ids[0] != ids[1]
    reader.close()
