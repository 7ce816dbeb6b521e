"""What is shown in the generated world, and what a captioner would say of it. Draws nothing.

All chance comes from the caller's numpy generator. Coordinates are those of a 640 x 360 picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from .words import (
    BACKGROUNDS,
    CAMERAS,
    CLASHES,
    COLORS,
    MAX_STEPS,
    MOTIONS,
    SHAPES,
)

WIDTH_PX, HEIGHT_PX = 640, 360
_PAN_PX = 192
_ZOOM = 0.6
_Choice = TypeVar("_Choice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """One coloured shape."""

    color: str
    """One of `COLORS`."""
    shape: str
    """One of `SHAPES`."""
    motion: str
    """One of `MOTIONS`."""
    x_px: float
    """Where its middle is, where it does not move along x."""
    y_px: float
    """Where its middle is, where it does not move along y."""
    radius_px: float
    """Half its size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a clip shows."""

    background: str
    """One of `BACKGROUNDS`."""
    camera: str
    """One of `CAMERAS`."""
    things: tuple[Thing, ...]
    """At most one that moves, then at most one that stays; none on a title card."""
    screen_text: str
    """What is written in the picture; empty if nothing is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A thing at one moment, in the picture's coordinates."""

    thing: Thing
    x_px: float
    y_px: float
    radius_px: float


def pick(rng: np.random.Generator, choices: Sequence[_Choice]) -> _Choice:
    """Choose one, all alike."""
    return choices[int(rng.integers(len(choices)))]


def sample_scene(rng: np.random.Generator) -> Scene:
    """Return a scene of one or two things."""
    background = pick(rng, tuple(BACKGROUNDS))
    camera = pick(rng, CAMERAS) if rng.random() < 0.5 else "is still"
    motion = pick(rng, tuple(MOTIONS)) if camera == "is still" else "still"
    things = [_sample_main(rng, background, motion, is_camera_still=camera == "is still")]
    if camera == "is still" and rng.random() < 0.3:
        things.append(_sample_second(rng, background, things[0]))
    step = int(rng.integers(1, MAX_STEPS + 1)) if rng.random() < 0.7 else 0
    return Scene(
        background=background,
        camera=camera,
        things=tuple(things),
        screen_text=f"STEP {step}" if step else "",
    )


def title_card(title: str) -> Scene:
    """Return the scene that opens a video "how to ..."."""
    text = f"HOW TO {title.upper()}"
    return Scene(background="dark blue", camera="is still", things=(), screen_text=text)


def _sample_main(
    rng: np.random.Generator, background: str, motion: str, *, is_camera_still: bool
) -> Thing:
    # A moving camera shows what is in the middle; else a thing may stand anywhere.
    spread = 0.38 if is_camera_still else 0.12
    return Thing(
        color=pick(rng, visible_colors(background)),
        shape=pick(rng, tuple(SHAPES)),
        motion=motion,
        x_px=WIDTH_PX * (0.5 + spread * rng.uniform(-1, 1)),
        y_px=HEIGHT_PX * (0.5 + min(spread, 0.34) * rng.uniform(-1, 1)),
        radius_px=rng.uniform(36, 52),
    )


def _sample_second(rng: np.random.Generator, background: str, main: Thing) -> Thing:
    """Return a thing that stays, out of the first one's way."""
    dx, dy = MOTIONS[main.motion]
    x_px, y_px = WIDTH_PX * rng.uniform(0.14, 0.86), HEIGHT_PX * rng.uniform(0.18, 0.82)
    if dx:
        y_px = _away(main.y_px, HEIGHT_PX)
    else:
        x_px = _away(main.x_px, WIDTH_PX)
    if dy:
        y_px = HEIGHT_PX * rng.uniform(0.4, 0.82)
    return Thing(
        color=pick(rng, [c for c in visible_colors(background) if c != main.color]),
        shape=pick(rng, [s for s in SHAPES if s != main.shape]),
        motion="still",
        x_px=x_px,
        y_px=y_px,
        radius_px=main.radius_px,
    )


def _away(middle: float, side: float) -> float:
    """Return a place on the other half of a side, at least a third of it away."""
    return (
        min(middle + side / 3, 0.82 * side)
        if middle < side / 2
        else max(middle - side / 3, 0.18 * side)
    )


def visible_colors(background: str) -> list[str]:
    """Return the colours that stand out from a background."""
    return [c for c in COLORS if c not in background and (c, background) not in CLASHES]


def placed_things(scene: Scene, progress: float) -> list[Placed]:
    """Return where things are at `progress`, 0 at the first frame and 1 at the last."""
    return [_place(scene, thing, progress) for thing in scene.things]


def _place(scene: Scene, thing: Thing, progress: float) -> Placed:
    dx, dy = MOTIONS[thing.motion]
    x_px = WIDTH_PX * (0.5 + 0.4 * dx * (2 * progress - 1)) if dx else thing.x_px
    y_px = HEIGHT_PX * (0.5 + 0.35 * dy * (2 * progress - 1)) if dy else thing.y_px
    x_px -= pan_px(scene, progress)
    zoom = 1 + _ZOOM * progress if scene.camera == "zooms in" else 1.0
    return Placed(thing=thing, x_px=x_px, y_px=y_px, radius_px=zoom * thing.radius_px)


def pan_px(scene: Scene, progress: float) -> float:
    """Return how far right the camera looks, from the middle of its way."""
    sign = {"pans right": 1, "pans left": -1}.get(scene.camera, 0)
    return sign * _PAN_PX * (2 * progress - 1)


def describe(scene: Scene) -> str:
    """Say what a clip shows, as the captioner of the pipeline says it."""
    first, *others = scene.things or (None,)
    if first is None:
        shown = _over(scene.background)
    elif first.motion == "still":
        places = [f"{noun(t)} {place_words(t.x_px, t.y_px)}" for t in scene.things]
        shown, others = f"{' and '.join(places)} over {_over(scene.background)}", []
    else:
        shown = f"{noun(first)} moves {first.motion} over {_over(scene.background)}"
    parts = [shown]
    parts.extend(f"{noun(t)} stays {place_words(t.x_px, t.y_px)}" for t in others if t)
    return _sentence([*parts, *_written(scene), f"the camera {scene.camera}"])


def describe_picture(scene: Scene, progress: float) -> str:
    """Say what one frame shows."""
    places = [
        f"{noun(p.thing)} {place_words(p.x_px, p.y_px)}" for p in placed_things(scene, progress)
    ]
    shown = " over ".join(filter(None, [" and ".join(places), _over(scene.background)]))
    return _sentence([shown, *_written(scene)])


def noun(thing: Thing) -> str:
    """Name a thing: `a red circle`."""
    return f"{'an' if thing.color[0] in 'aeiou' else 'a'} {thing.color} {thing.shape}"


def place_words(x_px: float, y_px: float) -> str:
    """Say where in the picture a point is; the limits are those of the captioner."""
    x, y = x_px / WIDTH_PX, y_px / HEIGHT_PX
    column = "left" if x < 0.37 else "right" if x > 0.63 else ""
    row = "upper" if y < 0.35 else "lower" if y > 0.68 else ""
    if row:
        return f"at the {row} {column or 'center'}"
    return f"on the {column}" if column else "in the center"


def _over(background: str) -> str:
    return f"a {background} background"


def _written(scene: Scene) -> list[str]:
    return [f'on-screen text reads "{scene.screen_text}"'] if scene.screen_text else []


def _sentence(parts: Sequence[str]) -> str:
    text = "; ".join(parts) + "."
    return text[0].upper() + text[1:]
