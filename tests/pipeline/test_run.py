"""Runs of a recipe: what they write, what they do again, and what they leave alone."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from interlink_toy_stores import strict_world

from interlink.pipeline.dataset.reader import read_documents
from interlink.pipeline.jobs.job import Job
from interlink.pipeline.jobs.observer import Silent
from interlink.pipeline.parts.plan import plan_numbers
from interlink.pipeline.planning import make_plans
from interlink.pipeline.recipes.recipe import Recipe, load_recipe, make_recipe
from interlink.pipeline.run import run_one, run_recipe, run_steps
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import EnvironmentFault, IncompleteError, UsageError

STEPS = ["fetch", "scan", "transcribe", "cut", "caption", "assemble"]


@pytest.fixture
def videos(make_video, tmp_path) -> Path:
    """A manifest with two tiny videos, `a.mp4` and `b.mp4`."""
    for seed, name in enumerate(("a.mp4", "b.mp4", "c.mp4")):
        make_video(name, shots=(2.2,), size=(64, 48), fps=10, seed=seed)
    manifest = tmp_path / "videos.txt"
    manifest.write_text("a.mp4\nb.mp4\n")
    return manifest


def recipe_of(manifest: Path, **sections) -> Recipe:
    """Return a recipe without on-screen text, which would take a second to load."""
    content = {
        "sources": str(manifest),
        "run": str(manifest.parent / "run"),
        "caption": {"captioner": {"backend": "facts", "read_screen_text": False}},
    }
    return make_recipe(content | sections)


def commits(recipe: Recipe) -> dict[Path, tuple[int, bytes]]:
    found = sorted(Path(recipe.run).glob("steps/*/*/_done.json"))
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in found}


def commits_by_step(recipe: Recipe) -> Counter[str]:
    return Counter(path.parts[-3].rpartition("-")[0] for path in commits(recipe))


def num_documents(recipe: Recipe) -> int:
    return len(list(read_documents(recipe.dataset_url)))


def test_a_run_leaves_recipe_digests_events_and_numbers(videos):
    recipe = recipe_of(videos)
    report = run_recipe(recipe, engine="local")
    run = Path(recipe.run)

    assert load_recipe(run / "recipe.yaml") == recipe
    digests = json.loads((run / "digests.json").read_text())
    assert digests["recipe"] == recipe.digest()
    assert [row["step"] for row in digests["steps"]] == STEPS
    assert all((run / row["folder"]).is_dir() for row in digests["steps"])
    stats = json.loads((run / "stats.json").read_text())["steps"]
    assert [(row["step"], row["num_parts"], row["num_reused"]) for row in stats] == [
        (step, 2, 0) for step in STEPS
    ]
    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    assert Counter(event["event"] for event in events) == {
        "job_started": 1,
        "step_started": 6,
        "part_done": 12,
        "step_ended": 6,
        "plan_published": 1,
        "job_ended": 1,
    }
    assert num_documents(recipe) == report.publication.manifest.num_documents == 2
    assert not list((run / "scratch").iterdir())


def test_running_again_does_nothing_again(videos):
    recipe = recipe_of(videos)
    run_recipe(recipe, engine="local")
    before = commits(recipe)
    again = run_recipe(recipe, engine="local")
    assert commits(recipe) == before
    assert [report.num_reused for report in again.steps] == [2] * 6
    assert again.publication.manifest.version == 1


def test_new_sources_are_the_next_plan_and_old_parts_stay(videos):
    recipe = recipe_of(videos)
    run_recipe(recipe, engine="local")
    before = commits(recipe)
    videos.write_text("c.mp4\na.mp4\n")
    again = run_recipe(recipe, engine="local")
    after = commits(recipe)
    assert {path: after[path] for path in before} == before
    assert commits_by_step(recipe) == dict.fromkeys(STEPS, 3)
    assert [(r.plan, r.num_parts, r.num_reused) for r in again.steps if r.step == "scan"] == [
        (1, 2, 2),
        (2, 1, 0),
    ]
    assert num_documents(recipe) == 3


@pytest.mark.parametrize(
    ("edit", "first"),
    [
        ({"assemble": {"frames_per_clip": 2}}, "assemble"),
        ({"clips": {"min_duration_s": 1.0}}, "cut"),
    ],
)
def test_an_edited_recipe_does_only_later_steps_again(videos, edit, first):
    run_recipe(recipe_of(videos), engine="local")
    edited = recipe_of(videos, **edit)
    report = run_recipe(edited, engine="local")
    changed = STEPS[STEPS.index(first) :]
    assert commits_by_step(edited) == {s: 4 if s in changed else 2 for s in STEPS}
    assert {r.step: r.num_reused for r in report.steps} == {
        s: 0 if s in changed else 2 for s in STEPS
    }
    assert num_documents(edited) == 2


def test_engines_places_and_names_do_nothing_again(videos):
    recipe = recipe_of(videos)
    run_recipe(recipe, engine="local")
    moved = recipe_of(videos, name="other", steps={s: {"engine": "local"} for s in STEPS})
    before = commits(moved)
    run_recipe(moved)
    assert commits(moved) == before


def test_a_limit_takes_the_first_sources_and_lifting_it_the_rest(videos):
    limited = recipe_of(videos, limit=1)
    run_recipe(limited, engine="local")
    [document] = read_documents(limited.dataset_url)
    assert document.source.uri.endswith("a.mp4")
    run_recipe(recipe_of(videos), engine="local")
    assert num_documents(limited) == 2


def test_recipes_that_share_a_run_share_its_plans(videos, tmp_path):
    run_recipe(recipe_of(videos), engine="local")
    other = recipe_of(videos, sources=str(tmp_path / "c.mp4"), assemble={"max_clips": 3})
    run_recipe(other, engine="local")
    assert commits_by_step(other) == dict.fromkeys(STEPS, 3) | {"assemble": 5}
    assert num_documents(other) == 3
    assert yaml.safe_load((tmp_path / "run" / "recipe.yaml").read_text())["sources"].endswith(
        "c.mp4"
    )


def test_some_steps_alone_publish_nothing(videos):
    recipe = recipe_of(videos)
    reports = run_steps(recipe, engine="local", last="scan")
    assert [report.step for report in reports] == ["fetch", "scan"]
    assert not Path(recipe.dataset_url).exists()


def test_observers_are_told_of_new_parts_only(videos):
    class Counting(Silent):
        parts = 0

        def part_done(self, commit) -> None:
            self.parts += 1

    recipe, seen = recipe_of(videos), Counting()
    run_recipe(recipe, engine="local", observers=[seen])
    run_recipe(recipe, engine="local", observers=[seen])
    assert seen.parts == 12


def test_a_run_without_sources_says_what_to_do(videos):
    videos.write_text("# nothing yet\n")
    with pytest.raises(UsageError, match="names nothing"):
        run_recipe(recipe_of(videos), engine="local")


def test_only_broken_files_give_an_empty_dataset(videos, tmp_path):
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(b"no video")
    report = run_recipe(recipe_of(videos), engine="local")
    assert report.publication.manifest.num_documents == 0
    assert list(read_documents(report.dataset_url)) == []


def test_each_plan_is_published_before_the_next_begins(videos, tmp_path):
    videos.write_text("a.mp4\nb.mp4\nc.mp4\n")
    recipe = recipe_of(videos, plan_size=2)

    class Noting(Silent):
        versions: dict[int, int]

        def step_started(self, *, plan, step, engine, parts, done) -> None:
            if step == "fetch":
                found = Path(recipe.dataset_url, "_manifest").glob("v*.json")
                self.versions = getattr(self, "versions", {}) | {plan: len(list(found))}

    noting = Noting()
    report = run_recipe(recipe, engine="local", observers=[noting])
    assert noting.versions == {1: 0, 2: 1}
    assert report.publication.manifest.version == 2
    assert num_documents(recipe) == 3
    assert sorted(p.name for p in Path(recipe.dataset_url, "funnel").iterdir()) == [
        "001.parquet",
        "002.parquet",
    ]
    # Commits of plans that are done are held no longer.
    assert {r.plan: bool(r.commits) for r in report.steps} == {1: False, 2: True}


def test_after_its_time_budget_a_run_ends_and_the_next_goes_on(videos):
    recipe = recipe_of(videos)
    job = Job(recipe.run, until=time.time() + 3600)

    class Late(Silent):
        def step_ended(self, *, plan, step, wall_s, cpu_s) -> None:
            if step == "scan":
                job.until = time.time()

    with pytest.raises(IncompleteError, match="time_budget_s is used up; what is committed stays"):
        run_recipe(recipe, engine="local", observers=[Late()], job=job)
    assert commits_by_step(recipe) == {"fetch": 2, "scan": 2}
    run_recipe(recipe, engine="local")
    assert num_documents(recipe) == 2


def test_an_orchestrator_does_step_by_step_what_a_run_does(videos, tmp_path):
    whole = recipe_of(videos, run=str(tmp_path / "whole"))
    run_recipe(whole, engine="local")
    recipe = recipe_of(videos)
    for step in STEPS:
        assert not list(read_documents_if_any(recipe))
        for _ in range(2):
            reports = run_one(recipe, plan=None, step=step, engine="local")
        assert reports[-1].num_reused == 2
        assert [report.step for report in reports] == STEPS[: STEPS.index(step) + 1]
    assert shards(recipe) == shards(whole)
    stats = json.loads(Path(recipe.run, "stats.json").read_text())["steps"]
    assert [row["step"] for row in stats] == STEPS


def read_documents_if_any(recipe: Recipe) -> Iterator:
    is_there = Path(recipe.dataset_url).exists()
    return iter(read_documents(recipe.dataset_url) if is_there else ())


def shards(recipe: Recipe) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(recipe.dataset_url, "docs").iterdir()}


def test_one_plan_alone_is_done_and_published(videos):
    recipe = recipe_of(videos, plan_size=1)
    make_plans(Store(recipe.run), recipe)
    run_one(recipe, plan=2, step=None, engine="local")
    assert num_documents(recipe) == 1
    assert {path.parts[-2][:3] for path in commits(recipe)} == {"002"}


@pytest.mark.parametrize(
    ("plan", "step", "sentence"),
    [
        (1, "scan", r"step 'fetch' of plan 001 is done for 0 of 2 parts; .*--plan 1 --step fetch"),
        (None, "cut", r"step 'fetch' of plan 001 is done for 0 of 2 parts"),
        (
            7,
            None,
            r"there is no plan 7 in .*, which has plans 1 to 1; `interlink plan",
        ),
        (None, "scna", r"--step scna must be one of fetch, scan, transcribe"),
    ],
)
def test_what_an_orchestrator_asks_for_too_early_is_said(videos, plan, step, sentence):
    recipe = recipe_of(videos)
    make_plans(Store(recipe.run), recipe)
    with pytest.raises(UsageError, match=sentence):
        run_one(recipe, plan=plan, step=step, engine="local")
    assert commits(recipe) == {}


def test_new_sources_make_a_plan_with_the_first_step_only(videos):
    recipe = recipe_of(videos)
    with pytest.raises(UsageError, match=r"there is no plan 1 in .*, which has none"):
        run_one(recipe, plan=None, step="scan", engine="local")
    run_one(recipe, plan=None, step="fetch", engine="local")
    videos.write_text("a.mp4\nb.mp4\nc.mp4\n")
    run_one(recipe, plan=None, step="scan", engine="local")
    assert plan_numbers(Store(recipe.run)) == [1]
    run_one(recipe, plan=None, step="fetch", engine="local")
    assert plan_numbers(Store(recipe.run)) == [1, 2]


def test_a_store_that_overwrites_is_refused_before_anything_is_done(videos):
    with strict_world("careless") as world:
        world.keeps_absent = False
        recipe = recipe_of(videos, run="strict://careless/run")
        with pytest.raises(EnvironmentFault, match=r"put-if-absent.* set single_writer: true"):
            run_recipe(recipe, engine="local")
        assert world.files == {}
        alone = recipe_of(videos, run="strict://careless/run", single_writer=True)
        run_steps(alone, engine="local", last="fetch")
        assert any(name.endswith("/_done.json") for name in world.files)
