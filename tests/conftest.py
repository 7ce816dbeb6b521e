"""What every test shares. One BLAS thread, set before numpy loads, as in every worker."""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import importlib.util  # noqa: E402
import logging  # noqa: E402
import re  # noqa: E402
import sys  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from pathlib import Path  # noqa: E402
from types import ModuleType  # noqa: E402
from typing import Any  # noqa: E402

import pytest  # noqa: E402

from interlink.pipeline.parts.workspace import PartWorkspace  # noqa: E402
from interlink.pipeline.storage.store import Store  # noqa: E402

# Workers of engines and children must find the toys as a module of that name.
_TOYS = str(Path(__file__).with_name("toys"))
sys.path.insert(0, _TOYS)
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (_TOYS, os.environ.get("PYTHONPATH"))))

SHARED_VIDEOS = Path(__file__).parent.parent.parent / "shared" / "data" / "videos"


def _load(name: str) -> ModuleType:
    """Load `<name>.py` beside this file by its path: tests are no package to import from."""
    module = f"interlink_test_{name}"
    if module not in sys.modules:
        path = Path(__file__).with_name(f"{name}.py")
        spec = importlib.util.spec_from_file_location(module, path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[module] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[module])
    return sys.modules[module]


_ALONE = ("test_end_to_end.py", "test_resume.py", "test_wheel.py", "commands/test_main.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a GPU where there is none; mark what runs alone.

    Whatever starts Beam workers or a Ray cluster has clocks of its own, which other tests at the
    same time would let run out.
    """
    for item in items:
        named = {"ray", "beam"} & set(re.split(r"[^a-z]+", item.nodeid.partition("[")[2]))
        if item.get_closest_marker("engines") or named or str(item.path).endswith(_ALONE):
            item.add_marker(pytest.mark.alone)
    wanting = [item for item in items if item.get_closest_marker("gpu")]
    if wanting:
        import torch

        if not torch.cuda.is_available():
            for item in wanting:
                item.add_marker(pytest.mark.skip(reason="there is no GPU"))


@pytest.fixture
def make_video(tmp_path: Path) -> Any:
    """Makes small real videos with known truth: `make_video("a.mp4", ...)`; see `media.py`."""
    return _load("media").VideoMaker(tmp_path)


@pytest.fixture
def make_clips(tmp_path: Path, workspace: PartWorkspace) -> Any:
    """Makes clips with real JPEGs in the run: `make_clips(3)`; see `clips.py`."""
    return _load("clips").ClipMaker(tmp_path, workspace)


@pytest.fixture
def make_documents(make_clips: Any) -> Any:
    """Makes the documents of a few videos: `make_documents("a", "b")`; see `clips.py`."""
    return make_clips.documents


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[PartWorkspace]:
    """The real workspace of a part, in a temporary run."""
    space = PartWorkspace(Store(str(tmp_path / "run")), "steps/test/part/a1", tmp_path / "scratch")
    yield space
    space.close()


@pytest.fixture
def shared_videos() -> Path:
    """The folder of real videos from outside; skipped where it does not exist."""
    if not SHARED_VIDEOS.is_dir():
        pytest.skip("no ../shared/data/videos beside this checkout")
    return SHARED_VIDEOS


@pytest.fixture(autouse=True)
def _no_error_logs(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    """Fail a test that logged an ERROR, unless it starts engines."""
    yield
    if request.node.get_closest_marker("engines") is None:
        errors = [r for r in caplog.get_records("call") if r.levelno >= logging.ERROR]
        assert not errors, f"logged at ERROR: {[r.getMessage() for r in errors]}"


@pytest.fixture
def faulty_server() -> Iterator[Any]:
    """An HTTP server on loopback that misbehaves on demand; see `servers.py`."""
    with _load("servers").faulty_server() as server:
        yield server
