"""The scan: one demux and decode pass over each video, in a warm child."""

import shutil
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from ...schemas.arrow import from_plain
from ...schemas.errors import RecordError
from ...schemas.reference import Reference
from ...schemas.video import Scan, Video
from ..base import Failed, Kept, Map, parameter
from ..child import Child, ChildLimits
from .blobs import BLOB_NAME, Blob, read_blob
from .limits import MediaLimits

_PROBE = "interlink.transforms.media.scan_file:probe_file"
_SCAN = "interlink.transforms.media.scan_file:scan_file"
_PROBE_DEADLINE_S = 60.0
_MIN_DEADLINE_S = 60.0
_SLOWEST_BYTES_PER_S = 250_000
MICROSECONDS = 1_000_000


@dataclass(kw_only=True)
class ScanVideos(Map[Video, Video]):
    """Checks each video and fills `Video.scan`: shots, frame set, sound, coverage.

    Raises:
        ValueError: a parameter is out of its range.
    """

    version: ClassVar[int] = 2

    frames_per_s: float = 2.0
    """Frames of the frame set per second, on a fixed grid; those beside boundaries come on top."""
    short_side_px: int = 336
    """Short side of stored pictures; smaller videos stay as they are."""
    jpeg_quality: int = 88
    """Quality of stored pictures, 1 to 100."""
    max_duration_s: float = 4 * 3600.0
    """Longest video that is taken."""
    max_side_px: int = 8192
    """Longest side of a picture that is decoded."""
    max_streams: int = 32
    """Most streams that a container may have."""
    deadline_factor: float = parameter(4.0, in_digest=False)
    """A video's scan may take so many times its duration, and never less than 60 s."""
    memory_bytes: int = parameter(4 << 30, in_digest=False)
    """Address space of the decoding child."""

    def __post_init__(self) -> None:
        for name, low, high in (
            ("frames_per_s", 0.01, 30.0),
            ("short_side_px", 16, 4320),
            ("jpeg_quality", 1, 100),
            ("max_duration_s", 0.1, 1e6),
            ("max_side_px", 16, 65535),
            ("max_streams", 1, 10_000),
            ("memory_bytes", 256 << 20, 1 << 50),
            ("deadline_factor", 0.1, 1000.0),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name}={value} must be between {low} and {high}")
        self._child: Child | None = None

    def setup(self) -> None:
        """Prepare the child; it starts with the first video."""
        self._child = Child(ChildLimits(memory_bytes=self.memory_bytes))

    def teardown(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.close()

    def process_batch(self, records: Sequence[Video]) -> list[Kept[Video] | Failed]:
        """Scan videos one after the other."""
        return [self._result(video) for video in records]

    def _result(self, video: Video) -> Kept[Video] | Failed:
        # Random, so that two parts on one scratch disk never meet; no record ever names it.
        folder = self.files().scratch / f"scan-{uuid.uuid4().hex}"
        folder.mkdir()
        try:
            return Kept(input_id=video.video_id, record=self._scan(video, folder))
        except RecordError as error:
            return Failed(
                input_id=video.video_id,
                code=error.code,
                message=error.message,
                value=error.value,
            )
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _scan(self, video: Video, folder: Path) -> Video:
        if self._child is None:
            raise RuntimeError("ScanVideos has no child: call setup first")
        path = str(self.files().path(video.file))
        limits = asdict(
            MediaLimits(
                max_side_px=self.max_side_px,
                max_duration_s=self.max_duration_s,
                max_streams=self.max_streams,
            )
        )
        probed = self._child.call(
            _PROBE, {"path": path, "limits": limits}, deadline_s=_PROBE_DEADLINE_S
        )
        answer = self._child.call(
            _SCAN,
            {
                "path": path,
                "folder": str(folder),
                "options": {
                    "grid_us": round(MICROSECONDS / self.frames_per_s),
                    "short_side_px": self.short_side_px,
                    "jpeg_quality": self.jpeg_quality,
                },
                "limits": limits,
            },
            deadline_s=self._deadline_s(video, probed["duration_us"]),
        )
        return replace(video, scan=self._with_media(video, answer, folder / BLOB_NAME))

    def _deadline_s(self, video: Video, declared_us: int | None) -> float:
        """Return how long a scan may take; headers lie, so the size is looked at as well."""
        declared_s = self.max_duration_s if declared_us is None else declared_us / MICROSECONDS
        duration_s = max(declared_s, video.num_bytes / _SLOWEST_BYTES_PER_S)
        return _MIN_DEADLINE_S + self.deadline_factor * duration_s

    def _with_media(self, video: Video, answer: dict[str, Any], blobs: Path) -> Scan:
        """Move the pictures and the sound into the part's media file: frames first, then sound."""
        scan: Scan = from_plain(answer["scan"], Scan)
        frames = tuple(
            replace(
                frame,
                reference=self._add(
                    video,
                    read_blob(blobs, Blob(offset=offset, size=size)),
                    span=(frame.time_us, frame.time_us),
                    kind="frame",
                ),
            )
            for frame, (offset, size) in zip(scan.frames, answer["frames"], strict=True)
        )
        audio = tuple(
            replace(
                chunk,
                reference=self._add(
                    video,
                    read_blob(blobs, Blob(offset=offset, size=size)),
                    span=(chunk.start_us, chunk.end_us),
                    kind="audio",
                ),
            )
            for chunk, (offset, size) in zip(scan.audio, answer["audio"], strict=True)
        )
        return replace(scan, frames=frames, audio=audio)

    def _add(self, video: Video, data: bytes, *, span: tuple[int, int], kind: str) -> Reference:
        mimes = {"frame": "image/jpeg", "audio": "audio/L16;rate=16000;channels=1"}
        return self.files().add_media(
            data,
            video_id=video.video_id,
            owner_id=video.video_id,
            kind=kind,
            start_us=span[0],
            end_us=span[1],
            mime=mimes[kind],
        )
