"""What a dataset and its run know of sources and clips, and where."""

from interlink.pipeline.dataset.takedown.known import Known
from interlink.schemas.ids import source_id


def test_sources_are_known_from_documents_funnel_plan_and_what_was_fetched(published):
    document = published.documents["a"]
    known = list(Known(published.dataset, [published.run]).sources())
    of_it = [one for one in known if one.source_id == document.source.source_id]
    assert {one.video_id for one in of_it} == {document.video_id, None}
    assert {one.uri for one in of_it} == {None, "https://example.org/channel/a.mp4"}
    assert {one.public_uri for one in of_it} == {None, document.source.uri}
    assert {one.group for one in of_it} == {None, document.source.group}
    assert source_id("gone0") in {one.source_id for one in known}, "planned, and never fetched"


def test_clips_are_known_from_documents_and_from_the_run(published):
    clips = list(Known(published.dataset, []).clips())
    assert len(clips) == 6
    everywhere = {clip.clip_id for clip in Known(published.dataset, [published.run]).clips()}
    assert everywhere == {clip.clip_id for clip in clips}
    first = published.documents["a"].clips[0]
    [known] = [clip for clip in clips if clip.clip_id == first.clip_id]
    assert (known.start_us, known.end_us) == (first.start_us, first.end_us)
