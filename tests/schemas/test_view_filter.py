"""Views see what was judged of a document, and read it only when they ask."""

import hashlib
import io
import pickle
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interlink.schemas.arrow import to_table
from interlink.schemas.audit import ClipVerdict
from interlink.schemas.audit_row import AuditedClip
from interlink.schemas.errors import EnvironmentFault
from interlink.schemas.manifest import Manifest, Provenance, PublishedAudit
from interlink.schemas.view import Rule, View
from interlink.schemas.view_filter import asks_audits, open_filter

ROWS = pa.table(
    {
        "document_id": ["d0", "d1", "d2", "d3"],
        "content_sha256": ["s0", "s1", "s2", "s3"],
        "split": ["train", "train", "eval", "train"],
    }
)
NOTHING_JUDGED = Manifest(
    version=1,
    schema_id="s",
    content_digest="c",
    parents=(),
    shard_lists=(),
    provenance=Provenance(run="r", recipe_digest="d", code_version="0", created="2026-01-01"),
)


def judged(document: int, clip: str, verdict: str, num_wrong: int = 0, severity: int = 0):
    return AuditedClip(
        document_id=f"d{document}",
        content_sha256=f"s{document}",
        clip_id=clip,
        num_raters=1,
        clip_verdict=ClipVerdict(verdict),
        num_right=1,
        num_wrong=num_wrong,
        num_cannot_tell=0,
        max_severity=severity,
    )


def publish(*audits: list[AuditedClip]) -> tuple[Manifest, dict[str, bytes]]:
    """Return a manifest that names these audits, and its files."""
    files, published = {}, []
    for number, clips in enumerate(audits):
        buffer = io.BytesIO()
        pq.write_table(to_table(clips, AuditedClip), buffer)
        path = f"audits/{number}/clips.parquet"
        files[path] = buffer.getvalue()
        published.append(
            PublishedAudit(
                audit_id=str(number),
                ratings_path="-",
                ratings_sha256="-",
                num_ratings=1,
                clips_path=path,
                clips_sha256=hashlib.sha256(files[path]).hexdigest(),
                num_clips=len(clips),
                report_path="-",
                report_sha256="-",
            )
        )
    return replace(NOTHING_JUDGED, audits=tuple(published)), files


def kept(manifest: Manifest, files: dict[str, bytes], *rules: tuple) -> list[str]:
    view = View(name="v", rules=tuple(Rule(column=c, op=o, value=v) for c, o, v in rules))
    return open_filter(view, manifest, files.__getitem__).apply(ROWS)["document_id"].to_pylist()


AUDIT = [
    judged(0, "a", "good"),
    judged(0, "b", "flawed", num_wrong=2, severity=1),
    judged(1, "c", "bad", num_wrong=1, severity=3),
]


def test_columns_are_counts_over_the_judged_clips_of_a_document():
    manifest, files = publish(AUDIT)
    for rule, expected in {
        ("audit.num_clips", "==", 2): ["d0"],
        ("audit.num_clips", ">", 0): ["d0", "d1"],
        ("audit.num_flawed", "==", 1): ["d0"],
        ("audit.num_bad", ">=", 1): ["d1"],
        ("audit.num_wrong", "==", 2): ["d0"],
        ("audit.max_severity", "==", 3): ["d1"],
    }.items():
        assert kept(manifest, files, rule) == expected, rule


def test_where_nobody_judged_every_column_is_zero():
    manifest, files = publish(AUDIT)
    assert kept(manifest, files, ("audit.max_severity", "<", 3)) == ["d0", "d2", "d3"]
    assert kept(manifest, files, ("audit.num_clips", "==", 0)) == ["d2", "d3"]
    assert kept(NOTHING_JUDGED, {}, ("audit.num_clips", "==", 0)) == ["d0", "d1", "d2", "d3"]
    assert kept(NOTHING_JUDGED, {}, ("audit.num_clips", ">", 0)) == []


def test_rules_on_stored_columns_and_on_audits_must_all_hold():
    manifest, files = publish(AUDIT)
    rules = ("split", "==", "train"), ("audit.max_severity", "<", 3)
    assert kept(manifest, files, *rules) == ["d0", "d3"]


def test_of_a_clip_that_two_audits_judged_the_worst_counts_once():
    other = [judged(0, "b", "bad", num_wrong=1, severity=2), judged(2, "z", "flawed")]
    manifest, files = publish(AUDIT, other)
    for rule in (
        ("audit.num_clips", "==", 2),
        ("audit.num_bad", "==", 1),
        ("audit.num_wrong", "==", 2),
        ("audit.max_severity", "==", 2),
    ):
        assert "d0" in kept(manifest, files, rule), rule
    assert kept(manifest, files, ("audit.num_flawed", "==", 1)) == ["d2"]


def test_of_a_document_with_other_content_than_was_judged_nothing_is_known():
    manifest, files = publish([replace(judged(1, "c", "bad"), content_sha256="before")])
    assert kept(manifest, files, ("audit.num_clips", ">", 0)) == []


def test_audits_are_read_only_when_a_rule_asks():
    manifest, _ = publish(AUDIT)
    by_split = View(name="v", rules=(Rule(column="split", op="==", value="eval"),))
    for view in (None, by_split):
        assert not asks_audits(view)
        open_filter(view, manifest, lambda path: pytest.fail(f"read {path}"))


def test_the_filter_says_which_stored_columns_it_needs_and_keeps_the_others():
    manifest, files = publish(AUDIT)
    view = View(name="v", rules=(Rule(column="audit.num_bad", op=">", value=0),))
    chosen = open_filter(view, manifest, files.__getitem__)
    assert chosen.columns == ["document_id", "content_sha256"]
    assert chosen.apply(ROWS).column_names == ROWS.column_names
    assert pickle.loads(pickle.dumps(chosen)).apply(ROWS) == chosen.apply(ROWS)
    assert chosen.apply(ROWS.slice(0, 0)).num_rows == 0


def test_unknown_columns_are_told():
    view = View(name="v", rules=(Rule(column="audit.num_good", op=">", value=0),))
    with pytest.raises(ValueError, match=r"no column 'audit.num_good': 'audit' has \['max_sev"):
        open_filter(view, NOTHING_JUDGED, lambda path: b"")


def test_a_lost_or_changed_file_is_told():
    manifest, files = publish(AUDIT)
    view = View(name="v", rules=(Rule(column="audit.num_bad", op=">", value=0),))

    def lost(path: str) -> bytes:
        raise FileNotFoundError(path)

    with pytest.raises(EnvironmentFault, match=r"lacks audits/0/clips.parquet, which its manifest"):
        open_filter(view, manifest, lost)
    with pytest.raises(EnvironmentFault, match="does not have the digest that the manifest names"):
        open_filter(view, manifest, lambda path: files[path] + b"x")
