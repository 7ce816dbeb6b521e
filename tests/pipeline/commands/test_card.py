"""`interlink card` writes the card anew and says where it lies."""

import shutil

from interlink.pipeline.storage.store import Store


def test_the_card_is_written_with_its_pictures(interlink, here, finished):
    shutil.copytree(finished / "demo" / "dataset", "copy")
    (here / "copy" / "README.md").unlink()
    code, printed = interlink("card copy --name Lessons")
    assert code == 0
    assert printed.splitlines() == [
        "card      copy/README.md: version 1, 0 audits",
        "pictures  copy/card",
        "next: `interlink audit sample copy`",
    ]
    assert "# Lessons\n" in (here / "copy" / "README.md").read_text()
    assert "durations.svg" in Store("copy").names("card")


def test_where_there_is_no_dataset_it_says_so(interlink, here):
    code, printed = interlink("card nothing")
    assert code == 2
    assert "there is no dataset at nothing" in printed
