"""Runs and datasets on an S3 server: the bytes of a local run, also where workers are killed."""

import hashlib
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import av
import psutil
import pytest
import yaml
from interlink_toy_s3 import BUCKET, S3Server, s3_server
from torch.utils.data import DataLoader
from typer.testing import CliRunner

import interlink
from interlink.pipeline.commands.main import app
from interlink.pipeline.dataset.reader import read_documents
from interlink.pipeline.dataset.versions import read_manifest
from interlink.pipeline.storage.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.engines]

EXAMPLES = Path(__file__).parent.parent / "examples" / "videos"
COMMAND = [sys.executable, "-m", "interlink.pipeline.commands.main"]
NUM_KILLS = 3
SEED = 0


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> Path:
    """A folder with the first seconds of two spoken videos, and a file that is none."""
    folder = tmp_path_factory.mktemp("sources")
    for number, name in enumerate(sorted(EXAMPLES.glob("*.mp4"))[:2]):
        with av.open(name) as given, av.open(folder / f"{number}.mp4", "w") as made:
            streams = {s.index: made.add_stream_from_template(s) for s in given.streams}
            for packet in given.demux():
                if packet.dts is not None and packet.pts * packet.time_base < 5:
                    packet.stream = streams[packet.stream.index]
                    made.mux(packet)
    (folder / "broken.mp4").write_bytes(b"this is no video")
    return folder


def write_recipe(folder: Path, sources: Path, run: str, **sections: object) -> Path:
    content = {
        "sources": str(sources),
        "run": run,
        "transcribe": {"recognizer": {"beam_size": 1}},
        "caption": {"captioner": {"backend": "facts", "read_screen_text": False}},
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(content | sections))
    return path


def start(*arguments: str, scratch: Path) -> subprocess.Popen[str]:
    scratch.mkdir(exist_ok=True)
    return subprocess.Popen(
        [*COMMAND, *arguments],
        env={**os.environ, "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(driver: subprocess.Popen[str]) -> str:
    output, _ = driver.communicate(timeout=300)
    assert driver.returncode == 0, output
    return output


def digests(url: str) -> dict[str, str]:
    dataset = Store(url)
    names = [f"{kind}/{name}" for kind in ("docs", "media") for name in dataset.names(kind)]
    return {name: hashlib.sha256(dataset.read(name)).hexdigest() for name in names}


@pytest.fixture(scope="module")
def local(tmp_path_factory, sources) -> Path:
    """The folder of a run on this disk."""
    folder = tmp_path_factory.mktemp("local")
    recipe = write_recipe(folder, sources, str(folder / "run"))
    finish(start("run", str(recipe), "--engine", "local", scratch=folder / "tmp"))
    return folder / "run"


def same_as(local: Path, url: str) -> None:
    """Check that a dataset holds what that of the local run does, and nothing beside it."""
    assert digests(url) == digests(str(local / "dataset"))
    here, there = (read_manifest(Store(root)) for root in (str(local / "dataset"), url))
    assert there.content_digest == here.content_digest
    assert there.version == 1


def committed(store: Store) -> list[str]:
    """Return the paths of all commits of a run."""
    steps = [f"steps/{name}" for name in store.names("steps")]
    parts = [f"{step}/{name}/_done.json" for step in steps for name in store.names(step)]
    return [path for path in parts if store.exists(path)]


class Killer:
    """Kills the job of a driver at seeded puts, each of which is done or not."""

    def __init__(self, driver: subprocess.Popen[str], seed: int) -> None:
        self.num_kills = 0
        self._driver = driver
        self._chance = random.Random(seed)
        self._left = self._chance.randrange(5, 25)

    def __call__(self, method: str, path: str) -> int | None:
        if method != "PUT" or "/.probe" in path or self.num_kills == NUM_KILLS:
            return None
        self._left -= 1
        if self._left:
            return None
        self.num_kills += 1
        self._left = self._chance.randrange(5, 25)
        for process in psutil.Process(self._driver.pid).children(recursive=True):
            process.kill()
        return self._chance.choice([None, 500])


def test_a_killed_and_resumed_run_gives_the_bytes_of_a_local_run(
    server: S3Server, sources, local, tmp_path
):
    run = f"s3://{BUCKET}/killed"
    recipe = write_recipe(tmp_path, sources, run)
    driver = start("run", str(recipe), "--engine", "local", scratch=tmp_path / "tmp")
    server.refuse = killer = Killer(driver, SEED)
    try:
        output = finish(driver)
    finally:
        server.refuse = lambda method, path: None
    assert killer.num_kills == NUM_KILLS
    assert output.count("interlink: going on in") == NUM_KILLS
    same_as(local, f"{run}/dataset")
    assert len(committed(Store(run))) == 6 * 3
    assert list((tmp_path / "tmp" / f"interlink-{os.getuid()}").iterdir()) == []


@pytest.fixture(scope="module")
def remote(server, sources, tmp_path_factory) -> str:
    """The URL of a run by Beam's worker processes, a Ray actor and this process."""
    folder, run = tmp_path_factory.mktemp("remote"), f"s3://{BUCKET}/engines"
    steps = {name: {"engine": "local"} for name in ("scan", "cut", "caption", "assemble")}
    steps |= {"fetch": {"engine": "beam", "workers": 2}, "transcribe": {"engine": "ray"}}
    recipe = write_recipe(folder, sources, run, steps=steps)
    # Paths of Ray's sockets must be short, and its processes may write for a moment longer.
    with tempfile.TemporaryDirectory(prefix="r", dir="/tmp", ignore_cleanup_errors=True) as short:
        finish(start("run", str(recipe), scratch=Path(short)))
    return run


def test_workers_of_every_engine_reach_the_store(remote, local):
    same_as(local, f"{remote}/dataset")


def test_everything_that_reads_a_run_or_a_dataset_reads_it_there(remote, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> str:
        done = CliRunner().invoke(app, list(arguments))
        assert done.exit_code == 0, done.output
        return done.output

    dataset = f"{remote}/dataset"
    assert "2 of 2 videos" in command("inspect", dataset)
    assert "assemble" in command("status", remote)
    assert "next: interlink sample" in command("sample", dataset)
    command("audit", "sample", dataset, "--n", "2", "--output", "audit")
    assert list(Path("audit/site").rglob("*.jpg"))
    command("card", dataset)
    assert len(list(read_documents(dataset))) == 2
    items = interlink.open(dataset).torch(size_px=64)
    loader = DataLoader(items, batch_size=None, num_workers=1)
    assert [item.document for item in loader] == [items[0].document, items[1].document]
