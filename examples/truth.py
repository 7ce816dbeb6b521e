"""What is true of an example video: the scenes, how they join, and what is said; stored as JSON."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from ..schemas.arrow import Unit, from_plain, to_plain
from ..schemas.video import BoundaryKind

Shape = Literal["circle", "square", "triangle"]
Motion = Literal["still", "left to right", "right to left", "top to bottom", "bottom to top"]
Camera = Literal["still", "pan left", "pan right", "zoom in"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectTruth:
    """One thing in a scene."""

    shape: Shape
    """What it is drawn as."""
    color: str
    """A name of `drawing.COLORS`."""
    name: str
    """What the narrator calls it."""
    motion: Motion
    """Which way it goes, in the world and not in the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceTruth:
    """One spoken sentence."""

    text: str
    """As it was given to the speech synthesiser."""
    start_us: Annotated[int, Unit("us")]
    """Where its sound begins."""
    end_us: Annotated[int, Unit("us")]
    """Where its sound ends, exclusive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionTruth:
    """How one scene gives way to the next, in the terms of `schemas.video.Boundary`."""

    kind: BoundaryKind
    """`cut`, `dissolve` or `fade`."""
    time_us: Annotated[int, Unit("us")]
    """First frame of the next scene after a cut, the middle of a dissolve or fade."""
    start_us: Annotated[int, Unit("us")]
    """First frame that is mixed or darkened; equal to `time_us` for a cut."""
    end_us: Annotated[int, Unit("us")]
    """First frame that is neither any more; equal to `time_us` for a cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneTruth:
    """One scene: `[start_us, end_us)`, bounded by the transitions' `time_us`."""

    start_us: Annotated[int, Unit("us")]
    """Start."""
    end_us: Annotated[int, Unit("us")]
    """End, exclusive."""
    background: str
    """A name of `drawing.BACKGROUNDS`."""
    camera: Camera
    """What the camera does."""
    screen_text: str
    """What is written in the picture."""
    objects: tuple[ObjectTruth, ...]
    """What is in it; none on the title card."""
    sentences: tuple[SentenceTruth, ...]
    """What is said during it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoTruth:
    """What is true of one example video."""

    file: str
    """Name of the video file, which lies beside the JSON."""
    title: str
    """Its title."""
    seed: int
    """What it was made from."""
    voice: str
    """The synthesiser's voice."""
    duration_us: Annotated[int, Unit("us")]
    """Its duration."""
    frame_us: Annotated[int, Unit("us")]
    """Time between two frames."""
    transitions: tuple[TransitionTruth, ...]
    """How its scenes join, in time order; one less than scenes."""
    scenes: tuple[SceneTruth, ...]
    """Its scenes, in time order, without holes."""

    def speech(self) -> str:
        """Return all that is said, in time order."""
        return " ".join(s.text for scene in self.scenes for s in scene.sentences)


def write_truth(truth: VideoTruth, path: Path) -> None:
    """Write the truth of one video as JSON."""
    path.write_text(json.dumps(to_plain(truth), indent=1) + "\n", encoding="utf-8")


def read_truth(path: Path) -> VideoTruth:
    """Read what `write_truth` wrote."""
    return from_plain(json.loads(path.read_text(encoding="utf-8")), VideoTruth)
