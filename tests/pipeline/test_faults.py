"""Fault points: silent by default, exact in number when asked."""

import ast
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from interlink_toy_faults import POINTS

from interlink.pipeline import faults
from interlink.pipeline.faults import FIRED_NAME, VARIABLE, Fault, fault_point, to_spec

PIPELINE = Path(faults.__file__).parent


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """Asks for faults in this process."""

    def set_faults(*asked: Fault) -> None:
        monkeypatch.setenv(VARIABLE, to_spec(tmp_path, list(asked)))

    return set_faults


def hit_elsewhere(folder: Path, fault: Fault, written: Path | None = None) -> int:
    """Hit a point in another process and return how it ended."""
    path = f"Path({str(written)!r})" if written else "None"
    code = (
        "from pathlib import Path; from interlink.pipeline.faults import fault_point;"
        f"fault_point({fault.point!r}, 'x', written={path})"
    )
    spec = {VARIABLE: to_spec(folder, [fault]), "PYTHONPATH": ":".join(sys.path)}
    return subprocess.run([sys.executable, "-c", code], env=spec, check=False).returncode


def test_nothing_happens_where_nobody_asked_for_faults(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    fault_point("part.begun", "steps/fetch/001-00000/a")


def test_a_fault_strikes_its_hits_of_its_subjects_at_its_point_only(ask, tmp_path):
    ask(Fault(point="part.begun", action="raise", subject="*/scan-*", nth=2, times=2))
    fault_point("part.begun", "steps/scan-1")
    fault_point("part.begun", "steps/fetch-1")
    fault_point("part.written", "steps/scan-1")
    for _ in range(2):
        with pytest.raises(OSError, match="Input/output error: 'steps/scan-1'"):
            fault_point("part.begun", "steps/scan-1")
    fault_point("part.begun", "steps/scan-1")
    fired = [json.loads(line) for line in (tmp_path / FIRED_NAME).read_text().splitlines()]
    assert [(row["fault"], row["point"], row["action"]) for row in fired] == [
        (0, "part.begun", "raise")
    ] * 2


def test_an_error_is_of_the_kind_that_the_system_raises(ask):
    ask(Fault(point="store.read", action="raise", error="ECONNRESET"))
    with pytest.raises(ConnectionResetError, match="Connection reset by peer"):
        fault_point("store.read", "plans/001.parquet")


def test_hits_are_counted_over_processes_and_a_kill_is_a_kill(tmp_path):
    kill = Fault(point="commit.before", action="kill", nth=2)
    ends = [hit_elsewhere(tmp_path, kill) for _ in range(3)]
    assert ends == [0, -signal.SIGKILL, 0]


def test_a_torn_file_is_half_and_its_writer_dead(tmp_path):
    file = tmp_path / "kept.parquet"
    file.write_bytes(b"0123456789")
    torn = Fault(point="part.written", action="torn")
    assert hit_elsewhere(tmp_path, torn, written=file) == -signal.SIGKILL
    assert file.read_bytes() == b"01234"


def test_a_hang_lasts_until_somebody_kills_it(ask, monkeypatch):
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    ask(Fault(point="step.started", action="hang"), Fault(point="step.started", action="slow"))
    fault_point("step.started")
    assert slept == [3600.0, 0.2]


def test_the_tests_know_every_fault_point_of_the_code():
    found = {
        node.args[0].value
        for path in PIPELINE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "fault_point"
    }
    assert found == set(POINTS)
