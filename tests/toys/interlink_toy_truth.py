"""What must be true after a run under chaos: the bytes, the fates and the files of a calm one."""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pyarrow.parquet as pq
from typer.testing import CliRunner

from interlink.pipeline.commands.main import app
from interlink.pipeline.dataset import gc, unfinished
from interlink.pipeline.dataset.funnel import funnel_paths
from interlink.pipeline.dataset.versions import (
    manifest_path,
    manifest_versions,
    read_manifest,
    read_shards,
)
from interlink.pipeline.parts.commit import DONE_NAME, Commit, read_commit
from interlink.pipeline.parts.kept import read_outcomes
from interlink.pipeline.storage.store import Store
from interlink.schemas.outcome import Outcome


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What a run made, as far as it must not depend on how it went."""

    content_digest: str
    """Of the newest version."""
    files: dict[str, str]
    """Digests of the documents and media files that it names, computed anew from their bytes."""
    funnel: list[dict[str, object]]
    """Rows of all funnels."""
    working: set[str]
    """Step, part and name of the committed files that are still there."""
    outcomes: list[tuple[str, Outcome]]
    """Outcomes of all parts of all steps; how often a record was tried is left out."""


def truth_of(run: Path, dataset: Path) -> Truth:
    """Read what a run made."""
    store, target = Store(str(run)), Store(str(dataset))
    manifest = read_manifest(target)
    named = [path for shard in read_shards(target, manifest) for path in _paths(shard)]
    funnel = [
        row
        for path in funnel_paths(target)
        for row in pq.ParquetFile(dataset / path).read().to_pylist()
    ]
    return Truth(
        content_digest=manifest.content_digest,
        files={path: hashlib.sha256((dataset / path).read_bytes()).hexdigest() for path in named},
        funnel=funnel,
        working={
            f"{commit.step}/{commit.part}/{Path(file.path).name}"
            for commit in commits_of(run)
            for file in commit.files
            if (run / file.path).exists()
        },
        outcomes=[
            (commit.part, replace(outcome, attempts=1))
            for commit in commits_of(run)
            for outcome in read_outcomes(store, [commit])
        ],
    )


def differences(found: Truth, expected: Truth) -> list[str]:
    """Say in what a run differs from another, a line for each kind of thing."""
    told = []
    for field in fields(Truth):
        ours, theirs = getattr(found, field.name), getattr(expected, field.name)
        if ours != theirs:
            both = (
                [ours, theirs]
                if isinstance(ours, str)
                else [_only(ours, theirs), _only(theirs, ours)]
            )
            told.append(f"other {field.name}: {both[0]} in the place of {both[1]}")
    return told


def commits_of(run: Path) -> Iterator[Commit]:
    """Yield all commits of a run."""
    store = Store(str(run))
    for path in sorted(run.glob(f"steps/*/*/{DONE_NAME}")):
        commit = read_commit(store, f"steps/{path.parts[-3]}", path.parts[-2])
        assert commit is not None
        yield commit


def unaccounted(run: Path, dataset: Path) -> list[str]:
    """Return the files that no plan, commit, version or other name of the format explains."""
    named = {file.path for commit in commits_of(run) for file in commit.files}
    named |= {f"steps/{c.step}-{c.key[:12]}/{c.part}/{DONE_NAME}" for c in commits_of(run)}
    named |= {"recipe.yaml", "digests.json", "stats.json", "events.jsonl"}
    for pattern in ("plans/[0-9][0-9][0-9].parquet", "[a-z]*/[!.]*.json"):
        named |= {path.relative_to(run).as_posix() for path in run.glob(pattern)}
    left = [f"run/{path}" for path in _files(run) if path not in named]
    return left + [f"dataset/{path}" for path in _files(dataset) if path not in _of(dataset)]


def collect_garbage(run: Path, dataset: Path) -> None:
    """Let `interlink gc` remove what nothing needs, an hour later: a link cannot be made old."""
    later = SimpleNamespace(time=lambda: time.time() + 3600)
    with patch.object(gc, "time", later), patch.object(unfinished, "time", later):
        for place in (run, dataset):
            done = CliRunner().invoke(app, ["gc", str(place), "--older-than", "0s"])
            assert done.exit_code == 0, done.output


def check_commits(run: Path) -> None:
    """Check that what commits name is there with the digests that they name, and adds up."""
    for commit in commits_of(run):
        for file in commit.files:
            if (run / file.path).exists():  # which of them must be there is said by `truth_of`
                data = (run / file.path).read_bytes()
                assert hashlib.sha256(data).hexdigest() == file.sha256, file.path
        outcomes = list(read_outcomes(Store(str(run)), [commit]))
        assert len(outcomes) == sum(stage.planned for stage in commit.stages)


def _of(dataset: Path) -> set[str]:
    store = Store(str(dataset))
    named = {"README.md", *funnel_paths(store)}
    named |= {p.relative_to(dataset).as_posix() for p in (dataset / "card").glob("*.svg")}
    for version in manifest_versions(store):
        manifest = read_manifest(store, version)
        named |= {manifest_path(version), *(listed.path for listed in manifest.shard_lists)}
        named |= {path for shard in read_shards(store, manifest) for path in _paths(shard)}
    return named


def _only(some, others):
    """Return what is in `some` alone."""
    if isinstance(some, dict):
        return dict(some.items() - others.items())
    return type(some)(each for each in some if each not in others)


def _paths(shard) -> list[str]:
    return [shard.docs_path, *([shard.media_path] if shard.media_path else [])]


def _files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
