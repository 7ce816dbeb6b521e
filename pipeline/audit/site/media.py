"""The clips of an audit as files that a browser plays, out of the media files of a dataset."""

import logging
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from ....schemas.document import DocumentClip
from ....schemas.errors import RecordError
from ....schemas.manifest import Manifest
from ....transforms.child import Child, ChildLimits
from ...dataset.versions import read_shards
from ...storage.store import Store
from .data import SiteMedia
from .names import file_of_clip

logger = logging.getLogger(__name__)

MAX_CLIP_BYTES = 2 << 20
"""Of one clip: 500 of them fit on any memory stick."""
_DEADLINE_S = 120.0
"""For one clip: a minute of 8K takes about half as long on one core."""
_FUNCTION = "interlink.transforms.media.web_copy:web_copy"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedClip:
    """A clip whose file is asked for."""

    start_us: int
    """Its start on the source's clock."""
    end_us: int
    """Its end, exclusive."""
    lead_in_us: int
    """How much of its file lies before its start."""

    @classmethod
    def of(cls, clip: DocumentClip) -> "WantedClip | None":
        """Return what to ask for; None for a clip without a file of its own."""
        if clip.media is None:
            return None
        return cls(start_us=clip.start_us, end_us=clip.end_us, lead_in_us=clip.media.lead_in_us)


def write_media(
    dataset: Store,
    manifest: Manifest,
    wanted: Mapping[str, WantedClip],
    folder: Path,
    *,
    max_bytes: int = MAX_CLIP_BYTES,
) -> dict[str, SiteMedia]:
    """Write `media/<clip_id>.mp4` under a folder for each wanted clip that can be made playable.

    One clip file is held at a time. What cannot be decoded is left out with a warning: the contact
    sheet stands in.

    Args:
        dataset: the dataset.
        manifest: its version.
        wanted: the clips by id.
        folder: where to.
        max_bytes: size of each at most.

    Returns:
        The files by clip id.

    Raises:
        UsageError: an id of a clip cannot name a file.
    """
    (folder / "media").mkdir(parents=True, exist_ok=True)
    written: dict[str, SiteMedia] = {}
    limits = ChildLimits(cpu_s=int(_DEADLINE_S))
    with Child(limits=limits) as child, tempfile.TemporaryDirectory() as scratch:
        for clip_id, content in _clip_files(dataset, manifest, set(wanted)):
            source = Path(scratch) / "clip"
            source.write_bytes(content)
            media = _copy(child, source, folder, clip_id, wanted[clip_id], max_bytes)
            if media is not None:
                written[clip_id] = media
    return written


def _copy(
    child: Child, source: Path, folder: Path, clip_id: str, clip: WantedClip, max_bytes: int
) -> SiteMedia | None:
    name = file_of_clip("media", clip_id, ".mp4")
    arguments = {
        "path": str(source),
        "target": str(folder / name),
        "start_us": clip.lead_in_us,
        "end_us": clip.lead_in_us + clip.end_us - clip.start_us,
        "max_bytes": max_bytes,
    }
    try:
        answer = child.call(_FUNCTION, arguments, deadline_s=_DEADLINE_S)
    except RecordError as error:
        logger.warning("clip %s is shown by its contact sheet: %s", clip_id, error)
        (folder / name).unlink(missing_ok=True)
        return None
    file_start_us = clip.start_us - clip.lead_in_us
    return SiteMedia(src=name, mime="video/mp4", start_us=file_start_us + answer["start_us"])


def _clip_files(
    dataset: Store, manifest: Manifest, wanted: set[str]
) -> Iterator[tuple[str, bytes]]:
    """Yield `(clip_id, bytes)`, reading only row groups that hold a wanted clip."""
    left = set(wanted)
    for shard in read_shards(dataset, manifest):
        if shard.media_path is None or not left:
            continue
        with dataset.open(shard.media_path) as file:
            parquet = pq.ParquetFile(file, page_checksum_verification=True)
            for index in range(parquet.num_row_groups):
                ids = parquet.read_row_group(index, columns=["owner_id"])["owner_id"].to_pylist()
                if left.isdisjoint(ids):
                    continue
                contents = parquet.read_row_group(index, columns=["bytes"])["bytes"]
                for row, clip_id in enumerate(ids):
                    if clip_id in left:
                        left.discard(clip_id)
                        yield clip_id, contents[row].as_py()
