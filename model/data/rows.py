"""What training reads of a document row, and finding single rows again.

Not the whole row: words, gaps, scores and lineage stay on disk.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import pyarrow as pa
import pyarrow.parquet as pq

from ...schemas.arrow import Unit, from_table
from ...schemas.clip import Flag
from ...schemas.denied import Denied
from ...schemas.text import TextKind, TextStatus
from .dataset import Dataset

_MAX_OPEN = 32
"""Docs files that one reader holds open; a footer costs a few milliseconds to read again."""
_MAX_KEPT_BYTES = 64 << 20
"""Row groups that one reader keeps: a small dataset is read once, of a large one little is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowImage:
    """The picture of a frame."""

    bytes: bytes
    """The bytes of a JPEG file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFrame:
    """One frame of a clip."""

    time_us: Annotated[int, Unit("us")]
    image: RowImage | None = None
    """Null where pictures were not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowText:
    """One text of a clip, as much as a text policy asks for."""

    kind: TextKind
    text: str
    model: str | None = None
    prompt_digest: str | None = None
    status: TextStatus = TextStatus.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class RowClip:
    """One clip, as much as a sample needs."""

    clip_id: str
    start_us: Annotated[int, Unit("us")]
    end_us: Annotated[int, Unit("us")]
    frames: tuple[RowFrame, ...]
    texts: tuple[RowText, ...]
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One document, as much as a sample needs."""

    document_id: str
    video_id: str
    clips: tuple[RowClip, ...]


_CLIP = "clips.list.element"
TEXT_COLUMNS = (
    "document_id",
    "video_id",
    f"{_CLIP}.clip_id",
    f"{_CLIP}.start_us",
    f"{_CLIP}.end_us",
    f"{_CLIP}.flags",
    f"{_CLIP}.frames.list.element.time_us",
    *(
        f"{_CLIP}.texts.list.element.{name}"
        for name in ("kind", "text", "model", "prompt_digest", "status")
    ),
)
"""The columns of `Row` without pictures: a hundredth of its bytes."""
ROW_COLUMNS = (*TEXT_COLUMNS, f"{_CLIP}.frames.list.element.image.bytes")
"""The columns of `Row`."""


def is_denied(row: Row, clips: Sequence[int], denied: Denied) -> bool:
    """Tell whether some clips of a document were taken down.

    Args:
        row: the document.
        clips: indices of the clips.
        denied: what was taken down.
    """
    return any(
        denied.has_clip(clip.clip_id, row.video_id, clip.start_us, clip.end_us)
        for clip in (row.clips[index] for index in clips)
    )


class RowReader:
    """Reads single documents; a few files stay open. Not for several threads at once."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._open: OrderedDict[int, pq.ParquetFile] = OrderedDict()
        self._kept: OrderedDict[tuple[int, int], pa.Table] = OrderedDict()

    def read(self, shard: int, row_group: int, row: int) -> Row:
        """Return one document.

        Args:
            shard: index into `Dataset.shards`.
            row_group: row group of its docs file.
            row: row of the row group.

        Raises:
            OSError: a page does not have the checksum that was written with it.
        """
        return from_table(self._group(shard, row_group).slice(row, 1), Row)[0]

    def close(self) -> None:
        """Close the files and forget what was read."""
        self._kept.clear()
        while self._open:
            self._open.popitem()[1].close()

    def _group(self, shard: int, row_group: int) -> pa.Table:
        key = (shard, row_group)
        if key not in self._kept:
            # One thread: each worker has a reader, and so a core, of its own.
            self._kept[key] = self._file(shard).read_row_group(
                row_group, columns=list(ROW_COLUMNS), use_threads=False
            )
            while sum(table.nbytes for table in self._kept.values()) > _MAX_KEPT_BYTES:
                if len(self._kept) == 1:  # larger than all that may be kept, and needed now
                    break
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def _file(self, shard: int) -> pq.ParquetFile:
        if shard not in self._open:
            if len(self._open) >= _MAX_OPEN:
                self._open.popitem(last=False)[1].close()
            self._open[shard] = self._dataset.open_shard(shard)
        self._open.move_to_end(shard)
        return self._open[shard]
