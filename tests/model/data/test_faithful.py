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
QUESTION = [HUMAN, VISUAL, 50, GPT]
CASES = [
    # One clip and its text.
    ("pair", [START, VISUAL, 50, 51, EOC, END], "..xxxx"),
    ("pair", [START, VISUAL, EOC, END], "..xx"),  # an empty caption, or a clip without text
    ("pair", [START, VISUAL, 50, 51], "..xx"),  # cut on the right
    ("pair", [START, 50, EOC, END], ".xxx"),  # no media
    ("pair", [START, 50, VISUAL], ".x."),  # a visual at the end
    ("pair", [VISUAL, 50, EOC, END], ".xxx"),  # a tokenizer without start of text
    # Pictures: loss inside of chunks only.
    ("interleaved_images", TWO, "..xxx.xx."),
    ("interleaved_images", [START, 50, EOC, VISUAL, 51, EOC, END], "....xx."),
    ("interleaved_images", [START, VISUAL, 50, EOC, 51, 52, VISUAL, 53, EOC, END], "..xx...xx."),
    ("interleaved_images", [START, 50, EOC, END], "...."),  # no media
    ("interleaved_images", [START, VISUAL, 50, EOC, VISUAL], "..xx."),  # a visual at the end
    ("interleaved_images", [START, VISUAL, EOC, VISUAL, 50, EOC, END], "..x.xx."),  # empty caption
    ("interleaved_images", [START, VISUAL, 50, EOC, VISUAL, EOC, END], "..xx.x."),  # no text
    ("interleaved_images", [50, 51, EOC, VISUAL, 52, 53], "....xx"),  # from mid-document, cut
    # Clips: all but the visual.
    ("interleaved_videos", TWO, "x.xxx.xxx"),
    ("interleaved_videos", [START, VISUAL, EOC, VISUAL, 50], "x.x.x"),  # empty caption, cut
    ("interleaved_videos", [START, VISUAL, 50, EOC, VISUAL, EOC, END], "x.xx.xx"),  # no text
    ("interleaved_videos", [START, VISUAL, 50, EOC, VISUAL], "x.xx."),  # a visual at the end
    ("interleaved_videos", [START, 50, END], "xxx"),  # no media
    ("interleaved_videos", [50, EOC, VISUAL, 51, EOC, END], "xx.xxx"),  # from mid-document
    # Answers only.
    ("instruct", [START, *QUESTION, 51, EOC, END], ".....xxx"),
    ("instruct", [START, HUMAN, 50, GPT, 51, HUMAN, 52, GPT, 53, EOC, END], "....x...xxx"),
    ("instruct", [START, HUMAN, 50, GPT, 51, EOC, END], "....xxx"),  # no media
    ("instruct", [START, *QUESTION, EOC, END], ".....xx"),  # an empty answer
    ("instruct", [START, VISUAL, EOC, END], "..xx"),  # a clip without text
    ("instruct", [50, GPT, 51, HUMAN, 52, GPT, 53, EOC], "..x...xx"),  # from mid-question
    ("instruct", [50, 51, HUMAN, 52, GPT, 53], ".x...x"),  # from mid-answer, cut
    ("instruct", [START, VISUAL, HUMAN, 50, 51], "....."),  # cut inside the question
    ("instruct", [START, *QUESTION, 51, VISUAL], ".....x."),  # a visual at the end
]


@pytest.mark.parametrize(("table", "ids", "expected"), CASES)
def test_labels_are_those_of_the_reference(vocabulary, table, ids, expected):
    turns = TURNS if table == "instruct" else None
    assert labelled(vocabulary, ids, table, turns=turns) == expected


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("pair", ". . x x x . x . x x x"),
        ("interleaved_images", ". . x x x . x . x x ."),
        ("interleaved_videos", "x . x x x . x . x x x"),
    ],
)
def test_the_tables_go_by_ids_alone_through_speech_context_and_clips_without_text(
    vocabulary, table, expected
):
    """As `render` writes them: our rule leaves out what the reference trains on."""
    speech = Piece(kind=TextKind.SPEECH, text="words")
    chunks = [
        Chunk(pieces=(speech, Piece(kind=TextKind.GIVEN, text="red")), is_context=True),
        Chunk(pieces=()),
        Chunk(pieces=(Piece(kind=TextKind.CAPTION, text="blue", is_cut=True),)),
    ]
    row = render(chunks, vocabulary, TextPolicy().loss_weight)
    found = faithful_labels(row, table, vocabulary)
    assert " ".join("." if label == -100 else "x" for label in found.labels) == expected


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
