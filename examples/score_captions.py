"""Scores the facts that captions state: how many are right, and how much of what is true is stated.

A clip is held against the scene that covers most of it.
"""

import dataclasses
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from .observed import Claims, Thing
from .shares import NONE, Share
from .truth import ObjectTruth, SceneTruth


@dataclass(frozen=True, slots=True)
class FactScore:
    """One kind of fact."""

    precision: Share = NONE
    """Of the facts stated, those that are right."""
    coverage: Share = NONE
    """Of the facts that are true of a scene, those that some clip of it states."""

    def __add__(self, other: "FactScore") -> "FactScore":
        return FactScore(self.precision + other.precision, self.coverage + other.coverage)


_NO_FACT = FactScore()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionScore:
    """Each kind of fact. The first three are of things: one that is not there is wrong in all."""

    color: FactScore = _NO_FACT
    shape: FactScore = _NO_FACT
    motion: FactScore = _NO_FACT
    camera: FactScore = _NO_FACT
    background: FactScore = _NO_FACT
    screen_text: FactScore = _NO_FACT

    def __add__(self, other: "CaptionScore") -> "CaptionScore":
        names = [f.name for f in dataclasses.fields(self)]
        return CaptionScore(**{name: getattr(self, name) + getattr(other, name) for name in names})

    def facts(self) -> list[tuple[str, FactScore]]:
        """Return the name and score of each kind of fact, in reading order."""
        names = [f.name for f in dataclasses.fields(self)]
        return [(name.replace("_", " "), getattr(self, name)) for name in names]


def score_captions(scenes: Sequence[SceneTruth], clips: Sequence[Claims]) -> CaptionScore:
    """Score what the clips of one video claim.

    Args:
        scenes: the video's scenes.
        clips: what is claimed of each clip.
    """
    total = CaptionScore()
    for scene in scenes:
        seen = [clip for clip in clips if scene_of(scenes, clip) is scene]
        pairs = [_pair(scene.objects, clip.things) for clip in seen]
        total += CaptionScore(
            color=_things(scene, pairs, "color"),
            shape=_things(scene, pairs, "shape"),
            motion=_things(scene, pairs, "motion"),
            camera=_plain(scene.camera, [clip.camera for clip in seen]),
            background=_plain(scene.background, [clip.background for clip in seen]),
            screen_text=_plain(scene.screen_text, [clip.screen_text for clip in seen]),
        )
    return total


def scene_of(scenes: Sequence[SceneTruth], clip: Claims) -> SceneTruth:
    """Return the scene that covers most of a clip; the earlier one of two that cover the same."""
    return max(
        scenes,
        key=lambda scene: min(scene.end_us, clip.end_us) - max(scene.start_us, clip.start_us),
    )


Pair = tuple[ObjectTruth | None, Thing]


def _pair(objects: Sequence[ObjectTruth], things: Sequence[Thing]) -> list[Pair]:
    """Give each claimed thing the object that it means: those that agree most, first."""
    ranked = sorted(
        itertools.product(range(len(objects)), range(len(things))),
        key=lambda pair: -_agreement(objects[pair[0]], things[pair[1]]),
    )
    meant: dict[int, int] = {}
    for number, thing in ranked:
        if thing not in meant and number not in meant.values():
            meant[thing] = number
    return [
        (objects[meant[number]] if number in meant else None, thing)
        for number, thing in enumerate(things)
    ]


def _agreement(truth: ObjectTruth, thing: Thing) -> int:
    looks = (truth.color == thing.color) + (truth.shape == thing.shape)
    return 2 * looks + (truth.motion == thing.motion)


def _things(scene: SceneTruth, clips: Sequence[Sequence[Pair]], name: str) -> FactScore:
    pairs = [pair for clip in clips for pair in clip]
    right = [t for t, thing in pairs if t and getattr(t, name) == getattr(thing, name)]
    stated = sum(any(truth is thing for thing in right) for truth in scene.objects)
    return FactScore(Share(len(right), len(pairs)), Share(stated, len(scene.objects)))


def _plain(truth: str, claims: Sequence[str | None]) -> FactScore:
    stated = [claim for claim in claims if claim is not None]
    right = stated.count(truth)
    return FactScore(Share(right, len(stated)), Share(min(right, 1), 1))
