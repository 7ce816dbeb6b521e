"""The check of the demo's output finds what is missing or damaged."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

from interlink.examples import check_demo as checked
from interlink.examples.check_demo import check_demo
from interlink.pipeline.recipes.recipe import make_recipe
from interlink.pipeline.run import run_recipe
from interlink.schemas.errors import UsageError

EXAMPLES = Path(__file__).parents[2] / "examples" / "videos"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """What the demo makes, of one example only."""
    output = tmp_path_factory.mktemp("made") / "demo"
    places = {"run": str(output / "run"), "dataset": str(output / "dataset")}
    sources = str(EXAMPLES / "build_a_small_tower.mp4")
    quick = {"transcribe": {"recognizer": {"beam_size": 1}}}
    run_recipe(make_recipe({"sources": sources} | places | quick), engine="local")
    Image.new("RGB", (8, 8)).save(output / "video.png")
    return output


@pytest.fixture
def demo(made, tmp_path, monkeypatch) -> Path:
    """A copy of it, which the check takes for whole."""
    monkeypatch.setattr(checked, "NUM_DOCUMENTS", 1)
    shutil.copytree(made, tmp_path / "demo")
    return tmp_path / "demo"


def shard(demo: Path, kind: str) -> Path:
    return next((demo / "dataset" / kind).iterdir())


def test_a_whole_demo_is_told_in_one_line(demo):
    line = check_demo(demo)
    assert "demo is whole: 1 documents, " in line
    assert "2 files with the digests of their manifest" in line


@pytest.mark.parametrize("kind", ["docs", "media"])
def test_a_flipped_byte_is_found(demo, kind):
    path = shard(demo, kind)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(UsageError, match=rf"{kind}/.*\.parquet has another digest"):
        check_demo(demo)


def test_a_file_cut_short_is_found(demo):
    path = shard(demo, "docs")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UsageError, match=r"has \d+ bytes, not \d+"):
        check_demo(demo)


def test_a_missing_document_is_found(demo, monkeypatch):
    monkeypatch.setattr(checked, "NUM_DOCUMENTS", 4)
    with pytest.raises(UsageError, match="1 documents, not 4"):
        check_demo(demo)


def test_a_source_that_was_lost_is_found(demo):
    [path] = (demo / "dataset" / "funnel").iterdir()
    table = pq.read_table(path)
    column = table.schema.get_field_index("disposition")
    lost = ["failed", *table.column("disposition").to_pylist()[1:]]
    pq.write_table(table.set_column(column, table.schema.field(column), [lost]), path)
    with pytest.raises(UsageError, match="something was left out: "):
        check_demo(demo)


def test_too_much_cpu_time_is_found(demo):
    stats = json.loads((demo / "run" / "stats.json").read_text())
    stats["steps"][0]["cpu_s"] = 400.0
    (demo / "run" / "stats.json").write_text(json.dumps(stats))
    with pytest.raises(UsageError, match="CPU-seconds, more than 360"):
        check_demo(demo)


def test_where_there_is_no_demo_it_says_so_and_exits_with_1(tmp_path):
    command = [sys.executable, "-m", "interlink.examples.check_demo", str(tmp_path / "none")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "none is not whole: there is no dataset at" in done.stderr
    assert "Traceback" not in done.stderr
