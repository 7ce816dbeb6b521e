"""`interlink inspect` of videos, of datasets, and of what is neither."""

import pytest
from PIL import Image

from interlink.pipeline.storage.store import Store


def test_a_video_becomes_a_picture(interlink, make_video, here):
    make_video("mine.mp4", shots=(2.2, 2.2), size=(160, 90), fps=10)
    code, printed = interlink("inspect mine.mp4")
    assert code == 0, printed
    assert "picture  mine.png" in printed
    with Image.open("mine.png") as picture:
        assert picture.format == "PNG"


def test_the_picture_goes_where_it_is_wanted_and_settings_count(interlink, make_video, here):
    make_video("mine.mp4", shots=(0.5,), size=(160, 90), fps=10)
    code, printed = interlink("inspect mine.mp4 --output deep/a.png --set clips.min_duration_s=0.1")
    assert code == 0, printed
    assert (here / "deep" / "a.png").exists()


def test_a_video_that_is_too_short_for_a_clip_is_drawn_all_the_same(interlink, make_video, here):
    make_video("mine.mp4", shots=(0.5,), size=(160, 90), fps=10)
    code, printed = interlink("inspect mine.mp4")
    assert code == 0, printed


def test_a_dataset_is_counted_and_one_document_shown(interlink, finished):
    code, printed = interlink(f"inspect {finished}/demo/dataset")
    assert code == 0, printed
    assert "version 1" in printed
    assert "documents     1 of 1 videos" in printed
    assert "1 source failed in scan: not_media" in printed
    assert "caption by facts" in printed


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("nowhere.mp4", "there is no file or folder nowhere.mp4"),
        ("nowhere", "there is no file or folder nowhere"),
        (".", "the folder . has no _manifest, so it is no dataset; name the dataset of a run"),
        ("videos.csv", "videos.csv is an input manifest; name one of its videos, or a dataset"),
        ("notes.md", "notes.md is neither a manifest"),
        ("broken.mp4", "the video cannot be drawn: not_media in scan: "),
        ("http://127.0.0.1:9/a.mp4", "the video cannot be drawn: connection in fetch"),
    ],
)
def test_what_is_neither_gets_a_sentence(interlink, here, what, sentence):
    for name in ("videos.csv", "notes.md"):
        (here / name).touch()
    (here / "broken.mp4").write_bytes(b"no video")
    fast = ["--set", "retries.first_pause_s=0"]
    code, printed = interlink(f"inspect {what}", *fast)
    assert code == 2, printed
    assert sentence in printed


def test_an_empty_dataset_folder_is_no_dataset(interlink, here):
    (here / "dataset" / "_manifest").mkdir(parents=True)
    code, printed = interlink("inspect dataset")
    assert code == 2
    assert "there is no dataset at dataset: it must hold _manifest/v000001.json" in printed


def test_a_dataset_at_a_url_is_found(interlink, finished):
    dataset = Store("memory://inspected")
    for path in (finished / "demo" / "dataset").rglob("*"):
        if path.is_file():
            name = path.relative_to(finished / "demo" / "dataset").as_posix()
            dataset.put(name, path.read_bytes())
    code, printed = interlink("inspect memory://inspected")
    assert code == 0, printed
    assert "1 of 1 videos" in printed
