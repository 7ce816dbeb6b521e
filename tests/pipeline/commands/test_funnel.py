"""The funnel: it fits the terminal, adds up over plans, and says why things were lost."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from interlink.pipeline.commands.funnel import print_funnel
from interlink.pipeline.parts.commit import Commit, StageCounts
from interlink.pipeline.step_run import StepReport


def report(step: str, plan: int = 1, *, kept: int = 3, failed: int = 1, **more: int) -> StepReport:
    stage = StageCounts(stage=step, kept=kept, failed=failed, outputs=kept, **more)
    commit = Commit(
        part=f"{plan:03d}-00000",
        step=step,
        key="k",
        attempt="a",
        num_kept=kept,
        stages=(stage,),
        files=(),
        wall_s=1.0,
    )
    return StepReport(
        plan=plan,
        step=step,
        engine="local",
        folder=f"steps/{step}",
        num_parts=1,
        num_reused=0,
        stages=(stage,),
        wall_s=1.5,
        cpu_s=0.5,
        commits=(commit,),
    )


def shown(*reports: StepReport, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, markup=False, highlight=False)
    print_funnel(console, reports)
    return console.file.getvalue()


def rows(text: str) -> dict[str, list[str]]:
    return {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.strip()}


def test_each_stage_shows_what_became_of_its_records():
    text = shown(report("fetch"), report("scan", kept=2, failed=1))
    assert text.startswith("planned = kept + rejected + failed + deferred, at each stage\n")
    assert rows(text)["fetch"] == ["local", "4", "3", "·", "1", "·", "3", "1.5", "0.5"]
    assert rows(text)["scan"] == ["local", "3", "2", "·", "1", "·", "2", "1.5", "0.5"]


def test_plans_are_added_up():
    text = shown(report("fetch"), report("fetch", plan=2, kept=7))
    assert rows(text)["fetch"] == ["local", "12", "10", "·", "2", "·", "10", "3.0", "1.0"]


def test_quarantined_records_get_a_column_when_there_are_some():
    text = shown(report("fetch", quarantined=1), width=100)
    assert "kept + rejected + failed + deferred + quarantined" in text


@pytest.mark.parametrize(
    ("width", "kept"), [(60, 3), (70, 3), (80, 3), (120, 3), (80, 12_345_678), (120, 12_345_678)]
)
def test_the_table_fits_the_terminal(width, kept):
    fates = {"deferred": 1, "quarantined": 2} if width > 70 else {}
    text = shown(report("transcribe", kept=kept, **fates), width=width)
    assert all(len(line) <= width for line in text.splitlines()[1:])
    assert "…" not in text


def test_reused_parts_are_told():
    text = shown(replace(report("fetch"), num_reused=1), report("scan", kept=2))
    assert "1 of 2 parts were committed by an earlier run and not done again" in text


def test_records_lost_between_steps_are_a_bug():
    with pytest.raises(RuntimeError, match="'fetch' kept 3 records, 'scan' took 4"):
        shown(report("fetch"), report("scan", kept=3, failed=1))
