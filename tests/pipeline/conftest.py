"""Short pipelines with the runtime of production, and datasets and audits of our making."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from interlink_toy_audits import AuditDataset, MadeAudit

from interlink.pipeline.dataset.reader import read_documents
from interlink.pipeline.engines.local import LocalEngine
from interlink.pipeline.parts.commit import read_commit
from interlink.pipeline.parts.part import PartRunner
from interlink.pipeline.parts.plan import plan_parts, write_plan
from interlink.pipeline.publish.plan import publish_plan
from interlink.pipeline.recipes.recipe import Recipe
from interlink.pipeline.step import Stage, Step
from interlink.pipeline.step_run import run_step
from interlink.pipeline.storage.store import Store
from interlink.schemas.clip import Clip
from interlink.schemas.document import Document
from interlink.schemas.ids import source_id
from interlink.schemas.manifest import Tombstone, TombstoneKind
from interlink.schemas.outcome import ErrorCode, RejectionReason
from interlink.schemas.source import Source
from interlink.schemas.video import Video
from interlink.transforms.base import Expand, Failed, Kept, Map, Rejected, parameter, record_id
from interlink.transforms.text.assemble import AssembleDocuments


@dataclass(kw_only=True)
class FetchMade(Map[Source, Video]):
    """Finds the videos that were made; others are not found."""

    videos: dict[str, Video] = field(default_factory=dict, metadata={"in_digest": False})

    def process_batch(self, records: Sequence[Source]) -> Sequence[Kept[Video] | Failed]:
        return [
            Kept(input_id=r.source_id, record=self.videos[r.source_id])
            if r.source_id in self.videos
            else Failed(input_id=r.source_id, code=ErrorCode.HTTP_404, message="gone")
            for r in records
        ]


@dataclass(kw_only=True)
class ClipsMade(Expand[Video, Clip]):
    """Yields the clips that were made."""

    clips: dict[str, list[Clip]] = field(default_factory=dict, metadata={"in_digest": False})

    def process(self, record: Video) -> Iterable[Clip]:
        return self.clips[record.video_id]


@dataclass(kw_only=True)
class RejectNumber(Map[Clip, Clip]):
    """Rejects the clip of that number."""

    number: int = parameter(1)

    def process_batch(self, records: Sequence[Clip]) -> Sequence[Kept[Clip] | Rejected]:
        return [
            Rejected(input_id=record_id(c), reason=RejectionReason.SCORE_BELOW, value=0.5)
            if c.number == self.number
            else Kept(input_id=record_id(c), record=c)
            for c in records
        ]


@pytest.fixture
def run_plan(tmp_path, make_clips) -> Any:
    """Takes videos through a short pipeline: `run_plan(1, "a", "b", missing=1)`.

    The sources of `lost` videos stand in the plan, and are not found.
    """
    run = Store(str(tmp_path / "run"))

    def run_it(
        plan: int, *names: str, missing: int = 0, lost: Sequence[str] = (), **parameters: Any
    ) -> list:
        clips = {
            name: [make_clips.with_file(c) for c in make_clips(3, name=name)] for name in names
        }
        videos = [made[0].video for made in clips.values()]
        gone = [Source(source_id=source_id(f"gone{n}"), uri=f"gone{n}") for n in range(missing)]
        gone += [make_clips(1, name=name)[0].video.source for name in lost]
        write_plan(run, plan, [*(video.source for video in videos), *gone])
        fetch = FetchMade(videos={video.source.source_id: video for video in videos})
        choose = ClipsMade(clips={made[0].video_id: made for made in clips.values()})
        steps = [
            Step(name="fetch", stages=[Stage(name="fetch", transform=fetch, batch_size=8)]),
            Step(
                name="cut",
                stages=[
                    Stage(name="clips", transform=choose),
                    Stage(name="filters", transform=RejectNumber(), batch_size=8),
                ],
            ),
            Step(
                name="assemble",
                stages=[Stage(name="documents", transform=AssembleDocuments(**parameters))],
            ),
        ]
        reports: list = []
        key = ""
        for step in steps:
            key = step.key(key)
            runner = PartRunner(
                store_url=run.url,
                step=step,
                key=key,
                previous_folder=reports[-1].folder if reports else None,
            )
            parts = plan_parts(run, plan)
            reports.append(
                run_step(
                    LocalEngine(),
                    runner,
                    plan=plan,
                    parts=parts,
                    max_failed_share=1.0,
                    observers=(),
                )
            )
        return reports

    return run_it


@pytest.fixture
def recipe(tmp_path) -> Recipe:
    return Recipe(sources="x.txt", run=str(tmp_path / "run"), name="Tiny | test")


@pytest.fixture
def run(recipe) -> Store:
    return Store(recipe.run)


@pytest.fixture
def audited(tmp_path: Path, make_documents: Any) -> AuditDataset:
    """Makes documents and writes them as a dataset that can be audited."""
    return AuditDataset(tmp_path, make_documents)


@pytest.fixture
def made_audit() -> type[MadeAudit]:
    """Makes an audit without a dataset."""
    return MadeAudit


@dataclass(frozen=True, kw_only=True)
class PublishedRun:
    """A run of three videos, `a`, `b` and `c`, a part each, and the dataset that it made."""

    run: Store
    dataset: Store
    reports: list
    publish: Any

    def begin(self, *folders: str) -> None:
        """Say that the newest recipe has steps with these folders."""
        names = [folder.rsplit("/", 1)[-1].partition("-")[0] for folder in folders]
        rows = [
            {"step": name, "engine": "local", "folder": folder}
            for name, folder in zip(names, folders, strict=True)
        ]
        content = {"steps": rows, "dataset": self.dataset.url}
        self.run.put("digests.json", json.dumps(content).encode())

    @property
    def documents(self) -> dict[str, Document]:
        """The documents of the newest version, by the name of their video."""
        return {d.source.title[-1]: d for d in read_documents(self.dataset.url)}

    @property
    def files(self) -> dict[str, bytes]:
        """All files of run and dataset, by path."""
        root = self.run.local_path("")
        paths = sorted(path for path in root.rglob("*") if path.is_file())
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture
def published(run, recipe, run_plan) -> PublishedRun:
    """Takes three videos through a short pipeline and publishes them; one more is not found."""
    reports = run_plan(1, "a", "b", "c", missing=1)

    def publish() -> Any:
        """Publish what the parts have committed by now."""
        now = [
            replace(r, commits=tuple(read_commit(run, r.folder, c.part) for c in r.commits))
            for r in reports
        ]
        return publish_plan(run, recipe, 1, now)

    publish()
    dataset = Store(recipe.dataset_url)
    made = PublishedRun(run=run, dataset=dataset, reports=reports, publish=publish)
    made.begin(*(report.folder for report in reports))
    return made


@pytest.fixture
def stone() -> Any:
    """Makes a tombstone: `stone("video", video_id)`, or of a clip `stone("clip", clip)`."""

    def make(kind: str, what: Any, video_id: str | None = None) -> Tombstone:
        is_span = video_id is not None
        return Tombstone(
            id=what.clip_id if is_span else what,
            kind=TombstoneKind(kind),
            reason="asked",
            version=0,
            video_id=video_id,
            start_us=what.start_us if is_span else None,
            end_us=what.end_us if is_span else None,
        )

    return make
