"""What a dataset says was taken down is read at the start and left out of plans."""

import logging

from interlink.pipeline.dataset.denied import leave_out_denied, read_denied
from interlink.pipeline.publish.takedown import take_down
from interlink.pipeline.storage.store import Store
from interlink.schemas.denied import Denied
from interlink.schemas.ids import group_key
from interlink.schemas.source import Source


def test_nothing_was_taken_down_where_there_is_no_dataset(tmp_path):
    assert not read_denied(Store(str(tmp_path / "none")))


def test_the_newest_version_says_what_was(published, stone):
    take_down(published.dataset, [stone("source", "s")])
    take_down(published.dataset, [stone("video", "v")])
    denied = read_denied(published.dataset)
    assert (denied.sources, denied.videos) == ({"s"}, {"v"})


def test_sources_that_were_taken_down_are_left_out_and_counted(caplog):
    denied = Denied(
        sources=frozenset({"one"}),
        groups=frozenset({group_key("mine"), group_key("host.org/folder")}),
    )
    sources = [
        Source(source_id="one", uri="a.mp4"),
        Source(source_id="two", uri="b.mp4", group="mine"),
        Source(source_id="three", uri="https://host.org/folder/c.mp4"),
        Source(source_id="four", uri="https://host.org/other/d.mp4"),
    ]
    with caplog.at_level(logging.WARNING):
        assert leave_out_denied(sources, denied) == sources[3:]
    assert "3 of 4 new sources are left out of the plan" in caplog.text
