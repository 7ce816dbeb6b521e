"""What the card says of the documents, counted over a version one row group at a time."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.manifest import Manifest
from ..dataset.reader import read_tables
from ..storage.store import Store

_CLIP = "clips.list.element"
_TEXT = ["kind", "model", "revision", "status"]
_COLUMNS = [
    "split",
    "start_us",
    "end_us",
    "num_clips",
    "num_frames",
    "num_chars",
    "integrity",
    "source.license",
    "source.language",
    f"{_CLIP}.start_us",
    f"{_CLIP}.end_us",
    f"{_CLIP}.flags.list.element",
    f"{_CLIP}.scores.word_probability",
    *(f"{_CLIP}.texts.list.element.{name}" for name in _TEXT),
]
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


@dataclass(kw_only=True)
class Histogram:
    """How many values lie between edges."""

    edges: tuple[float, ...]
    """Rising. A value at an edge counts above it."""
    counts: list[int] = field(default_factory=list)
    """One more than edges: below the first, between each two, from the last on."""

    def __post_init__(self) -> None:
        self.counts = self.counts or [0] * (len(self.edges) + 1)

    def add(self, values: pa.ChunkedArray) -> None:
        """Count values; nulls are left out."""
        places = np.searchsorted(self.edges, pc.drop_null(values).to_numpy(), side="right")
        added = np.bincount(places, minlength=len(self.counts))
        self.counts = [a + b for a, b in zip(self.counts, added.tolist(), strict=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextsOf:
    """Texts of one kind, writer and status."""

    kind: str
    model: str | None
    revision: str | None
    status: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What they are sorted by."""
        return self.kind, self.model or "", self.revision or "", self.status


@dataclass(kw_only=True)
class CardFacts:
    """What was counted."""

    num_documents: int = 0
    num_clips: int = 0
    num_frames: int = 0
    num_chars: int = 0
    hours: float = 0.0
    """Time that the documents span."""
    splits: Counter[str] = field(default_factory=Counter)
    integrity: Counter[str] = field(default_factory=Counter)
    licenses: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)
    """Clips by flag."""
    texts: Counter[TextsOf] = field(default_factory=Counter)
    durations: Histogram = field(
        default_factory=lambda: Histogram(edges=(2, 4, 6, 8, 10, 15, 20, 30, 60))
    )
    """Seconds of each clip."""
    characters: Histogram = field(
        default_factory=lambda: Histogram(edges=(250, 500, 1000, 2000, 4000, 8000, 16000))
    )
    """Characters of rendered text of each document."""
    probabilities: Histogram = field(
        default_factory=lambda: Histogram(edges=(0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98))
    )
    """Mean probability of the words of each clip that has any."""

    @property
    def size_category(self) -> str:
        """The Hub's name for so many rows."""
        return next((name for limit, name in _SIZES if self.num_documents < limit), "n>1M")


def collect_facts(dataset: Store, manifest: Manifest) -> CardFacts:
    """Count what a version holds, reading only the columns that it takes."""
    facts = CardFacts()
    for table in read_tables(dataset, manifest, _COLUMNS):
        _add_documents(facts, table)
        _add_clips(facts, pc.list_flatten(table.column("clips")))
    return facts


def by_count(counts: Counter[str]) -> list[tuple[str, int]]:
    """Return what was counted, the most frequent first, and of equally many the first by name."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _add_documents(facts: CardFacts, table: pa.Table) -> None:
    facts.num_documents += table.num_rows
    facts.num_clips += _sum(table.column("num_clips"))
    facts.num_frames += _sum(table.column("num_frames"))
    facts.num_chars += _sum(table.column("num_chars"))
    facts.hours += _sum(pc.subtract(table.column("end_us"), table.column("start_us"))) / 3.6e9
    facts.splits.update(_count(table.column("split")))
    facts.integrity.update(_count(table.column("integrity")))
    facts.licenses.update(_count(pc.struct_field(table.column("source"), "license")))
    facts.languages.update(_count(pc.struct_field(table.column("source"), "language")))
    facts.characters.add(table.column("num_chars"))


def _add_clips(facts: CardFacts, clips: pa.ChunkedArray) -> None:
    start_us, end_us = pc.struct_field(clips, "start_us"), pc.struct_field(clips, "end_us")
    facts.durations.add(pc.divide(pc.subtract(end_us, start_us).cast(pa.float64()), 1e6))
    facts.probabilities.add(pc.struct_field(clips, ["scores", "word_probability"]))
    facts.flags.update(_count(pc.list_flatten(pc.struct_field(clips, "flags"))))
    texts = pc.list_flatten(pc.struct_field(clips, "texts"))
    table = pa.table({key: pc.struct_field(texts, key) for key in _TEXT})
    for row in table.group_by(_TEXT).aggregate([([], "count_all")]).to_pylist():
        facts.texts[TextsOf(**{key: row[key] for key in _TEXT})] += row["count_all"]


def _sum(column: pa.ChunkedArray) -> int:
    return pc.sum(column).as_py() or 0


def _count(column: pa.ChunkedArray) -> dict[str, int]:
    counted = pc.value_counts(column).to_pylist()
    return {row["values"] or "unknown": row["counts"] for row in counted}
