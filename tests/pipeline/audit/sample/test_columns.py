import pytest

from interlink.pipeline.audit.sample.columns import DocumentColumns, read_columns, read_rows
from interlink.pipeline.dataset.versions import read_manifest
from interlink.pipeline.storage.store import Store
from interlink.schemas.arrow import arrow_schema
from interlink.schemas.document import Document
from interlink.schemas.view import Rule, View


@pytest.fixture
def dataset(audited) -> Store:
    documents = audited.documents(7)
    return Store(audited.write(documents[:3], documents[3:]))


def test_columns_hold_what_the_documents_do(audited, dataset):
    found = list(read_columns(dataset, read_manifest(dataset)))
    assert [document.row for document in found] == list(range(7))
    for columns, document in zip(found, audited.read(dataset.url), strict=True):
        assert columns.document_id == document.document_id
        assert columns.source.group == document.source.group
        assert columns.scores == document.scores
        for clip, whole in zip(columns.clips, document.clips, strict=True):
            assert (clip.clip_id, clip.scores) == (whole.clip_id, whole.scores)
            assert [text.text for text in clip.texts] == [text.text for text in whole.texts]
            assert [word.start_us for word in clip.words] == [w.start_us for w in whole.words]


def test_rows_are_found_again_by_number(dataset):
    manifest = read_manifest(dataset)
    found = list(read_columns(dataset, manifest))
    assert list(read_rows(dataset, manifest, [5, 0, 3, 5])) == [found[0], found[3], found[5]]
    assert list(read_rows(dataset, manifest, [])) == []


def test_a_view_by_any_column_keeps_row_numbers(audited, dataset):
    document = audited.read(dataset.url)[4]
    for column, value in (("source.uri", document.source.uri), ("content_sha256", None)):
        value = value or document.content_sha256
        view = View(name="one", rules=(Rule(column=column, op="==", value=value),))
        found = list(read_columns(dataset, read_manifest(dataset), view))
        assert [(one.row, one.document_id) for one in found] == [(4, document.document_id)]


def test_flags_of_documents_can_be_asked_for(dataset):
    view = View(name="quiet", rules=(Rule(column="flags", op="has", value="no_audio"),))
    assert list(read_columns(dataset, read_manifest(dataset), view)) == []


def test_every_column_is_one_of_the_documents():
    def names(fields, prefix=""):
        for field in fields:
            kind = field.type
            kind = getattr(kind, "value_type", kind)
            yield prefix + field.name
            if getattr(kind, "num_fields", 0):
                yield from names(list(kind), f"{prefix}{field.name}.")

    missing = set(names(arrow_schema(DocumentColumns))) - set(names(arrow_schema(Document)))
    assert missing == {"row"}


def test_pictures_are_not_read(dataset, monkeypatch):
    from interlink.pipeline.audit.sample import columns

    asked: list[list[str]] = []
    real = columns.read_tables

    def spy(store, manifest, names):
        asked.append(names)
        return real(store, manifest, names)

    monkeypatch.setattr(columns, "read_tables", spy)
    list(read_columns(dataset, read_manifest(dataset)))
    assert not [name for name in asked[0] if "frames" in name or "image" in name]
