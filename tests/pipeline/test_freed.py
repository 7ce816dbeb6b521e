"""What a published plan leaves of its working files, and what then cannot be done again."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from interlink.pipeline.commands.main import app
from interlink.pipeline.dataset.reader import read_documents
from interlink.pipeline.parts.commit import KEPT_NAME, OUTCOMES_NAME, read_commits
from interlink.pipeline.parts.plan import plan_parts
from interlink.pipeline.plan_run import PlanRunner
from interlink.pipeline.recipes.recipe import Recipe, make_recipe
from interlink.pipeline.run import run_one, run_recipe
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import UsageError


@pytest.fixture
def recipe_of(make_video, tmp_path):
    """Recipes over one tiny video."""
    make_video("a.mp4", shots=(2.2,), size=(64, 48), fps=10)
    (tmp_path / "videos.txt").write_text("a.mp4\n")

    def make(**fields) -> Recipe:
        content = {
            "sources": str(tmp_path / "videos.txt"),
            "run": str(tmp_path / "run"),
            "dataset": str(tmp_path / "dataset"),
            "caption": {"captioner": {"backend": "facts", "read_screen_text": False}},
        }
        return make_recipe(content | fields)

    return make


def named_files(recipe: Recipe) -> list[tuple[str, str, bool]]:
    """Return step, name and presence of each file that a commit names; digests become `*`."""
    store = Store(recipe.run)
    found = []
    for row in json.loads(store.read("digests.json"))["steps"]:
        for commit in read_commits(store, row["folder"], plan_parts(store, 1)):
            for file in commit.files:
                path = Path(recipe.run, file.path)
                name = path.name if path.suffix == ".parquet" else f"*{path.suffix}"
                found.append((commit.step, name, path.exists()))
    return found


def dataset_bytes(recipe: Recipe) -> dict[str, bytes]:
    folder = Path(recipe.dataset_url)
    paths = [p for name in ("docs", "media") for p in (folder / name).iterdir()]
    return {path.name: path.read_bytes() for path in paths}


def test_frames_keeps_the_scans_media_and_all_records(recipe_of):
    recipe = recipe_of(retain="frames")
    run_recipe(recipe, engine="local")
    for step, name, is_there in named_files(recipe):
        are_frames = (step, name) == ("scan", "media.parquet")
        assert is_there == (are_frames or name in {KEPT_NAME, OUTCOMES_NAME}), (step, name)


def test_none_keeps_records_but_the_documents_that_the_dataset_has(recipe_of):
    recipe = recipe_of(retain="none")
    run_recipe(recipe, engine="local")
    files = named_files(recipe)
    for step, name, is_there in files:
        are_records = name == OUTCOMES_NAME or (name == KEPT_NAME and step != "assemble")
        assert is_there == are_records, (step, name)
    assert ("fetch", "*.mp4", False) in files
    gone = json.loads(Path(recipe.run, "freed/001-done.json").read_text())
    assert gone["files"] == sum(not is_there for _, _, is_there in files)
    assert gone["bytes"] > 1000


def test_all_stays_if_nobody_says_otherwise_and_the_dataset_is_the_same(recipe_of, tmp_path):
    whole = recipe_of()
    run_recipe(whole, engine="local")
    assert all(is_there for _, _, is_there in named_files(whole))
    assert not Path(whole.run, "freed").exists()
    freed = recipe_of(retain="none", run=str(tmp_path / "run2"), dataset=str(tmp_path / "other"))
    run_recipe(freed, engine="local")
    assert dataset_bytes(freed) == dataset_bytes(whole) != {}
    assert len(list(read_documents(freed.dataset_url))) == 1


def test_a_freed_plan_is_done_and_its_numbers_are_still_told(recipe_of):
    recipe = recipe_of(retain="none")
    first = run_recipe(recipe, engine="local")
    again = run_recipe(recipe, engine="local")
    assert [(r.step, r.stages) for r in again.steps] == [(r.step, r.stages) for r in first.steps]
    assert all(not report.commits for report in again.steps)
    assert again.publication.manifest == first.publication.manifest
    assert [r.step for r in run_one(recipe, plan=1, step="scan", engine="local")] == [
        "fetch",
        "scan",
    ]


def test_new_sources_go_on_after_a_freed_plan(recipe_of, make_video, tmp_path):
    recipe = recipe_of(retain="none")
    run_recipe(recipe, engine="local")
    make_video("b.mp4", shots=(2.2,), size=(64, 48), fps=10, seed=3)
    (tmp_path / "videos.txt").write_text("a.mp4\nb.mp4\n")
    report = run_recipe(recipe, engine="local")
    assert len(list(read_documents(recipe.dataset_url))) == 2
    assert {r.plan for r in report.steps} == {1, 2}
    assert Path(recipe.run, "freed/002-done.json").exists()


@pytest.mark.parametrize("retain", ["none", "frames"])
def test_after_a_takedown_a_freed_plan_stays_done_and_new_sources_go_on(
    recipe_of, make_video, tmp_path, retain
):
    recipe, manifest = recipe_of(retain=retain), tmp_path / "videos.txt"
    for seed, name in enumerate("bcd", start=3):
        make_video(f"{name}.mp4", shots=(2.2,), size=(64, 48), fps=10, seed=seed)
    manifest.write_text("a.mp4\nb.mp4\nc.mp4\n")
    run_recipe(recipe, engine="local")
    words = f"takedown apply {recipe.dataset_url} --run {recipe.run} --source a.mp4 --reason asked"
    CliRunner().invoke(app, words.split(), catch_exceptions=False)
    note = next(Path(recipe.run, "published").iterdir()).read_bytes()
    CliRunner().invoke(app, words.split(), catch_exceptions=False)
    assert next(Path(recipe.run, "published").iterdir()).read_bytes() == note
    manifest.write_text("a.mp4\nb.mp4\nc.mp4\nd.mp4\n")
    report = run_recipe(recipe, engine="local")
    uris = {document.source.uri for document in read_documents(recipe.dataset_url)}
    assert uris == {"b.mp4", "c.mp4", "d.mp4"}
    counts = [(one.planned, one.rejected, one.outputs) for one in report.steps[0].stages]
    assert (report.steps[0].plan, counts) == (1, [(3, 1, 2)])
    assert (report.steps[1].plan, report.steps[1].stages[0].planned) == (1, 2)
    assert Path(recipe.run, "freed/002-done.json").exists()


def test_an_edited_recipe_is_refused_and_the_old_one_still_stands_there(recipe_of):
    recipe = recipe_of(retain="frames")
    run_recipe(recipe, engine="local")
    edited = recipe_of(retain="frames", assemble={"frames_per_clip": 2})
    with pytest.raises(UsageError, match=r"001 .* freed \(retain: frames\).* 'assemble' again"):
        run_recipe(edited, engine="local")
    assert Path(recipe.run, "recipe.yaml").read_text() == recipe.resolved()
    # The steps before are the same ones.
    assert run_one(edited, plan=1, step="caption", engine="local")[-1].num_parts == 1


def test_another_dataset_cannot_have_the_documents_and_it_is_said(recipe_of, tmp_path):
    run_recipe(recipe_of(retain="none"), engine="local")
    with pytest.raises(UsageError, match=r"cannot be brought to .*other; name the dataset"):
        run_recipe(recipe_of(dataset=str(tmp_path / "other")), engine="local")


def test_what_was_interrupted_is_freed_by_the_next_run(recipe_of):
    recipe = recipe_of(retain="none")
    run_recipe(recipe, engine="local")
    Path(recipe.run, "freed/001-done.json").unlink()
    [left, *_] = Path(recipe.run).glob("steps/scan-*/001-00000/_done.json")
    media = next(f for f in json.loads(left.read_text())["files"] if "media" in f["path"])
    Path(recipe.run, media["path"]).write_bytes(b"still here")
    run_recipe(recipe, engine="local")
    assert not Path(recipe.run, media["path"]).exists()
    assert Path(recipe.run, "freed/001-done.json").exists()


def test_a_plan_that_was_published_and_not_freed_is_freed_by_the_next_run(recipe_of):
    """As when the run was killed between the two, or when `retain` was edited since."""
    run_recipe(recipe_of(), engine="local")
    assert all(is_there for _, _, is_there in named_files(recipe_of()))
    report = run_recipe(recipe_of(retain="none"), engine="local")
    assert ("fetch", "*.mp4", False) in named_files(recipe_of())
    assert all(step.num_reused == step.num_parts for step in report.steps)


def test_a_run_that_is_overtaken_by_another_ends_as_well(recipe_of, monkeypatch):
    """Both work on one plan; the other publishes and frees it when this one comes to it."""
    recipe = recipe_of(retain="none")
    take = PlanRunner.take

    def overtaken(runner: PlanRunner, plan: int):
        reports = take(runner, plan)
        monkeypatch.undo()
        run_recipe(recipe, engine="local")
        return reports

    monkeypatch.setattr(PlanRunner, "take", overtaken)
    report = run_recipe(recipe, engine="local")
    assert report.publication.manifest.num_documents == 1
    assert Path(recipe.run, "freed/001-done.json").exists()
