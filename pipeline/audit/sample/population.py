"""The clips that an audit may draw, as columns of numbers: some 40 bytes for each clip."""

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ....schemas.errors import UsageError
from ....schemas.manifest import Manifest
from ....schemas.text import TextStatus
from ...dataset.reader import find_view
from ...dataset.versions import read_manifest
from ...storage.store import Store
from ..claims import has_claims, states_facts
from . import strata
from .columns import ClipColumns, DocumentColumns, TextColumns, read_columns
from .sampling import order_key
from .settings import AuditSettings
from .similarity import dissimilarity

_FIT = (TextStatus.OK, TextStatus.TRUNCATED)
"""What training may use, the better first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Every clip that may be drawn; arrays have shape (num_clips,)."""

    keys: NDArray[np.uint64]
    """Place in the seed's order."""
    rows: NDArray[np.int64]
    """Row of the clip's document in the dataset version."""
    numbers: NDArray[np.int32]
    """Place of the clip in its document."""
    strata: NDArray[np.int32]
    """Number of its stratum."""
    names: tuple[str, ...]
    """Names of the strata."""
    scores: NDArray[np.float64]
    """The stored score, NaN where there is none."""
    score_edges: tuple[float, ...]
    """Edges of the score's deciles, where strata are made of it."""
    disagreements: NDArray[np.float64]
    """How much its two captions differ, in [0, 1]; NaN unless there are two."""
    num_excluded: int
    """Clips left out because of a takedown."""
    num_without_text: int
    """Clips left out because there is nothing to judge."""

    def __len__(self) -> int:
        return len(self.keys)

    def sizes(self) -> list[int]:
        """Return the clips of each stratum."""
        counts: list[int] = np.bincount(self.strata, minlength=len(self.names)).tolist()
        return counts


@dataclass(slots=True)
class _Columns:
    """What grows while the dataset is read."""

    keys: "array[int]" = field(default_factory=lambda: array("Q"))
    rows: "array[int]" = field(default_factory=lambda: array("q"))
    numbers: "array[int]" = field(default_factory=lambda: array("i"))
    codes: "array[int]" = field(default_factory=lambda: array("i"))
    scores: "array[float]" = field(default_factory=lambda: array("d"))
    disagreements: "array[float]" = field(default_factory=lambda: array("d"))
    names: dict[str, int] = field(default_factory=dict)
    writers: Counter[str] = field(default_factory=Counter)
    num_excluded: int = 0
    num_without_text: int = 0


def read_population(dataset: Store, manifest: Manifest, settings: AuditSettings) -> Population:
    """Read the clips that an audit may draw.

    Raises:
        UsageError: there is no such view, no clip to judge, no text of a model that was named, or
            more than two models where none was named.
    """
    view = find_view(manifest, settings.view) if settings.view else None
    # Also of an older version nothing is drawn that was taken down since.
    removed = {stone.id for stone in read_manifest(dataset).tombstones}
    columns = _Columns()
    for document in read_columns(dataset, manifest, view):
        _add_document(columns, document, settings, removed)
    _check_writers(columns, settings, dataset)
    return _population(columns, settings)


def judged_texts(clip: ClipColumns, settings: AuditSettings) -> tuple[TextColumns, ...]:
    """Return the texts of a clip that are judged: the first fit one of each model, in order.

    A text without any claim is none. Of several texts of one model and clip the first stands for
    all of them.
    """
    found: dict[str, TextColumns] = {}
    for status in _FIT:
        for text in clip.texts:
            name = strata.writer(text)
            is_wanted = text.kind in settings.kinds and name in (settings.models or (name,))
            is_next = is_wanted and text.status is status and name not in found
            if is_next and has_claims(text.text, is_facts=states_facts(text.model)):
                found[name] = text
    return tuple(found[name] for name in sorted(found))


def _add_document(
    columns: _Columns, document: DocumentColumns, settings: AuditSettings, removed: set[str]
) -> None:
    is_removed = not removed.isdisjoint(
        (document.document_id, document.video_id, document.source.source_id)
    )
    for number, clip in enumerate(document.clips):
        if is_removed or clip.clip_id in removed:
            columns.num_excluded += 1
            continue
        texts = judged_texts(clip, settings)
        if not texts:
            columns.num_without_text += 1
            continue
        columns.writers.update(strata.writer(text) for text in texts)
        name = strata.stratum_of(settings.strata, document, clip, texts)
        score = strata.score_of(settings.score, document, clip, texts) if settings.score else None
        columns.keys.append(order_key(settings.seed, clip.clip_id))
        columns.rows.append(document.row)
        columns.numbers.append(number)
        columns.codes.append(columns.names.setdefault(name, len(columns.names)))
        columns.scores.append(np.nan if score is None else score)
        columns.disagreements.append(
            dissimilarity(texts[0].text, texts[1].text) if len(texts) == 2 else np.nan
        )


def _check_writers(columns: _Columns, settings: AuditSettings, dataset: Store) -> None:
    missing = [name for name in settings.models if name not in columns.writers]
    if missing or not columns.writers:
        what = f"by {missing[0]!r}" if missing else "that can be judged"
        raise UsageError(
            f"{dataset.display()} has no text {what} of kind {', '.join(settings.kinds)}"
            + (f" in the view {settings.view!r}" if settings.view else "")
        )
    if len(columns.writers) > 2:
        listed = ", ".join(f"{name} ({n} clips)" for name, n in columns.writers.most_common())
        raise UsageError(f"clips have captions by {listed}: name one or two with --model")


def _population(columns: _Columns, settings: AuditSettings) -> Population:
    keys = np.asarray(columns.keys, np.uint64)
    # A clip that stands in two documents is drawn as one.
    _, once = np.unique(keys, return_index=True)
    once.sort()
    scores = np.asarray(columns.scores, np.float64)[once]
    codes = np.asarray(columns.codes, np.int64)[once]
    names: Sequence[str] = list(columns.names)
    edges: tuple[float, ...] = ()
    if "score" in settings.strata:
        assert settings.score is not None
        edges = strata.decile_edges(scores)
        bins = strata.decile_names(settings.score, edges)
        codes = codes * len(bins) + strata.decile_numbers(scores, edges)
        names = [f"{name}, {bin_}" if name else bin_ for name in names for bin_ in bins]
    numbered, merged = strata.merge_rare(codes, names)
    return Population(
        keys=keys[once],
        rows=np.asarray(columns.rows, np.int64)[once],
        numbers=np.asarray(columns.numbers, np.int32)[once],
        strata=numbered,
        names=merged,
        scores=scores,
        score_edges=edges,
        disagreements=np.asarray(columns.disagreements, np.float64)[once],
        num_excluded=columns.num_excluded,
        num_without_text=columns.num_without_text,
    )
