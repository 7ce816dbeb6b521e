"""What differs between two versions of a dataset, or between two datasets: rows, not only files."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ...schemas.manifest import Manifest, Shard
from ..storage.store import Store
from .rows import rows_of
from .versions import read_shards

_COLUMNS = ["document_id", "content_sha256", "source.source_id"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Names that only one of two has, and names whose content differs."""

    added: tuple[str, ...]
    """Those that only the second has, sorted."""
    removed: tuple[str, ...]
    """Those that only the first has."""
    changed: tuple[str, ...]
    """Those that both have, with other content."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.removed or self.changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceChanges:
    """How many documents of one source differ."""

    source_id: str
    """The source."""
    num_added: int
    """Documents that only the second has."""
    num_removed: int
    """Documents that only the first has."""
    num_changed: int
    """Documents with other content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionDiff:
    """What differs between a first and a second version."""

    num_equal_shards: int
    """Shards with the very same bytes, of documents and of clip files."""
    num_first_shards: int
    """Other shards of the first."""
    num_second_shards: int
    """Other shards of the second."""
    num_equal_documents: int
    """Documents of other shards that are equal, row for row, though their files are not."""
    documents: Changes
    """Documents by id; changed where `content_sha256` is another."""
    sources: tuple[SourceChanges, ...]
    """The same by source, the most changes first."""
    not_compared: tuple[str, ...]
    """Parts of which a file is lost, or was removed by a takedown: left out of all but shards."""
    views: Changes
    """Views by name."""
    tombstones: Changes
    """What was taken down, as `kind id`."""
    audits: Changes
    """Published audits by id."""
    is_same_content: bool
    """Whether both have the same content digest: equal in every byte of documents and clips."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs but, perhaps, how files were written."""
        named = (self.documents, self.views, self.tombstones, self.audits)
        return all(changes.is_empty for changes in named) and not self.not_compared


def diff_versions(first: tuple[Store, Manifest], second: tuple[Store, Manifest]) -> VersionDiff:
    """Compare two versions, reading rows of those shards alone whose bytes differ.

    The ids of these rows are held, 130 bytes for each.

    Raises:
        EnvironmentFault: a list of shards is not what its manifest says.
    """
    before, after = list(read_shards(*first)), list(read_shards(*second))
    common = Counter(map(_key, before)) & Counter(map(_key, after))
    before, after = list(_others(before, common)), list(_others(after, common))
    lost = {s.part for s in before if not first[0].exists(s.docs_path)}
    lost |= {s.part for s in after if not second[0].exists(s.docs_path)}
    old = _rows(first[0], (shard for shard in before if shard.part not in lost))
    new = _rows(second[0], (shard for shard in after if shard.part not in lost))
    documents = _changes(old, new, lambda row: row[0])
    one, other = first[1], second[1]
    return VersionDiff(
        num_equal_shards=common.total(),
        num_first_shards=len(before),
        num_second_shards=len(after),
        num_equal_documents=len(old) - len(documents.removed) - len(documents.changed),
        documents=documents,
        sources=_by_source(documents, old, new),
        not_compared=tuple(sorted(lost)),
        views=_changes(
            {view.name: view for view in one.views}, {view.name: view for view in other.views}
        ),
        tombstones=_changes(_stones(one), _stones(other)),
        audits=_changes(
            {audit.audit_id: audit for audit in one.audits},
            {audit.audit_id: audit for audit in other.audits},
        ),
        is_same_content=one.content_digest == other.content_digest,
    )


def _key(shard: Shard) -> tuple[str, str | None]:
    return shard.docs_sha256, shard.media_sha256


def _others(shards: Iterable[Shard], common: Counter[tuple[str, str | None]]) -> Iterator[Shard]:
    """Yield the shards that are left when those that both have are taken away."""
    left = Counter(common)
    for shard in shards:
        if left[_key(shard)]:
            left[_key(shard)] -= 1
        else:
            yield shard


def _rows(dataset: Store, shards: Iterable[Shard]) -> dict[str, tuple[str, str]]:
    """Return content digest and source of each document of some shards."""
    return {
        row["document_id"]: (row["content_sha256"], row["source"]["source_id"])
        for shard in shards
        for row in rows_of(dataset, shard.docs_path, _COLUMNS)
    }


def _stones(manifest: Manifest) -> dict[str, str]:
    return {f"{stone.kind or 'any'} {stone.id}": stone.reason for stone in manifest.tombstones}


def _changes(
    old: dict[str, Any], new: dict[str, Any], content: Callable[[Any], object] = lambda one: one
) -> Changes:
    both = old.keys() & new.keys()
    return Changes(
        added=tuple(sorted(new.keys() - old.keys())),
        removed=tuple(sorted(old.keys() - new.keys())),
        changed=tuple(sorted(name for name in both if content(old[name]) != content(new[name]))),
    )


def _by_source(
    documents: Changes, old: dict[str, tuple[str, str]], new: dict[str, tuple[str, str]]
) -> tuple[SourceChanges, ...]:
    added = Counter(new[name][1] for name in documents.added)
    removed = Counter(old[name][1] for name in documents.removed)
    changed = Counter(new[name][1] for name in documents.changed)
    total = added + removed + changed
    return tuple(
        SourceChanges(
            source_id=source,
            num_added=added[source],
            num_removed=removed[source],
            num_changed=changed[source],
        )
        for source, _ in sorted(total.items(), key=lambda item: (-item[1], item[0]))
    )
