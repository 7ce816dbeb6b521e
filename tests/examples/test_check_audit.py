"""The check of the demo's audit finds what is missing, damaged or no video."""

import json
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from interlink.examples.check_audit import check_audit
from interlink.pipeline.commands.demo_audit import audit_folder, make_audit
from interlink.pipeline.recipes.recipe import make_recipe
from interlink.pipeline.run import run_recipe
from interlink.schemas.errors import EnvironmentFault, UsageError

EXAMPLES = Path(__file__).parents[2] / "examples" / "videos"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """The audit of what the demo makes of one example."""
    output = tmp_path_factory.mktemp("made") / "demo"
    places = {"run": str(output / "run"), "dataset": str(output / "dataset")}
    sources = str(EXAMPLES / "build_a_small_tower.mp4")
    quick = {"transcribe": {"recognizer": {"beam_size": 1}}}
    run_recipe(make_recipe({"sources": sources} | places | quick), engine="local")
    assert make_audit(Console(quiet=True), places["dataset"], output)
    return audit_folder(output)


@pytest.fixture
def audit(made, tmp_path) -> Path:
    shutil.copytree(made, tmp_path / "audit")
    return tmp_path / "audit"


def test_a_whole_audit_is_told_in_one_line(audit):
    num_clips = len(list(audit.glob("site/media/*.mp4")))
    assert num_clips > 3
    line = check_audit(audit)
    assert line.startswith(f"{audit} is whole: ")
    assert line.endswith(f" items to judge, {num_clips} clips play")


def test_a_clip_that_is_cut_off_is_found(audit):
    path = next(audit.glob("site/media/*.mp4"))
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(UsageError, match=f"{path.name} does not decode"):
        check_audit(audit)


def test_a_page_with_an_item_less_is_found(audit):
    path = audit / "site/data/audit.js"
    text = path.read_text()
    rows = json.loads(text[text.index(",") + 1 : text.rindex(")")])
    rows["rows"].pop()
    path.write_text(f'interlinkAudit("audit",{json.dumps(rows)});\n')
    with pytest.raises(UsageError, match="the page lists other items than the plan"):
        check_audit(audit)


def test_a_clip_without_a_file_is_found(audit):
    path = audit / "site/data/items-0000.js"
    text = path.read_text()
    items = json.loads(text[text.index(",") + 1 : text.rindex(")")])
    items[0]["media"] = None
    path.write_text(f'interlinkAudit("items-0000",{json.dumps(items)});\n')
    with pytest.raises(UsageError, match=f"clip {items[0]['clip_id']} does not play"):
        check_audit(audit)


def test_a_missing_page_is_found(audit):
    (audit / "site/app.js").unlink()
    with pytest.raises(UsageError, match=r"app\.js of the page is missing"):
        check_audit(audit)


def test_a_plan_whose_items_are_damaged_is_found(audit):
    (audit / "items.parquet").write_bytes(b"")
    with pytest.raises(EnvironmentFault, match="is not the file that"):
        check_audit(audit)
