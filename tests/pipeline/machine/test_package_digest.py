"""A worker that runs other code than the driver is refused."""

import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from interlink_toy_runs import ToyRun
from interlink_toys import Copy, sources

import interlink
from interlink.pipeline.machine.package_digest import check_package, package_digest
from interlink.pipeline.parts.stop_note import take_stop
from interlink.pipeline.step import Stage
from interlink.schemas.errors import EnvironmentFault

WORKER = "import pickle, sys; pickle.load(open(sys.argv[1], 'rb')).setup()"


@pytest.fixture
def other_copy(tmp_path) -> Path:
    """Another copy of the package, as in an image."""
    root, copy = Path(interlink.__file__).parent, tmp_path / "image" / "interlink"
    for room in ("schemas", "transforms", "pipeline"):
        shutil.copytree(root / room, copy / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "__init__.py", copy)
    return copy


def set_up_in(copy: Path, run: ToyRun, tmp_path: Path) -> Exception | None:
    """Set a worker up in a process that sees this copy; return why it stopped the step, if so."""
    runner = run.runner(Stage(name="copy", transform=Copy()))
    runner.package = package_digest()
    (tmp_path / "runner").write_bytes(pickle.dumps(runner))
    path = os.pathsep.join([str(copy.parent), os.environ["PYTHONPATH"]])
    command = [sys.executable, "-c", WORKER, str(tmp_path / "runner")]
    subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, check=True)
    return take_stop(run.store, runner.stop_note)


def test_a_worker_of_an_old_image_stops_the_step(other_copy, tmp_path):
    run = ToyRun(tmp_path / "run", sources({}, keep=1))
    assert set_up_in(other_copy, run, tmp_path) is None
    # What only the driver uses may differ.
    with (other_copy / "pipeline" / "commands" / "card.py").open("a") as file:
        file.write("# mended\n")
    assert set_up_in(other_copy, run, tmp_path) is None
    with (other_copy / "transforms" / "clips.py").open("a") as file:
        file.write("# old\n")
    error = set_up_in(other_copy, run, tmp_path)
    assert isinstance(error, EnvironmentFault)
    assert f"the driver's is {package_digest()[:12]}. Build the workers' image" in str(error)


def test_whatever_a_worker_loads_is_part_of_the_digest(other_copy):
    code = """if True:
        import sys
        from pathlib import Path
        import interlink.pipeline.engines.beam, interlink.pipeline.engines.ray
        from interlink.pipeline.machine.package_digest import package_digest
        root = Path(sys.modules["interlink"].__file__).parent
        loaded = [m.__file__ for n, m in sys.modules.items() if n.split(".")[0] == "interlink"]
        print(len(loaded))
        for path in map(Path, loaded):
            before, text = package_digest(), path.read_text()
            path.write_text(text + "# mended\\n")
            package_digest.cache_clear()
            if package_digest() == before:
                print(path.relative_to(root))
    """
    environment = os.environ | {"PYTHONPATH": str(other_copy.parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    number, *missed = done.stdout.split()
    assert int(number) > 30
    assert not missed


def test_the_digest_is_compared_where_one_is_given():
    check_package("")
    check_package(package_digest())
    with pytest.raises(EnvironmentFault, match=r"digest is [0-9a-f]{12}, the driver's is 0000\."):
        check_package("0000")
