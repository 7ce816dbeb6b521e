"""Whether anything is left in an audit's folder: every file is named."""

from dataclasses import replace

from interlink.pipeline.audit.plan import put_plan, read_plan
from interlink.pipeline.audit.report.html import render_html
from interlink.pipeline.audit.report.report_file import read_report, write_report
from interlink.pipeline.audit.takedown.folder import clean_audit
from interlink.pipeline.audit.takedown.verify import left_in_audit
from interlink.pipeline.storage.store import Store
from interlink.schemas.audit import StratumSize
from interlink.schemas.audit_report import StratumReport
from interlink.schemas.denied import Denied
from interlink.schemas.ids import group_key


def names(judged, denied: Denied) -> set[str]:
    return {
        one.path.relative_to(judged.folder).as_posix().split("/")[0]
        for one in left_in_audit(judged.folder, denied)
    }


def test_every_place_is_named_before_and_none_after(judged):
    denied = Denied(videos=frozenset({judged.documents["v0"].video_id}))
    assert names(judged, denied) == {
        "items.parquet",
        "ratings",
        "ratings-ann.jsonl",
        "report",
        "site",
        "export",
    }
    before = {p: p.read_bytes() for p in judged.folder.rglob("*") if p.is_file()}
    assert before == {p: p.read_bytes() for p in judged.folder.rglob("*") if p.is_file()}
    clean_audit(judged.folder, denied)
    assert names(judged, denied) == set()


def test_a_picture_alone_is_found(judged):
    denied = Denied(videos=frozenset({judged.documents["v0"].video_id}))
    clean_audit(judged.folder, denied)
    clip = judged.documents["v0"].clips[0].clip_id
    (judged.folder / "site" / "sheets" / f"{clip}.jpg").write_bytes(b"picture")
    assert names(judged, denied) == {"site"}


def test_a_file_that_nobody_can_look_into_is_no_clean_one(judged):
    denied = Denied(videos=frozenset({judged.documents["v0"].video_id}))
    (judged.folder / "sheet.xlsx").write_bytes(b"PK")
    changes = clean_audit(judged.folder, denied)
    [left] = left_in_audit(judged.folder, denied)
    assert left.is_unread
    assert changes.unread == ((left.path, left.what),)
    assert (left.path, changes.files.count(left.path)) == (judged.folder / "sheet.xlsx", 0)


def test_the_name_of_a_group_alone_is_found(judged):
    """Plan and report of an earlier takedown may have kept it."""
    folder = Store(str(judged.folder))
    plan, report = read_plan(folder), read_report(folder)
    sizes = (*plan.sizes, StratumSize(stratum="group=@jane, speech=no", population=3, sampled=0))
    put_plan(folder, replace(plan, sizes=sizes))
    stratum = StratumReport(
        stratum="group=@jane, speech=no",
        population=3,
        num_planned=0,
        num_rated=0,
        rates=report.rates,
    )
    told = replace(report, strata=(stratum,))
    write_report(folder, told)
    (judged.folder / "report" / "index.html").write_text(render_html(told, judged.folder))
    assert names(judged, Denied()) == set()
    denied = Denied(groups=frozenset({group_key("@jane")}))
    assert names(judged, denied) == {"plan.json", "report"}
    clean_audit(judged.folder, denied)
    assert names(judged, denied) == set()
    assert read_plan(folder).sizes == plan.sizes
    assert read_plan(folder).num_excluded == plan.num_excluded + 3
    assert "@jane" not in (judged.folder / "report" / "index.html").read_text()
    [after] = read_report(folder).strata
    assert after == replace(stratum, stratum="group=taken down, speech=no")
