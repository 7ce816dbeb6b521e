"""`interlink run`: from a recipe to a dataset, with everything that a person wants to know."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest


@pytest.fixture
def recipe(here, make_video) -> Path:
    make_video("a.mp4", shots=(2.2,), size=(64, 48), fps=10)
    (here / "b.mp4").write_bytes(b"no video")
    path = here / "recipe.yaml"
    path.write_text("sources: [a.mp4, b.mp4]\nrun: run\ndataset: out\n")
    return path


def test_it_prints_funnel_losses_places_and_what_is_next(interlink, recipe):
    code, printed = interlink("run recipe.yaml --engine local --set restarts=0")
    assert code == 0, printed
    for words in (
        "planned = kept + rejected + failed + deferred, at each stage",
        "1 source failed in scan: not_media",
        "each with its message: out/funnel/*.parquet; what failed, and what to do: interlink fail",
        "slowest: ",
        "faster:  ",
        "run      run: plans, commits, stats.json",
        "dataset  out: 1 documents, version 1",
        "next: interlink inspect out",
    ):
        assert words in printed
    assert Path("out/_manifest/v000001.json").exists()

    code, printed = interlink("run recipe.yaml --engine local --set restarts=0")
    assert code == 0
    assert "12 of 12 parts were committed by an earlier run and not done again" in printed


def test_arguments_after_the_dashes_go_to_beam(interlink, recipe):
    one = "--set steps.fetch.engine=beam --set fetch.stall_timeout_s=9 --set restarts=0"
    code, printed = interlink(f"run recipe.yaml {one} -- --runner=NoSuchRunner")
    assert code == 2
    assert "Beam refuses its options ['--runner=NoSuchRunner']" in printed
    code, printed = interlink(f"run recipe.yaml {one} -- --s3_secret_access_key=CANARY")
    assert code == 2
    assert "what stands after --: beam.options[0] holds what looks like a key" in printed
    assert "CANARY" not in printed


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("run nowhere.yaml", "there is no recipe at nowhere.yaml; `interlink init` writes one"),
        ("run recipe.yaml --engine spark", "--engine spark must be one of local, beam, ray"),
        ("run recipe.yaml --set limit=0", "the recipe recipe.yaml: limit=0 must be >= 1"),
        ("run recipe.yaml --set limit", "--set 'limit' must be key=value"),
    ],
)
def test_a_mistake_gets_a_sentence(interlink, recipe, line, sentence):
    code, printed = interlink(line)
    assert code == 2
    assert sentence in printed
    assert not Path("run").exists()


def start(*arguments: str) -> subprocess.Popen:
    """Start the command line in a process of its own, where it has a supervisor."""
    return subprocess.Popen(
        [sys.executable, "-m", "interlink", "run", "recipe.yaml", "--engine", "local", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def call(*arguments: str) -> tuple[int, str, str]:
    process = start(*arguments)
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


def wait_for_step(process: subprocess.Popen, step: str) -> None:
    while f'"step_started", "plan": 1, "step": "{step}"' not in process.stdout.readline():
        assert process.poll() is None


def job_ends() -> list[tuple[int, str]]:
    ends = [json.loads(path.read_text()) for path in sorted(Path("run/jobs").glob("*-ended.json"))]
    return [(end["exit_code"], end["reason"]) for end in ends]


def test_a_job_that_is_killed_goes_on_by_itself(recipe):
    process = start()
    wait_for_step(process, "scan")
    [job] = psutil.Process(process.pid).children()
    # An edit is for the next run: a restart goes on with what was begun.
    Path("recipe.yaml").write_text("sources: elsewhere.txt\nrun: another\n")
    job.kill()
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert err.startswith(
        "interlink: going on in 1 s, restart 1 of at most 10 without a new commit, "
        "as the job ended early: it was killed by SIGKILL, as when memory runs out\n"
    )
    assert "dataset  out: 1 documents, version 1" in out
    assert [code for code, _ in job_ends()] == [-9, 0]
    logged = [json.loads(line) for line in Path("run/events.jsonl").read_text().splitlines()]
    names = [event["event"] for event in logged]
    assert (names.count("job_started"), names.count("job_ended")) == (2, 1)
    [restart] = [event for event in logged if event["event"] == "restarting"]
    assert restart["reason"].startswith("it was killed by SIGKILL")
    assert '{"event": "restarting"' in out


def test_the_jobs_own_mistakes_are_said_once_and_end_it(recipe):
    code, out, err = call("--plan", "7", "--step", "scan")
    sentence = (
        "there is no plan 7 in run, which has none; `interlink plan RECIPE --write` makes plans of "
    )
    assert code == 2
    assert [json.loads(line)["event"] for line in out.splitlines()] == ["job_started", "job_ended"]
    assert err == f"interlink: {sentence}new sources\n"
    assert job_ends() == [(2, f"{sentence}new sources")]


def test_a_time_budget_ends_it_resumable_and_nothing_is_started_again(recipe):
    code, _, err = call("--set", "time_budget_s=0.001")
    assert (code, err) == (
        4,
        "interlink: time_budget_s is used up; what is committed stays: run again to go on\n",
    )
    assert [code for code, _ in job_ends()] == [4]


def test_an_orchestrator_runs_one_step_as_often_as_it_likes(interlink, recipe):
    run = "run recipe.yaml --engine local --set restarts=0 --plan 1 --step"
    assert interlink("plan recipe.yaml --write")[0] == 0
    code, printed = interlink(f"{run} scan")
    assert code == 2
    assert "run it first: --plan 1 --step fetch" in printed
    for reused in ("", "2 of 2 parts were committed by an earlier run"):
        code, printed = interlink(f"{run} fetch")
        assert code == 0, printed
        assert reused in printed
        assert not Path("out").exists()


def test_a_second_sigterm_ends_job_and_supervisor_at_once(recipe):
    process = start()
    wait_for_step(process, "transcribe")
    [job] = psutil.Process(process.pid).children()
    process.terminate()
    time.sleep(0.3)
    process.terminate()
    _, err = process.communicate(timeout=300)
    # A Python that is about to exit has no handlers any more; a shell calls both 143.
    assert process.returncode in {143, -signal.SIGTERM}
    assert "Traceback" not in err
    psutil.wait_procs([job], timeout=10)  # it was killed, which takes the kernel a moment
    assert not job.is_running() or job.status() == psutil.STATUS_ZOMBIE
    # What was finished is committed: two parts of each step before.
    assert len(list(Path("run").glob("steps/*/*/_done.json"))) >= 4
