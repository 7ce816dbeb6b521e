"""One committed part of a run without what was taken down. Its commit stays true.

Files are replaced one by one and the commit last, so whoever is interrupted does it again: what is
clean already stays as it is, and the commit is made to fit. Paths stay, as later records name them.
"""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ....schemas.clip import Clip
from ....schemas.denied import Denied
from ....schemas.document import Document
from ....schemas.errors import EnvironmentFault, UsageError
from ....schemas.outcome import Disposition, Outcome
from ....schemas.video import Video
from ....transforms.base import record_id
from ...parts.commit import DONE_NAME, KEPT_NAME, OUTCOMES_NAME, Commit, StageCounts
from ...parts.workspace import MEDIA_NAME, CommittedFile
from ...storage.media_file import MEDIA_TEXT_COLUMNS, empty_media
from ...storage.records_file import read_records, write_records
from ...storage.store import Store
from ...storage.torn import first_line
from ..clean_shard import ID_COLUMNS, clean_shard, holds_denied, is_denied_row
from ..rows import rows_of, stored_digest
from ..work_folder import work_folder
from .records import clean_clips, clean_outcomes, clean_videos, recount_documents


@dataclass(frozen=True, slots=True, kw_only=True)
class PartChanges:
    """What was changed in one part of one step."""

    num_records: int
    """Records that are there no more, or less of them."""
    num_media: int
    """Rows of the media file that lost their content."""
    num_files: int
    """Fetched files that are there no more."""


def clean_part(
    run: Store, folder: str, commit: Commit, denied: Denied, *, is_freed: bool = False
) -> PartChanges | None:
    """Take what is denied out of the files of a committed part, and make its commit say so.

    Args:
        run: the run.
        folder: the step's folder.
        commit: what the part has committed.
        denied: what was taken down.
        is_freed: whether working files were removed after its plan was published.

    Returns:
        What was changed; None where nothing had to be.

    Raises:
        UsageError: the step keeps records of another type.
        EnvironmentFault: a file is lost or damaged.
    """
    try:
        with work_folder(run) as local:
            return _Cleaner(run, commit, denied, local, is_freed).clean(folder)
    except (OSError, pa.ArrowException) as error:
        raise EnvironmentFault(
            f"cannot look into part {commit.part} of {run.display(folder)}, of which something may "
            f"have to go: {first_line(error)}; see what `interlink fsck {run.display()} --deep` "
            "finds"
        ) from error


class _Cleaner:
    def __init__(
        self, run: Store, commit: Commit, denied: Denied, local: Path, is_freed: bool
    ) -> None:
        self._run, self._commit, self._denied = run, commit, denied
        self._local = local
        paths = [file.path for file in commit.files]
        self._freed = {path for path in paths if not run.exists(path)} if is_freed else set()
        """Files that are not needed any more."""
        self._lost: set[str] = set()
        """Files that a takedown has removed."""
        self._kept, self._outcomes = self._there(KEPT_NAME), self._there(OUTCOMES_NAME)
        self._media = self._there(MEDIA_NAME)

    def clean(self, folder: str) -> PartChanges | None:
        record_type = self._record_type(self._kept) if self._kept else None
        num_records = num_media = 0
        if self._kept is not None and record_type is not None:
            if self._media is not None and not self._run.exists(self._media.path):
                self._forget_media(self._kept, self._media)
            if record_type is Document:
                num_records, num_media = self._clean_documents(self._kept)
            else:
                num_records = self._clean_records(self._kept, record_type)
                num_media = self._empty_media(self._kept, record_type)
        outcomes = self._clean_outcomes(record_type)
        num_files = self._remove_fetched()
        stages = _count(self._commit.stages, outcomes)
        after = dataclasses.replace(
            self._commit,
            num_kept=self._num_rows(self._kept) if self._kept else stages[-1].outputs,
            stages=stages,
            files=tuple(self._describe(f) for f in self._commit.files if f.path not in self._lost),
        )
        if after == self._commit:
            return None
        self._run.put(f"{folder}/{self._commit.part}/{DONE_NAME}", after.to_json())
        return PartChanges(num_records=num_records, num_media=num_media, num_files=num_files)

    def _there(self, name: str) -> CommittedFile | None:
        file = self._commit.file(name)
        return None if file is None or file.path in self._freed else file

    def _record_type(self, kept: CommittedFile) -> type[Any]:
        with self._run.open(kept.path) as file:
            names = set(pq.read_schema(file).names)
        for record_type in (Document, Clip, Video):
            if {field.name for field in dataclasses.fields(record_type)} <= names:
                return record_type
        raise UsageError(
            f"step {self._commit.step!r} keeps neither videos nor clips nor documents of this "
            "version of interlink: nobody knows how to take something out of them"
        )

    def _clean_documents(self, kept: CommittedFile) -> tuple[int, int]:
        with self._run.open(kept.path) as file:
            if not holds_denied(file, self._denied):
                return 0, 0
        num_before = self._num_rows(kept)
        media = (self._run, self._media.path) if self._media else None
        files = clean_shard((self._run, kept.path), media, self._denied, self._local)
        num_media = self._num_rows(self._media) if self._media else 0
        if self._media is not None and files.media is not None:
            num_media -= pq.read_metadata(files.media).num_rows
            self._run.put_file(self._media.path, files.media)
        elif self._media is not None:
            self._remove(self._media)
        docs = files.docs or self._written([], Document)
        num_after = pq.read_metadata(docs).num_rows
        self._run.put_file(kept.path, docs)
        return max(1, num_before - num_after), num_media

    def _forget_media(self, kept: CommittedFile, media: CommittedFile) -> None:
        """Take it that an interrupted takedown removed a media file, if nothing needs it."""
        for row in rows_of(self._run, kept.path, ID_COLUMNS):
            whole = {**row, "clips": []}
            for clip in () if is_denied_row(whole, self._denied) else row["clips"]:
                if clip["media"] and not is_denied_row({**row, "clips": [clip]}, self._denied):
                    raise FileNotFoundError(f"{media.path} is lost")
        self._lost.add(media.path)
        self._media = None

    def _clean_records(self, kept: CommittedFile, record_type: type[Any]) -> int:
        with self._run.open(kept.path) as file:
            before = read_records(file, record_type)
        clean = clean_videos if record_type is Video else clean_clips
        after = list(clean(before, self._denied))
        if after == before:
            return 0
        self._run.put_file(kept.path, self._written(after, record_type))
        stays = {record_id(record): record for record in after}
        return sum(stays.get(record_id(record)) != record for record in before)

    def _empty_media(self, kept: CommittedFile, record_type: type[Any]) -> int:
        if self._media is None:
            return 0
        owners: set[str] = set()
        if record_type is Clip:
            with self._run.open(kept.path) as file:
                owners = {c.clip_id for c in read_records(file, Clip) if c.file is not None}
        denied = self._denied

        def is_denied(row: dict[str, Any]) -> bool:
            if row["kind"] == "clip":
                return row["owner_id"] not in owners
            is_frame = row["kind"] == "frame"
            return row["owner_id"] in denied.videos or (
                is_frame and denied.has_time(row["owner_id"], row["start_us"])
            )

        with self._run.open(self._media.path) as file:
            rows = pq.ParquetFile(file).read(columns=MEDIA_TEXT_COLUMNS).to_pylist()
        if not any(row["sha256"] and is_denied(row) for row in rows):
            return 0
        target = self._local / MEDIA_NAME
        with self._run.open(self._media.path) as file:
            num_emptied = empty_media(file, target, is_denied)
        self._run.put_file(self._media.path, target)
        return num_emptied

    def _clean_outcomes(self, record_type: type[Any] | None) -> list[Outcome]:
        assert self._outcomes is not None
        with self._run.open(self._outcomes.path) as file:
            before = read_records(file, Outcome)
        stages = [stage.stage for stage in self._commit.stages]
        after = clean_outcomes(before, stages, self._denied)
        if record_type is Document and self._kept is not None:
            with self._run.open(self._kept.path) as file:
                table = pq.ParquetFile(file).read(columns=["source.source_id"])
            sources = Counter(row["source"]["source_id"] for row in table.to_pylist())
            after = recount_documents(after, stages[-1], sources)
        if after != before:
            self._run.put_file(self._outcomes.path, self._written(after, Outcome))
        return after

    def _remove_fetched(self) -> int:
        """Remove fetched files, which are named by their digest, and so by their video."""
        videos = self._denied.videos
        gone = [
            file
            for file in self._commit.files
            if PurePosixPath(file.path).stem in videos and file.path not in self._freed
        ]
        for file in gone:
            self._remove(file)
        return len(gone)

    def _remove(self, file: CommittedFile) -> None:
        self._run.remove(file.path)
        self._lost.add(file.path)

    def _written(self, records: Sequence[Any], record_type: type[Any]) -> Path:
        path = self._local / f"{record_type.__name__}.parquet"
        write_records(path, records, record_type)
        return path

    def _num_rows(self, file: CommittedFile) -> int:
        with self._run.open(file.path) as opened:
            return int(pq.read_metadata(opened).num_rows)

    def _describe(self, file: CommittedFile) -> CommittedFile:
        """Return what is true of a file now: one of ours may have been replaced, also before."""
        is_ours = PurePosixPath(file.path).name in (KEPT_NAME, OUTCOMES_NAME, MEDIA_NAME)
        if not is_ours or file.path in self._freed:
            return file
        with self._run.open(file.path) as opened:
            num_bytes = opened.seek(0, 2)
        # Emptied media is smaller than before; reading gigabytes to see it would be a waste.
        if file.path.endswith(f"/{MEDIA_NAME}") and num_bytes == file.num_bytes:
            return file
        sha256 = stored_digest(self._run, file.path)
        if sha256 != file.sha256:
            self._check(file)
        return CommittedFile(path=file.path, num_bytes=num_bytes, sha256=sha256)

    def _check(self, file: CommittedFile) -> None:
        """Read a file whose digest is new: damage must not be taken for a takedown."""
        with self._run.open(file.path) as opened:
            parquet = pq.ParquetFile(opened, page_checksum_verification=True)
            for group in range(parquet.num_row_groups):
                parquet.read_row_group(group)


def _count(stages: Sequence[StageCounts], outcomes: Sequence[Outcome]) -> tuple[StageCounts, ...]:
    counted = []
    for stage in stages:
        own = [outcome for outcome in outcomes if outcome.stage == stage.stage]
        fates = Counter(outcome.disposition for outcome in own)
        numbers = {fate.value: fates[fate] for fate in Disposition}
        outputs = sum(outcome.num_outputs for outcome in own)
        counted.append(StageCounts(stage=stage.stage, outputs=outputs, **numbers))
    return tuple(counted)
