"""Versions of a dataset: idempotent, appended plan by plan, safe when two publish at once."""

import dataclasses
import hashlib
import threading
from pathlib import Path

import pytest
from interlink_toy_stores import World, strict_world

from interlink.pipeline.dataset.reader import read_documents
from interlink.pipeline.dataset.versions import (
    commit_version,
    manifest_path,
    newest_manifest,
    read_manifest,
    read_shards,
)
from interlink.pipeline.parts.commit import Commit
from interlink.pipeline.parts.plan import write_plan
from interlink.pipeline.parts.workspace import CommittedFile
from interlink.pipeline.publish.takedown import take_down
from interlink.pipeline.storage.records_file import write_records
from interlink.pipeline.storage.store import Store
from interlink.schemas.document import Document
from interlink.schemas.errors import EnvironmentFault, IncompleteError, UsageError
from interlink.schemas.manifest import Provenance
from interlink.schemas.source import Source

PROVENANCE = Provenance(
    run="test", recipe_digest="0" * 32, code_version="0.1.0", created="2026-01-01T00:00:00+00:00"
)


@pytest.fixture
def run(tmp_path) -> Store:
    return Store(str(tmp_path / "run"))


@pytest.fixture
def dataset(tmp_path) -> Store:
    return Store(str(tmp_path / "dataset"))


@pytest.fixture
def world() -> World:
    with strict_world("world") as world:
        yield world


def planned(document: Document) -> Source:
    """Return the source of a document, short enough to be in one part with others."""
    return Source(source_id=document.source.source_id, uri="toy://", duration_us=1_000_000)


@pytest.fixture
def commit_part(run, tmp_path):
    """Commits documents as a part of the run's last step."""

    def commit(part: str, documents: list[Document]) -> Commit:
        files = []
        kept = tmp_path / "kept.parquet"
        write_records(kept, documents, Document)
        for name, local in [("kept.parquet", kept)]:
            data = local.read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            path = f"steps/assemble/{part}/{digest[:8]}/{name}"
            run.put(path, data)
            files.append(CommittedFile(path=path, num_bytes=len(data), sha256=digest))
        return Commit(
            part=part,
            step="assemble",
            key="k",
            attempt="a",
            num_kept=len(documents),
            stages=(),
            files=tuple(files),
            wall_s=0.0,
        )

    return commit


def test_a_version_names_every_shard_with_its_digest_and_range(
    run, dataset, commit_part, make_documents
):
    documents = make_documents("a", "b")
    manifest = commit_version(
        run, dataset, [commit_part("001-00000", documents)], provenance=PROVENANCE
    )
    (shard,) = read_shards(dataset, manifest)
    data = dataset.read(shard.docs_path)
    ids = sorted(document.document_id for document in documents)
    assert shard.docs_path == f"docs/001-00000-{shard.docs_sha256[:8]}.parquet"
    assert hashlib.sha256(data).hexdigest() == shard.docs_sha256
    assert (shard.docs_bytes, shard.num_documents) == (len(data), 2)
    assert (shard.min_document_id, shard.max_document_id) == (ids[0], ids[-1])
    assert (manifest.version, manifest.num_documents, manifest.parents) == (1, 2, ())


def test_publishing_again_makes_no_new_version(run, dataset, commit_part, make_documents):
    commits = [commit_part("001-00000", make_documents("a"))]
    first = commit_version(run, dataset, commits, provenance=PROVENANCE)
    later = dataclasses.replace(PROVENANCE, created="2027-01-01T00:00:00+00:00")
    assert commit_version(run, dataset, commits, provenance=later) == first
    assert dataset.names("_manifest") == [
        "files-001-" + first.shard_lists[0].sha256[:8] + ".parquet",
        "v000001.json",
    ]


def test_the_next_plan_appends_and_leaves_old_lists_alone(
    run, dataset, commit_part, make_documents
):
    one = [commit_part("001-00000", make_documents("a"))]
    two = [commit_part("002-00000", make_documents("b"))]
    first = commit_version(run, dataset, one, provenance=PROVENANCE)
    second = commit_version(run, dataset, two, provenance=PROVENANCE)
    assert (second.version, second.parents, second.num_documents) == (2, (1,), 2)
    assert second.shard_lists[0] == first.shard_lists[0]
    assert [shard.part for shard in read_shards(dataset, second)] == ["001-00000", "002-00000"]


def test_the_content_digest_depends_on_content_alone(run, tmp_path, commit_part, make_documents):
    parts = [("001-00000", make_documents("a")), ("001-00001", make_documents("b"))]
    commits = [commit_part(part, documents) for part, documents in parts]
    whole = commit_version(run, Store(str(tmp_path / "1")), commits, provenance=PROVENANCE)
    other = dataclasses.replace(PROVENANCE, run="other", code_version="9")
    pieces = Store(str(tmp_path / "2"))
    commit_version(run, pieces, commits[1:], provenance=other)
    late = commit_version(run, pieces, commits[:1], provenance=other)
    assert (whole.version, late.version) == (1, 2)
    assert late.content_digest == whole.content_digest


def test_a_part_with_other_content_takes_its_own_place(run, dataset, commit_part, make_documents):
    documents = make_documents("a", "b")
    write_plan(run, 1, [planned(document) for document in documents])
    old = [commit_part("001-00000", documents[:1])]
    new = [commit_part("001-00000", documents[1:])]
    commit_version(run, dataset, old, provenance=PROVENANCE)
    manifest = commit_version(run, dataset, new, provenance=PROVENANCE)
    (shard,) = read_shards(dataset, manifest)
    assert shard.docs_sha256 == new[0].files[0].sha256
    assert manifest.num_documents == 1


def test_a_part_that_has_no_documents_any_more_loses_its_shard(
    run, dataset, commit_part, make_documents
):
    documents = make_documents("a", "b")
    write_plan(run, 1, [planned(document) for document in documents])
    first, other = commit_part("001-00000", documents[:1]), commit_part("001-00001", documents[1:])
    commit_version(run, dataset, [first, other], provenance=PROVENANCE)
    manifest = commit_version(run, dataset, [commit_part("001-00000", [])], provenance=PROVENANCE)
    assert [shard.part for shard in read_shards(dataset, manifest)] == ["001-00001"]


def test_another_run_s_documents_are_not_put_out(run, dataset, commit_part, make_documents):
    old, new = [commit_part("001-00000", make_documents(name)) for name in ("a", "b")]
    before = commit_version(run, dataset, [old], provenance=PROVENANCE)
    with pytest.raises(UsageError, match=r"holds another run's documents.*a dataset of its own"):
        commit_version(run, dataset, [new], provenance=PROVENANCE)
    assert newest_manifest(dataset) == before


def test_parts_without_documents_are_left_out(run, dataset, commit_part, make_documents):
    commits = [commit_part("001-00000", []), commit_part("001-00001", make_documents("a"))]
    manifest = commit_version(run, dataset, commits, provenance=PROVENANCE)
    assert [shard.part for shard in read_shards(dataset, manifest)] == ["001-00001"]


def test_a_dataset_of_nothing_has_a_version_all_the_same(run, dataset, commit_part):
    commits = [commit_part("001-00000", [])]
    manifest = commit_version(run, dataset, commits, provenance=PROVENANCE)
    assert (manifest.version, manifest.num_documents) == (1, 0)
    assert commit_version(run, dataset, commits, provenance=PROVENANCE) == manifest


@pytest.mark.parametrize("place", ["disk", "a store that lists late"])
def test_plans_that_are_published_at_once_are_all_in_the_newest_version(
    run, dataset, world, commit_part, make_documents, place
):
    if place != "disk":
        dataset, world.listing_delay = Store("strict://world/dataset"), 5
    documents = make_documents("a")
    commits = [commit_part(f"{plan:03d}-00000", documents) for plan in range(1, 7)]
    start = threading.Barrier(len(commits))

    def publish(commit: Commit) -> None:
        start.wait()
        commit_version(run, dataset, [commit], provenance=PROVENANCE)

    threads = [threading.Thread(target=publish, args=(commit,)) for commit in commits]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    newest = newest_manifest(dataset)
    assert newest.version == len(commits)
    assert [shard.part for shard in read_shards(dataset, newest)] == [c.part for c in commits]


def test_shards_are_hard_links_on_one_disk(run, dataset, commit_part, make_documents):
    commit = commit_part("001-00000", make_documents("a"))
    manifest = commit_version(run, dataset, [commit], provenance=PROVENANCE)
    (shard,) = read_shards(dataset, manifest)
    there, here = run.local_path(commit.files[0].path), dataset.local_path(shard.docs_path)
    assert there is not None and here is not None
    assert Path(there).samefile(here)


def test_no_dataset_and_no_such_version_are_said_in_words(
    run, dataset, commit_part, make_documents
):
    assert newest_manifest(dataset) is None
    with pytest.raises(UsageError, match=r"no dataset at .*_manifest/v000001\.json"):
        read_manifest(dataset)
    commit_version(run, dataset, [commit_part("001-00000", [])], provenance=PROVENANCE)
    with pytest.raises(UsageError, match=r"no version 7; it has \[1\]"):
        read_manifest(dataset, 7)


def test_a_changed_list_of_shards_is_refused(run, dataset, commit_part, make_documents):
    commit = commit_part("001-00000", make_documents("a"))
    manifest = commit_version(run, dataset, [commit], provenance=PROVENANCE)
    dataset.put(manifest.shard_lists[0].path, b"something else")
    with pytest.raises(EnvironmentFault, match="does not have the digest"):
        list(read_shards(dataset, manifest))


def test_an_old_version_stays_readable(run, dataset, commit_part, make_documents):
    first = commit_version(
        run, dataset, [commit_part("001-00000", make_documents("a"))], provenance=PROVENANCE
    )
    commit_version(
        run, dataset, [commit_part("002-00000", make_documents("b"))], provenance=PROVENANCE
    )
    assert dataset.exists(manifest_path(2))
    assert read_manifest(dataset, 1) == first


def test_a_dataset_may_lie_in_another_kind_of_store(run, commit_part, make_documents):
    documents = make_documents("a")
    dataset = Store("memory://test-versions")
    try:
        manifest = commit_version(
            run, dataset, [commit_part("001-00000", documents)], provenance=PROVENANCE
        )
        assert next(read_documents("memory://test-versions")).text == documents[0].text
        assert read_manifest(dataset) == manifest
    finally:
        dataset.remove("")


def test_what_was_taken_down_is_not_brought_back_by_a_part_that_was_made_before(
    published, stone, tmp_path
):
    documents = published.documents
    take_down(published.dataset, [stone("video", documents["b"].video_id)])
    newest = read_manifest(published.dataset)
    assert set(published.documents) == {"a", "c"}
    # The run still holds it: nobody named it to the takedown.
    published.publish()
    assert read_manifest(published.dataset) == newest
    other, commits = Store(str(tmp_path / "other")), published.reports[-1].commits
    commit_version(published.run, other, commits[:1], provenance=PROVENANCE)
    take_down(other, [stone("clip", documents["a"].clips[0], documents["a"].video_id)])
    commit_version(published.run, other, commits, provenance=PROVENANCE)
    [one] = [d for d in read_documents(other.url) if d.video_id == documents["a"].video_id]
    assert [c.clip_id for c in one.clips] == [documents["a"].clips[1].clip_id]


def test_a_takedown_that_comes_between_is_kept_to(published, stone, tmp_path, monkeypatch):
    """Another commits tombstones after the shards were linked and before the manifest is put."""
    other = Store(str(tmp_path / "other"))
    gone = published.documents["a"].video_id
    commits = published.reports[-1].commits
    commit_version(published.run, other, commits[:1], provenance=PROVENANCE)
    real, calls = Store.put_if_absent, []

    def put(store: Store, path: str, data: bytes) -> bool:
        if not calls and store.url == other.url:
            calls.append(path)
            take_down(Store(other.url), [stone("video", gone)])
        return real(store, path, data)

    monkeypatch.setattr(Store, "put_if_absent", put)
    commit_version(published.run, other, commits, provenance=PROVENANCE)
    assert calls
    assert gone not in {d.video_id for d in read_documents(other.url)}
    assert len(list(read_documents(other.url))) == 2


def test_a_part_that_a_takedown_has_just_changed_is_not_published_under_its_old_digest(
    published, stone, tmp_path
):
    commits, other = published.reports[-1].commits, Store(str(tmp_path / "other"))
    stones = [stone("video", published.documents["a"].video_id)]
    take_down(published.dataset, stones, runs=[published.run])
    with pytest.raises(IncompleteError, match=r"a takedown may just have changed it; run again"):
        commit_version(published.run, other, commits, provenance=PROVENANCE)
