"""Manifests survive their file, and their digests mean what they say."""

import json
from dataclasses import replace

import pytest

from interlink.schemas.manifest import (
    Manifest,
    Provenance,
    PublishedAudit,
    Shard,
    ShardList,
    Tombstone,
    TombstoneKind,
    content_digest,
    schema_id,
)
from interlink.schemas.view import DEFAULT_VIEWS, Rule, View

PROVENANCE = Provenance(
    run="r",
    recipe_digest="d",
    code_version="1",
    created="2026-01-01T00:00:00+00:00",
    packages={"pyarrow": "25"},
)
SHARDS = tuple(
    ShardList(
        plan=f"{n:03d}",
        path=f"_manifest/files-{n}.parquet",
        sha256=f"{n}" * 64,
        num_shards=1,
        num_documents=10 * n,
        num_bytes=100 * n,
    )
    for n in (1, 2)
)
MANIFEST = Manifest(
    version=2,
    schema_id="s",
    content_digest="c",
    parents=(1,),
    shard_lists=SHARDS,
    views=(*DEFAULT_VIEWS, View(name="v", rules=(Rule(column="split", op="in", value=("a",)),))),
    tombstones=(Tombstone(id="x", reason="asked for", version=2),),
    audits=(
        PublishedAudit(
            audit_id="a",
            ratings_path="audits/a/ratings.parquet",
            ratings_sha256="1" * 64,
            num_ratings=3,
            clips_path="audits/a/clips.parquet",
            clips_sha256="2" * 64,
            num_clips=2,
            report_path="audits/a/report.json",
            report_sha256="3" * 64,
        ),
    ),
    provenance=PROVENANCE,
)


def _shard(part, docs, media):
    return Shard(
        part=part,
        docs_path=f"docs/{part}",
        docs_bytes=1,
        docs_sha256=docs,
        num_documents=1,
        min_document_id="a",
        max_document_id="b",
        media_path=None,
        media_bytes=0,
        media_sha256=media,
        num_media=0,
    )


def test_a_manifest_survives_its_file():
    assert Manifest.from_json(MANIFEST.to_json()) == MANIFEST


def test_tombstones_survive_it_with_their_kind_and_those_from_before_kinds_can_be_read():
    clip = Tombstone(
        id="c",
        kind=TombstoneKind.CLIP,
        reason="asked for",
        version=3,
        video_id="v",
        start_us=1,
        end_us=2,
    )
    manifest = replace(MANIFEST, tombstones=(clip,))
    assert Manifest.from_json(manifest.to_json()).tombstones == (clip,)
    row = json.loads(MANIFEST.to_json())
    row["tombstones"] = [{"id": "x", "reason": "asked for", "version": 2}]
    assert Manifest.from_json(json.dumps(row).encode()) == MANIFEST


def test_totals_are_sums_over_plans():
    assert (MANIFEST.num_documents, MANIFEST.num_bytes) == (30, 300)


def test_a_later_format_is_refused():
    row = json.loads(MANIFEST.to_json()) | {"format_version": 99}
    with pytest.raises(ValueError, match=r"format_version=99, .* reads up to 1: update it"):
        Manifest.from_json(json.dumps(row).encode())


def test_the_content_digest_follows_files_and_their_order_and_nothing_else():
    one, two = _shard("001-00000", "a", None), _shard("001-00001", "b", "m")
    digest = content_digest([one, two])
    assert content_digest([replace(one, docs_path="x", part="9"), two]) == digest
    assert content_digest([two, one]) != digest
    assert content_digest([one, replace(two, media_sha256=None)]) != digest


def test_a_shard_knows_its_plan():
    assert _shard("012-00042", "a", None).plan == "012"


def test_the_schema_id_is_stable():
    """It changes when a column does; then raise SCHEMA_VERSION if readers must know."""
    assert schema_id() == "259a798dc0414e60a153ea0e7b3cde21"


def test_a_manifest_from_before_there_were_audits_still_reads():
    row = json.loads(MANIFEST.to_json())
    del row["audits"]
    assert Manifest.from_json(json.dumps(row).encode()) == replace(MANIFEST, audits=())
