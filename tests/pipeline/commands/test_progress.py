"""Progress: bars that fit a terminal, JSON lines elsewhere."""

import io
import json
import re

import pytest
from rich.console import Console

from interlink.pipeline.commands.progress import Bars, JsonLines, progress_for
from interlink.pipeline.parts.commit import Commit


def commit(part: str, kept: int) -> Commit:
    return Commit(
        part=part,
        step="fetch",
        key="k",
        attempt="a",
        num_kept=kept,
        stages=(),
        files=(),
        wall_s=1.0,
    )


def terminal(width: int) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)


def plain(console: Console) -> str:
    """Return what was printed, without what moves the cursor."""
    return re.sub(r"\x1b\[[?0-9;]*[A-Za-z]|\r", "\n", console.file.getvalue())


def follow(progress: Bars | JsonLines, plan: int = 1, parts: int = 2) -> None:
    progress.step_started(plan=plan, step="transcribe", engine="local", parts=parts, done=1)
    progress.part_done(commit(f"{plan:03d}-00001", 12_345))
    progress.step_ended(plan=plan, step="transcribe", wall_s=1.0, cpu_s=0.5)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("parts", [2, 9_999])
def test_bars_fit_the_terminal(width, parts):
    console = terminal(width)
    with Bars(console) as bars:
        follow(bars, parts=parts)
    last = [line for line in plain(console).splitlines() if "kept" in line][-1]
    assert "+12345 kept, 1 reused" in last
    assert "…" not in last
    assert len(last) <= width


def test_the_bars_of_a_plan_make_room_for_the_next():
    console = terminal(80)
    with Bars(console) as bars:
        for plan in (1, 2):
            follow(bars, plan)
        shown = [task.description for task in bars._progress.tasks]
    assert shown == ["002 transcribe on local"]


def test_without_a_terminal_each_event_is_a_line_of_json(capsys):
    with progress_for(Console(file=io.StringIO())) as progress:
        assert isinstance(progress, JsonLines)
        follow(progress)
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["step_started", "part_done", "step_ended"]
    assert events[1]["kept"] == 12_345


def test_a_terminal_gets_bars():
    assert isinstance(progress_for(terminal(80)), Bars)


def test_a_worker_that_waits_is_told_above_the_bars_and_as_a_line(capsys):
    console, message = terminal(80), "0.1 MB are free [on] the disk"
    with Bars(console) as bars:
        bars.paused(step="fetch", message=message)
    assert f"fetch waits: {message}" in plain(console)
    JsonLines().paused(step="fetch", message=message)
    told = json.loads(capsys.readouterr().out)
    assert told.pop("time") > "2026"
    assert told == {"event": "paused", "step": "fetch", "message": message}
