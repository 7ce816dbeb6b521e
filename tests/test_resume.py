"""A run is killed, at seeded points of it; it goes on, or is run again, to the very same bytes."""

import hashlib
import os
import random
import shutil
import subprocess
import sys
import time
import uuid
from pathlib import Path

import psutil
import pytest
import yaml
from interlink_toy_excerpts import make_excerpts

NUM_SOURCES = 7
MARK = "INTERLINK_TEST_MARK"
TRIES = [
    *(("local", seed, "all" if seed % 2 else "job") for seed in range(6)),
    *(("beam", 7, "all"), ("beam", 8, "worker"), ("ray", 9, "all"), ("ray", 10, "job")),
]
"""Engine, seed, and what is killed: all, the supervisor first, so that it must be run again; or its
job or a worker alone, after whose death it goes on by itself."""

pytestmark = [pytest.mark.slow, pytest.mark.engines]


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sources")
    make_excerpts(folder, number=NUM_SOURCES - 1, of_videos=4, shortest_s=6.0)
    (folder / "broken.mp4").write_bytes(b"this is no video")
    return folder


def write_recipe(folder: Path, sources: Path) -> Path:
    folder.mkdir(parents=True)
    recipe = folder / "recipe.yaml"
    content = {
        "sources": str(sources),
        "run": str(folder / "run"),
        "dataset": str(folder / "dataset"),
        "transcribe": {"recognizer": {"beam_size": 1}},
    }
    recipe.write_text(yaml.safe_dump(content))
    return recipe


def start(recipe: Path, engine: str, mark: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "interlink.pipeline.commands.main"]
    return subprocess.Popen(
        [*command, "run", str(recipe), "--engine", engine],
        env={**os.environ, MARK: mark, "RAY_TMPDIR": "/tmp"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for(driver: subprocess.Popen, victim: str) -> psutil.Process:
    """Return the driver's job, or one of its Beam workers."""
    while driver.poll() is None:
        jobs = psutil.Process(driver.pid).children()
        workers = [
            child
            for child in (jobs[0].children(recursive=True) if jobs else ())
            if any("sdk_worker_main" in word for word in child.cmdline())
        ]
        if jobs and (workers or victim == "job"):
            return workers[0] if victim == "worker" else jobs[0]
        time.sleep(0.02)
    raise AssertionError(driver.communicate()[0])


def digests(folder: Path) -> dict[str, str]:
    files = [*(folder / "docs").iterdir(), *(folder / "media").iterdir()]
    return {
        f.relative_to(folder).as_posix(): hashlib.sha256(f.read_bytes()).hexdigest() for f in files
    }


def commits(run: Path) -> dict[Path, tuple[int, bytes]]:
    found = sorted(run.glob("steps/*/*/_done.json"))
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in found}


def marked(mark: str) -> list[psutil.Process]:
    """Return the live processes that descend from a driver with this mark."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def wait_until_gone(mark: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and marked(mark):
        time.sleep(0.2)
    left = [(p.pid, " ".join(p.cmdline())[:120]) for p in marked(mark)]
    assert not left, f"still alive {seconds} s after the driver's death: {left}"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, sources) -> tuple[dict[str, str], int]:
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    driver = start(write_recipe(folder, sources), "local", uuid.uuid4().hex)
    output, _ = driver.communicate(timeout=300)
    assert driver.returncode == 0, output
    return digests(folder / "dataset"), len(commits(folder / "run"))


@pytest.mark.parametrize(
    ("engine", "seed", "victim"), TRIES, ids=["-".join(map(str, each)) for each in TRIES]
)
def test_a_killed_run_goes_on_to_the_same_bytes(
    engine, seed, victim, tmp_path, sources, undisturbed
):
    expected, num_commits = undisturbed
    recipe = write_recipe(tmp_path / "killed", sources)
    run, mark = tmp_path / "killed" / "run", uuid.uuid4().hex
    chance = random.Random(seed)
    # A worker is killed in the midst of a step, where its death fails the job.
    kill_after = NUM_SOURCES + 2 if victim == "worker" else chance.randrange(num_commits)

    driver = start(recipe, engine, mark)
    while driver.poll() is None and len(commits(run)) < kill_after:
        time.sleep(0.02)
    time.sleep(0 if victim == "worker" else chance.uniform(0, 0.5))
    if victim != "all":
        found = wait_for(driver, victim)
        before = commits(run)
        found.kill()
        output, _ = driver.communicate(timeout=300)
        assert "going on in 1 s, restart 1 of at most 10" in output
    else:
        driver.kill()
        driver.wait()
        driver.stdout.close()
        wait_until_gone(mark, seconds=30)
        before = commits(run)
        driver = start(recipe, engine, mark)
        output, _ = driver.communicate(timeout=300)

    assert driver.returncode == 0, output
    assert digests(tmp_path / "killed" / "dataset") == expected
    after = commits(run)
    assert len(after) == num_commits
    assert {path: after[path] for path in before} == before, "a committed part was written again"
    wait_until_gone(mark, seconds=30)
    shutil.rmtree(tmp_path / "killed")
