"""A shard without what was taken down: its documents and clip files, all others as they were."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow.parquet as pq

from ...schemas.denied import Denied
from ...schemas.document import Document
from ...transforms.text.remove_clips import remove_clips
from ..storage.media_file import drop_media
from ..storage.records_file import read_records, write_records
from ..storage.store import Store

_CLIP = "clips.list.element"
ID_COLUMNS = [
    *("video_id", "source.source_id", "source.group"),
    *(f"{_CLIP}.{name}" for name in ("clip_id", "start_us", "end_us", "media.lead_in_us")),
]
"""Columns of a docs file that tell whether something in it was taken down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanShard:
    """The files of a shard, on this machine."""

    docs: Path | None
    """Its documents; None if none is left."""
    media: Path | None
    """Its clip files; None if there is none."""


def holds_denied(docs: IO[bytes], denied: Denied) -> bool:
    """Tell whether a docs file holds something that was taken down; reads ids alone.

    Raises:
        OSError: it cannot be read, or a page does not have its checksum.
    """
    if not denied:
        return False
    file = pq.ParquetFile(docs, page_checksum_verification=True)
    return any(
        is_denied_row(row, denied)
        for group in range(file.num_row_groups)
        for row in file.read_row_group(group, columns=ID_COLUMNS).to_pylist()
    )


def clean_shard(
    docs: tuple[Store, str], media: tuple[Store, str] | None, denied: Denied, folder: Path
) -> CleanShard:
    """Write a shard without what was taken down. The same shard gives the same bytes.

    Documents are written as the last step writes them, so that a shard that lost a whole video has
    the bytes that it would have if the video had never been fetched.

    Args:
        docs: store and path of the docs file.
        media: those of the media file paired with it.
        denied: what was taken down.
        folder: where to, on this machine; empty.
    """
    with docs[0].open(docs[1]) as file:
        documents = read_records(file, Document)
    left = list(_clean(documents, denied, _file_ends(media) if media else {}))
    if not left:
        return CleanShard(docs=None, media=None)
    write_records(folder / "docs.parquet", left, Document)
    num_media = 0
    if media is not None:
        owners = {clip.clip_id for d in left for clip in d.clips if clip.media is not None}
        with media[0].open(media[1]) as file:
            num_media = drop_media(file, folder / "media.parquet", owners)
    return CleanShard(
        docs=folder / "docs.parquet", media=folder / "media.parquet" if num_media else None
    )


def is_denied_row(row: dict[str, Any], denied: Denied) -> bool:
    """Tell whether a row of a docs file, read with `ID_COLUMNS`, holds what was taken down."""
    video, source = row["video_id"], row["source"]
    if video in denied.videos or denied.has_source(source["source_id"], source["group"]):
        return True
    return any(
        clip["clip_id"] in denied.clips
        or denied.has_span(video, clip["start_us"] - _lead_in(clip["media"]), clip["end_us"])
        for clip in row["clips"]
    )


def _lead_in(media: dict[str, int] | None) -> int:
    return media["lead_in_us"] if media else 0


def _clean(
    documents: Iterable[Document], denied: Denied, ends: Mapping[str, int]
) -> Iterator[Document]:
    for document in documents:
        source, video = document.source, document.video_id
        if video in denied.videos or denied.has_source(source.source_id, source.group):
            continue
        gone = {
            clip.clip_id
            for clip in document.clips
            if denied.has_clip(clip.clip_id, video, clip.start_us, clip.end_us)
        }
        # A clip's file may be longer than the clip, and show of another what was taken down.
        shown = {
            clip.clip_id
            for clip in document.clips
            if clip.media is not None
            and denied.has_span(
                video,
                clip.start_us - clip.media.lead_in_us,
                max(clip.end_us, ends.get(clip.clip_id, 0)),
            )
        }
        changed = remove_clips(document, gone, without_media=shown) if gone or shown else document
        if changed is not None:
            yield changed


def _file_ends(media: tuple[Store, str]) -> dict[str, int]:
    """Return where the file of each clip ends."""
    with media[0].open(media[1]) as file:
        table = pq.ParquetFile(file).read(columns=["owner_id", "end_us"], use_threads=False)
    return dict(zip(table["owner_id"].to_pylist(), table["end_us"].to_pylist(), strict=True))
