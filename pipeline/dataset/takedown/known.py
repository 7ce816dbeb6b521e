"""What a dataset and its runs know of sources, videos and clips: what a request is looked up in."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ....transforms.text.document_source import group_of
from ...parts.plan import plan_numbers, plan_sources
from ...storage.store import Store
from ..clean_shard import ID_COLUMNS
from ..funnel import funnel_paths
from ..rows import rows_of
from ..run_commits import commits_of, first_step_folders, kept_columns, step_folders

DOCS_FOLDER = "docs"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSource:
    """What one place says of a source."""

    source_id: str
    """The source."""
    video_id: str | None = None
    """Its video, where the place knows."""
    group: str | None = None
    """Its group as documents have it, where the place knows."""
    uri: str | None = None
    """Its URI as it was asked for, where the place knows."""
    public_uri: str | None = None
    """Its URI as documents have it, where the place knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownClip:
    """A clip of a document."""

    clip_id: str
    """The clip."""
    video_id: str
    """Its video."""
    start_us: int
    """Its start."""
    end_us: int
    """Its end, exclusive."""


class Known:
    """A dataset and its runs, read from end to end as often as asked: nothing of it is held.

    Args:
        dataset: where the dataset lies; files that only older versions name are read too.
        runs: runs that made it.
    """

    def __init__(self, dataset: Store, runs: Sequence[Store]) -> None:
        self._dataset = dataset
        self._runs = runs

    def sources(self) -> Iterator[KnownSource]:
        """Yield what is known of each source, place by place."""
        for row in self._documents():
            yield KnownSource(
                source_id=row["source"]["source_id"],
                video_id=row["video_id"],
                group=row["source"]["group"],
                public_uri=row["source"]["uri"],
            )
        for path in funnel_paths(self._dataset):
            for row in rows_of(self._dataset, path, ["source_id", "video_id"]):
                yield KnownSource(source_id=row["source_id"], video_id=row["video_id"])
        for run in self._runs:
            yield from _planned(run)
            yield from _fetched(run)

    def clips(self) -> Iterator[KnownClip]:
        """Yield the clips of all documents, and those that runs chose."""
        for row in self._documents():
            for clip in row["clips"]:
                yield KnownClip(
                    clip_id=clip["clip_id"],
                    video_id=row["video_id"],
                    start_us=clip["start_us"],
                    end_us=clip["end_us"],
                )
        names = [field.name for field in dataclasses.fields(KnownClip)]
        for run in self._runs:
            for folder in step_folders(run):
                for commit in commits_of(run, folder):
                    yield from (KnownClip(**row) for row in kept_columns(run, commit, names))

    def _documents(self) -> Iterator[dict[str, Any]]:
        for name in self._dataset.names(DOCS_FOLDER):
            if name.endswith(".parquet"):
                columns = [*ID_COLUMNS, "source.uri"]
                yield from rows_of(self._dataset, f"{DOCS_FOLDER}/{name}", columns)


def _planned(run: Store) -> Iterator[KnownSource]:
    for number in plan_numbers(run):
        for source in plan_sources(run, number):
            if source.uri:  # else it was taken down before
                yield KnownSource(
                    source_id=source.source_id, group=group_of(source), uri=source.uri
                )
            else:
                yield KnownSource(source_id=source.source_id)


def _fetched(run: Store) -> Iterator[KnownSource]:
    columns = ["video_id", "source.source_id"]
    for folder in first_step_folders(run):
        for commit in commits_of(run, folder):
            for row in kept_columns(run, commit, columns):
                yield KnownSource(source_id=row["source"]["source_id"], video_id=row["video_id"])
