"""What a part lends to its transforms: earlier files to read, a media file and a folder to fill."""

import contextlib
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...schemas.denied import Denied
from ...schemas.errors import EnvironmentFault
from ...schemas.reference import Media, Reference
from ..faults import fault_point
from ..storage.disk_guard import DiskGuard
from ..storage.media_file import MediaReader, MediaWriter
from ..storage.scratch import DEFAULT_COPIES_BYTES, LocalCopies, ScratchFolder, check_digest
from ..storage.store import Store

MEDIA_NAME = "media.parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommittedFile:
    """A file that a commit names."""

    path: str
    """Path under the run's root."""
    num_bytes: int
    """Its size."""
    sha256: str
    """Digest of its bytes, hexadecimal."""


class PartWorkspace:
    """The workspace of one attempt at one part (`transforms.base.Workspace`).

    Args:
        store: the run.
        attempt: folder of this attempt under the run's root.
        scratch: a local folder of its own; made here, removed by `close`.
        scratch_bytes: room for local copies of a remote store's files.
        denied: what was taken down.
        guard: waits for space on the disks; None waits for none.
    """

    def __init__(
        self,
        store: Store,
        attempt: str,
        scratch: Path,
        scratch_bytes: int = DEFAULT_COPIES_BYTES,
        *,
        denied: Denied | None = None,
        guard: DiskGuard | None = None,
    ) -> None:
        self.scratch = scratch
        self.denied = denied or Denied()
        self._guard = guard
        self.files: list[CommittedFile] = []
        self._store = store
        self._attempt = attempt
        self._folder = ScratchFolder(scratch)
        self._copies = LocalCopies(store, scratch / "copies", scratch_bytes)
        self._reader = MediaReader(store, self._copies.bring_if_small)
        self._media_path = scratch / MEDIA_NAME
        self._writer = MediaWriter(self._media_path, f"{attempt}/{MEDIA_NAME}")

    def read(self, reference: Reference) -> bytes:
        """Return the bytes that `reference` means, checked against its digest.

        Raises:
            EnvironmentFault: the file cannot be read; no record is to blame.
            ValueError: the bytes are others.
        """
        fault_point("workspace.read", f"{self._attempt}/{reference.file}")
        with _blames_the_store(self._store, reference.file):
            if reference.row_group is not None:
                return self._reader.read(reference)
            data = self._store.read(reference.file)
        check_digest(reference.file, reference.sha256, hashlib.sha256(data).hexdigest())
        return data

    def path(self, reference: Reference) -> Path:
        """Return a local path of a whole file: its own on a local store, else that of a copy.

        Raises:
            EnvironmentFault: the file cannot be read, or is larger than `scratch_bytes`.
            ValueError: its bytes are others than the reference says.
        """
        with _blames_the_store(self._store, reference.file):
            return self._copies.bring(reference.file, sha256=reference.sha256)

    def add_media(
        self,
        data: bytes,
        *,
        video_id: str,
        owner_id: str,
        kind: str,
        start_us: int,
        end_us: int,
        mime: str,
    ) -> Reference:
        """Append one row to the part's media file; see `transforms.base.Workspace`."""
        row = Media(
            owner_id=owner_id,
            kind=kind,
            start_us=start_us,
            end_us=end_us,
            mime=mime,
            sha256=hashlib.sha256(data).hexdigest(),
            bytes=data,
        )
        return self._writer.add(row, video_id)

    def add_file(self, path: Path, *, sha256: str) -> Reference:
        """Take a local file over into the attempt, named by its digest."""
        target = f"{self._attempt}/{sha256[:32]}{path.suffix.lower()}"
        num_bytes = path.stat().st_size
        fault_point("workspace.add_file", target)
        self._store.put_file(target, path)
        file = CommittedFile(path=target, num_bytes=num_bytes, sha256=sha256)
        if file not in self.files:  # a batch that is tried again adds its files again
            self.files.append(file)
        return Reference(file=target, sha256=sha256)

    def await_space(
        self, num_bytes: int, cancelled: threading.Event | None = None, *, was_full: bool = False
    ) -> None:
        """Wait until there is room for `num_bytes`; see `transforms.base.Workspace`."""
        if self._guard is not None:
            self._guard.await_space(num_bytes, cancelled, was_full=was_full)

    def finish_media(self) -> Path | None:
        """Close the media file and return it, or None if nothing was added."""
        self._writer.close()
        return None if self._writer.is_empty else self._media_path

    def close(self) -> None:
        """Remove the scratch folder."""
        if self._guard is not None:
            self._guard.used_bytes = self._num_bytes()
        self._folder.close()

    def _num_bytes(self) -> int:
        here = sum(path.stat().st_size for path in self.scratch.rglob("*") if path.is_file())
        return here + sum(file.num_bytes for file in self.files)


@contextlib.contextmanager
def _blames_the_store(store: Store, file: str) -> Iterator[None]:
    """Turn what a read of the run's own files raises into a fault of the machine."""
    try:
        yield
    except OSError as error:
        raise EnvironmentFault(f"cannot read {store.display(file)}: {error}") from error
