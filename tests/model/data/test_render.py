"""Golden tables: which token of a sample carries loss, and of which kind."""

import pytest

from interlink.model.cosmo.batch import KINDS
from interlink.model.data.policy import Piece, TextPolicy
from interlink.model.data.render import Chunk, count_frame_tokens, count_tokens, render
from interlink.model.data.vocabulary import Vocabulary
from interlink.schemas.text import TextKind

NAMES = {TextKind.GIVEN: "given", TextKind.CAPTION: "caption", TextKind.SPEECH: "speech"}


def piece(kind: str, text: str, **fields) -> Piece:
    return Piece(kind=TextKind(kind), text=text, **fields)


def table(vocabulary, *chunks: Chunk, policy: TextPolicy | None = None, is_end: bool = True) -> str:
    """Render chunks; one line per token: the token, the media that it sees, kind of its loss."""
    weigh = (policy or TextPolicy()).loss_weight
    row = render(chunks, vocabulary, weigh, is_end=is_end)
    lines = []
    for token, label, kind, media in zip(row.ids, row.labels, row.kinds, row.media, strict=True):
        text = vocabulary.backend.decode([token], skip_special_tokens=False).strip()
        assert (label == -100) == (kind == -1)
        assert label in (-100, token)
        lines.append(f"{text} {media} {NAMES[KINDS[kind]] if kind >= 0 else '-'}")
    return "\n".join(lines)


def golden(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines())


def test_every_token_of_a_text_its_end_and_the_end_of_text_have_loss(vocabulary):
    chunks = (
        Chunk(pieces=(piece("caption", "red circle"),)),
        Chunk(pieces=(piece("given", "blue"),)),
    )
    assert table(vocabulary, *chunks) == golden("""
        <s> 0 -
        <visual> 1 -
        red 1 caption
        circle 1 caption
        <|endofchunk|> 1 caption
        <visual> 2 -
        blue 2 given
        <|endofchunk|> 2 given
        </s> 2 given""")


def test_speech_is_shown_without_loss_before_what_is_seen(vocabulary):
    chunk = Chunk(pieces=(piece("speech", "spoken words"), piece("given", "red circle")))
    assert table(vocabulary, chunk) == golden("""
        <s> 0 -
        <visual> 1 -
        spoken 1 -
        words 1 -
        red 1 given
        circle 1 given
        <|endofchunk|> 1 given
        </s> 1 given""")
    trained = TextPolicy(speech="on")
    assert "spoken 1 speech\nwords 1 speech" in table(vocabulary, chunk, policy=trained)


def test_speech_alone_does_not_teach_to_stop(vocabulary):
    chunk = Chunk(pieces=(piece("speech", "spoken words"),))
    assert table(vocabulary, chunk) == golden("""
        <s> 0 -
        <visual> 1 -
        spoken 1 -
        words 1 -
        <|endofchunk|> 1 -
        </s> 1 -""")


@pytest.mark.parametrize("pieces", [(), (Piece(kind=TextKind.CAPTION, text=""),)])
def test_a_clip_without_text_and_an_empty_caption_do_not_teach_to_say_nothing(vocabulary, pieces):
    chunks = Chunk(pieces=(piece("given", "red"),)), Chunk(pieces=pieces)
    assert table(vocabulary, *chunks) == golden("""
        <s> 0 -
        <visual> 1 -
        red 1 given
        <|endofchunk|> 1 given
        <visual> 2 -
        <|endofchunk|> 2 -
        </s> 2 -""")


def test_a_context_clip_is_shown_without_loss_where_a_window_starts_in_mid_document(vocabulary):
    chunks = (
        Chunk(pieces=(piece("given", "red"),), is_context=True),
        Chunk(pieces=(piece("given", "blue"),)),
    )
    assert table(vocabulary, *chunks) == golden("""
        <s> 0 -
        <visual> 1 -
        red 1 -
        <|endofchunk|> 1 -
        <visual> 2 -
        blue 2 given
        <|endofchunk|> 2 given
        </s> 2 given""")


def test_a_window_that_starts_in_mid_document_without_context_is_learned_from_its_first_text(
    vocabulary,
):
    chunks = Chunk(pieces=(piece("given", "blue"),)), Chunk(pieces=(piece("caption", "red"),))
    assert table(vocabulary, *chunks, is_end=False) == golden("""
        <s> 0 -
        <visual> 1 -
        blue 1 given
        <|endofchunk|> 1 given
        <visual> 2 -
        red 2 caption
        <|endofchunk|> 2 caption
        </s> 2 -""")


def test_a_context_clip_behind_which_nothing_is_said_teaches_nothing(vocabulary):
    chunks = Chunk(pieces=(piece("given", "red"),), is_context=True), Chunk(pieces=())
    assert all(line.endswith(" -") for line in table(vocabulary, *chunks).splitlines())


def test_without_any_clip_there_is_neither_media_nor_loss(vocabulary):
    assert table(vocabulary) == "<s> 0 -\n</s> 0 -"


def test_the_end_of_text_has_no_loss_where_the_document_goes_on(vocabulary):
    chunk = Chunk(pieces=(piece("given", "blue"),))
    assert table(vocabulary, chunk, is_end=False).endswith("<|endofchunk|> 1 given\n</s> 1 -")


def test_the_special_tokens_of_a_cut_chunk_have_no_loss(vocabulary):
    chunk = Chunk(pieces=(piece("caption", "truncated text", is_cut=True),))
    assert table(vocabulary, chunk) == golden("""
        <s> 0 -
        <visual> 1 -
        truncated 1 caption
        text 1 caption
        <|endofchunk|> 1 -
        </s> 1 -""")
    whole = Chunk(pieces=(piece("given", "red"),))
    assert table(vocabulary, chunk, whole) == golden("""
        <s> 0 -
        <visual> 1 -
        truncated 1 caption
        text 1 caption
        <|endofchunk|> 1 -
        <visual> 2 -
        red 2 given
        <|endofchunk|> 2 given
        </s> 2 given""")


def test_a_kind_of_loss_weight_zero_has_no_loss(vocabulary):
    policy = TextPolicy(loss_weights={"caption": 0})
    assert "caption" not in table(
        vocabulary, Chunk(pieces=(piece("caption", "red"),)), policy=policy
    )


@pytest.mark.parametrize("adds_start", [False, True])
def test_there_is_one_start_of_text_whether_the_tokenizer_adds_it_or_not(helpers, adds_start):
    vocabulary = Vocabulary.of(helpers.make_tokenizer(add_start=adds_start))
    chunk = Chunk(pieces=(piece("speech", "spoken words"), piece("given", "red")))
    row = render([chunk, chunk], vocabulary, TextPolicy().loss_weight)
    assert row.ids.count(1) == 1
    assert row.ids[0] == 1


def test_without_a_start_of_text_the_first_token_is_visual(helpers):
    vocabulary = Vocabulary.of(helpers.make_tokenizer(start=None))
    row = render([Chunk(pieces=())], vocabulary, TextPolicy().loss_weight)
    assert row.ids == [3, 4, 2]


def test_tokens_are_counted_as_they_are_rendered(vocabulary):
    pieces = (piece("speech", "spoken words"), piece("given", "red circle"))
    row = render([Chunk(pieces=pieces)] * 3, vocabulary, TextPolicy().loss_weight)
    counted = 3 * count_tokens(pieces, vocabulary) + count_frame_tokens(vocabulary)
    assert len(row.ids) == counted
