"""Rows that were taken down since their file was written are told by ids alone."""

import pytest

from interlink.model.data.dataset import open_dataset
from interlink.model.data.denied_rows import allowed_rows
from interlink.schemas.denied import Denied
from interlink.schemas.ids import group_key


@pytest.mark.parametrize("what", ["source", "group", "video", "clip", "span", "nothing"])
def test_a_row_is_denied_by_any_of_its_ids(write_dataset, make_documents, what):
    documents = sorted(make_documents("a", "b"), key=lambda document: document.document_id)
    [first, _] = documents
    clip = first.clips[1]
    denied = {
        "source": Denied(sources=frozenset({first.source.source_id})),
        "group": Denied(groups=frozenset({group_key(first.source.group)})),
        "video": Denied(videos=frozenset({first.video_id})),
        "clip": Denied(clips=frozenset({clip.clip_id})),
        "span": Denied(spans={first.video_id: ((clip.start_us + 1, clip.start_us + 2),)}),
        "nothing": Denied(),
    }[what]
    expected = {"group": [False, False], "nothing": [True, True]}.get(what, [False, True])
    with open_dataset(write_dataset(documents)).open_shard(0) as parquet:
        assert allowed_rows(parquet, 0, denied).to_pylist() == expected
