"""The grammar of the example videos: what is shown and said in each scene, from a seed.

Nothing here draws, speaks or knows the time: `drawing`, `narration` and `timeline` do.
"""

import itertools
import random
from dataclasses import dataclass

from ..schemas.video import BoundaryKind
from .truth import Camera, Motion, ObjectTruth, Shape

VOICES = ("slt", "rms", "awb")
"""flite's three full voices. The recogniser understands them; its `kal` voices it does not."""

TITLES = (
    "sort the parts",
    "set the table",
    "build a small tower",
    "arrange the blocks",
    "prepare the board",
    "pack the toy box",
)
COLORS = ("red", "blue", "yellow", "green", "orange", "purple", "white", "pink")
BACKGROUNDS = ("dark green", "light gray", "dark blue", "brown", "black", "beige")
TITLE_BACKGROUND = "dark blue"

_NAMES: dict[Shape, tuple[str, ...]] = {
    "circle": ("ball", "plate", "button"),
    "square": ("box", "block", "tile"),
    "triangle": ("wedge", "flag"),
}
_ACTIONS: dict[Motion, str] = {
    "left to right": "move the {thing} from left to right",
    "right to left": "slide the {thing} from right to left",
    "top to bottom": "lower the {thing} from the top to the bottom",
    "bottom to top": "lift the {thing} from the bottom to the top",
    "still": "place the {thing} on the table and leave it there",
}
_CAMERA_REMARKS: dict[Camera, str] = {
    "pan right": "The camera turns to the right.",
    "pan left": "The camera turns to the left.",
    "zoom in": "Look at it more closely.",
}
_TIPS = (
    "Keep your hand steady.",
    "Do not rush this step.",
    "Make sure the table is clean.",
    "Check the result before you go on.",
    "You can use a soft cloth here.",
)
_OPENINGS = ("Next", "Then", "Now", "After that")

# Pairs that even a person takes for one another, or cannot tell from the background.
_CLASHES = {
    ("white", "beige"),
    ("white", "light gray"),
    ("yellow", "beige"),
    ("pink", "beige"),
    ("orange", "brown"),
}
_MIN_TRANSITION_FRAMES = 10
_MAX_TRANSITION_FRAMES = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is shown and said in one scene."""

    background: str
    """One of `BACKGROUNDS`."""
    camera: Camera
    """What the camera does."""
    screen_text: str
    """What is written in the picture."""
    objects: tuple[ObjectTruth, ...]
    """At most one that moves, then at most one that stays; none on the title card."""
    sentences: tuple[str, ...]
    """What is said, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """How one scene gives way to the next."""

    kind: BoundaryKind
    """`cut`, `dissolve` or `fade`."""
    num_frames: int
    """Frames that are mixed or darkened; 0 for a cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A title card and four to six steps."""

    title: str
    """What the viewer learns: "how to sort the parts"."""
    voice: str
    """One of `VOICES`."""
    scenes: tuple[Scene, ...]
    """The title card first."""
    transitions: tuple[Transition, ...]
    """How the scenes join; one less than scenes."""


def tell_story(seed: int) -> Story:
    """Return the story of a seed; the same on every machine."""
    rng = random.Random(seed)
    title = f"how to {rng.choice(TITLES)}"
    scenes = [
        Scene(
            background=TITLE_BACKGROUND,
            camera="still",
            screen_text=title.upper(),
            objects=(),
            sentences=(f"In this video you will learn {title}.",),
        )
    ]
    num_steps = rng.randint(4, 6)
    for step in range(1, num_steps + 1):
        scenes.append(_step(rng, step, num_steps, previous=scenes[-1]))
    return Story(
        title=title,
        voice=VOICES[seed % len(VOICES)],
        scenes=tuple(scenes),
        transitions=tuple(
            _transition(rng, before, after) for before, after in itertools.pairwise(scenes)
        ),
    )


def _step(rng: random.Random, step: int, num_steps: int, *, previous: Scene) -> Scene:
    # A new background at each step: else the only cut to see would be that of the object.
    background = rng.choice([b for b in BACKGROUNDS if b != previous.background])
    camera: Camera = rng.choice(("still", "still", "still", "pan right", "pan left", "zoom in"))
    motion: Motion = rng.choice(tuple(_ACTIONS)) if camera == "still" else "still"
    main = _object(rng, background, motion, taken=())
    objects = [main]
    opening = {1: "First", num_steps: "Finally"}.get(step) or rng.choice(_OPENINGS)
    action = _ACTIONS[motion].format(thing=f"{main.color} {main.name}")
    sentences = [f"{opening}, {action}."]
    if camera in _CAMERA_REMARKS:
        sentences.append(_CAMERA_REMARKS[camera])
    if motion != "still" and rng.random() < 0.3:
        second = _object(rng, background, "still", taken=(main,))
        objects.append(second)
        sentences.append(f"Leave the {second.color} {second.name} where it is.")
    elif rng.random() < 0.6:
        sentences.append(rng.choice(_TIPS))
    return Scene(
        background=background,
        camera=camera,
        screen_text=f"STEP {step}",
        objects=tuple(objects),
        sentences=tuple(sentences),
    )


def _object(
    rng: random.Random, background: str, motion: Motion, *, taken: tuple[ObjectTruth, ...]
) -> ObjectTruth:
    """Choose an object that stands out from the background and from those already taken."""
    colors = [
        color
        for color in COLORS
        if color not in background
        and (color, background) not in _CLASHES
        and color not in [other.color for other in taken]
    ]
    shape: Shape = rng.choice([s for s in _NAMES if s not in [other.shape for other in taken]])
    return ObjectTruth(
        shape=shape, color=rng.choice(colors), name=rng.choice(_NAMES[shape]), motion=motion
    )


def _transition(rng: random.Random, before: Scene, after: Scene) -> Transition:
    """Choose a cut (7 of 10), a dissolve (2) or a fade through black (1, not from or to black)."""
    kind = rng.choices(
        (BoundaryKind.CUT, BoundaryKind.DISSOLVE, BoundaryKind.FADE), weights=(7, 2, 1)
    )[0]
    num_frames = rng.randint(_MIN_TRANSITION_FRAMES, _MAX_TRANSITION_FRAMES)
    if kind is BoundaryKind.CUT or (
        kind is BoundaryKind.FADE and "black" in (before.background, after.background)
    ):
        return Transition(kind=BoundaryKind.CUT, num_frames=0)
    if kind is BoundaryKind.FADE:
        num_frames *= 2  # out and in
    return Transition(kind=kind, num_frames=num_frames)
