"""What is installed from a wheel, and not from a checkout, runs the demo."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """Build a wheel of a copy of what git tracks, and install it into a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    checkout, wheels, site = folder / "checkout", folder / "wheels", folder / "site"
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout, so nobody knows which files belong to it")
    subprocess.run(["git", "clone", "-q", str(ROOT), str(checkout)], check=True)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = ["wheel", "--no-deps", "--wheel-dir", str(wheels), str(checkout)]
    subprocess.run([*pip, *build], check=True)
    [wheel] = wheels.iterdir()
    subprocess.run([*pip, "install", "--no-deps", "--target", str(site), str(wheel)], check=True)
    return site


def run(site: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-P", *command],
        cwd=site.parent,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_only_our_rooms_are_in_the_wheel(installed):
    assert Path(run(installed, "-c", "import interlink; print(interlink.__file__)").strip()) == (
        installed / "interlink" / "__init__.py"
    )
    rooms = {p.name for p in (installed / "interlink").iterdir() if p.is_dir()}
    assert rooms - {"__pycache__"} <= {"schemas", "transforms", "pipeline", "model", "examples"}
    assert {p.name for p in installed.iterdir() if p.is_dir()} <= {"interlink", "bin"} | {
        p.name for p in installed.glob("interlink-*.dist-info")
    }


def test_what_is_no_python_is_in_the_wheel(installed):
    """Templates, pages and recipes: all that git tracks in the packages."""
    tracked = subprocess.run(
        ["git", "ls-files", "schemas", "transforms", "pipeline", "model", "examples"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    wanted = {name for name in tracked if not name.endswith((".py", ".md"))}
    wanted |= {name for name in tracked if "/templates/" in name}
    assert {
        f"pipeline/audit/site/page/{name}"
        for name in ("index.html", "app.js", "app.css", "theme.css")
    } <= wanted
    assert {name for name in wanted if not (installed / "interlink" / name).is_file()} == set()


def test_the_demo_and_an_audit_of_it_run_from_a_wheel(installed):
    main = "interlink.pipeline.commands.main"
    options = ("--no-train", "--engine", "local", "--output", "demo")
    printed = run(installed, "-m", main, "demo", *options)
    assert "cuts found within one frame" in printed
    assert (installed.parent / "demo" / "dataset" / "README.md").exists()
    printed = run(installed, "-m", main, "audit", "sample", "demo/dataset", "--n", "5")
    assert "5 of 5 clips play" in printed
    for name in ("index.html", "app.js", "app.css", "data/audit.js", "data/items-0000.js"):
        assert (installed.parent / "audit/demo/site" / name).stat().st_size > 0
    audit_id, item_id = first_item(installed.parent / "audit/demo")
    rating = {"audit_id": audit_id, "item_id": item_id, "rater": "Ann", "clip_verdict": "good"}
    (installed.parent / "ratings.jsonl").write_text(json.dumps(rating) + "\n")
    run(installed, "-m", main, "audit", "import", "audit/demo", "ratings.jsonl")
    printed = run(installed, "-m", main, "audit", "report", "audit/demo")
    assert "judged 1 of 5 clips" in printed
    assert (installed.parent / "audit/demo/report/index.html").stat().st_size > 0


def first_item(audit: Path) -> tuple[str, str]:
    """Return the id of an audit and that of its first item."""
    items = pq.read_table(audit / "items.parquet")
    return json.loads((audit / "plan.json").read_text())["audit_id"], items["item_id"][0].as_py()


def test_the_package_runs_as_a_module_with_its_recipes(installed):
    printed = run(installed, "-m", "interlink", "train", "cosmo-2b", "--dry-run")
    assert "all, of which 11.6% learn" in printed
