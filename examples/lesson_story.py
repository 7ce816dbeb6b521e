"""What the videos of the lesson show and say: scenes of the world that the tiny base knows.

They are drawn in the manner of the example videos. A few hundred of them, described exactly, are
what a model can learn the example videos' world from in a minute. Nothing here draws.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from ..model.tiny.words import ACTIONS, CAMERA_REMARKS, MAX_STEPS, OPENINGS, SHAPES
from ..model.tiny.world import Scene, pick, sample_scene
from ..schemas import ids
from ..schemas.arrow import Unit
from ..schemas.source import Source

GRID_US = 500_000
"""Time between two frames, as the scan has it."""
CLIP_US = 3_000_000
"""Shortest duration of a clip."""
WORD_US = 250_000
"""Time from one spoken word to the next."""
BEFORE_SPEECH_US = 250_000

_STREAM = 0x1E5505
"""Keeps the lesson's chance apart from that of the tiny base, which comes from the seed alone."""
_SPLITS = ("train", "eval")
_NUM_CLIPS = (1, 2, 2, 2, 2, 2, 3)
_URI = "generated://interlink.examples.lesson"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """Which lesson, and how much of it.

    Raises:
        ValueError: there would be nothing in it, or a number is negative.
    """

    num_train: int = 200
    """Videos to learn from, of two clips on average."""
    num_eval: int = 64
    """Videos that are held out: of the same kind, with other chance."""
    seed: int = 0
    """Any whole number from 0."""

    def __post_init__(self) -> None:
        if min(self.num_train, self.num_eval, self.seed) < 0 or not self.num_train + self.num_eval:
            raise ValueError(f"{self} must have no negative number and at least one video")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One clip of a lesson: `[start_us, end_us)`."""

    scene: Scene
    """What is shown."""
    sentence: str
    """What is said; empty where nobody speaks."""
    start_us: Annotated[int, Unit("us")]
    """Start."""
    end_us: Annotated[int, Unit("us")]
    """End, exclusive."""


def lesson_sources(lesson: Lesson) -> Iterator[Source]:
    """Yield what stands for the lesson's videos, those to learn from first.

    A video depends on its seed, its split and its number there, and not on how many there are.
    """
    for split, count in zip(_SPLITS, (lesson.num_train, lesson.num_eval), strict=True):
        for number in range(count):
            uri = f"{_URI}/{lesson.seed}/{split}/{number}"
            yield Source(
                source_id=ids.source_id(uri),
                uri=uri,
                # Each is its own group: the videos share nothing but their grammar.
                group=f"lesson {lesson.seed} {split} {number}",
                title=f"Lesson {number + 1} ({split})",
                license="CC0-1.0",
                language="en",
                split=split,
                duration_us=tell_lesson(uri)[-1].end_us,
            )


def tell_lesson(uri: str) -> tuple[Shot, ...]:
    """Return the one to three clips of a video, without holes between them.

    Where scenes are numbered their numbers rise by one. In every second video somebody says what is
    done in each scene.

    Raises:
        ValueError: `uri` is not one of `lesson_sources`.
    """
    rng, number = _chance(uri)
    num_clips = pick(rng, _NUM_CLIPS)
    first = int(rng.integers(1, MAX_STEPS - num_clips + 2))
    shots: list[Shot] = []
    for step in range(first, first + num_clips):
        scene = sample_scene(rng)
        if scene.screen_text:
            scene = dataclasses.replace(scene, screen_text=f"STEP {step}")
        sentence = _narrate(rng, scene, step) if number % 2 else ""
        start_us = shots[-1].end_us if shots else 0
        end_us = start_us + _duration_us(sentence)
        shots.append(Shot(scene=scene, sentence=sentence, start_us=start_us, end_us=end_us))
    return tuple(shots)


def drawing_chance(uri: str) -> np.random.Generator:
    """Return the chance by which a video is drawn, apart from that by which it is told."""
    rng, _ = _chance(uri)
    return rng.spawn(1)[0]


def _chance(uri: str) -> tuple[np.random.Generator, int]:
    base, _, rest = uri.partition(f"{_URI}/")
    try:
        seed, split, number = rest.split("/")
        key = [_STREAM, int(seed), _SPLITS.index(split), int(number)]
    except ValueError:
        base = uri
    if base:
        raise ValueError(f"{uri!r} must be {_URI}/SEED/train/NUMBER, or eval for train")
    return np.random.default_rng(key), key[-1]


def _narrate(rng: np.random.Generator, scene: Scene, step: int) -> str:
    """Say what is done with the first thing, or what the camera does, as the narrator does."""
    if scene.camera in CAMERA_REMARKS:
        action = CAMERA_REMARKS[scene.camera]
    else:
        main = scene.things[0]
        thing = f"{main.color} {pick(rng, SHAPES[main.shape])}"
        action = ACTIONS[main.motion].format(thing=thing)
    opening = "First" if step == 1 else pick(rng, OPENINGS)
    return f"{opening}, {action}."


def _duration_us(sentence: str) -> int:
    """Return a whole number of grid steps, long enough for what is said."""
    needed_us = BEFORE_SPEECH_US + WORD_US * (len(sentence.split()) + 1)
    return max(CLIP_US, -(-needed_us // GRID_US) * GRID_US)
