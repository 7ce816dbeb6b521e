"""Planning and resuming, case by case: what is measured, and what must have been done before."""

import csv
import dataclasses
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from interlink.pipeline.curate import curate, step_keys
from interlink.pipeline.parts.commit import DONE_NAME, KEPT_NAME, Commit, StageCounts
from interlink.pipeline.parts.part import PartRunner, step_folder
from interlink.pipeline.parts.plan import plan_numbers, plan_parts, read_part
from interlink.pipeline.parts.workspace import CommittedFile
from interlink.pipeline.planning import make_plans
from interlink.pipeline.recipes.recipe import Recipe, make_recipe
from interlink.pipeline.step_run import run_step
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import IncompleteError


class Idle:
    """An engine that does no part."""

    def run(self, runner: PartRunner, parts: Sequence[str]) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def write_sources(path: Path, number: int) -> None:
    """Write a manifest of sources as a web list has them."""
    with path.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["url", "title", "license", "duration_s", "group"])
        for n in range(number):
            url = f"https://videos.example.org/watch/{n:08d}.mp4"
            lines.writerow([url, f"How to do thing number {n}", "cc-by", 200 + n % 400, n % 1000])


def runners(recipe: Recipe) -> list[PartRunner]:
    """Return a runner for each step of a recipe."""
    steps = curate(recipe, engine="local")
    keys = step_keys(steps)
    folders = [step_folder(step, key) for step, key in zip(steps, keys, strict=True)]
    return [
        PartRunner(store_url=recipe.run, step=step, key=key, previous_folder=folder)
        for step, key, folder in zip(steps, keys, [None, *folders[:-1]], strict=True)
    ]


def commit_all(recipe: Recipe) -> None:
    """Commit every part of every plan in every step, as if all sources had been kept."""
    store = Store(recipe.run)
    for runner in runners(recipe):
        for number in plan_numbers(store):
            for part in plan_parts(store, number):
                _commit(store, runner, part)


def _commit(store: Store, runner: PartRunner, part: str) -> None:
    num, attempt = 32, uuid.uuid4().hex[:12]
    names = [KEPT_NAME, "outcomes.parquet", "media.parquet"]
    if runner.previous_folder is None:
        names = [KEPT_NAME, "outcomes.parquet", *(f"{uuid.uuid4().hex}.mp4" for _ in range(num))]
    commit = Commit(
        part=part,
        step=runner.step.name,
        key=runner.key,
        attempt=attempt,
        num_kept=num,
        stages=tuple(
            StageCounts(stage=stage.name, kept=num, outputs=num) for stage in runner.step.stages
        ),
        files=tuple(
            CommittedFile(
                path=f"{runner.folder}/{part}/{attempt}/{name}",
                num_bytes=1 << 20,
                sha256=f"{uuid.uuid4().hex}{uuid.uuid4().hex}",
            )
            for name in names
        ),
        wall_s=1.0,
    )
    store.put(f"{runner.folder}/{part}/{DONE_NAME}", commit.to_json())


def first_plan(recipe: Recipe) -> None:
    """Divide all sources."""
    make_plans(Store(recipe.run), recipe)


def plan_again(recipe: Recipe) -> None:
    """Find that every source is planned."""
    assert make_plans(Store(recipe.run), recipe) == []


def read_parts(recipe: Recipe) -> None:
    """Read the sources of each part, as the workers of the first step do."""
    store = Store(recipe.run)
    for number in plan_numbers(store):
        for part in plan_parts(store, number):
            assert read_part(store, part)


def resume_nothing(recipe: Recipe) -> None:
    """Go as far as handing the first plan's parts to the engine."""
    plan_again(recipe)
    store, runner = Store(recipe.run), runners(recipe)[0]
    try:
        run_step(
            Idle(),
            runner,
            plan=1,
            parts=plan_parts(store, 1),
            max_failed_share=1.0,
            observers=[],
        )
    except IncompleteError:
        return
    raise AssertionError("an idle engine has done something")


def resume_all(recipe: Recipe) -> None:
    """Go through all plans and steps, finding every part committed."""
    plan_again(recipe)
    store = Store(recipe.run)
    reports = []
    for plan in plan_numbers(store):
        for runner in runners(recipe):
            parts = plan_parts(store, plan)
            reports.append(
                run_step(Idle(), runner, plan=plan, parts=parts, max_failed_share=1.0, observers=[])
            )
    assert all(report.num_reused == report.num_parts for report in reports)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """Something to measure, and what must have been done before."""

    name: str
    measured: Callable[[Recipe], None]
    before: Sequence[Callable[[Recipe], None]] = ()


CASES = {
    "first": Case(name="first plan", measured=first_plan),
    "again": Case(name="plan again, nothing new", measured=plan_again, before=[first_plan]),
    "parts": Case(name="all parts read by workers", measured=read_parts, before=[first_plan]),
    "nothing": Case(name="resume, nothing done", measured=resume_nothing, before=[first_plan]),
    "all": Case(name="resume, all done", measured=resume_all, before=[first_plan, commit_all]),
}


def recipe_of(folder: str, number: int, run: str) -> Recipe:
    """Return a recipe of so many sources."""
    sources = Path(folder) / f"{number}.csv"
    if not sources.exists():
        write_sources(sources, number)
    return make_recipe({"sources": str(sources), "run": run})
