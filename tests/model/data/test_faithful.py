"""Golden tables of the reference's labels, worked out by hand from its code."""

import pytest

from interlink.model.cosmo.batch import KINDS
from interlink.model.data.faithful import faithful_labels
from interlink.model.data.policy import Piece, TextPolicy
from interlink.model.data.render import NO_KIND, Chunk, Rendered, render
from interlink.schemas.text import TextKind

START, END, VISUAL, EOC = 1, 2, 3, 4
HUMAN, GPT = 90, 91
TURNS = (HUMAN, GPT)


def labelled(vocabulary, ids, table, **kwargs) -> str:
    """Return one sign per token: `x` where it has loss."""
    pieces = [NO_KIND if token < 5 or token in TURNS else 1 for token in ids]
    row = Rendered(ids=ids, labels=ids, kinds=ids, media=ids, pieces=pieces)
    found = faithful_labels(row, table, vocabulary, **kwargs)
    assert all(
        (label == -100) == (kind == NO_KIND) and label in (-100, token)
        for label, kind, token in zip(found.labels, found.kinds, ids, strict=True)
    )
    return "".join("." if label == -100 else "x" for label in found.labels)


TWO = [START, VISUAL, 50, 51, EOC, VISUAL, 52, EOC, END]
CASES = [
    # No media at all; a visual at the end; an empty caption; text before and between.
    ("pair", [START, VISUAL, 50, 51, EOC, END], "..xxxx"),
    ("pair", [START, VISUAL, EOC, END], "..xx"),
    ("pair", [START, 50, EOC, END], ".xxx"),
    ("pair", [VISUAL, 50, EOC, END], ".xxx"),
    ("interleaved_images", TWO, "..xxx.xx."),
    ("interleaved_images", [START, 50, EOC, VISUAL, 51, EOC, END], "....xx."),
    ("interleaved_images", [START, VISUAL, 50, EOC, 51, 52, VISUAL, 53, EOC, END], "..xx...xx."),
    ("interleaved_images", [START, 50, EOC, END], "...."),
    ("interleaved_images", [START, VISUAL, 50, EOC, VISUAL], "..xx."),
    ("interleaved_images", [START, VISUAL, EOC, VISUAL, 50, EOC, END], "..x.xx."),
    ("interleaved_images", [50, 51, EOC, VISUAL, 52, 53], "....xx"),  # a window, cut at both ends
    ("interleaved_videos", TWO, "x.xxx.xxx"),
    ("interleaved_videos", [START, VISUAL, EOC, VISUAL, 50], "x.x.x"),  # cut on the right
    ("interleaved_videos", [START, 50, END], "xxx"),
]


@pytest.mark.parametrize(("table", "ids", "expected"), CASES)
def test_labels_are_those_of_the_reference(vocabulary, table, ids, expected):
    assert labelled(vocabulary, ids, table) == expected


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([START, HUMAN, VISUAL, 50, GPT, 51, EOC, END], ".....xxx"),
        ([START, HUMAN, 50, GPT, 51, HUMAN, 52, GPT, 53, EOC, END], "....x...xxx"),
        ([START, VISUAL, HUMAN, 50, 51], "....."),  # cut inside the question
    ],
)
def test_only_answers_of_an_instruction_have_loss(vocabulary, ids, expected):
    assert labelled(vocabulary, ids, "instruct", turns=TURNS) == expected


def test_special_tokens_carry_the_kind_of_the_text_before_them(vocabulary):
    chunks = [
        Chunk(pieces=(Piece(kind=TextKind.GIVEN, text="red"),)),
        Chunk(pieces=()),
        Chunk(pieces=(Piece(kind=TextKind.CAPTION, text="blue"),), is_context=True),
    ]
    row = render(chunks, vocabulary, TextPolicy().loss_weight)
    found = faithful_labels(row, "interleaved_videos", vocabulary)
    names = [KINDS[kind].value if kind >= 0 else "-" for kind in found.kinds]
    given, caption = "given", "caption"
    assert names == [given, "-", given, given, "-", given, "-", caption, caption, caption]
