"""What planning and resuming cost by the number of sources: CPU, peak memory, calls of the store.

The sources are lines of a manifest that are never fetched, and commits are made up. Each case runs
in processes of its own: on this disk for CPU and memory, on a store in memory that counts for its
calls.
"""

import argparse
import csv
import dataclasses
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from report import table, write_report

from interlink.pipeline.curate import curate, step_keys
from interlink.pipeline.machine.threads import use_one_thread
from interlink.pipeline.parts.commit import DONE_NAME, KEPT_NAME, Commit, StageCounts
from interlink.pipeline.parts.part import PartRunner, step_folder
from interlink.pipeline.parts.plan import plan_numbers, plan_parts, read_part
from interlink.pipeline.parts.workspace import CommittedFile
from interlink.pipeline.planning import make_plans
from interlink.pipeline.recipes.recipe import Recipe, make_recipe
from interlink.pipeline.step_run import run_step
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import IncompleteError

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "toys"))
from interlink_toy_stores import strict_world

PACKAGES = ["fsspec", "pyarrow"]
PLAN_SIZE = Recipe.model_fields["plan_size"].default


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


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cost:
    """What a case took."""

    cpu_s: float
    peak_bytes: int
    """Peak memory above what the imports need."""
    calls: dict[str, int]


def recipe_of(folder: str, number: int, run: str) -> Recipe:
    """Return a recipe of so many sources."""
    sources = Path(folder) / f"{number}.csv"
    if not sources.exists():
        write_sources(sources, number)
    return make_recipe({"sources": str(sources), "run": run})


def measure(case: str, number: int, folder: str) -> None:
    """Run a case that is prepared, and print what it took."""
    recipe = recipe_of(folder, number, f"{folder}/run")
    curate(recipe, engine="local")  # what is imported late
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    CASES[case].measured(recipe)
    cpu_s = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"cpu_s": cpu_s, "peak_bytes": (peak - base) * 1024}))


def count(case: str, number: int, folder: str) -> None:
    """Run a case on the counting store, and print what was counted."""
    with strict_world("counted") as world:
        recipe = recipe_of(folder, number, "strict://counted/run")
        for step in CASES[case].before:
            step(recipe)
        world.calls.clear()
        CASES[case].measured(recipe)
        print(json.dumps(world.counted()))


def cost(case: str, number: int, times: int) -> Cost:
    """Measure one case in processes of their own."""
    took = []
    for _ in range(times):
        with tempfile.TemporaryDirectory(prefix="plan-") as folder:
            apart("--prepare", case, number, folder)
            took.append(json.loads(apart("--measure", case, number, folder)))
    with tempfile.TemporaryDirectory(prefix="plan-") as folder:
        calls = json.loads(apart("--count", case, number, folder))
    return Cost(
        cpu_s=min(one["cpu_s"] for one in took),
        peak_bytes=max(one["peak_bytes"] for one in took),
        calls=calls,
    )


def apart(how: str, case: str, number: int, folder: str) -> str:
    """Run this script in a process of its own; return what it printed."""
    command = [sys.executable, __file__, how, case, str(number), folder]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def main() -> None:
    """Measure all cases and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, nargs=2, default=[10_000, 100_000])
    parser.add_argument("--times", type=int, default=3, help="repetitions; the least CPU counts")
    for how in ("--prepare", "--measure", "--count"):
        parser.add_argument(how, nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    use_one_thread()
    if args.prepare:
        case, number, folder = args.prepare
        recipe = recipe_of(folder, int(number), f"{folder}/run")
        for step in CASES[case].before:
            step(recipe)
    elif args.measure:
        case, number, folder = args.measure
        measure(case, int(number), folder)
    elif args.count:
        case, number, folder = args.count
        count(case, int(number), folder)
    else:
        found = {case: [cost(case, n, args.times) for n in args.sources] for case in CASES}
        print(
            write_report(
                "plan-resume",
                title="What planning and resuming cost",
                body=body(found, args),
                packages=PACKAGES,
            )
        )


def body(found: dict[str, list[Cost]], args: argparse.Namespace) -> str:
    """Return the report's text."""
    few, many = args.sources
    rows = [
        (
            CASES[case].name,
            f"{small.cpu_s:.2f} s",
            f"{large.cpu_s:.2f} s",
            f"{large.cpu_s / small.cpu_s:.1f}",
            f"{small.peak_bytes / 2**20:.0f} MiB",
            f"{large.peak_bytes / 2**20:.0f} MiB",
            _calls(small),
            _calls(large),
        )
        for case, (small, large) in found.items()
    ]
    head = (
        "",
        f"CPU, {few:,}",
        f"CPU, {many:,}",
        "ratio",
        f"memory, {few:,}",
        f"memory, {many:,}",
        f"store calls, {few:,}",
        f"store calls, {many:,}",
    )
    return f"""
CPU seconds of one process, the least of {args.times} runs: other work on the machine adds to them.
Memory is the peak above what the imports need. Sources are lines of a CSV file with a URL, a title,
a license, a length and a group; they make {PLAN_SIZE:,} to a plan, and by their lengths 18 to a
part. Load of the machine at the end: {os.getloadavg()[0]:.1f}.

*First plan*: reading the manifest, dividing, writing. *Plan again*: what each later run does first.
*All parts read by workers*: the first step's workers read each part's sources from its plan, one
call for each part; this is spread over all of them. *Resume, nothing done*: planning again, and the
first plan's first step up to the engine. *Resume, all done*: planning again, and for each plan and
each of six steps one listing and one read for each commit. Publishing is not in it.

Store calls are those that would be requests of an object store: *list* a folder, *look* for a file
or for its size, *read* it, read a *range* of it, *put* it.

{table(head, rows)}
"""


def _calls(cost: Cost) -> str:
    listed = ", ".join(f"{number} {call}" for call, number in sorted(cost.calls.items()))
    return f"{sum(cost.calls.values())} ({listed})"


if __name__ == "__main__":
    main()
