"""Commits of a run, step by step, of whatever recipe."""

import json

from interlink.pipeline.dataset.run_commits import (
    commits_of,
    current_folders,
    first_step_folders,
    freed_plans,
    kept_columns,
    plan_of,
    step_folders,
    step_name,
)


def test_steps_are_those_on_disk_and_the_newest_recipe_says_which_comes_first(published):
    names = sorted(filter(None, map(step_name, step_folders(published.run))))
    assert names == ["assemble", "cut", "fetch"]
    assert [step_name(f) for f in current_folders(published.run)] == ["fetch", "cut", "assemble"]
    assert [step_name(f) for f in first_step_folders(published.run)] == ["fetch"]


def test_what_parts_kept_is_read_by_column_where_they_have_it(published):
    [folder] = first_step_folders(published.run)
    commits = list(commits_of(published.run, folder))
    assert [commit.part for commit in commits] == [f"001-{n:05d}" for n in range(4)]
    rows = [row for c in commits for row in kept_columns(published.run, c, ["video_id"])]
    assert {row["video_id"] for row in rows} == {
        document.video_id for document in published.documents.values()
    }
    assert kept_columns(published.run, commits[0], ["no_such_column"]) == []


def test_plans_that_were_freed_are_known_by_their_notes(published):
    assert freed_plans(published.run) == set()
    published.run.put("freed/001.json", json.dumps({}).encode())
    published.run.put("freed/001-done.json", b"{}")
    assert freed_plans(published.run) == {1}
    assert plan_of("001-00002") == 1
