import pytest

import interlink
from interlink.examples.lesson import DrawLesson, make_lesson
from interlink.examples.lesson_story import Lesson, lesson_sources
from interlink.examples.training_dataset import make_training_dataset, write_lesson
from interlink.pipeline.dataset.versions import commit_version, manifest_versions, read_shards
from interlink.pipeline.engines.local import LocalEngine
from interlink.pipeline.jobs.observer import Silent
from interlink.pipeline.parts.part import PartRunner
from interlink.pipeline.parts.plan import plan_parts, write_plan
from interlink.pipeline.publish.plan import Publication
from interlink.pipeline.run import RunReport
from interlink.pipeline.step import Stage, Step
from interlink.pipeline.step_run import run_step
from interlink.pipeline.storage.store import Store
from interlink.schemas.errors import UsageError
from interlink.schemas.manifest import Provenance

LESSON = Lesson(num_train=12, num_eval=8)


class Counter(Silent):
    """Counts the documents of the parts that it is told of."""

    def __init__(self) -> None:
        self.parts: list[int] = []

    def part_done(self, commit) -> None:
        self.parts.append(commit.num_kept)


@pytest.fixture
def stores(tmp_path):
    return {"run": Store(str(tmp_path / "lesson")), "dataset": Store(str(tmp_path / "training"))}


def test_the_public_reader_finds_both_splits_as_they_were_made(stores):
    counter = Counter()
    manifest = write_lesson(LESSON, **stores, observers=[counter])
    made = sorted(make_lesson(LESSON), key=lambda document: document.document_id)
    for view, count in (("train", 12), ("eval", 8)):
        read = list(interlink.open(stores["dataset"].url, view).documents())
        assert len(read) == count
        read.sort(key=lambda document: document.document_id)
        assert read == [document for document in made if document.split == view]
    assert sum(counter.parts) == manifest.num_documents == 20
    assert max(counter.parts) <= 32
    assert len(counter.parts) > 1


def test_doing_it_again_draws_nothing_and_makes_no_new_version(stores):
    first = write_lesson(LESSON, **stores)
    counter = Counter()
    assert write_lesson(LESSON, **stores, observers=[counter]) == first
    assert counter.parts == []
    assert manifest_versions(stores["dataset"]) == [1]


def test_the_same_lesson_elsewhere_has_the_same_content(stores, tmp_path):
    first = write_lesson(LESSON, **stores)
    other = {"run": Store(str(tmp_path / "a")), "dataset": Store(str(tmp_path / "b"))}
    assert write_lesson(LESSON, **other).content_digest == first.content_digest


def test_another_lesson_in_the_same_place_is_refused(stores):
    write_lesson(Lesson(num_train=2, num_eval=0), **stores)
    with pytest.raises(UsageError, match=r"holds another lesson, of 2 videos, than Lesson\(num_tr"):
        write_lesson(LESSON, **stores)


@pytest.fixture
def made(tmp_path) -> tuple[Store, RunReport]:
    """A run of two plans whose last step gives documents, and what it says it did."""
    run, dataset = Store(str(tmp_path / "run")), Store(str(tmp_path / "dataset"))
    step = Step(name="assemble", stages=(Stage(name="draw", transform=DrawLesson()),))
    reports = []
    for plan in (1, 2):
        write_plan(run, plan, list(lesson_sources(Lesson(num_train=3, num_eval=0, seed=plan))))
        runner = PartRunner(store_url=run.url, step=step, key=step.key(""), previous_folder=None)
        parts = plan_parts(run, plan)
        report = run_step(
            LocalEngine(), runner, plan=plan, parts=parts, max_failed_share=0.0, observers=()
        )
        reports.append(report)
        provenance = Provenance(run="r", recipe_digest="d", code_version="0", created="2025-01-01")
        manifest = commit_version(run, dataset, report.commits, provenance=provenance)
    publication = Publication(dataset_url=dataset.url, manifest=manifest)
    return run, RunReport(steps=tuple(reports), dataset_url=dataset.url, publication=publication)


def test_the_training_dataset_holds_the_shards_of_the_run_and_of_the_lesson(made, tmp_path):
    run, report = made
    dataset = Store(str(tmp_path / "training"))

    def make():
        return make_training_dataset(
            run,
            report,
            lesson_run=Store(str(tmp_path / "lesson")),
            dataset=dataset,
            lesson=LESSON,
        )

    manifest = make()
    shards = {plan: [] for plan in ("000", "001", "002")}
    for shard in read_shards(dataset, manifest):
        shards[shard.plan].append(shard.docs_sha256)
    of_run = [
        shard.docs_sha256
        for shard in read_shards(Store(report.dataset_url), report.publication.manifest)
    ]
    assert shards["001"] + shards["002"] == of_run
    assert manifest.num_documents == 20 + 6
    assert manifest.provenance.run == "r"
    assert len(list(interlink.open(dataset.url, "train").documents())) == 12 + 6
    assert len(list(interlink.open(dataset.url, "eval").documents())) == 8
    assert "r and a lesson of generated videos" in dataset.read("README.md").decode()
    assert make() == manifest
    assert manifest_versions(dataset) == [1, 2]
