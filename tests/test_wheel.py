"""What is installed from a wheel, and not from a checkout, runs the demo."""

import os
import subprocess
import sys
from pathlib import Path

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


def test_the_demo_runs_from_a_wheel(installed):
    main = "interlink.pipeline.commands.main"
    options = ("--no-train", "--engine", "local", "--output", "demo")
    printed = run(installed, "-m", main, "demo", *options)
    assert "cuts found within one frame" in printed
    assert (installed.parent / "demo" / "dataset" / "README.md").exists()


def test_the_package_runs_as_a_module_with_its_recipes(installed):
    printed = run(installed, "-m", "interlink", "train", "cosmo-2b", "--dry-run")
    assert "all, of which 11.6% learn" in printed
