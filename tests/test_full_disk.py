"""Disks that are full, read-only, gone or broken: a pause, then exit 3, and nobody is blamed."""

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from interlink_toy_disks import KB, MB, Disk, small_disk
from interlink_toy_runs import ToyRun

from interlink.pipeline.engines.local import LocalEngine
from interlink.pipeline.jobs.observer import Silent
from interlink.pipeline.parts.commit import read_commit
from interlink.pipeline.recipes.recipe import Recipe, make_recipe
from interlink.pipeline.run import run_recipe
from interlink.pipeline.step import Stage
from interlink.pipeline.step_run import StepReport
from interlink.pipeline.storage.disk_guard import DiskPolicy
from interlink.schemas.errors import EnvironmentFault
from interlink.schemas.source import Source
from interlink.transforms.fetch.fetch import Fetch


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk of 4 MB."""
    with small_disk(tmp_path / "disk", "4m") as disk:
        yield disk


class Told(Silent):
    """Frees space when it hears that a worker waits."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.messages: list[str] = []
        self._act = act

    def paused(self, *, step: str, message: str) -> None:
        self.messages.append(f"{step}: {message}")
        if len(self.messages) == 1:
            self._act()


def sources(folder: Path, number: int, size: int) -> list[Source]:
    """Return sources whose files lie elsewhere, each with other bytes."""
    folder.mkdir(exist_ok=True)
    made = []
    for n in range(number):
        path = folder / f"{n}.mp4"
        path.write_bytes(bytes([n + 1]) * size)
        made.append(Source(source_id=f"s{n}", uri=str(path)))
    return made


def fetch(
    run: ToyRun, *, told: Silent | None = None, wait_s: float, min_free_bytes: int = 0
) -> StepReport:
    runner = run.runner(Stage(name="fetch", transform=Fetch(), batch_size=32), name="fetch")
    runner.disk = DiskPolicy(min_free_bytes=min_free_bytes, wait_s=wait_s)
    return run.go(LocalEngine(), runner, observers=[told] if told else [])


def content(run: ToyRun, report: StepReport) -> list[str]:
    """Return the digest of each fetched file, computed anew, in order."""
    videos = [file for commit in report.commits for file in commit.files if ".mp4" in file.path]
    return [hashlib.sha256(run.store.read(file.path)).hexdigest() for file in videos]


def test_downloads_wait_for_space_and_give_the_same_bytes(disk, tmp_path):
    given = sources(tmp_path / "videos", 4, MB)
    elsewhere = ToyRun(tmp_path / "elsewhere", given)
    expected = content(elsewhere, fetch(elsewhere, wait_s=0))

    run = ToyRun(disk.path / "run", given)
    disk.remount("size=8m")
    told = Told(disk.fill(free_bytes=2 * MB + 200 * KB).unlink)
    report = fetch(run, told=told, wait_s=60)
    assert told.messages[0].startswith("fetch: ")
    assert content(run, report) == expected
    assert [outcome.attempts for outcome in run.outcomes(report)] == [1, 1, 1, 1]
    assert not list((disk.path / "run" / "scratch").iterdir())


def test_a_part_begins_only_where_the_floor_is_free_and_the_manifest_fits(disk, tmp_path):
    [given] = sources(tmp_path / "videos", 1, KB)
    run = ToyRun(disk.path / "run", [Source(source_id="a", uri=given.uri, num_bytes=2 * MB)])
    needed = 2 * MB + MB  # the floor, and what the source is expected to take
    ballast = disk.fill(free_bytes=needed - 64 * KB)
    with pytest.raises(EnvironmentFault, match=r"^disk full: .* MB are free on the disk of .*run"):
        fetch(run, wait_s=0.5, min_free_bytes=MB)
    ballast.unlink()
    assert fetch(run, wait_s=0.5, min_free_bytes=MB).stages[0].kept == 1


def test_a_disk_that_stays_full_stops_the_run_and_blames_no_source(disk, tmp_path):
    run = ToyRun(disk.path / "run", sources(tmp_path / "videos", 6, MB))
    start = time.monotonic()
    with pytest.raises(EnvironmentFault, match=r"^disk full: the disk of .*scratch was full"):
        fetch(run, wait_s=1)
    assert time.monotonic() - start < 20
    runner = run.runner(Stage(name="fetch", transform=Fetch(), batch_size=32), name="fetch")
    done = {part: read_commit(run.store, runner.folder, part) for part in run.parts}
    assert 1 <= sum(commit is not None for commit in done.values()) < 6
    assert all(commit.stages[0].kept == 1 for commit in done.values() if commit)
    # What did not end took nothing with it: only commits and the plan hold space.
    used = sum(file.stat().st_size for file in disk.path.rglob("*") if file.is_file())
    assert used < sum(commit is not None for commit in done.values()) * MB + 300 * KB
    disk.remount("size=16m")
    assert fetch(run, wait_s=1).stages[0].kept == 6


def full_recipe(folder: Path, make_video, **sections) -> Recipe:
    names = [f"{seed}.mp4" for seed in range(3)]
    for seed, name in enumerate(names):
        make_video(name, shots=(2.2,), size=(320, 180), fps=10, seed=seed)
    manifest = folder / "videos.txt"
    manifest.write_text("\n".join(names))
    content = {
        "sources": str(manifest),
        "caption": {"captioner": {"backend": "facts", "read_screen_text": False}},
        "disk": {"min_free_bytes": 0, "wait_s": 0.2},
    }
    return make_recipe(content | sections)


def dataset_files(url: str) -> dict[str, str]:
    root = Path(url)
    names = ("docs", "media", "funnel", "_manifest")
    found = [path for name in names for path in sorted((root / name).glob("*"))]
    texts = {path: path.read_bytes() for path in found}
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(data).hexdigest()
        for path, data in texts.items()
        if path.parent.name != "_manifest"
    }


@pytest.mark.slow
def test_a_disk_that_fills_up_anywhere_costs_no_byte(disk, tmp_path, make_video):
    """The disk grows only when a run has stopped for it: it fills in one step after the other."""
    recipe = full_recipe(tmp_path, make_video, run=str(tmp_path / "big"))
    whole = run_recipe(recipe, engine="local")
    recipe = recipe.model_copy(update={"run": str(disk.path / "run")})
    size, stopped_in = 120 * KB, []
    before: dict[Path, bytes] = {}
    disk.remount(f"size={size}")
    while True:
        try:
            report = run_recipe(recipe, engine="local")
            break
        except EnvironmentFault as error:
            assert "disk full" in str(error), error
            now = {
                path: path.read_bytes() for path in Path(recipe.run).glob("steps/*/*/_done.json")
            }
            assert before.items() <= now.items(), "what is committed stays"
            before = now
            stopped_in.append(len(now))
            size += 200 * KB
            disk.remount(f"size={size}")
    assert len(set(stopped_in)) >= 3, f"stopped after so many commits: {stopped_in}"
    assert report.publication.manifest.version == 1
    assert report.publication.manifest.content_digest == whole.publication.manifest.content_digest
    assert dataset_files(recipe.dataset_url) == dataset_files(f"{tmp_path}/big/dataset")


def test_a_read_only_disk_is_told_with_its_path(disk, tmp_path):
    run = ToyRun(disk.path / "run", sources(tmp_path / "videos", 2, KB))
    disk.remount("ro")
    with pytest.raises(EnvironmentFault, match=rf"cannot write {disk.path}/run.*Read-only file"):
        fetch(run, wait_s=600)


def test_a_folder_that_vanishes_in_the_midst_is_told_with_its_path(tmp_path):
    run = ToyRun(tmp_path / "run", sources(tmp_path / "videos", 3, KB))

    class Vanishing(LocalEngine):
        def run(self, runner, parts):
            shutil.rmtree(tmp_path / "run")
            super().run(runner, parts)

    runner = run.runner(Stage(name="fetch", transform=Fetch(), batch_size=32), name="fetch")
    with pytest.raises(EnvironmentFault, match=f"{tmp_path}/run"):
        run.go(Vanishing(), runner)


@pytest.mark.parametrize("code", [errno.EDQUOT, errno.EIO, errno.ESTALE])
def test_a_quota_or_a_broken_disk_is_told_with_its_path(tmp_path, monkeypatch, code):
    run = ToyRun(tmp_path / "run", sources(tmp_path / "videos", 3, KB))

    def broken(source: object, target: object) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr("interlink.pipeline.storage.store.shutil.move", broken)
        with pytest.raises(EnvironmentFault, match=rf"{tmp_path}/run.*") as raised:
            fetch(run, wait_s=0.3)
    assert os.strerror(code) in str(raised.value) or "no space left" in str(raised.value)
    report = fetch(run, wait_s=0.3)
    assert (report.stages[0].kept, report.num_reused) == (3, 0)
