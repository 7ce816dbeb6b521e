"""What the scripts for Slurm do with the driver's end, with stand-ins for Slurm's commands.

Slurm itself was not run: that `srun` hands a signal and an exit code on is taken from its manual.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SLURM = Path(__file__).parents[2] / "docker" / "slurm"
SCRIPTS = sorted(SLURM.glob("*.sbatch"))
LIMIT_S = 60
STAND_INS = {
    # A task gets its signals, and its code is srun's.
    "srun": 'while [[ $1 == -* ]]; do shift; done\nexec "$@"',
    "scontrol": 'if [[ $1 == show ]]; then echo node1; else echo "$@" >>"$SEEN/scontrol"; fi',
    "interlink": f'exec "{sys.executable}" "$SEEN/driver.py" "$@"',
    # The head of the Ray cluster is there at once.
    "timeout": "exit 0",
    "sleep": "exit 0",
}
DRIVER = """
import os, pathlib, signal, sys, time
seen = pathlib.Path(os.environ["SEEN"])

def stop(number, frame):
    (seen / "told").touch()
    time.sleep(0.5)  # parts that are finished are committed
    sys.exit(143)

signal.signal(signal.SIGTERM, stop)
(seen / "words").write_text(" ".join(sys.argv[1:]))
(seen / "ready").touch()
if os.environ["CODE"]:
    sys.exit(int(os.environ["CODE"]))
while True:
    time.sleep(0.05)  # a signal right before a long sleep is handled after it
"""


@pytest.fixture
def start(tmp_path):
    """Starts a script as Slurm would; what a test leaves running is killed."""
    started = []

    def run(script: Path, code: str = "") -> subprocess.Popen:
        commands = tmp_path / "bin"
        commands.mkdir()
        nodes = tmp_path / "docker" / "ray"
        nodes.mkdir(parents=True)
        files = {commands / name: text for name, text in STAND_INS.items()}
        for path, text in (files | {nodes / "start-node.sh": "exit 0"}).items():
            path.write_text(f"#!/usr/bin/env bash\n{text}\n")
            path.chmod(0o755)
        (tmp_path / "driver.py").write_text(DRIVER)
        slurm = {
            "SLURM_JOB_ID": "42",
            "SLURM_JOB_NODELIST": "node1",
            "SLURM_JOB_NUM_NODES": "2",
            "SLURM_SUBMIT_DIR": str(tmp_path),
        }
        env = os.environ | slurm | {"SEEN": str(tmp_path), "CODE": code}
        env["PATH"] = f"{commands}:{env['PATH']}"
        started.append(
            subprocess.Popen(["bash", script, "recipe.yaml"], env=env, start_new_session=True)
        )
        return started[-1]

    yield run
    for process in started:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:  # all ended
            continue
        finally:
            process.wait()


def queued_again(folder: Path) -> list[str]:
    calls = folder / "scontrol"
    return calls.read_text().splitlines() if calls.exists() else []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_at_the_time_limit_the_driver_ends_well_and_the_job_is_queued_again(
    script, start, tmp_path
):
    assert "#SBATCH --signal=B:USR1@120\n" in script.read_text()
    shell = start(script)
    end = time.monotonic() + LIMIT_S
    while not (tmp_path / "ready").exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert (tmp_path / "words").read_text().startswith("run recipe.yaml ")
    shell.send_signal(signal.SIGUSR1)
    assert shell.wait(LIMIT_S) == 143
    assert (tmp_path / "told").exists()
    assert queued_again(tmp_path) == ["requeue 42"]


@pytest.mark.parametrize(
    ("code", "calls"), [("0", []), ("3", []), ("4", ["requeue 42"]), ("143", [])]
)
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_what_may_go_on_is_queued_again_and_what_was_cancelled_is_not(
    script, code, calls, start, tmp_path
):
    assert start(script, code).wait(LIMIT_S) == int(code)
    assert queued_again(tmp_path) == calls
