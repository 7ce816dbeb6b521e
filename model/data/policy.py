"""Which texts of a clip a sample uses, which of them carry loss, and how choices are drawn."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ...schemas.clip import Flag
from ...schemas.errors import UsageError
from ...schemas.ids import digest
from ...schemas.text import TextKind, TextStatus
from .rows import RowClip, RowText
from .section import check_keys

SAID_KINDS = (TextKind.SPEECH, TextKind.SUBTITLE)
"""What is said in a clip; the first that a clip has is its speech."""

Speech = Literal["on", "off", "context"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a chunk's text."""

    kind: TextKind
    text: str
    is_cut: bool = False
    """Whether it stops before its end, because the model that wrote it was cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextWeight:
    """A factor on the chance of all texts that fulfil every condition that is given."""

    weight: float
    """At least 0; 0 means never."""
    kind: TextKind | None = None
    """Kind of the text."""
    model: str | None = None
    """Name of the model that wrote the text."""
    prompt_digest: str | None = None
    """Digest of the prompt that it was written for."""
    flag: Flag | None = None
    """A flag of the clip, such as `repeated_caption`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", self.kind and _kind(self.kind))
        if self.flag is not None and self.flag not in set(Flag):
            raise UsageError(
                f"text policy: no flag {str(self.flag)!r}; flags are {', '.join(Flag)}"
            )
        if not _is_between(self.weight, 0, math.inf):
            raise UsageError(f"text policy: weight={self.weight!r} must be a number of at least 0")

    def factor(self, clip: RowClip, text: RowText) -> float:
        """Return what the chance of a text of a clip is multiplied by."""
        is_meant = (
            self.kind in (None, text.kind)
            and self.model in (None, text.model)
            and self.prompt_digest in (None, text.prompt_digest)
            and (self.flag is None or self.flag in clip.flags)
        )
        return self.weight if is_meant else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPolicy:
    """How a clip's texts become the text of its chunk: its speech, then one text of what is seen.

    A text can be used if it is not blank and its status is `ok`; or, where a clip has none, if it
    is `truncated`: then nothing is learned from its end.
    """

    kinds: tuple[TextKind | tuple[TextKind, ...], ...] = (TextKind.GIVEN, TextKind.CAPTION)
    """Kinds in the order of preference: the first that a clip has is used. Several kinds in one
    place are equals, and one of their texts is drawn by weight, as it is among models."""
    weights: tuple[TextWeight, ...] = ()
    """Chances, all 1 where nothing is said."""
    speech: Speech = "context"
    """`context` shows what is said without loss: who learns recognised speech learns to invent
    dialogue. `on` trains on it, `off` leaves it out."""
    loss_weights: Mapping[TextKind, float] = field(default_factory=dict)
    """Weight of each kind in the loss; 1 where nothing is said, 0 for no loss."""
    drop_out: Mapping[TextKind, float] = field(default_factory=dict)
    """Chance that a text of that kind is left out of a sample."""

    def __post_init__(self) -> None:
        groups = tuple(_group(group) for group in self.kinds)
        object.__setattr__(self, "kinds", groups)
        said = {kind for group in groups for kind in group} & set(SAID_KINDS)
        if said:
            raise UsageError(
                f"text policy: kinds has {', '.join(sorted(said))}, which `speech` decides on"
            )
        if self.speech not in ("on", "off", "context"):
            raise UsageError(f"text policy: speech={self.speech!r} must be on, off or context")
        for name, top in (("loss_weights", math.inf), ("drop_out", 1.0)):
            values = {_kind(kind): value for kind, value in getattr(self, name).items()}
            object.__setattr__(self, name, values)
            for kind, value in values.items():
                if not _is_between(value, 0, top):
                    raise UsageError(
                        f"text policy: {name} of {kind.value} is {value!r}, "
                        f"it must be a number of at least 0{' and at most 1' if top == 1 else ''}"
                    )

    @classmethod
    def from_mapping(cls, content: object) -> "TextPolicy":
        """Read the policy from a training recipe.

            kinds: [given, [caption, narrative]]
            weights: [{flag: repeated_caption, weight: 0}]
            speech: context
            loss_weights: {narrative: 0.5}
            drop_out: {speech: 0.1}

        Raises:
            UsageError: a key or value is not allowed.
        """
        values = dict(check_keys("text", content, cls))
        rules = values.get("weights", ())
        if isinstance(rules, str | Mapping) or not isinstance(rules, Iterable):
            raise UsageError(f"text.weights is {rules!r}, it must be a list of rules")
        values["weights"] = tuple(
            TextWeight(**check_keys("text.weights", rule, TextWeight)) for rule in rules
        )
        for name in ("loss_weights", "drop_out"):
            if not isinstance(values.get(name, {}), Mapping):
                raise UsageError(f"text.{name} is {values[name]!r}, it must be a mapping of kinds")
        kinds = values.get("kinds", ())
        if isinstance(kinds, str):
            values["kinds"] = (kinds,)
        elif not isinstance(kinds, list | tuple):
            raise UsageError(f"text.kinds is {kinds!r}, it must be a list of kinds")
        # YAML 1.1 reads a bare `on` or `off` as a truth value.
        if isinstance(speech := values.get("speech"), bool):
            values["speech"] = "on" if speech else "off"
        return cls(**values)

    @property
    def groups(self) -> tuple[tuple[TextKind, ...], ...]:
        """`kinds` with every place as a tuple."""
        return self.kinds  # type: ignore[return-value]  # made so in __post_init__

    @property
    def digest(self) -> str:
        """Tell this policy apart; it stands in metrics and checkpoints."""
        return digest("text policy", self.to_plain())

    def to_plain(self) -> dict[str, Any]:
        """Return what JSON holds of it."""
        names = ("weight", "kind", "model", "prompt_digest", "flag")
        return {
            "kinds": self.groups,
            "weights": [[getattr(rule, name) for name in names] for rule in self.weights],
            "speech": self.speech,
            "loss_weights": {kind.value: self.loss_weights[kind] for kind in self.loss_weights},
            "drop_out": {kind.value: self.drop_out[kind] for kind in self.drop_out},
        }

    def loss_weight(self, kind: TextKind) -> float:
        """Return the weight of a kind in the loss; 0 where nothing is learned from it."""
        if kind in SAID_KINDS and self.speech != "on":
            return 0.0
        return self.loss_weights.get(kind, 1.0)

    def choose(self, clip: RowClip, *, key: Sequence[object]) -> tuple[Piece, ...]:
        """Return the text of a clip's chunk: none, one or two pieces.

        Args:
            clip: the clip.
            key: what the draw depends on besides the clip: seed, epoch, document.
        """
        said, seen = self._said(clip), self._seen(clip)
        draws = _draws(*key, clip.clip_id)
        pieces = []
        if said and draws[0] >= self.drop_out.get(said.kind, 0.0):
            pieces.append(said)
        if seen:
            piece = _pick(seen, draws[1])
            if draws[2] >= self.drop_out.get(piece.kind, 0.0):
                pieces.append(piece)
        return tuple(pieces)

    def outcomes(self, clip: RowClip) -> list[tuple[Piece, ...]]:
        """Return everything that `choose` may return for a clip."""
        said, seen = self._said(clip), self._seen(clip)
        firsts = self._with_drop_out([said] if said else [])
        seconds = self._with_drop_out([piece for piece, _ in seen])
        return [(*first, *second) for first in firsts for second in seconds]

    def _with_drop_out(self, pieces: list[Piece]) -> list[tuple[Piece, ...]]:
        kept: list[tuple[Piece, ...]] = [
            (piece,) for piece in pieces if self.drop_out.get(piece.kind, 0.0) < 1
        ]
        may_be_none = not pieces or any(self.drop_out.get(p.kind, 0.0) > 0 for p in pieces)
        return [*kept, ()] if may_be_none else kept

    def _said(self, clip: RowClip) -> Piece | None:
        if self.speech == "off":
            return None
        for kind in SAID_KINDS:
            for text in _usable(clip, kind):
                return _piece(text)
        return None

    def _seen(self, clip: RowClip) -> list[tuple[Piece, float]]:
        """Return the texts to draw from and their weights, which are above 0."""
        for group in self.groups:
            texts = [text for kind in group for text in _usable(clip, kind)]
            weighted = [(_piece(text), self._weight(clip, text)) for text in texts]
            possible = [(piece, weight) for piece, weight in weighted if weight > 0]
            if possible:
                # A text that was cut off teaches less: it is drawn only where there is no other.
                whole = [(piece, weight) for piece, weight in possible if not piece.is_cut]
                return whole or possible
        return []

    def _weight(self, clip: RowClip, text: RowText) -> float:
        product = 1.0
        for rule in self.weights:
            product *= rule.factor(clip, text)
        return product


def _is_between(value: object, low: float, high: float) -> bool:
    """Tell whether a value is a finite number in a range; `true` is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and low <= value <= high


def _kind(name: str) -> TextKind:
    if name not in set(TextKind):
        raise UsageError(
            f"text policy: no kind of text {str(name)!r}; kinds are {', '.join(TextKind)}"
        )
    return TextKind(name)


def _group(group: str | Iterable[str]) -> tuple[TextKind, ...]:
    return (_kind(group),) if isinstance(group, str) else tuple(_kind(name) for name in group)


def _usable(clip: RowClip, kind: TextKind) -> list[RowText]:
    fit = (TextStatus.OK, TextStatus.TRUNCATED)
    return [t for t in clip.texts if t.kind == kind and t.status in fit and t.text.strip()]


def _piece(text: RowText) -> Piece:
    is_cut = text.status is TextStatus.TRUNCATED
    return Piece(kind=text.kind, text=text.text.strip(), is_cut=is_cut)


def _draws(*key: object) -> tuple[float, float, float]:
    """Return three numbers in [0, 1) that depend on nothing but the key."""
    digits = digest("text", *key)
    first, second, third = (int(digits[start : start + 10], 16) for start in (0, 10, 20))
    return first / 16**10, second / 16**10, third / 16**10


def _pick(weighted: Sequence[tuple[Piece, float]], draw: float) -> Piece:
    """Return one of the pieces, with chances in proportion to their weights."""
    left = draw * sum(weight for _, weight in weighted)
    for piece, weight in weighted:
        if left < weight:
            return piece
        left -= weight
    return weighted[-1][0]  # rounding
