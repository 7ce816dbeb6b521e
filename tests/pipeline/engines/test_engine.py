"""Engines are made by name, and keep to themselves what they chat."""

import json
import subprocess
import sys
import tempfile
import textwrap

import pytest
from interlink_toy_engines import ENGINES

from interlink.pipeline.engines.engine import make_engine
from interlink.pipeline.engines.local import LocalEngine

SCRIPT = """
    import json, logging, sys
    from pathlib import Path
    from interlink_toy_runs import ToyRun
    from interlink_toys import Act, source, sources
    from interlink.pipeline.engines.engine import make_engine
    from interlink.pipeline.step import Stage
    from interlink.schemas.errors import IncompleteError

    if __name__ == "__main__":
        logging.basicConfig(level=logging.WARNING)
        folder, name, fate, options = sys.argv[1:]
        run = ToyRun(Path(folder) / "run", [source("x", fate), *sources({}, keep=8)])
        runner = run.runner(Stage(name="act", transform=Act(folder=folder)), workers=2)
        engine = make_engine(name, beam_options=json.loads(options))
        try:
            run.go(engine, runner)
        except IncompleteError as error:
            print(error)
            run.go(engine, runner)
        engine.close()
        print("done")
"""


def test_the_local_engine_is_the_plainest():
    assert isinstance(make_engine("local"), LocalEngine)


@pytest.mark.engines
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "fate"),
    [  # Beam in this process has no worker that could die alone
        ("beam", "keep"),
        ("beam-processes", "keep"),
        ("beam-processes", "die once"),
        ("ray", "keep"),
        ("ray", "die once"),
    ],
)
def test_an_engine_s_chatter_stays_off_the_terminal(tmp_path, monkeypatch, name, fate):
    script = tmp_path / "go.py"
    script.write_text(textwrap.dedent(SCRIPT))
    with tempfile.TemporaryDirectory(prefix="r", dir="/tmp") as short:
        monkeypatch.setenv("RAY_TMPDIR", short)
        done = subprocess.run(
            [
                *(sys.executable, str(script), str(tmp_path)),
                *(name.split("-")[0], fate, json.dumps(ENGINES[name])),
            ],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    said = [line for line in done.stdout.splitlines() if line != "done"]
    assert done.returncode == 0, done.stderr
    if fate == "keep":
        assert (said, done.stderr) == ([], "")
    elif name == "ray":
        # Ray says so itself, whatever its log settings.
        assert all("A worker died or was killed" in line for line in said)
        [warning] = done.stderr.splitlines()
        assert "a Ray worker died, its parts go to another" in warning
    else:
        [sentence] = said
        assert sentence.endswith("run again to go on")
        assert done.stderr == ""
