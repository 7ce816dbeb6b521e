"""What the demo trains on: the shards that a run has just made, and the lesson, in one dataset."""

import datetime
import importlib.metadata
from collections.abc import Sequence

from .. import __version__
from ..pipeline.dataset.versions import commit_version
from ..pipeline.engines.local import LocalEngine
from ..pipeline.jobs.observer import Observer
from ..pipeline.parts.part import PartRunner
from ..pipeline.parts.plan import plan_parts, plan_sources, write_plan
from ..pipeline.publish.card import write_card
from ..pipeline.run import RunReport
from ..pipeline.step import Stage, Step
from ..pipeline.step_run import commits_of, run_step
from ..pipeline.storage.store import Store
from ..schemas.errors import UsageError
from ..schemas.ids import digest
from ..schemas.manifest import Manifest, Provenance
from .lesson import STEP_NAME, DrawLesson
from .lesson_story import Lesson, lesson_sources

LESSON_PLAN = 0
"""Runs number their plans from 1, so that the lesson's shards stand beside a run's."""
_DECIDING = ("av", "numpy", "opencv-python-headless", "pillow", "pyarrow")
"""Packages whose versions decide the lesson's bytes."""


def make_training_dataset(
    run: Store,
    report: RunReport,
    *,
    lesson_run: Store,
    dataset: Store,
    lesson: Lesson,
    observers: Sequence[Observer] = (),
) -> Manifest:
    """Bring the documents of a run and those of the lesson into one dataset.

    Nothing is copied where all lie on one disk. Doing it again makes no new version.

    Args:
        run: where the run's commits lie.
        report: what the run did; the commits of its last step hold documents.
        lesson_run: where the lesson's own commits lie; made if need be.
        dataset: where the dataset for training lies; made if need be.
        lesson: which lesson.
        observers: are told of the lesson's parts as they are committed.

    Returns:
        The newest version of the dataset.

    Raises:
        UsageError: `lesson_run` holds another lesson.
    """
    write_lesson(lesson, run=lesson_run, dataset=dataset, observers=observers)
    last = report.steps[-1].step
    commits = [
        commit for step in report.steps if step.step == last for commit in commits_of(run, step)
    ]
    provenance = report.publication.manifest.provenance
    manifest = commit_version(run, dataset, commits, provenance=provenance)
    write_card(dataset, manifest, f"{provenance.run} and a lesson of generated videos")
    return manifest


def write_lesson(
    lesson: Lesson, *, run: Store, dataset: Store, observers: Sequence[Observer] = ()
) -> Manifest:
    """Draw the lesson part by part, as any step is run, and commit a version that holds it.

    What is committed already is not drawn again.

    Args:
        lesson: which lesson.
        run: where its plan and commits lie; made if need be.
        dataset: where the dataset lies; made if need be.
        observers: are told of the parts as they are committed.

    Returns:
        The newest version of the dataset.

    Raises:
        UsageError: `run` holds another lesson.
    """
    _plan(lesson, run)
    stage = Stage(name="draw", transform=DrawLesson(), batch_size=1)
    step = Step(name=STEP_NAME, stages=(stage,))
    report = run_step(
        LocalEngine(),
        PartRunner(store_url=run.url, step=step, key=step.key(""), previous_folder=None),
        plan=LESSON_PLAN,
        parts=plan_parts(run, LESSON_PLAN),
        max_failed_share=0.0,
        observers=observers,
    )
    return commit_version(run, dataset, report.commits, provenance=_provenance(lesson, step))


def _plan(lesson: Lesson, run: Store) -> None:
    sources = list(lesson_sources(lesson))
    if write_plan(run, LESSON_PLAN, sources):
        return
    planned = {source.source_id for source in plan_sources(run, LESSON_PLAN)}
    if planned != {source.source_id for source in sources}:
        raise UsageError(
            f"{run.display()} holds another lesson, of {len(planned)} videos, than {lesson}: "
            "name another folder, or remove that one and the dataset that was made with it"
        )


def _provenance(lesson: Lesson, step: Step) -> Provenance:
    now = datetime.datetime.now(datetime.UTC)
    return Provenance(
        run=STEP_NAME,
        recipe_digest=digest(
            STEP_NAME, lesson.num_train, lesson.num_eval, lesson.seed, step.key("")
        ),
        code_version=__version__,
        created=now.isoformat(timespec="seconds"),
        packages={name: importlib.metadata.version(name) for name in _DECIDING},
    )
