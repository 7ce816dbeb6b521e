"""The funnel keeps a row for what was taken down, which tells nothing but that."""

from interlink.pipeline.dataset.dry_store import DryStore
from interlink.pipeline.dataset.funnel import funnel_path
from interlink.pipeline.dataset.rows import rows_of
from interlink.pipeline.dataset.takedown.funnel import clean_funnels
from interlink.pipeline.publish.takedown import take_down
from interlink.schemas.denied import Denied


def rows(dataset) -> list[dict]:
    columns = ("id", "kind", "source_id", "video_id", "disposition", "code", "value", "message")
    return list(rows_of(dataset, funnel_path(1), columns))


def test_a_source_keeps_one_row_and_its_clips_none(published):
    document = published.documents["a"]
    source = document.source.source_id
    before = rows(published.dataset)
    denied = Denied(sources=frozenset({source}), videos=frozenset({document.video_id}))
    assert clean_funnels(DryStore(published.dataset.url), denied) == 4
    assert rows(published.dataset) == before
    assert clean_funnels(published.dataset, denied) == 4
    after = rows(published.dataset)
    assert [row for row in after if row["source_id"] == source] == [
        {
            "id": source,
            "kind": "source",
            "source_id": source,
            "video_id": None,
            "disposition": "rejected",
            "code": "taken_down",
            "value": None,
            "message": None,
        }
    ]
    assert [row for row in after if row["source_id"] != source] == [
        row for row in before if row["source_id"] != source
    ]
    assert clean_funnels(published.dataset, denied) == 0


def test_a_clip_keeps_its_row_and_its_video(published):
    document = published.documents["a"]
    clip = document.clips[0].clip_id
    clean_funnels(published.dataset, Denied(clips=frozenset({clip})))
    [row] = [row for row in rows(published.dataset) if row["id"] == clip]
    assert (row["disposition"], row["code"]) == ("rejected", "taken_down")
    assert row["video_id"] == document.video_id


def test_a_run_that_is_published_again_writes_the_same_row(published, stone):
    document = published.documents["a"]
    stones = [stone("source", document.source.source_id), stone("video", document.video_id)]
    take_down(published.dataset, stones, runs=[published.run])
    before = rows(published.dataset)
    published.publish()
    source = document.source.source_id
    assert [r for r in rows(published.dataset) if r["source_id"] == source] == [
        r for r in before if r["source_id"] == source
    ]
