"""The shot detector: takes decoded frames, decides in rounds of about 8 s, keeps 15 s at most."""

import bisect
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ....schemas.video import BoundaryKind
from .cuts import changes, find_triggers, judge_cut, without_flashes
from .descriptors import NUM_LUMA, Describer, History
from .dissolves import find_windows, judge_dissolve, make_slots, slot_numbers
from .fades import Fade, FadeFinder
from .planes import Planes

_BLOCK_FRAMES = 64
_ROUND_S = 8.0
_SETTLE_S = 2.5
"""A dissolve of up to 1.84 s, and what lies beside it, must be seen whole before it is judged."""
_KEEP_S = 4.0
_CUT_APART_S = 0.1
_DISSOLVE_APART_S = 0.2
_CUT_MARGIN_S = 0.04
_FADE_MARGIN_S = 0.05
_FADE_APART_S = 0.1
_RECENT = 64
"""More transitions than one round can bring."""
MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """How one shot gives way to the next. Times in us on the source's presentation clock."""

    kind: BoundaryKind
    """`cut`, `fade` or `dissolve`."""
    start_us: int
    """For a cut its first frame, else the first frame that changes."""
    end_us: int
    """For a cut its first frame, else the last frame that changes."""
    time_us: int
    """Where the next shot starts: the cut's first frame, else the middle."""
    before_us: int
    """The last frame that shows the earlier shot alone."""
    score: float
    """Certainty in [0, 1]."""


class ShotDetector:
    """Finds cuts, dissolves and fades in frames that are pushed in time order."""

    def __init__(self) -> None:
        self._block: list[Planes] = []
        self._times_us: list[int] = []
        self._describer: Describer | None = None
        self._history: History | None = None
        self._start_us = 0
        self._settled_s = -1.0
        self._cuts: list[Transition] = []
        self._dissolves: list[Transition] = []
        self._fade_finder = FadeFinder()
        self._fades: list[Fade] = []

    @property
    def settled_us(self) -> int:
        """Time up to which cuts and dissolves are decided."""
        return self._start_us + round(self._settled_s * MICROSECONDS)

    def push(self, planes: Planes, time_us: int) -> list[Transition]:
        """Take the next frame and return the transitions that became known, mostly none.

        A returned transition may still lose against a later, better one: `finish` says which hold.
        """
        if self._describer is None:
            self._describer = Describer(planes)
            self._start_us = time_us
        self._block.append(planes)
        self._times_us.append(time_us)
        if len(self._block) < _BLOCK_FRAMES:
            return []
        seconds = self._describe_block()
        if seconds - max(self._settled_s, 0.0) < _ROUND_S + _SETTLE_S:
            return []
        return self._decide(seconds - _SETTLE_S, is_end=False)

    def finish(self) -> tuple[list[Transition], list[Transition]]:
        """Take the end of the video.

        Returns:
            The transitions that became known now, as `push` gives them; and those that hold, of
            the whole video in time order.
        """
        if self._describer is None:
            return [], []
        if self._block:
            self._describe_block()
        found = self._decide(float("inf"), is_end=True)
        return found, self._without_conflicts()

    def _describe_block(self) -> float:
        """Add the waiting frames to the history; return the time of the last, in seconds."""
        assert self._describer is not None
        block = self._describer.describe(self._block, self._times_us)
        self._block, self._times_us = [], []
        self._history = self._history.extended(block) if self._history is not None else block
        luma = block.descriptors[:, :NUM_LUMA]
        seconds = self._seconds(block)
        self._fade_finder.push(seconds, luma.mean(1), luma.max(1) - luma.min(1))
        return float(seconds[-1])

    def _seconds(self, history: History) -> npt.NDArray[np.float64]:
        result: npt.NDArray[np.float64] = (history.time_us - self._start_us) / MICROSECONDS
        return result

    def _decide(self, limit_s: float, *, is_end: bool) -> list[Transition]:
        """Judge what lies after the last round and up to `limit_s`; forget what is not needed."""
        assert self._history is not None
        seconds = self._seconds(self._history)
        change = changes(self._history.descriptors)
        triggers = find_triggers(change)
        cuts = self._find_cuts(self._history, change, triggers, limit_s)
        slots_input = without_flashes(self._history.descriptors, change, triggers)
        dissolves = self._find_dissolves(self._history, slots_input, limit_s)
        fades = self._fade_finder.find(is_end=is_end)
        self._fades += fades
        if not is_end:
            self._settled_s = limit_s
            numbers = slot_numbers(seconds)
            first = min(int(np.searchsorted(seconds, limit_s - _KEEP_S)), len(seconds) - 1)
            self._history = self._history.since(int(np.searchsorted(numbers, numbers[first])))
        return [*cuts, *dissolves, *(self._as_transition(fade) for fade in fades)]

    def _find_cuts(
        self,
        history: History,
        change: npt.NDArray[np.float32],
        triggers: npt.NDArray[np.int64],
        limit_s: float,
    ) -> list[Transition]:
        assert self._describer is not None
        seconds, found = self._seconds(history), []
        for frame in triggers.tolist():
            if not self._settled_s < seconds[frame] <= limit_s:
                continue
            cut = judge_cut(history, self._describer, change, frame)
            if cut is None:
                continue
            time_us = int(history.time_us[frame])
            transition = Transition(
                kind=BoundaryKind.CUT,
                start_us=time_us,
                end_us=time_us,
                time_us=time_us,
                before_us=int(history.time_us[frame - 1]),
                score=cut.score,
            )
            if _replace_weaker(self._cuts, transition, _CUT_APART_S):
                found.append(transition)
        return found

    def _find_dissolves(
        self, history: History, descriptors: npt.NDArray[np.float32], limit_s: float
    ) -> list[Transition]:
        assert self._describer is not None
        seconds = self._seconds(history)
        slots = make_slots(descriptors, seconds)
        found = []
        for window in find_windows(slots, self._describer):
            start, end = (int(slots.middles[slot]) for slot in window)
            middle_s = (seconds[start] + seconds[end]) / 2
            if not self._settled_s < middle_s <= limit_s:
                continue
            start_us, end_us = int(history.time_us[start]), int(history.time_us[end])
            if _has_cut(self._cuts, start_us, end_us):
                continue
            dissolve = judge_dissolve(history, self._describer, slots, window)
            if dissolve is None:
                continue
            transition = Transition(
                kind=BoundaryKind.DISSOLVE,
                start_us=start_us,
                end_us=end_us,
                time_us=(start_us + end_us) // 2,
                before_us=start_us,
                score=dissolve.score,
            )
            if _replace_weaker(self._dissolves, transition, _DISSOLVE_APART_S):
                found.append(transition)
        return found

    def _as_transition(self, fade: Fade) -> Transition:
        times = [
            self._start_us + round(seconds * MICROSECONDS)
            for seconds in (fade.start_s, fade.end_s, fade.black_start_s, fade.black_end_s)
        ]
        return Transition(
            kind=BoundaryKind.FADE,
            start_us=times[0],
            end_us=times[1],
            time_us=(times[2] + times[3]) // 2,
            before_us=times[0],
            score=1.0,
        )

    def _without_conflicts(self) -> list[Transition]:
        """Return what holds: a fade explains cuts and dissolves in it, a cut dissolves over it."""
        spans = [self._as_transition(fade) for fade in self._fades]
        margin, apart = round(_FADE_MARGIN_S * MICROSECONDS), round(_FADE_APART_S * MICROSECONDS)
        cuts = [
            cut
            for cut in self._cuts
            if not any(s.start_us - margin <= cut.time_us <= s.end_us + margin for s in spans)
        ]
        dissolves = [
            dissolve
            for dissolve in self._dissolves
            if not _has_cut(self._cuts, dissolve.start_us, dissolve.end_us)
            and not any(
                min(dissolve.end_us, s.end_us) - max(dissolve.start_us, s.start_us) > -apart
                for s in spans
            )
        ]
        pairs = zip(self._fades, spans, strict=True)
        fades = [transition for fade, transition in pairs if fade.is_boundary]
        return sorted([*cuts, *dissolves, *fades], key=lambda t: (t.time_us, t.kind))


def _has_cut(cuts: list[Transition], start_us: int, end_us: int) -> bool:
    """Tell whether one of the cuts, in time order, lies between; asked for thousands of spans."""
    margin = round(_CUT_MARGIN_S * MICROSECONDS)
    place = bisect.bisect_right(cuts, start_us - margin, key=lambda cut: cut.time_us)
    return place < len(cuts) and cuts[place].time_us < end_us + margin


def _replace_weaker(known: list[Transition], new: Transition, apart_s: float) -> bool:
    """Add `new` unless a stronger one lies closer than `apart_s`; drop weaker ones that do."""
    apart = round(apart_s * MICROSECONDS)
    close = [
        t
        for t in known[-_RECENT:]
        if new.start_us <= t.end_us + apart and t.start_us <= new.end_us + apart
    ]
    if any(t.score >= new.score for t in close):
        return False
    for transition in close:
        known.remove(transition)
    known.append(new)
    return True
