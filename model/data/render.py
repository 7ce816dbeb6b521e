"""From the chunks of a window to token ids, labels and kinds.

```
<s> <visual> text <|endofchunk|> <visual> text <|endofchunk|> ... </s>
```

`<s>` stands once, where the language model knows one; pieces are encoded without special tokens, so
that no tokenizer adds a second. The rule of our presets for labels, one for all data:

- loss on every token of a piece whose kind has a loss weight above 0, on the `<|endofchunk|>` after
  a chunk that ends with such a piece, and on the end of text after such a chunk;
- none on `<s>`, `<visual>`, padding, context, and the special tokens of a chunk that was cut;
- none on the end of text where the document goes on behind the window.

`faithful` keeps the reference's tables instead; see `faithful.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...schemas.text import TextKind
from ..cosmo.batch import KINDS, NO_LOSS
from .policy import Piece
from .vocabulary import Vocabulary

NO_KIND = -1
"""The kind of a token without loss, in `label_kinds_BL`."""
KIND_INDEX = {kind: index for index, kind in enumerate(KINDS)}
"""Number of each kind in `label_kinds_BL`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """One clip's place in a sample."""

    pieces: tuple[Piece, ...]
    """Its text; none at all for a clip without text."""
    is_context: bool = False
    """Whether it was carried over from the window before: it is shown, nothing is learned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A window as the language model sees it; all lists have one entry per token."""

    ids: list[int]
    """Token ids."""
    labels: list[int]
    """The same where there is loss, `NO_LOSS` elsewhere; not shifted."""
    kinds: list[int]
    """Kind of each label (`KIND_INDEX`), `NO_KIND` where there is none."""
    media: list[int]
    """Which media a token sees: 1 for the first chunk's and so on, 0 for none."""
    pieces: list[int]
    """Kind of the piece that a token belongs to, whether it has loss or not; else `NO_KIND`."""


def render(
    chunks: Sequence[Chunk],
    vocabulary: Vocabulary,
    loss_weight: Callable[[TextKind], float],
    *,
    is_end: bool = True,
) -> Rendered:
    """Render the chunks of one window.

    Args:
        chunks: its clips in time order, context first.
        vocabulary: the tokenizer.
        loss_weight: weight of a kind in the loss, `TextPolicy.loss_weight`.
        is_end: whether the document ends here.
    """
    row = Rendered(ids=[], labels=[], kinds=[], media=[], pieces=[])
    if vocabulary.start_id is not None:
        _add(row, vocabulary.start_id)
    end_kind = NO_KIND
    for number, chunk in enumerate(chunks, start=1):
        _add(row, vocabulary.visual_id, media=number)
        # Nothing is learned of saying nothing.
        pieces = [piece for piece in chunk.pieces if piece.text]
        learned = [not chunk.is_context and loss_weight(piece.kind) > 0 for piece in pieces]
        for token, index in vocabulary.encode([piece.text for piece in pieces]):
            kind = KIND_INDEX[pieces[index].kind]
            _add(row, token, media=number, piece=kind, has_loss=learned[index])
        is_learned = bool(learned) and learned[-1] and not pieces[-1].is_cut
        end_kind = KIND_INDEX[pieces[-1].kind] if is_learned else NO_KIND
        _add(row, vocabulary.endofchunk_id, media=number, label_kind=end_kind)
    end_kind = end_kind if is_end else NO_KIND
    _add(row, vocabulary.end_id, media=len(chunks), label_kind=end_kind)
    return row


def count_tokens(pieces: Sequence[Piece], vocabulary: Vocabulary) -> int:
    """Return how many tokens the chunk of these pieces takes, special tokens included."""
    return len(vocabulary.encode([piece.text for piece in pieces])) + 2


def count_frame_tokens(vocabulary: Vocabulary) -> int:
    """Return how many tokens a window takes besides its chunks."""
    return 1 if vocabulary.start_id is None else 2


def _add(
    row: Rendered,
    token: int,
    *,
    media: int = 0,
    piece: int = NO_KIND,
    has_loss: bool = False,
    label_kind: int = NO_KIND,
) -> None:
    kind = piece if has_loss else label_kind
    row.ids.append(token)
    row.labels.append(NO_LOSS if kind == NO_KIND else token)
    row.kinds.append(kind)
    row.media.append(media)
    row.pieces.append(piece)
