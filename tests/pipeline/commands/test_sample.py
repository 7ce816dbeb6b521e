"""`interlink sample`: a document for readers, and as the trainer is shown it."""

from pathlib import Path

import pytest
from PIL import Image

import interlink as package


def size_of(path: str) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


@pytest.fixture
def ids(small_dataset):
    return [document.document_id for document in package.open(small_dataset).documents()]


def test_the_first_document_is_printed(interlink, here, small_dataset, ids):
    code, printed = interlink(f"sample {small_dataset}")
    assert code == 0
    assert f"document {ids[0]}" in printed
    assert "clip 1" in printed
    last = printed.splitlines()[-1]
    assert last == f"next: interlink sample {small_dataset} --id {ids[0]} --as-trained"


def test_any_document_is_printed_whole(interlink, here, small_dataset, ids):
    _, printed = interlink(f"sample {small_dataset} --id {ids[5]}")
    assert f"document {ids[5]}" in printed
    assert printed.count("clip ") == 3


def test_the_recipe_s_version_is_shown(interlink, here, small_dataset):
    for option in ("", "--as-trained"):
        line = f"sample {small_dataset} {option} --set version=2"
        assert interlink(line) == (2, f"interlink: {small_dataset} has no version 2; it has [1]")


def test_what_the_trainer_sees_is_drawn(interlink, recipe_file, small_dataset, ids):
    line = f"sample {small_dataset} --recipe train.yaml --as-trained"
    code, printed = interlink(f"{line} --id {ids[3]} --output pictures/one.png")
    assert code == 0
    assert printed.splitlines() == [
        f"document {ids[3]}",
        "picture  pictures/one.png: frames, text, labels and masks",
        f"next: interlink train train.yaml --set dataset={small_dataset} --dry-run",
    ]
    assert size_of("pictures/one.png")[0] == 1200
    _, printed = interlink(line)
    first = next(package.open(small_dataset, "train").documents()).document_id
    assert printed.startswith(f"document {first}")
    assert size_of("sample.png") == size_of("pictures/one.png")


def test_the_recipe_decides_on_what_is_drawn(interlink, recipe_file, small_dataset, ids):
    line = f"sample {small_dataset} --recipe train.yaml --as-trained --id {ids[0]}"
    pictures = []
    for settings in ("", "--set text.speech=on", "--set budgets.frames_per_clip=1"):
        code, _ = interlink(f"{line} {settings}")
        assert code == 0
        pictures.append(Path("sample.png").read_bytes())
    assert len(set(pictures)) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--id 12", "no document '12' in "),
        ("--id 12 --as-trained", "no document '12' in "),
        ("--as-trained --set view=nope", "no view 'nope'; this dataset has"),
        ("--as-trained --set budgets.tokens=8", "no sample comes of document "),
    ],
)
def test_mistakes_are_told_in_one_sentence(interlink, recipe_file, small_dataset, options, message):
    code, printed = interlink(f"sample {small_dataset} --recipe train.yaml {options}")
    assert code == 2
    assert message in printed.splitlines()[-1]


def test_a_tokenizer_that_is_not_here_is_not_fetched(interlink, here, small_dataset):
    code, printed = interlink(f"sample {small_dataset} --as-trained --recipe cosmo-2b")
    assert code == 3
    assert "the tokenizer of facebook/opt-iml-max-1.3b is not on this machine" in printed
