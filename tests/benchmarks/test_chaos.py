import importlib.util
import sys
from pathlib import Path

import pytest

PATH = Path(__file__).parents[2] / "benchmarks" / "chaos.py"


@pytest.fixture
def chaos(monkeypatch):
    """The module, which is a script's and in no package."""
    monkeypatch.syspath_prepend(str(PATH.parent))
    spec = importlib.util.spec_from_file_location("benchmark_chaos", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def result(seed, engine="local", troubles=(), **fired):
    return {
        "engine": engine,
        "seed": seed,
        "faults": [],
        "fired": [{"point": "part.begun", "action": action} for action in fired.get("fired", ())],
        "restarts": 1,
        "jobs": 3,
        "wall_s": 10.0 + seed,
        "troubles": list(troubles),
    }


def test_the_report_counts_what_struck_and_who_started_again(chaos):
    rows = [result(0, fired=["kill", "raise"]), result(1, fired=["kill"]), result(0, "ray")]
    text = chaos.body(rows)
    # kills, raises, by hand, by the supervisor, median
    assert "| local | 2 | 0 | 2 | 1 | 2 | 2 | 11 s |" in text
    assert "| ray | 1 | 0 | 0 | 0 | 1 | 1 | 10 s |" in text
    assert "| part.begun | 2 | 1 |" in text
    assert "Nothing failed." in text


def test_the_report_tells_each_failure_with_its_seed(chaos):
    text = chaos.body([result(7, "beam", ["other funnel: [] in the place of [1]"])])
    assert "**beam, seed 7**" in text
    assert "other funnel: [] in the place of [1]" in text


def test_a_series_goes_on_where_it_was_interrupted(chaos, tmp_path, monkeypatch, capsys):
    tried = []
    monkeypatch.setattr(chaos, "_try_all", lambda seeds, folder, results: tried.extend(seeds))
    (tmp_path / "results.jsonl").write_text('{"engine": "local", "seed": 0, "troubles": []}\n')
    options = ["--local", "3", "--beam", "1", "--ray", "0", "--at-most", "2"]
    monkeypatch.setattr(sys, "argv", ["chaos.py", *options, "--folder", str(tmp_path)])
    chaos.main()
    assert tried == [("local", 1), ("local", 2)]
    assert "1 of 4 seeds done; run again to go on" in capsys.readouterr().out
