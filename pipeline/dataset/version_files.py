"""Which files the versions of a dataset name. What none names is no part of it."""

from collections.abc import Iterator

from ...schemas.manifest import Manifest, Shard
from ..storage.store import Store
from .shard_lists import read_list
from .versions import manifest_path, manifest_versions, read_manifest


class VersionFiles:
    """The files of versions. Versions share most of their lists, which are read once.

    Args:
        dataset: where the dataset lies.
    """

    def __init__(self, dataset: Store) -> None:
        self._dataset = dataset
        self._lists: dict[str, list[Shard]] = {}

    def manifests(self) -> Iterator[Manifest]:
        """Yield all versions, oldest first.

        Raises:
            EnvironmentFault: one cannot be read.
        """
        for version in manifest_versions(self._dataset):
            yield read_manifest(self._dataset, version)

    def shards(self, manifest: Manifest) -> Iterator[Shard]:
        """Yield the shards of a version; none of a list that is lost.

        Raises:
            EnvironmentFault: a list is not what the manifest says.
        """
        for listed in manifest.shard_lists:
            if listed.path not in self._lists:
                exists = self._dataset.exists(listed.path)
                self._lists[listed.path] = read_list(self._dataset, listed) if exists else []
            yield from self._lists[listed.path]

    def read_all(self) -> None:
        """Read all versions and their lists, to see that one can.

        Raises:
            EnvironmentFault: a version cannot be read, or a list is not what a version says.
        """
        for manifest in self.manifests():
            for _ in self.shards(manifest):
                pass

    def shard_paths(self, manifest: Manifest) -> set[str]:
        """Return the paths of a version's docs and media files."""
        return {path for shard in self.shards(manifest) for path in shard_paths(shard)}

    def paths(self, manifest: Manifest) -> set[str]:
        """Return the paths of all files of a version, its manifest's among them."""
        audits = {
            path
            for audit in manifest.audits
            for path in (audit.ratings_path, audit.clips_path, audit.report_path)
        }
        lists = {listed.path for listed in manifest.shard_lists}
        return {manifest_path(manifest.version)} | lists | self.shard_paths(manifest) | audits


def shard_paths(shard: Shard) -> list[str]:
    """Return the paths of a shard's files, documents first."""
    return [shard.docs_path, *([shard.media_path] if shard.media_path else [])]
