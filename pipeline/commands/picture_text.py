"""Text in pictures: fonts that have its letters, text that fits, words that do not overlap."""

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_OTHER_FONTS = (
    *("DejaVuSans.ttf", "NotoSans-Regular.ttf", "NotoSansCJK-Regular.ttc"),
    *("NotoSansCJKjp-Regular.otf", "DroidSansFallbackFull.ttf", "wqy-microhei.ttc", "unifont.ttf"),
    *("Arial Unicode.ttf", "arialuni.ttf"),
)
"""Fonts of common systems with more letters than Pillow's own, which has Latin ones only."""
_NEAR_PX = 12.0
"""Distance from its place at which a word still stands there to the eye."""
_NO_LETTER = "\uffff"
"""A code point that no font has."""


@dataclass(frozen=True, kw_only=True)
class Placed:
    """Where a word goes."""

    index: int
    x: float
    lane: int


def font_for(text: str, size: int) -> Font:
    """Return a font that has the letters of `text`: Pillow's own, else one of this machine's.

    If none has them all, Pillow's own; it draws a box for each letter that it lacks.
    """
    own = _font(None, size)
    letters = frozenset(character for character in text if not character.isspace())
    for name in (None, *_OTHER_FONTS):
        font = _font(name, size)
        if font is not None and all(_has(name, size, letter) for letter in letters):
            return font
    assert own is not None
    return own


def can_draw(text: str) -> bool:
    """Tell whether some font here has all letters of `text`."""
    font = font_for(text, 16)
    empty = _bits(font, _NO_LETTER)
    return all(c.isspace() or _bits(font, c) != empty for c in text)


def shorten(text: str, width_px: float, font: Font) -> str:
    """Return as much of a text as fits, with an ellipsis where it was cut."""
    if font.getlength(text) <= width_px:
        return text
    while text and font.getlength(f"{text}…") > width_px:
        text = text[:-1]
    return f"{text.rstrip()}…" if text else ""


def wrap(text: str, width_px: float, font: Font, *, max_lines: int) -> list[str]:
    """Break a text into lines that fit; what is left over ends in an ellipsis."""
    words = text.split()
    lines: list[str] = []
    while words and len(lines) < max_lines:
        taken = 1
        while taken < len(words) and font.getlength(" ".join(words[: taken + 1])) <= width_px:
            taken += 1
        is_last = len(lines) == max_lines - 1
        line = " ".join(words if is_last else words[:taken])
        lines.append(shorten(line, width_px, font))
        words = words[taken:]
    return [line for line in lines if line]


def place_words(
    wanted: Sequence[float],
    widths: Sequence[float],
    *,
    num_lanes: int,
    right: float,
    gap_px: float = 7.0,
) -> list[Placed]:
    """Place words side by side in lanes, each as near to its own place as its neighbours allow.

    Args:
        wanted: left edge that each word should have, rising.
        widths: how wide each word is.
        num_lanes: lines of words under each other.
        right: no word reaches beyond it.
        gap_px: least room between two words of a lane.

    Returns:
        The words that found a place.
    """
    ends = [float("-inf")] * num_lanes
    placed = []
    for index, (x, width) in enumerate(zip(wanted, widths, strict=True)):
        latest = right - width
        free = [(max(end + gap_px, min(x, latest)), lane) for lane, end in enumerate(ends)]
        fitting = [(start, lane) for start, lane in free if start <= latest]
        if not fitting:
            continue
        # The first lane reads best, as long as a word is not pushed far there.
        start, lane = min(fitting, key=lambda f: (f[0] - x > _NEAR_PX, f[1], f[0]))
        if start - x > _NEAR_PX:
            start, lane = min(fitting)
        ends[lane] = start + width
        placed.append(Placed(index=index, x=start, lane=lane))
    return placed


def lanes_needed(
    rows: Iterable[tuple[Sequence[float], Sequence[float]]],
    *,
    right: float,
    max_lanes: int,
    max_drift_px: float = 24.0,
) -> int:
    """Return the fewest lanes in which all words of all rows stand near to their own places.

    Args:
        rows: wanted left edges and widths of each row's words.
        right: as of `place_words`.
        max_lanes: the answer where no number is enough.
        max_drift_px: how far from its place a word may stand.
    """

    def is_enough(num_lanes: int) -> Callable[[tuple[Sequence[float], Sequence[float]]], bool]:
        def fits(row: tuple[Sequence[float], Sequence[float]]) -> bool:
            placed = place_words(*row, num_lanes=num_lanes, right=right)
            near = all(p.x - row[0][p.index] <= max_drift_px for p in placed)
            return near and len(placed) == len(row[0])

        return fits

    listed = [row for row in rows if row[0]]
    if not listed:
        return 0
    enough = (n for n in range(1, max_lanes) if all(map(is_enough(n), listed)))
    return next(enough, max_lanes)


@functools.cache
def _font(name: str | None, size: int) -> Font | None:
    try:
        return ImageFont.truetype(name, size) if name else ImageFont.load_default(size)
    except OSError:  # not on this machine
        return None


@functools.cache
def _has(name: str | None, size: int, letter: str) -> bool:
    font = _font(name, size)
    return font is not None and _bits(font, letter) != _bits(font, _NO_LETTER)


def _bits(font: Font, letter: str) -> bytes:
    """Return what a letter looks like."""
    return bytes(font.getmask(letter))
