"""The audit of the demo: made from its own shards, and never over what somebody judged."""

import io

import pytest
from rich.console import Console

from interlink.pipeline.audit.plan import read_plan
from interlink.pipeline.commands import demo_audit
from interlink.pipeline.storage.store import Store


@pytest.fixture
def make(finished, tmp_path):
    """Makes the audit of the finished demo; returns whether it is there, and what was printed."""

    def make_audit():
        printed = io.StringIO()
        console = Console(file=printed, width=200)
        dataset = str(finished / "demo" / "dataset")
        return demo_audit.make_audit(console, dataset, tmp_path), printed.getvalue()

    return make_audit


def test_the_demo_ends_by_saying_where_to_judge_and_what_to_do_then(finished):
    folder = finished / "demo" / "audit"
    printed = (finished / "printed.txt").read_text()
    assert "2 clips, of which 0 come twice" in printed
    assert printed.splitlines()[-5:] == [
        f"run         {finished}/demo/run: plans, commits, stats.json",
        f"audit       {folder}/site/index.html: open it, judge, download the ratings",
        f"next: interlink inspect {finished}/demo/dataset",
        f"      interlink audit import {folder} RATINGS",
        f"      interlink audit report {folder}",
    ]
    assert (folder / "site" / "index.html").is_file()


def test_it_is_made_again_in_the_same_place_and_ratings_stay(make, tmp_path):
    assert make()[0]
    (tmp_path / "audit" / "ratings").mkdir()
    plan = read_plan(Store(str(tmp_path / "audit")))
    assert make()[0]
    assert read_plan(Store(str(tmp_path / "audit"))) == plan
    assert (tmp_path / "audit" / "ratings").is_dir()


def test_the_audit_of_other_clips_is_replaced_unless_somebody_judged_them(make, tmp_path):
    folder = tmp_path / "audit"
    make()
    (folder / "of_the_other").touch()
    (folder / "made_by_demo.txt").write_text("another audit")
    assert make()[0]
    assert not (folder / "of_the_other").exists()
    (folder / "made_by_demo.txt").write_text("another audit")
    (folder / "ratings").mkdir()
    plan = (folder / "plan.json").read_text()
    other = read_plan(Store(str(folder))).audit_id[::-1]
    (folder / "plan.json").write_text(plan.replace(other[::-1], other))
    is_there, printed = make()
    assert not is_there
    assert f"no audit: {folder} holds another audit" in printed
    assert (folder / "ratings").is_dir()


def test_what_no_demo_has_marked_stays(make, tmp_path):
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit" / "own").touch()
    assert make()[0]
    assert (tmp_path / "audit" / "own").exists()
