"""The dataset's card (`README.md`): what is in it, where it comes from, how to load it."""

import json
import re
from collections import Counter
from dataclasses import dataclass, field

import jinja2
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.manifest import Manifest
from ..store import Store
from .funnel import read_funnel
from .reader import read_tables
from .versions import manifest_versions, read_manifest

CARD_NAME = "README.md"
_NAME = re.compile(r'^pretty_name: (".*")$', re.MULTILINE)
_TEXTS = "clips.list.element.texts.list.element"
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
    f"{_TEXTS}.kind",
    f"{_TEXTS}.model",
    f"{_TEXTS}.revision",
    f"{_TEXTS}.status",
]
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


@dataclass(kw_only=True)
class CardFacts:
    """What the card says of the documents, counted over all shards of a version."""

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
    texts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Texts by kind, writer (`name@revision`, or `given`) and status."""

    @property
    def size_category(self) -> str:
        """The Hub's name for so many rows."""
        return next((name for limit, name in _SIZES if self.num_documents < limit), "n>1M")


def rewrite_card(dataset: Store, name: str | None = None) -> Manifest:
    """Write the card of the newest version.

    Where another publishes meanwhile the card is written again, so that it never stays behind.

    Args:
        dataset: where the dataset lies.
        name: how people call the dataset; None for what the present card says, else its run's name.

    Returns:
        The version that the card is of.

    Raises:
        UsageError: there is no dataset.
    """
    while True:
        manifest = read_manifest(dataset)
        write_card(dataset, manifest, name or _present_name(dataset) or manifest.provenance.run)
        if manifest_versions(dataset)[-1] == manifest.version:
            return manifest


def write_card(dataset: Store, manifest: Manifest, name: str) -> None:
    """Write the card of a version beside its manifest.

    Args:
        dataset: where the dataset lies.
        manifest: the version.
        name: how people call the dataset.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("interlink.pipeline.dataset"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown; what others wrote is cleaned by the filter below
    )
    environment.filters["cell"] = _cell
    text = environment.get_template("card.md").render(
        name=name,
        manifest=manifest,
        facts=collect_facts(dataset, manifest),
        funnel=read_funnel(dataset).to_pylist(),
    )
    dataset.put(CARD_NAME, text.encode())


def collect_facts(dataset: Store, manifest: Manifest) -> CardFacts:
    """Count what a version holds, reading only the columns that it takes."""
    facts = CardFacts()
    for table in read_tables(dataset, manifest, _COLUMNS):
        facts.num_documents += table.num_rows
        facts.num_clips += _sum(table.column("num_clips"))
        facts.num_frames += _sum(table.column("num_frames"))
        facts.num_chars += _sum(table.column("num_chars"))
        facts.hours += _sum(pc.subtract(table.column("end_us"), table.column("start_us"))) / 3.6e9
        facts.splits.update(_count(table.column("split")))
        facts.integrity.update(_count(table.column("integrity")))
        source = table.column("source")
        facts.licenses.update(_count(pc.struct_field(source, "license")))
        facts.languages.update(_count(pc.struct_field(source, "language")))
        facts.texts.update(_count_texts(table.column("clips")))
    return facts


def _present_name(dataset: Store) -> str | None:
    if not dataset.exists(CARD_NAME):
        return None
    found = _NAME.search(dataset.read(CARD_NAME).decode(errors="replace"))
    try:
        name = json.loads(found[1]) if found else None
    except ValueError:  # somebody has edited the card
        return None
    return name or None


def _sum(column: pa.ChunkedArray) -> int:
    return pc.sum(column).as_py() or 0


def _count(column: pa.ChunkedArray) -> dict[str, int]:
    counted = pc.value_counts(column).to_pylist()
    return {row["values"] or "unknown": row["counts"] for row in counted}


def _count_texts(clips: pa.ChunkedArray) -> dict[tuple[str, str, str], int]:
    texts = pc.list_flatten(pc.struct_field(pc.list_flatten(clips), "texts"))
    keys = ["kind", "model", "revision", "status"]
    table = pa.table({key: pc.struct_field(texts, key) for key in keys})
    counted = table.group_by(keys).aggregate([([], "count_all")]).to_pylist()
    return {
        (row["kind"], _writer(row["model"], row["revision"]), row["status"]): row["count_all"]
        for row in counted
    }


def _writer(model: str | None, revision: str | None) -> str:
    return f"{model}@{revision}" if model else "given"


def _cell(value: object) -> str:
    """Put a value into one cell of a Markdown table."""
    return " ".join(str(value).replace("|", "\\|").replace("`", "'").split())
