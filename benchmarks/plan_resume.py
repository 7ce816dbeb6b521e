"""What planning and resuming cost by the number of sources: CPU, peak memory, calls of the store.

The sources are lines of a manifest that are never fetched, and commits are made up. Each case runs
in processes of its own: on this disk for CPU and memory, on a store in memory that counts for its
calls.
"""

import argparse
import dataclasses
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from plan_resume_cases import CASES, recipe_of
from report import table, write_report

from interlink.pipeline.curate import curate
from interlink.pipeline.machine.threads import use_one_thread
from interlink.pipeline.recipes.recipe import Recipe

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "toys"))
from interlink_toy_stores import strict_world

PACKAGES = ["fsspec", "pyarrow"]
PLAN_SIZE = Recipe.model_fields["plan_size"].default


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cost:
    """What a case took."""

    cpu_s: float
    peak_bytes: int
    """Peak memory above what the imports need."""
    calls: dict[str, int]


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
