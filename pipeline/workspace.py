"""What a part lends to its transforms: earlier files to read, a media file and a folder to fill."""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from ..schemas.reference import Media, Reference
from .faults import fault_point
from .media_file import MediaReader, MediaWriter
from .store import Store

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
    """

    def __init__(self, store: Store, attempt: str, scratch: Path) -> None:
        self.scratch = scratch
        self.files: list[CommittedFile] = []
        self._store = store
        self._attempt = attempt
        self._reader = MediaReader(store)
        scratch.mkdir(parents=True, exist_ok=True)
        self._media_path = scratch / MEDIA_NAME
        self._writer = MediaWriter(self._media_path, f"{attempt}/{MEDIA_NAME}")

    def read(self, reference: Reference) -> bytes:
        """Return the bytes that `reference` means, checked against its digest."""
        fault_point("workspace.read", f"{self._attempt}/{reference.file}")
        if reference.row_group is not None:
            return self._reader.read(reference)
        data = self._store.read(reference.file)
        _check_digest(reference, hashlib.sha256(data).hexdigest())
        return data

    def path(self, reference: Reference) -> Path:
        """Return a local path of a whole file: its own on a local store, else a copy in scratch."""
        local = self._store.local_path(reference.file)
        if local is not None:
            return local
        copy = self.scratch / f"{reference.sha256[:32]}{Path(reference.file).suffix}"
        if not copy.exists():
            unfinished = copy.with_name(f"{copy.name}.part")  # a transfer that broke leaves half
            with self._store.open(reference.file) as source, unfinished.open("wb") as target:
                shutil.copyfileobj(source, target, 8 << 20)
            with unfinished.open("rb") as file:
                _check_digest(reference, hashlib.file_digest(file, "sha256").hexdigest())
            unfinished.rename(copy)
        return copy

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

    def finish_media(self) -> Path | None:
        """Close the media file and return it, or None if nothing was added."""
        self._writer.close()
        return None if self._writer.is_empty else self._media_path

    def close(self) -> None:
        """Remove the scratch folder."""
        shutil.rmtree(self.scratch, ignore_errors=True)


def _check_digest(reference: Reference, sha256: str) -> None:
    if sha256 != reference.sha256:
        raise ValueError(f"{reference.file} does not have the digest that its reference names")
