"""The command line in processes of its own: exit codes, one sentence for each mistake, signals."""

import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import psutil
import pytest

COMMAND = [sys.executable, "-m", "interlink.pipeline.commands.main"]
MARK = "INTERLINK_TEST_MARK"


def call(*arguments: str, before: str = "") -> tuple[int, str, str]:
    """Run the command line; `before` is Python that runs first in the same process."""
    start = f"import sys; sys.argv[0] = 'interlink'; {before}\n"
    code = start + "from interlink.pipeline.commands.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        env=os.environ | {"RAY_TMPDIR": "/tmp"},
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def recipe(tmp_path, make_video, monkeypatch) -> Path:
    """A recipe over one tiny video."""
    monkeypatch.chdir(tmp_path)
    make_video("a.mp4", shots=(2.5,))
    path = tmp_path / "recipe.yaml"
    path.write_text("sources: a.mp4\nrun: run\n")
    return path


def test_a_mistake_is_one_sentence_on_the_error_output():
    code, out, err = call("run", "nowhere.yaml")
    assert (code, out) == (2, "")
    assert err == (
        "interlink: there is no recipe at nowhere.yaml; `interlink init` writes one to start from\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [["bogus"], ["run"], ["plan", "x.yaml", "--limit", "0"], ["run", "x.yaml", "--bogus"]],
)
def test_a_wrong_call_shows_the_usage(arguments):
    code, _, err = call(*arguments)
    assert code == 2
    assert "Usage: interlink" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("module", "arguments", "sentence"),
    [
        ("ray", ["--engine", "ray"], "the engine 'ray' needs Ray: pip install 'interlink[ray]'"),
        ("apache_beam", [], "needs Apache Beam: pip install 'interlink[beam]'"),
        ("faster_whisper", ["--engine", "local"], "run: pip install 'interlink[asr]'"),
        ("rapidocr", ["--engine", "local"], "pip install 'interlink[ocr]'"),
    ],
)
def test_a_missing_extra_is_named_with_its_fix(recipe, module, arguments, sentence):
    here = ["--set", "restarts=0"]  # in the process from which the module is taken
    before = f"sys.modules[{module!r}] = None"
    code, _, err = call("run", "recipe.yaml", *arguments, *here, before=before)
    assert code == 3
    assert sentence in err
    assert err.startswith("interlink: ")
    assert "Traceback" not in err


def test_a_missing_engine_is_told_before_anything_is_written(recipe):
    call("run", "recipe.yaml", "--set", "restarts=0", before="sys.modules['ray'] = None")
    assert not Path("run").exists()


def test_a_bug_ends_with_a_traceback_and_where_to_report_it(recipe):
    broken = "import interlink.pipeline.commands.plan as p; p.load_recipe = lambda *a: 1 / 0"
    code, _, err = call("plan", "recipe.yaml", before=broken)
    assert code == 1
    assert "ZeroDivisionError: division by zero" in err
    assert err.splitlines()[-1].startswith("interlink: this is a bug. Please open an issue with")


def test_a_fault_of_the_disk_is_no_bug(recipe):
    full = "import errno; error = OSError(errno.ENOSPC, 'No space left on device', 'x.png')"
    broken = "import interlink.pipeline.commands.plan as p; p.load_recipe = fail"
    fail = "fail = lambda *a: (_ for _ in ()).throw(error)"
    code, _, err = call("plan", "recipe.yaml", before=f"{full}; {fail}; {broken}")
    assert (code, err) == (3, "interlink: No space left on device: x.png\n")


def test_a_lost_connection_is_no_bug_and_can_be_gone_on_from(recipe):
    broken = "import interlink.pipeline.commands.plan as p; p.load_recipe = fail"
    fail = "fail = lambda *a: (_ for _ in ()).throw(ConnectionResetError(104, 'reset by peer'))"
    code, _, err = call("plan", "recipe.yaml", before=f"{fail}; {broken}")
    assert code == 4
    assert "interlink: lost a connection: [Errno 104] reset by peer" in err


def test_every_command_teaches_by_examples(interlink):
    _, out = interlink("--help")
    assert "Exit codes: 0 done, 1 bug, 2 usage" in out
    assert "  Examples:\n    interlink demo\n" in out
    commands = [line.split()[0] for line in listed(out)]
    for group in ("audit", "takedown"):
        commands.remove(group)
        _, of_group = interlink(f"{group} --help")
        commands += [f"{group} {line.split()[0]}" for line in listed(of_group)]
    assert {"demo", "run", "train", "card", "audit sample", "takedown apply"} <= set(commands)
    for name in commands:
        code, text = interlink(f"{name} --help")
        assert code == 0
        assert f"  Examples:\n    interlink {name}" in text


def listed(text: str) -> list[str]:
    """Return the lines of a help text that name a command."""
    lines = text.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    return [line.strip() for line in lines if line.startswith("  ") and line[2] != " "]


def children(mark: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def stop_in(step: str, engine: str, number: int, folder: Path) -> tuple[int, str, str]:
    """Start a run, send it a signal while a step is under way, and return how it ended."""
    mark = uuid.uuid4().hex
    driver = subprocess.Popen(
        [*COMMAND, "run", "recipe.yaml", "--engine", engine],
        cwd=folder,
        env={**os.environ, MARK: mark, "RAY_TMPDIR": "/tmp"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert driver.stdout is not None
    for line in driver.stdout:
        if f'"step_started", "plan": 1, "step": "{step}"' in line:
            break
    time.sleep(1.0)
    # Ctrl-C goes to the whole group, as from a terminal.
    (os.killpg if number == signal.SIGINT else os.kill)(driver.pid, number)
    _, err = driver.communicate(timeout=60)
    deadline = time.monotonic() + 20
    while children(mark) and time.monotonic() < deadline:
        time.sleep(0.2)
    return driver.returncode, err, str([" ".join(p.cmdline())[:80] for p in children(mark)])


@pytest.mark.engines
@pytest.mark.parametrize(
    ("number", "code", "word"),
    [(signal.SIGTERM, 143, "terminated"), (signal.SIGINT, 130, "interrupted")],
    ids=["terminated", "interrupted"],
)
@pytest.mark.parametrize(
    "engine",
    [
        "local",
        pytest.param("beam", marks=pytest.mark.slow),
        pytest.param("ray", marks=pytest.mark.slow),
    ],
)
def test_a_stopped_run_leaves_no_child_and_says_how_to_go_on(recipe, engine, number, code, word):
    found, err, left = stop_in("transcribe", engine, number, recipe.parent)
    assert (found, left) == (code, "[]"), err
    assert f"interlink: {word}; what is committed stays, run again to go on" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("library", "said"),
    [
        ("raise RuntimeError('a library of ours broke')", True),
        ("time.sleep(600)", False),
    ],
    ids=["breaks", "goes on"],
)
@pytest.mark.parametrize(
    ("number", "code", "word"),
    [(signal.SIGTERM, 143, "terminated"), (signal.SIGINT, 130, "interrupted")],
    ids=["terminated", "interrupted"],
)
def test_a_stop_that_a_library_makes_its_own_error_of_is_still_a_stop(
    tmp_path, library, said, number, code, word
):
    """What a signal raises comes up anywhere, so also in code that catches all there is."""
    before = f"""
import os, time
from interlink.pipeline.commands import main, signals
signals.GRACE_S = signals.CLOSE_S = 0.2
@main.app.command()
def busy():
    try:
        os.kill(os.getpid(), {int(number)})
        time.sleep(600)
    except BaseException:
        {library}
"""
    found, _, err = call("busy", before=before)
    assert found == code, err
    assert "Traceback" not in err
    assert (f"interlink: {word}; what is committed stays, run again to go on" in err) == said
