"""What is noted of a published plan, and when the note holds."""

import dataclasses

import pytest

from interlink.pipeline.parts.commit import StageCounts
from interlink.pipeline.plans.published import note_published, published_reports, read_published
from interlink.pipeline.step_run import StepReport
from interlink.pipeline.storage.store import Store
from interlink.schemas.manifest import Manifest, Provenance, ShardList

FOLDER = "steps/assemble-0123456789ab"


@pytest.fixture
def store(tmp_path) -> Store:
    """A run in which three parts of the first plan, and one of the second, are done."""
    for part in ("001-00000", "001-00001", "001-00002", "002-00000"):
        (tmp_path / FOLDER / part).mkdir(parents=True)
    return Store(str(tmp_path))


REPORT = StepReport(
    plan=1,
    step="assemble",
    engine="local",
    folder=FOLDER,
    num_parts=3,
    num_reused=1,
    stages=(StageCounts(stage="documents", kept=3, outputs=3),),
    wall_s=1.5,
    cpu_s=1.0,
    busy_s=1.25,
    busy_cpu_s=1.0,
    longest_s=0.5,
    commits=(),
)


def manifest(**lists: str) -> Manifest:
    """Return a version with these lists of shards: digests by plan, as in `p001="a"`."""
    return Manifest(
        version=1,
        schema_id="s",
        content_digest="c",
        parents=(),
        shard_lists=tuple(
            ShardList(
                plan=plan[1:], path="p", sha256=sha, num_shards=1, num_documents=1, num_bytes=1
            )
            for plan, sha in lists.items()
        ),
        provenance=Provenance(
            run="r", recipe_digest="d", code_version="0", created="", packages={}
        ),
    )


def test_a_published_plan_is_known_with_nothing_left_to_do(store):
    note_published(store, 1, [REPORT], manifest=manifest(p001="a"))
    [again] = published_reports(store, [1, 2], FOLDER, manifest=manifest(p001="a", p002="b"))[1]
    nothing = dict.fromkeys(("wall_s", "cpu_s", "busy_s", "busy_cpu_s", "longest_s"), 0.0)
    assert again == dataclasses.replace(REPORT, num_reused=3, **nothing)
    assert read_published(store, 1, FOLDER) == [again]


@pytest.mark.parametrize(
    ("folder", "newest"),
    [
        ("steps/assemble-ba9876543210", manifest(p001="a")),
        (FOLDER, manifest(p001="b")),
        (FOLDER, manifest(p002="a")),
        (FOLDER, None),
    ],
    ids=["another recipe", "other shards", "no shards", "no dataset"],
)
def test_the_note_is_void_for(store, folder, newest):
    note_published(store, 1, [REPORT], manifest=manifest(p001="a"))
    assert published_reports(store, [1], folder, manifest=newest) == {}


def test_the_note_is_void_when_a_part_was_withdrawn(store):
    note_published(store, 1, [REPORT], manifest=manifest(p001="a"))
    store.remove(f"{FOLDER}/001-00001")
    assert published_reports(store, [1], FOLDER, manifest=manifest(p001="a")) == {}


def test_a_plan_without_documents_may_be_published(store):
    note_published(store, 1, [REPORT], manifest=manifest(p002="b"))
    assert list(published_reports(store, [1], FOLDER, manifest=manifest(p002="b"))) == [1]


def test_what_was_never_published_is_not_there(store):
    assert published_reports(store, [1], FOLDER, manifest=manifest(p001="a")) == {}
    with pytest.raises(FileNotFoundError, match="001-0123456789ab"):
        read_published(store, 1, FOLDER)
