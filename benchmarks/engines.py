"""What each engine costs per step, per part and per record, as CPU time, the store excluded.

Every engine is given the same runner, which makes records in memory, takes them through one stage
that copies them, and commits nothing. What a bare loop over the same calls needs is subtracted, so
what is left is the engine's own.
"""

import argparse
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

from report import table, write_report

from interlink.pipeline.engines.engine import Engine, make_engine
from interlink.pipeline.machine.cpu import cpu_seconds
from interlink.pipeline.machine.threads import use_one_thread
from interlink.pipeline.parts.commit import Commit
from interlink.pipeline.parts.part import PartRunner
from interlink.pipeline.parts.runtime import run_stage
from interlink.pipeline.parts.trials import RetryPolicy
from interlink.pipeline.step import Resources, Stage, Step
from interlink.schemas.source import Source
from interlink.transforms.base import Kept, Map

PACKAGES = ["apache-beam", "ray"]
BARE = "bare loop"
WORKERS = 2
ENGINES: dict[str, tuple[str, Sequence[str]]] = {
    BARE: ("bare", ()),
    "local": ("local", ()),
    "Beam, in process": ("beam", ("--direct_running_mode=in_memory",)),
    "Beam, 2 threads": (
        "beam",
        ("--direct_running_mode=multi_threading", "--direct_num_workers=2"),
    ),
    "Beam, 2 processes": (
        "beam",
        ("--direct_running_mode=multi_processing", "--direct_num_workers=2"),
    ),
    "Ray, 2 actors": ("ray", ()),
}


@dataclasses.dataclass(kw_only=True)
class Copy(Map[Source, Source]):
    """Gives back what it gets."""

    def process_batch(self, records: Sequence[Source]) -> Sequence[Kept[Source]]:
        """Keep all."""
        return [Kept(input_id=record.source_id, record=record) for record in records]


@dataclasses.dataclass(kw_only=True)
class Unstored(PartRunner):
    """Takes parts of made-up records through the step and forgets them."""

    records: int = 0

    def run(self, part: str) -> Commit:
        """Run the stages, as a part does, without reading or writing."""
        records = [Source(source_id=f"{part}/{n}", uri="toy://") for n in range(self.records)]
        for stage in self.step.stages:
            run_stage(stage, records, step=self.step.name, retry=self.retry)
        return Commit(
            part=part,
            step=self.step.name,
            key=self.key,
            attempt="",
            num_kept=len(records),
            stages=(),
            files=(),
            wall_s=0.0,
        )


def runner(records: int) -> Unstored:
    """Return a runner whose parts have that many records."""
    step = Step(
        name="copy",
        stages=[Stage(name="copy", transform=Copy(), batch_size=32)],
        resources=Resources(workers=WORKERS),
    )
    # The store is opened, and never touched.
    return Unstored(
        store_url=tempfile.gettempdir(),
        step=step,
        key="",
        previous_folder=None,
        retry=RetryPolicy(),
        records=records,
    )


def measure(engine: Engine, *, parts: int, records: int, times: int) -> tuple[float, float]:
    """Return the median CPU and wall seconds of one step."""
    names = [f"001-{n:05d}" for n in range(parts)]
    taken = []
    for _ in range(times):
        cpu, wall = cpu_seconds(), time.monotonic()
        engine.run(runner(records), names)
        taken.append((cpu_seconds() - cpu, time.monotonic() - wall))
    cpus, walls = zip(*taken, strict=True)
    return statistics.median(cpus), statistics.median(walls)


class BareLoop:
    """The calls alone, without an engine."""

    def run(self, runner: PartRunner, parts: Sequence[str]) -> None:
        """Call the runner for each part."""
        for part in parts:
            runner.run(part)

    def close(self) -> None:
        """Do nothing."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cost:
    """CPU seconds of one engine; `step_wall` is by the clock."""

    start: float
    step: float
    part: float
    record: float
    step_wall: float


def cost(name: str, options: Sequence[str], args: argparse.Namespace) -> Cost:
    """Measure one engine in this process."""
    before = cpu_seconds()
    engine: Engine = BareLoop() if name == "bare" else make_engine(name, beam_options=options)
    try:
        measure(engine, parts=WORKERS, records=0, times=1)
        start = cpu_seconds() - before
        step, wall = measure(engine, parts=WORKERS, records=0, times=args.times)
        many, _ = measure(engine, parts=args.parts, records=0, times=args.times)
        full, _ = measure(engine, parts=args.parts, records=args.records, times=args.times)
    finally:
        engine.close()
    return Cost(
        start=max(start - step, 0.0),
        step=step,
        part=(many - step) / (args.parts - WORKERS),
        record=(full - many) / (args.parts * args.records),
        step_wall=wall,
    )


def cost_apart(label: str, args: argparse.Namespace) -> Cost:
    """Measure one engine in a process of its own, so that what it imports counts for it."""
    numbers = ["--parts", str(args.parts), "--records", str(args.records)]
    command = [sys.executable, __file__, "--only", label, "--times", str(args.times), *numbers]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Cost(**json.loads(done.stdout))


def main() -> None:
    """Measure all engines and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", type=int, default=500, help="parts of the large step")
    parser.add_argument("--records", type=int, default=200, help="records of each part")
    parser.add_argument("--times", type=int, default=3, help="repetitions; the median counts")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    args = parser.parse_args()
    use_one_thread()
    os.environ.setdefault("RAY_TMPDIR", tempfile.gettempdir())
    if args.only:
        print(json.dumps(dataclasses.asdict(cost(*ENGINES[args.only], args))))
        return
    found = {label: cost_apart(label, args) for label in ENGINES}
    print(
        write_report(
            "engines", title="What an engine costs", body=body(found, args), packages=PACKAGES
        )
    )


def body(found: dict[str, Cost], args: argparse.Namespace) -> str:
    """Return the report's text."""
    bare = found.pop(BARE)
    rows = [
        (
            label,
            f"{engine.start:.2f} s",
            f"{engine.step:.2f} s ({engine.step_wall:.1f} s)",
            f"{(engine.part - bare.part) * 1e3:.2f} ms",
            f"{(engine.record - bare.record) * 1e6:.1f} us",
        )
        for label, engine in found.items()
    ]
    head = ("engine", "to start, once", "a step (wall)", "each part", "each record")
    return f"""
CPU seconds of all processes on this machine, medians of {args.times}. *To start*: importing the
engine and starting what it needs, once in a run. *A step*: one more step of {WORKERS} parts,
workers and all, in brackets by the clock. *Each part*: a step of {args.parts} parts less that.
*Each record*: the same with {args.records} records in each part. Load of the machine at the end:
{os.getloadavg()[0]:.1f}.

The bare loop's own {bare.part * 1e3:.3f} ms per part and {bare.record * 1e6:.1f} us per record
(making it, one stage of the runtime, one outcome) are subtracted. Nothing is read or written. Only
names of parts travel through an engine, never records, so a record should cost next to nothing.

{table(head, rows)}
"""


if __name__ == "__main__":
    main()
