"""Strata: the kinds of clips that a sample draws from one by one."""

import itertools
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ....schemas.clip import ClipScores
from ....schemas.document import DocumentScores
from ....schemas.errors import UsageError
from ....schemas.text import TextScores
from .columns import ClipColumns, DocumentColumns, TextColumns

DIMENSIONS = ("group", "language", "duration", "speech", "model", "score")
"""What strata can be made of. Closed list."""
SCORES = tuple(
    dict.fromkeys(
        name
        for scores in (ClipScores, TextScores, DocumentScores)
        for name in scores.__dataclass_fields__
    )
)
"""Stored scores by name. One that both clips and documents have is the clip's."""
ALL = "all"
"""Name of the stratum where there is but one."""
OTHER = "other"
"""Name of the stratum that takes the rare ones."""
MAX_STRATA = 50
"""Beyond so many the rarest are one: a sample must draw from each of them."""
GIVEN = "given"
"""Stands for a model's name where the text came with the source."""
NUM_BINS = 10
_DURATIONS_US = ((2, "under 2 s"), (5, "2-5 s"), (10, "5-10 s"), (30, "10-30 s"))


def check_names(strata: Sequence[str], score: str | None) -> None:
    """Check what a user named.

    Raises:
        UsageError: there is no such kind of strata or no such score; the text names the option.
    """
    unknown = [name for name in strata if name not in DIMENSIONS]
    if unknown:
        raise UsageError(f"--strata {unknown[0]} must be among {', '.join(DIMENSIONS)}")
    if len(set(strata)) < len(strata):
        raise UsageError(f"--strata {','.join(strata)} names one twice")
    if score is not None and score not in SCORES:
        raise UsageError(f"--score {score} must be one of {', '.join(SCORES)}")
    if "score" in strata and score is None:
        raise UsageError(
            f"--strata score needs the name of one, as in --score {SCORES[0]}; there are "
            f"{', '.join(SCORES)}"
        )


def writer(text: TextColumns) -> str:
    """Return the name of the model that wrote a text, or `given`."""
    return text.model or GIVEN


def score_of(
    name: str, document: DocumentColumns, clip: ClipColumns, texts: Sequence[TextColumns]
) -> float | None:
    """Return a stored score of a clip; for scores of texts the least of `texts`; None if absent."""
    for scores in (clip.scores, document.scores):
        if name in type(scores).__dataclass_fields__:
            value: float | None = getattr(scores, name)
            return value
    values = [getattr(text.scores, name) for text in texts]
    return min((value for value in values if value is not None), default=None)


def stratum_of(
    strata: Sequence[str],
    document: DocumentColumns,
    clip: ClipColumns,
    texts: Sequence[TextColumns],
) -> str:
    """Return the stratum of a clip by everything but its score, such as `language=en, speech=yes`.

    Args:
        strata: names of `DIMENSIONS`.
        document: the document.
        clip: its clip.
        texts: those of the clip's texts that are judged.
    """
    values = {
        "group": document.source.group,
        "language": document.source.language or "unknown",
        "duration": duration_bin(clip.end_us - clip.start_us),
        "speech": "yes" if clip.words else "no",
        "model": "+".join(sorted({writer(text) for text in texts})),
    }
    return ", ".join(f"{name}={values[name]}" for name in strata if name != "score")


def duration_bin(duration_us: int) -> str:
    """Return the name of the bin of a duration, in microseconds; bins are half-open."""
    for limit_s, name in _DURATIONS_US:
        if duration_us < limit_s * 1_000_000:
            return name
    return "30 s and more"


def decile_edges(values: NDArray[np.float64]) -> tuple[float, ...]:
    """Return the nine edges between the deciles of the values that are there, equal ones once."""
    known = values[~np.isnan(values)]
    if not len(known):
        return ()
    return tuple(float(edge) for edge in np.unique(np.quantile(known, np.arange(1, NUM_BINS) / 10)))


def decile_names(name: str, edges: Sequence[float]) -> list[str]:
    """Return the names of the bins that edges make, and last that of clips without the score."""
    shown = _shortest(edges)
    if not shown:
        return [f"{name} any", f"{name} none"]
    between = [f"{name} {low} to {high}" for low, high in itertools.pairwise(shown)]
    return [f"{name} under {shown[0]}", *between, f"{name} from {shown[-1]}", f"{name} none"]


def decile_numbers(values: NDArray[np.float64], edges: Sequence[float]) -> NDArray[np.int64]:
    """Return the bin of each value: half-open, closed below; the last one where there is none."""
    numbers = np.searchsorted(np.asarray(edges, np.float64), values, side="right")
    return np.where(np.isnan(values), len(edges) + 1, numbers)


def merge_rare(
    codes: NDArray[np.int64], names: Sequence[str]
) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Number strata by size, the largest first, and make one of the rarest beyond `MAX_STRATA`.

    Args:
        codes: index of the name of each clip, shape (num_clips,).
        names: names; those that no clip has are left out.

    Returns:
        Number of each clip's stratum, shape (num_clips,), and the names of the strata.
    """
    counts = Counter(dict(enumerate(np.bincount(codes, minlength=len(names)).tolist())))
    present = sorted((c for c in counts if counts[c]), key=lambda c: (-counts[c], names[c]))
    if len(present) <= MAX_STRATA:
        kept, rest = present, []
    else:
        kept, rest = present[: MAX_STRATA - 1], present[MAX_STRATA - 1 :]
    number = np.full(len(names), len(kept), np.int32)
    number[kept] = np.arange(len(kept))
    merged = tuple(names[c] or ALL for c in kept) + ((OTHER,) if rest else ())
    return number[codes], merged


def _shortest(numbers: Sequence[float]) -> list[str]:
    """Return numbers with so many digits that no two read the same; at least three."""
    for digits in range(3, 18):
        shown = [f"{number:.{digits}g}" for number in numbers]
        if len(set(shown)) == len(numbers):
            break
    return shown
