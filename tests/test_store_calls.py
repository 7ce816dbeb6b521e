"""What a worker asks of a remote store for one part: a dozen requests in each step, media apart."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from interlink_toy_runs import ToyRun
from interlink_toy_stores import World, strict_world
from interlink_toys import Copy, sources

from interlink.pipeline.curate import curate, step_keys
from interlink.pipeline.engines.local import LocalEngine
from interlink.pipeline.parts.part import PartRunner
from interlink.pipeline.parts.plan import plan_parts
from interlink.pipeline.parts.trials import RetryPolicy
from interlink.pipeline.planning import make_plans
from interlink.pipeline.recipes.recipe import make_recipe
from interlink.pipeline.step import Stage
from interlink.pipeline.storage.store import Store

LIMIT = 12
REQUESTS = {"fetch": 8, "scan": 10, "transcribe": 9, "cut": 10, "caption": 9, "assemble": 10}
"""Of one part in each step: its folder is listed; the step's stop, the commit before and its
records, or the plan, are read; the attempt's note is put and removed; `kept`, `outcomes`, `media`
and the commit are put."""
_MEDIA = re.compile(r"/media\.parquet$|/[0-9a-f]{32}\.\w+$")


def is_media(call: str, path: str) -> bool:
    """Tell reads of media, and the puts of fetched sources, from everything else."""
    is_own_file = path.endswith("/media.parquet") and call == "put"
    return bool(_MEDIA.search(path)) and not is_own_file


@pytest.fixture
def world() -> Iterator[World]:
    with strict_world("world") as world:
        yield world


def test_resuming_a_step_lists_once_and_reads_each_commit_once(world: World):
    run = ToyRun("strict://world/run", sources({}, keep=100))
    runner = run.runner(Stage(name="copy", transform=Copy()))
    run.go(LocalEngine(), runner)
    world.calls.clear()
    report = run.go(LocalEngine(), runner)
    assert report.num_reused == len(run.parts) == 50
    commits = [path for call, path in world.calls if path.endswith("/_done.json")]
    assert len(commits) == len(set(commits)) == len(run.parts)
    assert len(world.calls) - len(commits) <= 6, world.calls


def test_a_part_costs_a_dozen_requests_in_each_step(make_video, tmp_path: Path, world: World):
    for seed, name in enumerate(("a.mp4", "b.mp4")):
        make_video(name, shots=(2.2,), size=(64, 48), fps=10, seed=seed, audio=(440,))
    (tmp_path / "videos.txt").write_text("a.mp4\nb.mp4\n")
    recipe = make_recipe(
        {
            "sources": str(tmp_path / "videos.txt"),
            "run": "strict://world/run",
            "scratch": str(tmp_path / "scratch"),
            "caption": {"captioner": {"backend": "facts", "read_screen_text": False}},
        }
    )
    store, steps = Store(recipe.run), curate(recipe, engine="local")
    make_plans(store, recipe)
    parts, previous = plan_parts(store, 1), None
    counted: dict[str, Counter[str]] = {}
    for step, key in zip(steps, step_keys(steps), strict=True):
        runner = PartRunner(
            store_url=recipe.run,
            step=step,
            key=key,
            previous_folder=previous,
            scratch=recipe.scratch,
            retry=RetryPolicy(first_pause_s=0),
        )
        runner.setup()
        for part in parts:
            world.calls.clear()
            assert runner.run(part) is not None
            counted[step.name] = max(
                world.counted(is_media), counted.get(step.name, Counter()), key=Counter.total
            )
        runner.teardown()
        previous = runner.folder
    assert {name: count.total() for name, count in counted.items()} == REQUESTS, counted
    assert max(REQUESTS.values()) <= LIMIT
