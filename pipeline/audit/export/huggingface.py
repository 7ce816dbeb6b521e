"""A folder that `datasets.load_dataset` reads and the Hugging Face Hub shows.

Contact sheets are pictures in it and clips are videos, both as bytes in the rows, so that a row is
whole wherever it goes.
"""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from ....schemas.arrow import Unit, to_plain
from ....schemas.audit import Side
from ....schemas.document import Image
from ....schemas.text import TextKind
from ...storage.records_file import MAX_ROW_GROUP_BYTES, file_schema, leaf_columns, row_bytes
from ..site.data import SiteItem
from ..site.reader import ReviewSite
from .instructions import GUIDE_NAME, rules, write_text
from .rating_sheet import lines, spoken

SPLIT = "audit"
MAX_FILE_BYTES = 500 << 20
"""As `datasets` divides its own files."""
_VIDEO = {"_type": "Video", "decode": False}
"""Bytes as they are: decoding needs torchcodec, which not everybody can install."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubCaption:
    """A caption and what it claims."""

    side: Side
    """Which of two."""
    kind: TextKind
    """What it is."""
    text: str
    """The whole text."""
    claims: tuple[str, ...]
    """Its claims in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubRow:
    """An item to judge."""

    audit_id: str
    """The audit."""
    item_id: str
    """The item."""
    clip_id: str
    """The clip."""
    video_id: str
    """Its video."""
    start_us: Annotated[int, Unit("us")]
    """Start of the clip."""
    end_us: Annotated[int, Unit("us")]
    """Its end, exclusive."""
    sheet: Image | None
    """Its contact sheet."""
    captions: tuple[HubCaption, ...]
    """One or two."""
    speech: str
    """What is said, a line for each text."""
    screen_text: str
    """What is written in the picture, a line for each text."""
    title: str | None
    """Title of the video."""
    creator: str | None
    """Channel or uploader."""
    uri: str
    """Where it came from."""
    language: str | None
    """Spoken language."""
    license: str | None
    """License as normalised."""
    clip: Image | None
    """Its file, in the same form as a picture; null where the license left it out."""


def write_huggingface(site: ReviewSite, folder: Path) -> None:
    """Write the rows and the card."""
    (folder / "data").mkdir()
    rows = (to_plain(_row(item, site)) for item in site.items())
    pending: dict[str, Any] | None = next(rows, None)
    for number in itertools.count():
        if pending is None:
            break
        path = folder / "data" / f"{SPLIT}-{number:05d}.parquet"
        pending = _write_file(path, itertools.chain([pending], rows))
    write_text(folder / GUIDE_NAME, [_header(), *_card(site)])


def _row(item: SiteItem, site: ReviewSite) -> HubRow:
    return HubRow(
        audit_id=site.audit.audit_id,
        item_id=item.item_id,
        clip_id=item.clip_id,
        video_id=item.video_id,
        start_us=item.start_us,
        end_us=item.end_us,
        sheet=_file(site, item.sheet.src) if item.sheet else None,
        captions=tuple(
            HubCaption(
                side=text.side,
                kind=text.kind,
                text=text.text,
                claims=tuple(claim.text for claim in text.claims),
            )
            for text in item.texts
        ),
        speech=spoken(item),
        screen_text=lines(item.screen_text),
        title=item.source.title,
        creator=item.source.creator,
        uri=item.source.uri,
        language=item.source.language,
        license=item.source.license,
        clip=_file(site, item.media.src) if item.media else None,
    )


def _file(site: ReviewSite, src: str) -> Image:
    path = site.folder / src
    return Image(bytes=path.read_bytes(), path=path.name)  # `datasets` takes the form by the name


def _write_file(path: Path, rows: Iterator[dict[str, Any]]) -> dict[str, Any] | None:
    """Write rows until the file is full; return the row that was too much for it.

    One row group is held at a time.
    """
    schema = _schema()
    group: list[dict[str, Any]] = []
    group_bytes = file_bytes = 0
    left: dict[str, Any] | None = None
    leaves = [name for name, _ in leaf_columns(schema)]
    media = ["sheet.bytes", "clip.bytes"]
    others = [name for name in leaves if name not in media]
    with pq.ParquetWriter(
        path,
        schema,
        compression={**dict.fromkeys(others, "zstd"), **dict.fromkeys(media, "none")},
        use_dictionary=others,
        write_statistics=others,
        write_page_index=True,
    ) as writer:
        for row in rows:
            size = row_bytes(row)
            if group and group_bytes + size > MAX_ROW_GROUP_BYTES:
                writer.write_table(pa.Table.from_pylist(group, schema=schema))
                group, group_bytes = [], 0
            if file_bytes and file_bytes + size > MAX_FILE_BYTES:
                left = row
                break
            group.append(row)
            group_bytes += size
            file_bytes += size
        if group:
            writer.write_table(pa.Table.from_pylist(group, schema=schema))
    return left


def _schema() -> pa.Schema:
    schema = file_schema(HubRow)
    described = json.loads(schema.metadata[b"huggingface"])
    described["info"]["features"]["clip"] = _VIDEO
    return schema.with_metadata({"huggingface": json.dumps(described, separators=(",", ":"))})


def _header() -> str:
    header = {
        "pretty_name": "Clips and captions to judge",
        "tags": ["video"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": SPLIT, "path": "data/*.parquet"}],
            }
        ],
    }
    return f"---\n{yaml.safe_dump(header, sort_keys=False)}---"


def _card(site: ReviewSite) -> list[str]:
    return [
        "# Clips and captions to judge",
        f"A sample of {len(site.audit.rows)} items of version {site.audit.dataset_version} of a "
        f"dataset, drawn by `interlink audit sample` (audit {site.audit.audit_id}). `sheet` is a "
        "picture of the clip's frames, `clip` its file; each row has the license of its video, "
        "and no file where that license left it out.",
        f'`load_dataset(FOLDER, split="{SPLIT}")` gives pictures, and clips as bytes; '
        '`cast_column("clip", Video())` decodes them where torchcodec is installed.',
        "## How they are judged",
        rules(site.audit.rubric),
    ]
