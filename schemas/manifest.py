"""The truth about a dataset version: which files it has, what they hold, where they come from."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

import pyarrow as pa

from .arrow import Unit, arrow_schema, from_plain, to_plain
from .document import Document
from .ids import digest
from .view import DEFAULT_VIEWS, View

FORMAT_VERSION = 1
"""Raised when a reader of the format before could misread a dataset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """What one part gave to the dataset: its documents, and the clip files paired with them."""

    part: str
    """The part, such as `001-00042`: plan and number."""
    docs_path: str
    """The documents' file under the dataset's root."""
    docs_bytes: int
    """Its size."""
    docs_sha256: str
    """Digest of its bytes, hexadecimal."""
    num_documents: int
    """Its rows, at least 1."""
    min_document_id: str
    """Its first document; rows are sorted by id."""
    max_document_id: str
    """Its last document."""
    media_path: str | None
    """The clip files' file under the dataset's root; null where there is none."""
    media_bytes: int
    """Its size; 0 where there is none."""
    media_sha256: str | None
    """Digest of its bytes, hexadecimal; null where there is none."""
    num_media: int
    """Its rows; 0 where there is none."""

    @property
    def plan(self) -> str:
        """The plan that the part belongs to."""
        return self.part.split("-", 1)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardList:
    """A Parquet file with the shards of one plan (`Shard`), sorted by part."""

    plan: str
    """The plan."""
    path: str
    """The file under the dataset's root."""
    sha256: str
    """Digest of its bytes, hexadecimal."""
    num_shards: int
    """Its rows."""
    num_documents: int
    """Documents in all of its shards."""
    num_bytes: int
    """Size of all of its shards."""


class TombstoneKind(StrEnum):
    """What a tombstone is about. Closed list."""

    SOURCE = "source"
    """One source, whatever bytes it has by now."""
    GROUP = "group"
    """All sources of a channel, uploader or folder, also later ones."""
    VIDEO = "video"
    """These bytes, wherever they come from."""
    CLIP = "clip"
    """A span of a video, however it is cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """Something that was taken out and must not come back. It tells nothing of what that was."""

    id: str
    """Id of the source, video or clip; of a group a digest of its name (`ids.group_key`)."""
    kind: TombstoneKind | None = None
    """What the id is of; null in what was written before kinds were: any of them."""
    reason: str
    """Why."""
    version: int
    """The manifest version that took it out."""
    video_id: str | None = None
    """Of a clip, its video."""
    start_us: Annotated[int | None, Unit("us")] = None
    """Of a clip, its start: clips that overlap the span are taken out too."""
    end_us: Annotated[int | None, Unit("us")] = None
    """Of a clip, its end, exclusive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedAudit:
    """What an audit found, as three files under the dataset's root. Never part of the content."""

    audit_id: str
    """The audit."""
    ratings_path: str
    """What each rater says of each clip (`AuditRow`), a Parquet file."""
    ratings_sha256: str
    """Digest of its bytes, hexadecimal."""
    num_ratings: int
    """Its rows, at least 1."""
    clips_path: str
    """What they say together of each clip (`AuditedClip`), a Parquet file: what views ask."""
    clips_sha256: str
    """Digest of its bytes, hexadecimal."""
    num_clips: int
    """Its rows, at least 1."""
    report_path: str
    """The report with rates and intervals, JSON."""
    report_sha256: str
    """Digest of its bytes, hexadecimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """How a version came about. Never part of the content's digest."""

    run: str
    """Name of the run."""
    recipe_digest: str
    """Digest of the resolved recipe."""
    code_version: str
    """Version of this package."""
    created: str
    """Time of publication, ISO 8601, UTC."""
    packages: dict[str, str] = field(default_factory=dict)
    """Versions of the packages that decide bytes, such as `pyarrow` and `av`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One version of a dataset (`_manifest/v000001.json`). Readers go by it and never glob."""

    format_version: int = FORMAT_VERSION
    """`FORMAT_VERSION` of the writer."""
    version: int
    """Number of this version, from 1."""
    schema_id: str
    """Digest of the documents' Arrow schema."""
    content_digest: str
    """Digest of the digests of all docs and media files in the order of their parts, and of
    nothing else: two runs are equal when it is equal."""
    parents: tuple[int, ...]
    """Versions that this one was made from; empty for the first."""
    shard_lists: tuple[ShardList, ...]
    """The shards, one list for each plan, in the order of plans."""
    views: tuple[View, ...] = DEFAULT_VIEWS
    """Named rules over documents."""
    tombstones: tuple[Tombstone, ...] = ()
    """What was taken out."""
    audits: tuple[PublishedAudit, ...] = ()
    """What was judged, by audit id; the newest results of each audit."""
    provenance: Provenance
    """How this version came about."""

    @property
    def num_documents(self) -> int:
        """Documents of this version."""
        return sum(plan.num_documents for plan in self.shard_lists)

    @property
    def num_bytes(self) -> int:
        """Size of all shards of this version."""
        return sum(plan.num_bytes for plan in self.shard_lists)

    def to_json(self) -> bytes:
        """Return the content of the manifest file."""
        row = to_plain(self) | {"views": [view.to_plain() for view in self.views]}
        return json.dumps(row, indent=1, ensure_ascii=False).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "Manifest":
        """Read a manifest file.

        Raises:
            ValueError: it was written by a later format, which this version cannot read.
        """
        row: dict[str, Any] = json.loads(data)
        if row["format_version"] > FORMAT_VERSION:
            raise ValueError(
                f"the dataset has format_version={row['format_version']}, this version of "
                f"interlink reads up to {FORMAT_VERSION}: update it"
            )
        return cls(
            format_version=row["format_version"],
            version=row["version"],
            schema_id=row["schema_id"],
            content_digest=row["content_digest"],
            parents=tuple(row["parents"]),
            shard_lists=tuple(from_plain(plan, ShardList) for plan in row["shard_lists"]),
            views=tuple(View.from_plain(view) for view in row["views"]),
            tombstones=tuple(from_plain(stone, Tombstone) for stone in row["tombstones"]),
            audits=tuple(from_plain(audit, PublishedAudit) for audit in row.get("audits", ())),
            provenance=from_plain(row["provenance"], Provenance),
        )


def schema_id() -> str:
    """Return the digest of the documents' columns: names, types, nullability and units."""
    return digest("schema", [_describe(column) for column in arrow_schema(Document)])


def content_digest(shards: Iterable[Shard]) -> str:
    """Return the digest of what shards hold.

    Args:
        shards: all shards of a version, sorted by part.
    """
    return digest("content", [[shard.docs_sha256, shard.media_sha256] for shard in shards])


def _describe(column: pa.Field) -> list[Any]:
    # Not Arrow's own text of a schema, which changes with its version.
    children = [column.type.field(index) for index in range(column.type.num_fields)]
    name = "list" if pa.types.is_list(column.type) else "struct" if children else str(column.type)
    unit = (column.metadata or {}).get(b"unit", b"").decode()
    return [column.name, name, column.nullable, unit, [_describe(child) for child in children]]
