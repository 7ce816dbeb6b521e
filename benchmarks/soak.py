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
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq
import yaml
from report import REPORTS, write_report
from soak_report import body, draw
from soak_result import STEPS, WORKERS, Result
from soak_sampler import Sampler
from soak_sources import Soak, make_soak, soak_server

from interlink.pipeline.dataset.versions import read_manifest
from interlink.pipeline.storage.store import Store

PACKAGES = ["apache-beam", "av", "pyarrow", "faster-whisper", "yt-dlp"]
_KILLS = 2


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


if __name__ == "__main__":
    main()
