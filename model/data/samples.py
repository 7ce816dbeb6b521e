"""What samples are made of, and the making of one: a window of a document, rendered."""

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from ...schemas.ids import digest
from ...schemas.view_filter import asks_audits
from .dataset import Dataset
from .faithful import Table, faithful_labels
from .policy import Piece, TextPolicy
from .render import KIND_INDEX, Chunk, Rendered, render
from .rows import Row, RowClip
from .vocabulary import Vocabulary
from .windows import Budgets, Form, Window

_PACKING_VERSION = 1
"""Raised when equal choices would give other windows than before."""


@dataclass(frozen=True, kw_only=True)
class Samples:
    """All choices that lie between a dataset and its samples."""

    dataset: Dataset
    """The documents, through their view."""
    vocabulary: Vocabulary
    """The tokenizer."""
    policy: TextPolicy
    """Which texts, and which of them with loss."""
    budgets: Budgets
    """What a packed sequence may hold."""
    form: Form = "interleaved"
    """Whether a sample is a stretch of a document, or one clip with its text."""
    size_px: int
    """Side of the pictures that the tower takes."""
    faithful: bool = False
    """Whether labels are those of the reference's tables."""

    @cached_property
    def packing_digest(self) -> str:
        """Tell apart what gives other windows or counts; the size of pictures does not."""
        return digest(
            "packing",
            _PACKING_VERSION,
            self.dataset.manifest.content_digest,
            self._choice(),
            self.policy.digest,
            self.vocabulary.digest,
            asdict(self.budgets),
            self.form,
            self.faithful,
        )

    def seen_piece(self, row: Row, clip: RowClip, *, seed: int, epoch: int) -> Piece | None:
        """Return the text of what is seen in a clip, as an epoch's sample has it."""
        pieces = self.policy.choose(clip, key=(seed, epoch, row.document_id))
        seen = {kind for group in self.policy.groups for kind in group}
        return next((piece for piece in pieces if piece.kind in seen), None)

    def render(self, row: Row, window: Window, *, seed: int, epoch: int) -> Rendered:
        """Render a window of a document as an epoch's sample has it."""
        key = (seed, epoch, row.document_id)
        chunks = [
            Chunk(
                pieces=self.policy.choose(row.clips[index], key=key),
                is_context=place < window.num_context,
            )
            for place, index in enumerate(window.clips)
        ]
        rendered = render(chunks, self.vocabulary, self.policy.loss_weight, is_end=window.is_end)
        if self.faithful:
            return faithful_labels(rendered, self._table(row, window), self.vocabulary)
        return rendered

    def render_pair(self, piece: Piece) -> list[int]:
        """Return the token ids of one clip with one text, as `render` writes them."""
        chunks = [Chunk(pieces=(piece,))]
        return render(chunks, self.vocabulary, self.policy.loss_weight).ids

    def is_useful(self, clip: RowClip) -> bool:
        """Tell whether anything may be learned from a clip."""
        pieces = {piece for outcome in self.policy.outcomes(clip) for piece in outcome}
        if self.form == "pairs":
            seen = {kind for group in self.policy.groups for kind in group}
            return any(piece.kind in seen for piece in pieces)
        return any(self.policy.loss_weight(piece.kind) > 0 for piece in pieces)

    def _choice(self) -> list[Any] | None:
        """Return what decides on the documents besides the content: rules, and what they ask."""
        dataset = self.dataset
        rules: list[Any] | None = dataset.view.to_plain()["rules"] if dataset.view else None
        if not asks_audits(dataset.view):
            return rules
        return [rules, [audit.clips_sha256 for audit in dataset.manifest.audits]]

    def _table(self, row: Row, window: Window) -> Table:
        """Return the reference's table for a window: single, pictures or clips."""
        if len(window.clips) == 1 and self.form == "pairs":
            return "pair"
        shown = [len(row.clips[index].frames) for index in window.clips]
        return "interleaved_images" if max(shown) == 1 else "interleaved_videos"


def count_by_kind(rendered: Rendered) -> tuple[dict[str, int], dict[str, int]]:
    """Count the tokens of a rendered window by kind: those with loss, those of text without."""
    names = {index: kind.value for kind, index in KIND_INDEX.items()}
    with_loss: dict[str, int] = {}
    without: dict[str, int] = {}
    for kind, piece in zip(rendered.kinds, rendered.pieces, strict=True):
        if kind >= 0:
            with_loss[names[kind]] = with_loss.get(names[kind], 0) + 1
        elif piece >= 0:
            without[names[piece]] = without.get(names[piece], 0) + 1
    return with_loss, without
