"""A run over many tiny sources, one in twenty faulty, through Beam with two workers.

The funnel must add up, each fault must end with its code, and memory, open files and processes
must stay flat. `tests/benchmarks/test_soak.py` runs a smaller one.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq
import yaml
from report import REPORTS, table, write_report
from soak_sampler import Life, Sample, Sampler, lives
from soak_sources import Soak, make_soak, soak_server

from interlink.pipeline.dataset.versions import read_manifest
from interlink.pipeline.storage.store import Store

PACKAGES = ["apache-beam", "av", "pyarrow", "faster-whisper", "yt-dlp"]
STEPS = ("fetch", "scan", "transcribe", "cut", "caption", "assemble")
WORKERS = 2
_KILLS = 2


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a soak showed."""

    num_sources: int
    wall_s: float
    exit_code: int
    output: str
    steps: list[dict[str, Any]]
    """Of `stats.json`."""
    outcomes: list[dict[str, Any]]
    """Of every stage and record."""
    num_documents: int
    wrong: list[str]
    """Sources that did not end as they must."""
    samples: list[Sample]
    zombies: dict[int, int]
    begins_s: dict[str, float]
    """When each step began, since the epoch."""
    commits_s: dict[str, list[float]]
    """When each part was committed, by step."""
    kills: int
    """Decoding children that were killed on the way."""

    @property
    def lives(self) -> list[Life]:
        """How the driver fared since the third step, and each worker and child inside its step.

        Of a step the early stretch is from 30 to 55 % of its parts, and the late one from 80 %.
        """
        starts = list(self.begins_s.values())
        early, late = (starts[2], starts[3]), (starts[-1], self.samples[-1].time_s)
        found = lives(self.samples, "all", early=early, late=late, roles=["driver"])
        for step, commits in self.commits_s.items():
            times = [commits[int(share * (len(commits) - 1))] for share in (0.3, 0.55, 0.8, 1)]
            early, late = (times[0], times[1]), (times[2], times[3])
            roles = ["worker", "child"]
            found += lives(self.samples, step, early=early, late=late, roles=roles)
        return found


def soak(folder: Path, *, num_sources: int) -> Result:
    """Run a soak in a folder.

    Args:
        folder: an empty folder.
        num_sources: how many.
    """
    with soak_server() as server:
        made = make_soak(server, folder, num_sources=num_sources)
        recipe = folder / "recipe.yaml"
        recipe.write_text(yaml.safe_dump(_recipe(folder, made)))
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "interlink.pipeline.commands.main", "run", str(recipe)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        sampler, killer = Sampler(process.pid), _Killer(process.pid, folder / "run")
        sampler.start()
        killer.start()
        output, _ = process.communicate()
        wall_s = time.monotonic() - began
        killer.stop()
        sampler.stop()
    return _result(folder, made, sampler, killer, process.returncode, output, wall_s)


def _recipe(folder: Path, made: Soak) -> dict[str, Any]:
    placement = {"engine": "beam", "workers": WORKERS}
    return {
        "sources": str(made.manifest),
        "run": str(folder / "run"),
        # Faults that hang must show soon; yt-dlp takes up to two seconds to begin.
        "fetch": {"stall_timeout_s": 3.0, "host_wait_s": 2.0},
        "retries": {"first_pause_s": 0.2},
        "clips": {"min_duration_s": 0.3},
        "caption": {"captioner": {"backend": "facts", "read_screen_text": False}},
        "steps": dict.fromkeys(STEPS, placement),
    }


class _Killer(threading.Thread):
    """Kills a decoding child now and then while the scan goes on."""

    def __init__(self, pid: int, run: Path) -> None:
        super().__init__(name="soak-killer", daemon=True)
        self.kills = 0
        self._pid = pid
        self._run = run
        self._stopped = threading.Event()

    def run(self) -> None:
        """Kill `_KILLS` children, some parts apart."""
        while self.kills < _KILLS and not self._stopped.wait(0.2):
            done = len(list(self._run.glob("steps/scan-*/*/_done.json")))
            if done >= 5 * (self.kills + 1):
                self.kills += self._kill_one()

    def stop(self) -> None:
        """End."""
        self._stopped.set()
        self.join()

    def _kill_one(self) -> int:
        for process in psutil.Process(self._pid).children(recursive=True):
            try:
                if "child_main" in " ".join(process.cmdline()):
                    process.kill()
                    return 1
            except psutil.Error:
                continue
        return 0


def _result(
    folder: Path,
    made: Soak,
    sampler: Sampler,
    killer: _Killer,
    exit_code: int,
    output: str,
    wall_s: float,
) -> Result:
    run = folder / "run"
    stats, events = run / "stats.json", run / "events.jsonl"
    outcomes = [
        row
        for path in sorted(run.glob("steps/*/*/*/outcomes.parquet"))
        for row in pq.read_table(path).to_pylist()
    ]
    begun = (
        [json.loads(line) for line in events.read_text().splitlines()] if events.exists() else []
    )
    return Result(
        num_sources=len(made.expected),
        wall_s=wall_s,
        exit_code=exit_code,
        output=output,
        steps=json.loads(stats.read_text())["steps"] if stats.exists() else [],
        outcomes=outcomes,
        num_documents=read_manifest(Store(str(run / "dataset"))).num_documents
        if not exit_code
        else 0,
        wrong=_wrong(run, made, outcomes),
        samples=sampler.samples,
        zombies=dict(sampler.zombies),
        begins_s={e["step"]: _seconds(e) for e in begun if e["event"] == "step_started"},
        commits_s={
            step: [_seconds(e) for e in begun if e["event"] == "part_done" and e["step"] == step]
            for step in STEPS
        },
        kills=killer.kills,
    )


def _seconds(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["time"]).timestamp()


def _wrong(run: Path, made: Soak, outcomes: Sequence[dict[str, Any]]) -> list[str]:
    """Return the sources that did not end as they must."""
    plan = pq.read_table(run / "plans" / "001.parquet", columns=["source_id", "uri"]).to_pylist()
    path_of = {row["source_id"]: "/" + row["uri"].split("/", 3)[3] for row in plan}
    ends: dict[str, str] = {}
    for row in outcomes:
        if row["disposition"] != "kept" and row["owner_id"] in path_of:
            ends[path_of[row["owner_id"]]] = row["code"]
    wrong = []
    for path, code in made.expected.items():
        # Of those with the same bytes the first one of each part is kept.
        allowed = {code, None} if path.startswith("/double/") else {code}
        if ends.get(path) not in allowed:
            wrong.append(f"{path} ended as {ends.get(path)}, not {code}")
    return wrong


def main() -> None:
    """Run a soak and write its report and picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, default=2000, help="sources of one second each")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        result = soak(Path(folder), num_sources=args.sources)
    if result.exit_code:
        sys.exit(f"the run ended with exit code {result.exit_code}:\n{result.output}")
    today = datetime.now(UTC).date().isoformat()
    REPORTS.mkdir(exist_ok=True)
    picture = REPORTS / f"{today}-soak.png"
    draw(result, picture)
    text = body(result).replace("PICTURE", picture.name)
    print(write_report("soak", title="A soak", body=text, packages=PACKAGES))


def body(result: Result) -> str:
    """Return the report's text."""
    codes = Counter(row["code"] for row in result.outcomes if row["disposition"] != "kept")
    persistent = [pid for pid, seen in result.zombies.items() if seen > 4]
    return f"""
{result.num_sources} sources of one second behind a server on loopback, one in twenty faulty,
through Beam with {WORKERS} worker processes; {result.kills} decoding children were killed on the
way. The run took {result.wall_s:.0f} s and gave {result.num_documents} documents.

Sources that did not end as they must: {len(result.wrong)}. Processes that stayed zombies for more
than two seconds: {len(persistent)}.

{
        table(
            (
                "step",
                "stage",
                "planned",
                "kept",
                "rejected",
                "failed",
                "deferred",
                "quarantined",
                "outputs",
            ),
            _funnel(result),
        )
    }

Why records were not kept: {", ".join(f"{n} {code}" for code, n in sorted(codes.items()))}.

**What stays flat.** Of the driver since the third step, and of every worker and child inside its
step: the stretch after 80 % of the parts against that from 30 to 55 %. *Growth*: of the memory
(RSS); in brackets for 1,000 sources. *Files*, *threads*: how many more.

{table(("process", "step", "lived", "peak", "growth", "files", "threads"), _lives(result))}

![Memory and open files](PICTURE)
"""


def _funnel(result: Result) -> list[tuple[object, ...]]:
    rows = []
    for step in result.steps:
        for stage in step["stages"]:
            fates = [stage[n] for n in ("kept", "rejected", "failed", "deferred", "quarantined")]
            rows.append((step["step"], stage["stage"], sum(fates), *fates, stage["outputs"]))
    return rows


def _lives(result: Result) -> list[tuple[object, ...]]:
    rows = []
    for life in result.lives:
        # Between the middles of the two stretches lie 47.5 % of the sources, shared by workers.
        sources = 0.475 * result.num_sources / WORKERS
        growth = f"{life.growth_bytes / 1e6:+.1f} MB"
        if life.role != "driver":
            growth += f" ({life.growth_bytes / 1e6 / sources * 1000:+.1f} MB)"
        files, threads = f"{life.more_files:+d}", f"{life.more_threads:+d}"
        peak = f"{life.peak_bytes / 1e6:.0f} MB"
        rows.append((life.role, life.phase, f"{life.lived_s:.0f} s", peak, growth, files, threads))
    return rows


def draw(result: Result, path: Path) -> None:
    """Draw memory and open files of all processes over time."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (memory, files) = pyplot.subplots(2, 1, figsize=(10, 6), sharex=True)
    began = result.samples[0].time_s
    colors = {"driver": "tab:blue", "worker": "tab:orange", "child": "tab:green"}
    for pid in dict.fromkeys(sample.pid for sample in result.samples):
        own = [sample for sample in result.samples if sample.pid == pid]
        times = [sample.time_s - began for sample in own]
        color = colors[own[-1].role]
        memory.plot(times, [sample.rss_bytes / 1e6 for sample in own], color=color, linewidth=1)
        files.plot(times, [sample.num_files for sample in own], color=color, linewidth=1)
    for axes, label in ((memory, "memory (RSS), MB"), (files, "open files")):
        axes.set_ylabel(label)
        axes.set_ylim(bottom=0)
        for step, begin_s in result.begins_s.items():
            axes.axvline(begin_s - began, color="lightgray", zorder=0)
            if axes is memory:
                axes.text(begin_s - began, axes.get_ylim()[1], step, fontsize=8, va="bottom")
    for role, color in colors.items():
        memory.plot([], [], color=color, label=role)
    memory.legend(loc="upper right", fontsize=8)
    files.set_xlabel("seconds")
    figure.savefig(path, dpi=110, bbox_inches="tight")
    pyplot.close(figure)


if __name__ == "__main__":
    main()
