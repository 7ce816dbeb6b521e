"""A plan's end, with the runtime of production: shards, version, funnel and card agree."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow.parquet as pq
import pytest

from interlink.pipeline.dataset.funnel import funnel_path, funnel_rows, read_funnel
from interlink.pipeline.dataset.publish import publish_plan
from interlink.pipeline.dataset.reader import read_documents
from interlink.pipeline.dataset.versions import read_manifest, read_shards
from interlink.pipeline.engines.local import LocalEngine
from interlink.pipeline.part import PartRunner
from interlink.pipeline.plan import plan_parts, write_plan
from interlink.pipeline.recipe import Recipe
from interlink.pipeline.step import Stage, Step
from interlink.pipeline.step_run import run_step
from interlink.pipeline.store import Store
from interlink.schemas.arrow import from_table
from interlink.schemas.clip import Clip
from interlink.schemas.errors import UsageError
from interlink.schemas.funnel import FunnelKind, FunnelRow
from interlink.schemas.ids import source_id
from interlink.schemas.outcome import Disposition, ErrorCode, Outcome, RejectionReason
from interlink.schemas.source import Source
from interlink.schemas.video import Video
from interlink.schemas.view import Rule, View
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
    """Takes videos through a short pipeline: `run_plan(1, "a", "b", missing=1)`."""
    run = Store(str(tmp_path / "run"))

    def run_it(plan: int, *names: str, missing: int = 0, **parameters: Any) -> list:
        clips = {
            name: [make_clips.with_file(c) for c in make_clips(3, name=name)] for name in names
        }
        videos = [made[0].video for made in clips.values()]
        gone = [Source(source_id=source_id(f"gone{n}"), uri=f"gone{n}") for n in range(missing)]
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


def test_a_plan_becomes_a_dataset_that_reads_back(run, recipe, run_plan):
    reports = run_plan(1, "a", "b", missing=1)
    publication = publish_plan(run, recipe, 1, reports)
    dataset = Store(recipe.dataset_url)
    documents = list(read_documents(recipe.dataset_url))
    shards = list(read_shards(dataset, publication.manifest))
    assert publication.manifest == read_manifest(dataset)
    assert {d.source.title for d in documents} == {"Video a", "Video b"}
    assert [d.num_clips for d in documents] == [2, 2]
    assert {d.integrity for d in documents} == {"partial"}  # the rejected clip is missed
    assert sum(shard.num_media for shard in shards) == 4
    for shard in shards:
        with dataset.open(shard.media_path) as file:
            owners = pq.read_table(file, columns=["owner_id"]).column("owner_id").to_pylist()
        clips = [c.clip_id for d in documents for c in d.clips if c.clip_id in owners]
        assert sorted(owners) == sorted(clips)


def test_the_funnel_has_a_row_for_each_source_and_clip(run, recipe, run_plan):
    publish_plan(run, recipe, 1, run_plan(1, "a", "b", missing=1))
    dataset = Store(recipe.dataset_url)
    with dataset.open(funnel_path(1)) as file:
        rows = from_table(pq.read_table(file), FunnelRow)
    sources = {row.id: row for row in rows if row.kind is FunnelKind.SOURCE}
    clips = [row for row in rows if row.kind is FunnelKind.CLIP]
    gone = sources[source_id("gone0")]
    assert (len(sources), len(clips)) == (3, 6)
    assert (gone.disposition, gone.code, gone.step, gone.video_id) == (
        Disposition.FAILED,
        "http_404",
        "fetch",
        None,
    )
    rejected = [row for row in clips if row.disposition is Disposition.REJECTED]
    assert [(r.stage, r.code, r.value) for r in rejected] == [("filters", "score_below", 0.5)] * 2
    assert {row.stage for row in clips if row.disposition is Disposition.KEPT} == {"documents"}
    assert all(sources[row.source_id].video_id == row.video_id for row in clips)


def test_publishing_again_changes_no_byte_but_the_time(run, recipe, run_plan):
    reports = run_plan(1, "a")
    first = publish_plan(run, recipe, 1, reports)
    dataset = Store(recipe.dataset_url)
    before = {name: dataset.read(name) for name in ("README.md", funnel_path(1))}
    assert publish_plan(run, recipe, 1, reports) == first
    assert {name: dataset.read(name) for name in before} == before


def test_the_next_plan_adds_to_dataset_funnel_and_card(run, recipe, run_plan):
    publish_plan(run, recipe, 1, run_plan(1, "a", missing=1))
    second = publish_plan(run, recipe, 2, run_plan(2, "b"))
    dataset = Store(recipe.dataset_url)
    counts = {
        (row["kind"], row["disposition"]): row["count"] for row in read_funnel(dataset).to_pylist()
    }
    assert second.manifest.version == 2
    assert counts == {
        ("source", "kept"): 2,
        ("source", "failed"): 1,
        ("clip", "kept"): 4,
        ("clip", "rejected"): 2,
    }
    assert len(list(read_documents(recipe.dataset_url))) == 2
    assert len(list(read_documents(recipe.dataset_url, version=1))) == 1


def test_views_choose_documents(run, recipe, run_plan):
    publish_plan(run, recipe, 1, run_plan(1, "a", "b", eval_share=1.0))
    url = recipe.dataset_url
    one = View(name="x", rules=(Rule(column="source.title", op="==", value="Video a"),))
    assert [d.source.title for d in read_documents(url, one)] == ["Video a"]
    assert len(list(read_documents(url, "eval"))) == 2
    assert list(read_documents(url, "train")) == []
    with pytest.raises(UsageError, match=r"no view 'best'; this dataset has \['train', 'eval'\]"):
        list(read_documents(url, "best"))


def test_the_card_says_what_is_in_it_and_how_to_load_it(run, recipe, run_plan):
    import yaml

    publish_plan(run, recipe, 1, run_plan(1, "a", "b", missing=1))
    text = Store(recipe.dataset_url).read("README.md").decode()
    _, header, body = text.split("---\n", 2)
    settings = yaml.safe_load(header)
    assert settings["pretty_name"] == "Tiny | test"
    assert settings["license"] == "cc-by-4.0"
    assert settings["language"] == ["en"]
    assert settings["size_categories"] == ["n<1K"]
    assert settings["configs"] == [{"config_name": "default", "data_files": "docs/*.parquet"}]
    assert "| documents | 2 (train 2) |" in body
    assert "| caption | facts@1 | ok | 4 |" in body
    assert "| speech | whisper-base@0123456789ab | ok | 4 |" in body
    assert "| source | fetch | fetch | failed | http_404 | 1 |" in body
    assert "| clip | cut | filters | rejected | score_below | 2 |" in body
    assert "load_dataset(" in body


def test_a_card_of_nothing_can_be_written(run, recipe, run_plan):
    publication = publish_plan(run, recipe, 1, run_plan(1, missing=2))
    text = Store(recipe.dataset_url).read("README.md").decode()
    assert publication.manifest.num_documents == 0
    assert "| documents | 0 |" in text
    assert "license: other" in text


def test_a_lost_clip_is_found_out():
    outcome = Outcome(
        input_id="v",
        step="cut",
        stage="clips",
        disposition=Disposition.KEPT,
        num_outputs=2,
        owner_id="s",
    )
    with pytest.raises(RuntimeError, match="has 0 clips, but 2 were chosen"):
        list(funnel_rows([outcome], {"s": "v"}))
