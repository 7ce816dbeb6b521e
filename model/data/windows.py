"""Cutting documents into windows that fit the budgets: at clips, nothing truncated."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ...schemas.errors import UsageError
from .section import check_keys

Form = Literal["interleaved", "pairs"]
"""How a document becomes samples: its clips in order, or each clip with its text alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """What one packed sequence may hold."""

    tokens: int
    """Tokens; the length of every packed sequence."""
    media: int
    """Clips."""
    frames_per_clip: int = 4
    """At most so many frames of a clip are shown, evenly spaced."""
    context_clips: int = 1
    """So many clips before a window that starts in mid-document are shown in it, without loss,
    where they fit."""

    @classmethod
    def from_mapping(cls, content: object) -> "Budgets":
        """Read the budgets from a training recipe.

        Raises:
            UsageError: a key or value is not allowed.
        """
        return cls(**check_keys("budgets", content, cls))

    def __post_init__(self) -> None:
        least = {"tokens": 8, "media": 1, "frames_per_clip": 1, "context_clips": 0}
        for name, lowest in least.items():
            value = getattr(self, name)
            if type(value) is not int or value < lowest:
                raise UsageError(
                    f"budgets.{name}={value!r} must be a whole number of at least {lowest}"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipCost:
    """What a clip takes, at most."""

    tokens: int
    """Tokens of its chunk; 0 for a clip that samples leave out."""
    is_useful: bool = True
    """Whether anything may be learned from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Neighbouring clips of one document that form one sample."""

    clips: tuple[int, ...]
    """Indices of its clips, those of context first."""
    num_context: int
    """How many of them are context."""
    tokens: int
    """What it takes at most, all special tokens included."""
    is_end: bool
    """Whether no clip comes after it."""


def cut_windows(
    costs: Sequence[ClipCost], budgets: Budgets, *, frame_tokens: int, form: Form
) -> tuple[list[Window], list[int]]:
    """Cut one document.

    Args:
        costs: one for each clip in time order.
        budgets: what a window may hold.
        frame_tokens: tokens of a window besides its chunks.
        form: `pairs` makes each useful clip a window of its own.

    Returns:
        The windows, and the clips that alone take more than the budget.
    """
    room = budgets.tokens - frame_tokens
    too_long = [index for index, cost in enumerate(costs) if cost.tokens > room]
    fitting = [index for index, cost in enumerate(costs) if 0 < cost.tokens <= room]
    if form == "pairs":
        alone = [[index] for index in fitting if costs[index].is_useful]
        return [_window(clips, 0, costs, frame_tokens, is_end=True) for clips in alone], too_long
    runs: list[list[int]] = []
    context: list[int] = []
    for index in fitting:
        if runs and _fits([*runs[-1], index], costs, budgets, room):
            runs[-1].append(index)
        else:
            carried = runs[-1][-budgets.context_clips :] if runs and budgets.context_clips else []
            # The clips nearest to the window say most about it: the earliest goes first.
            while carried and not _fits([*carried, index], costs, budgets, room):
                carried = carried[1:]
            context.append(len(carried))
            runs.append([*carried, index])
    last = len(runs) - 1
    windows = [
        _window(run, carried, costs, frame_tokens, is_end=number == last)
        for number, (run, carried) in enumerate(zip(runs, context, strict=True))
    ]
    # A window that teaches nothing only costs time.
    return [
        w for w in windows if any(costs[c].is_useful for c in w.clips[w.num_context :])
    ], too_long


def _fits(clips: Sequence[int], costs: Sequence[ClipCost], budgets: Budgets, room: int) -> bool:
    return len(clips) <= budgets.media and sum(costs[clip].tokens for clip in clips) <= room


def _window(
    clips: Sequence[int],
    num_context: int,
    costs: Sequence[ClipCost],
    frame_tokens: int,
    *,
    is_end: bool,
) -> Window:
    return Window(
        clips=tuple(clips),
        num_context=num_context,
        tokens=frame_tokens + sum(costs[clip].tokens for clip in clips),
        is_end=is_end,
    )
