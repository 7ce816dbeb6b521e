"""The text that the tiny language model learns: captions, narration, questions, word pairs."""

import numpy as np

from .words import (
    ACTIONS,
    CAMERA_REMARKS,
    COLORS,
    CONTENT_WORDS,
    MAX_STEPS,
    MOVED_CAMERAS,
    NUMBERS,
    OPENINGS,
    SHAPES,
    SPANISH,
    TIPS,
    TITLES,
    TONES,
)
from .world import Scene, describe, describe_picture, noun, pick, sample_scene, title_card

QUESTION = "Which color came first? The first color is {color}."
"""A question about the order of frames, and its answer."""

_PAIRS = (*SPANISH.items(), *NUMBERS.items())
_CONTENT_PAIRS = [pair for pair in _PAIRS if pair[0] in CONTENT_WORDS]
_OTHER_PAIRS = [pair for pair in _PAIRS if pair[0] not in CONTENT_WORDS]


def sample_text(rng: np.random.Generator) -> str:
    """Return one text: a dictionary, a caption, a document, or a question."""
    chance = rng.random()
    if chance < 0.25:
        return sample_dictionary(rng)
    if chance < 0.42:
        return _caption(rng)
    if chance < 0.66:
        return _document(rng)
    if chance < 0.76:
        return _narration(rng)
    if chance < 0.88:
        return describe_picture(sample_scene(rng), rng.random())
    if chance < 0.94:
        return QUESTION.format(color=pick(rng, tuple(COLORS)))
    return _order(rng)


def sample_dictionary(rng: np.random.Generator) -> str:
    """Return a few word pairs, in both directions.

    Words that stand only where the choice is free ("a red ...", "a blue ...") get almost equal rows
    in a tied output layer, which then cannot tell them apart, whatever the layers below do. So each
    must be certain somewhere: here. [Highest floor of a content word, see `head_floor`: with usual
    embeddings 0.26 without these lines and 0.17 with; with those that begin far apart, see
    `language_model`, under 0.001 either way.]
    """
    lines = []
    for _ in range(int(rng.integers(3, 7))):
        english, spanish = pick(rng, _CONTENT_PAIRS if rng.random() < 0.8 else _OTHER_PAIRS)
        is_english = rng.random() < 0.7
        source, target = (spanish, english) if is_english else (english, spanish)
        lines.append(f"In {'English' if is_english else 'Spanish'} {source} is {target}.")
    return " ".join(lines)


def _caption(rng: np.random.Generator) -> str:
    if rng.random() < 0.15:
        return _real_caption(rng)
    caption = describe(sample_scene(rng))
    if rng.random() < 0.2:  # of a camera whose motion is unclear nothing is said
        return caption.rpartition("; the camera")[0] + "."
    return caption


def _real_caption(rng: np.random.Generator) -> str:
    """Return what the captioner says of real pictures: tones and the camera."""
    colors = " and ".join(_tone(rng) for _ in range(int(rng.integers(1, 4))))
    light = pick(rng, ("", "dark ", "bright "))
    return f"A {light}scene mainly in {colors}; the camera {pick(rng, MOVED_CAMERAS)}."


def _tone(rng: np.random.Generator) -> str:
    return pick(rng, ("", "", "dark ", "light ", "grayish ")) + pick(rng, TONES)


def _document(rng: np.random.Generator) -> str:
    """Return the texts of a few clips; what is said of them stands before what is seen.

    What is said has nothing to do with what is seen: a model that knew the colour from the speech
    would have no need to look.
    """
    has_speech, has_title = rng.random() < 0.4, rng.random() < 0.3
    between = pick(rng, (" ", "\n"))
    lines = []
    if has_title:
        title = pick(rng, TITLES)
        lines += [_opening(title)] * has_speech + [describe(title_card(title))]
    first = int(rng.integers(1, MAX_STEPS))
    for step in range(first, min(first + int(rng.integers(1, 5)), MAX_STEPS) + 1):
        lines += [_spoken_step(rng, step)] * has_speech
        lines.append(_numbered(describe(sample_scene(rng)), step))
    return between.join(lines)


def _numbered(caption: str, step: int) -> str:
    """Put a step's own number into a caption that has one."""
    before, mark, after = caption.partition('"STEP ')
    return f"{before}{mark}{step}{after[1:]}" if mark else caption


def _narration(rng: np.random.Generator) -> str:
    lines = [_opening(pick(rng, TITLES))]
    lines += [_spoken_step(rng, step) for step in range(1, int(rng.integers(2, MAX_STEPS + 1)))]
    return " ".join(lines)


def _opening(title: str) -> str:
    return f"In this video you will learn how to {title}."


def _spoken_step(rng: np.random.Generator, step: int) -> str:
    """Return what the narrator says of a step, or how a recogniser hears it, with commas."""
    scene = sample_scene(rng)
    opening = "First" if step == 1 else pick(rng, (*OPENINGS, "Finally"))
    action = ACTIONS[scene.things[0].motion].format(thing=_spoken_thing(rng, scene, 0))
    sentences = [f"{opening}{pick(rng, (',', ',', ''))} {action}"]
    if scene.camera in CAMERA_REMARKS:
        sentences.append(CAMERA_REMARKS[scene.camera])
    if len(scene.things) > 1:
        sentences.append(f"leave the {_spoken_thing(rng, scene, 1)} where it is")
    elif rng.random() < 0.5:
        sentences.append(pick(rng, TIPS))
    if rng.random() < 0.3:
        return ", ".join(sentences) + "."
    return ". ".join(s[0].upper() + s[1:] for s in sentences) + "."


def _spoken_thing(rng: np.random.Generator, scene: Scene, number: int) -> str:
    thing = scene.things[number]
    return f"{thing.color} {pick(rng, SHAPES[thing.shape])}"


def _order(rng: np.random.Generator) -> str:
    first, second = (sample_scene(rng).things[0] for _ in range(2))
    return f"First {noun(first)} appears, then {noun(second)}."
