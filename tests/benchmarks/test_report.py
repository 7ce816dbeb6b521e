import importlib.util
import sys
from pathlib import Path

import pytest

from interlink.examples.shares import NONE, Share

PATH = Path(__file__).parents[2] / "benchmarks" / "report.py"


@pytest.fixture
def report(tmp_path, monkeypatch):
    """The module, which is a script's and in no package, writing to a folder of the test."""
    spec = importlib.util.spec_from_file_location("benchmark_report", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "REPORTS", tmp_path / "reports")
    return module


def test_a_report_names_date_command_machine_and_versions(report, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/somewhere/benchmarks/speed.py", "--videos", "4"])
    path = report.write_report("speed", title="Speed", body="It is fast.", packages=["numpy"])
    text = path.read_text(encoding="utf-8")
    date = path.name.removesuffix("-speed.md")
    assert text.startswith("# Speed\n")
    assert f"| date | {date} |" in text
    assert "| command | `python benchmarks/speed.py --videos 4` |" in text
    assert "threads |" in text
    assert "numpy " in text
    assert text.endswith("\n\nIt is fast.\n")
    assert "/somewhere" not in text


def test_a_table_is_markdown(report):
    assert report.table(("a", "b"), [(1, "x")]) == "| a | b |\n| --- | --- |\n| 1 | x |"


def test_shares_are_shown_in_percent_with_their_interval(report):
    assert (report.percent(Share(1, 2)), report.interval(Share(1, 2))) == ("50.0%", "9.5% to 90.5%")
    assert (report.percent(NONE), report.interval(NONE)) == ("-", "-")
