"""What tests of media transforms share: a video record for a file, and a scanner at work."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from interlink.pipeline.parts.workspace import PartWorkspace
from interlink.schemas.reference import Reference
from interlink.schemas.source import Source
from interlink.schemas.video import Video
from interlink.transforms.base import Failed, Kept
from interlink.transforms.media.scan import ScanVideos

Scanner = Callable[[Path], Kept[Video] | Failed]


@pytest.fixture
def as_video(tmp_path: Path) -> Callable[[Path], Video]:
    """Copies a file into the run and returns its video record."""

    def make(path: Path) -> Video:
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        (tmp_path / "run").mkdir(exist_ok=True)
        shutil.copy(path, tmp_path / "run" / path.name)
        return Video(
            video_id=sha256[:32],
            source=Source(source_id="s", uri=str(path)),
            file=Reference(file=path.name, sha256=sha256),
            num_bytes=path.stat().st_size,
            final_uri=str(path),
        )

    return make


@pytest.fixture
def scan(workspace: PartWorkspace, as_video: Callable[[Path], Video]) -> Iterator[Scanner]:
    """Scans a file with a warm child and returns the result."""
    scanner = ScanVideos()
    scanner.setup()
    scanner.open_part(workspace)
    yield lambda path: scanner.process_batch([as_video(path)])[0]
    scanner.teardown()
