"""The pipeline, from a list of videos to interleaved documents. Read it from top to bottom."""

import os
from collections.abc import Sequence
from dataclasses import replace

from ..schemas.lineage import Lineage
from ..transforms.scores.score import ScoreClips
from .recipes.recipe import Placement, Recipe, Steps
from .step import EngineName, Resources, Stage, Step


def curate(recipe: Recipe, *, engine: EngineName | None = None) -> list[Step]:
    """Return the steps of a recipe, all on `engine` if one is given.

    ```
    Source ─ fetch ─► Video ─ scan ─► Video ─ transcribe ─► Video ─ cut ─► Clip ─ caption ─► Clip
           ─ assemble ─► Document
    ```
    """
    place = _place_on(engine, recipe.steps) if engine else recipe.steps
    steps = [
        # Network: sources to files, each with its digest.
        _step("fetch", place.fetch, Stage(name="fetch", transform=recipe.fetch, batch_size=32)),
        # Decoding, once in a video's life: integrity, shots, the frame set, 16 kHz sound.
        _step("scan", place.scan, Stage(name="scan", transform=recipe.scan)),
        # The speech model, once per video and never per clip.
        _step("transcribe", place.transcribe, Stage(name="speech", transform=recipe.transcribe)),
        # Clip spans from shots, silence and words; numbers; early rejections; clip files.
        _step(
            "cut",
            place.cut,
            Stage(name="clips", transform=recipe.clips),
            Stage(name="scores", transform=ScoreClips(), batch_size=64),
            Stage(name="filters", transform=recipe.filters, batch_size=64),
            Stage(name="cut", transform=recipe.cut, batch_size=16),
        ),
        # The vision model: frames to texts. It reads the frame set, never the video.
        _step(
            "caption", place.caption, Stage(name="captions", transform=recipe.caption, batch_size=8)
        ),
        # Captions and speech, interleaved in time: the part's shard.
        _step("assemble", place.assemble, Stage(name="documents", transform=recipe.assemble)),
    ]
    with_lineage = replace(recipe.assemble, lineage=_lineage(steps))
    return [
        *steps[:-1],
        _step("assemble", place.assemble, Stage(name="documents", transform=with_lineage)),
    ]


def step_keys(steps: Sequence[Step]) -> list[str]:
    """Return the key of each step: it changes when this or an earlier step's output would."""
    keys: list[str] = []
    for step in steps:
        keys.append(step.key(keys[-1] if keys else ""))
    return keys


def _place_on(engine: EngineName, steps: Steps) -> Steps:
    """Move every step to one engine; workers and resources stay."""
    moved = {
        name: getattr(steps, name).model_copy(update={"engine": engine})
        for name in Steps.model_fields
    }
    return Steps(**moved)


def _step(name: str, placement: Placement, *stages: Stage) -> Step:
    workers = placement.workers or len(os.sched_getaffinity(0))
    resources = Resources(
        workers=workers,
        cpus=placement.cpus,
        gpus=placement.gpus,
        memory_gib=placement.memory_gib,
        ray=placement.resources,
    )
    return Step(name=name, stages=stages, engine=placement.engine, resources=resources)


def _lineage(steps: list[Step]) -> tuple[Lineage, ...]:
    return tuple(
        Lineage(
            step=step.name,
            digest=key,
            models=tuple(m for stage in step.stages for m in stage.transform.models()),
        )
        for step, key in zip(steps, step_keys(steps), strict=True)
    )
