"""What a document tells of its source: enough to find it, nothing that is secret."""

from dataclasses import replace

import pytest

from interlink.schemas.ids import source_id
from interlink.schemas.source import Source
from interlink.schemas.video import Site
from interlink.transforms.text.document_source import (
    describe_source,
    group_of,
    public_model,
    public_uri,
    split_of,
)


@pytest.fixture
def video(make_clips):
    return make_clips(1, frames=1)[0].video


def _from(video, uri, **fields):
    source = Source(source_id=source_id(uri), uri=uri, **fields)
    return replace(video, source=source, final_uri=uri)


@pytest.mark.parametrize(
    ("uri", "public"),
    [
        ("https://me:secret@host.org/a/b.mp4?token=1#t=3", "https://host.org/a/b.mp4"),
        (
            "https://www.youtube.com/watch?v=a-B_9&t=3s&si=x",
            "https://www.youtube.com/watch?v=a-B_9",
        ),
        ("s3://bucket/folder/b.mp4", "s3://bucket/folder/b.mp4"),
        ("zip://in.mp4::https://host.org/b.zip?sig=1", "https://host.org/b.zip"),
        ("/srv/someone/videos/b.mp4", "b.mp4"),
        ("videos/b.mp4", "b.mp4"),
        ("file:///srv/someone/b.mp4", "b.mp4"),
        ("C:\\videos\\b.mp4", "b.mp4"),
    ],
)
def test_a_public_uri_has_no_secret_and_no_path_of_a_machine(uri, public):
    assert public_uri(uri) == public


@pytest.mark.parametrize(
    ("uri", "group"),
    [
        ("https://host.org:8080/channel/a.mp4?x=1", "host.org/channel"),
        ("https://host.org/a.mp4", "host.org"),
        ("/srv/someone/cooking/a.mp4", "cooking"),
        ("a.mp4", "local"),
        ("s3://bucket/folder/a.mp4", "bucket/folder"),
    ],
)
def test_without_a_given_group_it_is_the_folder_and_never_the_file(video, uri, group):
    assert group_of(_from(video, uri).source) == group


def test_a_given_group_goes_before_the_creator_and_the_creator_before_the_folder(video):
    site = Site(name="Youtube", creator="Cook", creator_uri="https://youtube.com/@cook?x=1")
    of_site = replace(video, site=site)
    assert group_of(of_site.source, of_site.site) == "https://youtube.com/@cook"
    assert group_of(of_site.source, Site(name="Youtube", creator="Cook")) == "Cook"
    assert group_of(_from(of_site, "https://host.org/a.mp4", group="mine").source) == "mine"
    assert group_of(_from(video, "a.mp4", group="/data/mine").source) == "mine"


def test_the_split_is_given_or_follows_from_the_group_alone(video):
    assert split_of(_from(video, "a.mp4", split="eval"), "g", 0.0) == "eval"
    splits = [split_of(video, f"group {n}", 0.02) for n in range(5000)]
    assert 60 <= splits.count("eval") <= 140  # 100 expected, four standard deviations
    assert {split_of(video, "g", 0.0), split_of(video, "g", 1.0)} == {"train", "eval"}


def test_a_site_is_named_by_its_page(video):
    site = Site(
        name="Youtube",
        page_url="https://www.youtube.com/watch?v=abc&list=x",
        creator="Cook",
        published="2020-01-02",
    )
    source = describe_source(replace(video, site=site), duration_us=5, language="de")
    assert source.uri == "https://www.youtube.com/watch?v=abc"
    assert (source.site, source.creator, source.published) == ("Youtube", "Cook", "2020-01-02")
    assert (source.language, source.duration_us) == ("de", 5)


def test_a_given_language_goes_before_the_recognised_one(video):
    source = describe_source(replace(video, language="fr"), duration_us=5, language="de")
    assert source.language == "fr"


def test_a_model_read_from_a_path_is_named_by_its_folder():
    assert public_model("/models/llava-1.5/") == "llava-1.5"
    assert public_model("llava-hf/llava-1.5") == "llava-hf/llava-1.5"
