"""`interlink demo` on files of one's own, good and bad ones."""

import json

import pytest
from PIL import Image

from interlink.pipeline.dataset.reader import read_documents


def test_good_files_become_documents_and_bad_ones_are_named(finished):
    printed = (finished / "printed.txt").read_text()
    assert "planned = kept + rejected + failed + deferred, at each stage" in printed
    assert "1 source rejected in cut: too_short" in printed
    assert "1 source failed in scan: not_media" in printed
    assert "broken.mp4: the file is none of the formats that are read" in printed
    assert "one document, as a reader sees it" in printed
    assert "good.mp4" in printed
    assert f"next: interlink inspect {finished}/demo/dataset" in printed
    assert len(list(read_documents(str(finished / "demo" / "dataset")))) == 1


def test_a_picture_of_the_document_is_saved(finished):
    with Image.open(finished / "demo" / "video.png") as picture:
        assert picture.width == 1600


def test_progress_is_json_where_there_is_no_terminal(finished):
    lines = (finished / "printed.txt").read_text().splitlines()
    events = [json.loads(line) for line in lines if line.startswith("{")]
    assert {event.get("step") for event in events} >= {"fetch", "scan", "assemble"}


def test_two_files_of_the_same_name_are_two_sources(interlink, make_video, here):
    for seed, folder in enumerate(("a", "b")):
        (here / folder).mkdir()
        made = make_video(f"{folder}.mp4", shots=(2.2,), size=(64, 48), fps=10, seed=seed)
        made.path.rename(here / folder / "v.mp4")
    code, printed = interlink("demo a/v.mp4 b/v.mp4 a/v.mp4 --engine local --no-train")
    assert code == 0, printed
    assert len(list(read_documents("demo/dataset"))) == 2


def test_only_broken_files_end_well_and_say_so(interlink, here):
    (here / "broken.mp4").write_bytes(b"no video")
    (here / "empty.mp4").touch()
    code, printed = interlink("demo broken.mp4 empty.mp4 --engine local")
    assert code == 0, printed
    assert "no document was made: nothing that was given is a video it can use" in printed
    assert "empty.mp4: " in printed
    assert not (here / "demo" / "video.png").exists()
    code, printed = interlink("inspect demo/dataset")
    assert (code, "no document is in it" in printed) == (0, True)


@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        ("demo nowhere.mp4", 2, "there is no file nowhere.mp4; name video files, or none for"),
        ("demo .", 2, "there is no file .; name video files"),
        ("demo --engine spark", 2, "--engine spark must be one of local, beam, ray"),
        ("demo --set cut.mod=none", 2, "unknown key 'cut.mod', did you mean 'mode'?"),
        ("demo --output file.txt/x", 3, "Not a directory"),
    ],
)
def test_a_mistake_gets_a_sentence_and_starts_nothing(interlink, here, line, code, sentence):
    (here / "file.txt").touch()
    try:
        found, printed = interlink(line)
    except NotADirectoryError as error:  # `main` says it
        found, printed = 3, str(error)
    assert found == code
    assert sentence in printed
    assert not (here / "demo" / "run").exists()
