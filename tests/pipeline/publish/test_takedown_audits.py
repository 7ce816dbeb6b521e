"""Published audits without what was taken down; rates stay."""

import pytest
from interlink_toy_audits import MadeAudit

from interlink.pipeline.audit.report.make import make_report
from interlink.pipeline.dataset.dry_store import DryStore
from interlink.pipeline.dataset.versions import read_manifest
from interlink.pipeline.publish.audit_rows import audit_rows, audited_clips
from interlink.pipeline.publish.findings import (
    Findings,
    commit_audit,
    read_published,
    read_reports,
    write_findings,
)
from interlink.pipeline.publish.takedown import take_down
from interlink.pipeline.publish.takedown_audits import clean_audits, stale_audit_files
from interlink.schemas.denied import Denied
from interlink.schemas.ids import group_key

GROUPS = {"a": "@jane", "b": "@joe"}


@pytest.fixture
def audit(published):
    """Publishes what somebody found about two clips of video `a` and of `b`, in strata by group."""
    made = MadeAudit("audit")
    for name, group in GROUPS.items():
        for clip in published.documents[name].clips:
            made.add(
                clip.clip_id,
                "A cat sits. A dog runs.",
                video=published.documents[name].video_id,
                group=group,
                stratum=f"group={group}",
            )
            made.rate(clip.clip_id, "wr")
    digests = {item.document_id: "d" for item in made.items}
    findings = Findings(
        rows=audit_rows(made.plan, made.ratings, digests),
        clips=audited_clips(made.plan, made.ratings, digests),
        report=make_report(made.plan, made.ratings),
    )
    published_audit = write_findings(published.dataset, findings)
    commit_audit(published.dataset, published_audit, lambda manifest: None)
    return published_audit


def test_ratings_clips_and_examples_of_it_go_and_rates_stay(published, stone, audit):
    gone = published.documents["a"]
    before = read_reports(published.dataset, read_manifest(published.dataset))[0]
    done = take_down(published.dataset, [stone("video", gone.video_id)])
    [after] = done.manifest.audits
    assert (done.audits.num_ratings, after.num_ratings, after.num_clips) == (2, 2, 2)
    rows = read_published(published.dataset, after)
    assert {row.video_id for row in rows} == {published_video(published, "b")}
    [report] = read_reports(published.dataset, done.manifest)
    assert report.rates == before.rates
    examples = {one.video_id for error in report.errors for one in error.examples}
    assert examples == {published_video(published, "b")}
    assert not published.dataset.exists(audit.ratings_path)
    assert not published.dataset.exists(audit.report_path)
    assert done.num_audit_files == 3


def published_video(published, name: str) -> str:
    return published.documents[name].video_id


def test_an_audit_of_which_nothing_is_left_goes(published, stone, audit):
    stones = [stone("video", published.documents[name].video_id) for name in "ab"]
    done = take_down(published.dataset, stones)
    assert done.manifest.audits == ()
    assert published.dataset.names(f"audits/{audit.audit_id}") == []


def test_an_audit_of_others_keeps_its_files(published, stone, audit):
    done = take_down(published.dataset, [stone("video", published.documents["c"].video_id)])
    assert done.manifest.audits == (audit,)
    assert done.num_audit_files == 0


def test_earlier_results_are_removed_ratings_last(published, stone, audit):
    denied = Denied(videos=frozenset({published.documents["a"].video_id}))
    stale = list(stale_audit_files(published.dataset, [], denied))
    assert [path.rsplit("/", 1)[-1].split("-")[0] for path in stale] == [
        "clips",
        "report",
        "ratings",
    ]
    assert list(stale_audit_files(published.dataset, [audit], denied)) == []


def test_the_name_of_a_group_goes_out_of_reports_and_their_numbers_stay(published, stone, audit):
    [before] = read_reports(published.dataset, read_manifest(published.dataset))
    video = stone("video", published.documents["a"].video_id)
    done = take_down(published.dataset, [video, stone("group", group_key("@jane"))])
    [after] = read_reports(published.dataset, done.manifest)
    assert [one.stratum for one in after.strata] == ["group=taken down", "group=@joe"]
    assert [one.rates for one in after.strata] == [one.rates for one in before.strata]
    root = published.dataset.local_path("")
    told = [path for path in root.rglob("*") if path.is_file() and b"@jane" in path.read_bytes()]
    assert told == []


def test_a_report_of_an_earlier_takedown_that_names_a_group_is_found(published, stone, audit):
    denied = Denied(groups=frozenset({group_key("@jane")}))
    assert list(stale_audit_files(published.dataset, [], denied)) == [audit.report_path]
    newest = read_manifest(published.dataset)
    assert clean_audits(DryStore(published.dataset.url), newest.audits, denied).audits != (audit,)
