"""The reference's four tables of labels (showlab/cosmo, `src/data/base_dataset.py`, 2024-04-02).

They go by token ids alone, so that speech, context and cut chunks are trained on like the rest.
"""

from dataclasses import replace
from typing import Literal

from ..cosmo.batch import NO_LOSS
from .render import NO_KIND, Rendered
from .vocabulary import Vocabulary

Table = Literal["pair", "interleaved_images", "interleaved_videos", "instruct"]


def faithful_labels(
    row: Rendered, table: Table, vocabulary: Vocabulary, *, turns: tuple[int, int] | None = None
) -> Rendered:
    """Return a rendered window with the reference's labels.

    No loss on:

    - `pair`: position 0, `<visual>`;
    - `interleaved_images`: all outside of chunks, which begin with `<visual>` and end with the end
      of chunk; `<visual>` itself, `<s>`;
    - `interleaved_videos`: `<visual>`;
    - `instruct`: from `<human>` to `<gpt>`, both included; `<visual>`; position 0.

    Padding has none anywhere. A special token's kind is that of the text before it, or of the first
    text behind it.

    Args:
        row: the window; its own labels are not looked at.
        table: which of the tables.
        vocabulary: the tokenizer.
        turns: ids of `<human>` and `<gpt>`, for `instruct`.
    """
    allowed = {
        "pair": lambda: _except_first([True] * len(row.ids)),
        "interleaved_images": lambda: _inside_chunks(row, vocabulary),
        "interleaved_videos": lambda: [True] * len(row.ids),
        "instruct": lambda: _except_first(_outside_questions(row, turns)),
    }[table]()
    kinds = _filled(row.pieces)
    has_loss = [
        ok and token != vocabulary.visual_id for ok, token in zip(allowed, row.ids, strict=True)
    ]
    pairs = list(zip(has_loss, row.ids, kinds, strict=True))
    return replace(
        row,
        labels=[token if loss else NO_LOSS for loss, token, _ in pairs],
        kinds=[kind if loss else NO_KIND for loss, _, kind in pairs],
    )


def _except_first(allowed: list[bool]) -> list[bool]:
    return [False, *allowed[1:]]


def _inside_chunks(row: Rendered, vocabulary: Vocabulary) -> list[bool]:
    allowed, is_inside = [], False
    for token in row.ids:
        is_inside = is_inside or token == vocabulary.visual_id
        allowed.append(is_inside and token != vocabulary.start_id)
        is_inside = is_inside and token != vocabulary.endofchunk_id
    return allowed


def _outside_questions(row: Rendered, turns: tuple[int, int] | None) -> list[bool]:
    assert turns is not None, "the table `instruct` needs the ids of <human> and <gpt>"
    human, gpt = turns
    allowed, is_question = [], False
    for token in row.ids:
        is_question = (is_question or token == human) and token != gpt
        allowed.append(not is_question and token != gpt)
    return allowed


def _filled(pieces: list[int]) -> list[int]:
    """Give every token a kind: that of the piece before it, else of the first piece."""
    kind = next((piece for piece in pieces if piece != NO_KIND), 0)
    filled = []
    for piece in pieces:
        kind = kind if piece == NO_KIND else piece
        filled.append(kind)
    return filled
