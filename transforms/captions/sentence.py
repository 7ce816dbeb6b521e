"""The sentence that states a clip's facts: a pure function of them, saying nothing else."""

from collections.abc import Sequence

from .measure import BackgroundFact, Facts
from .objects import ObjectFact

_PLAIN_SHARE = 0.45
_PLAIN_BORDER = 0.5
_NAMED_SHARE = 0.15
_MAX_NAMED = 3


def write_sentence(facts: Facts) -> str:
    """State what was measured, in one sentence."""
    moving = [thing for thing in facts.objects if thing.direction][:2]
    staying = [thing for thing in facts.objects if not thing.direction][:2]
    parts = [_scene(facts, moving, staying)]
    if moving and staying:
        parts.extend(f"{_thing(thing)} stays {thing.place}" for thing in staying)
    if facts.screen_text:
        quoted = ", ".join(f'"{line.text}"' for line in facts.screen_text[:_MAX_NAMED])
        parts.append(f"on-screen text reads {quoted}")
    if facts.camera.motion != "unclear":
        motion = facts.camera.motion
        parts.append(f"the camera {'is still' if motion == 'still' else motion}")
    sentence = "; ".join(parts) + "."
    return sentence[0].upper() + sentence[1:]


def _scene(facts: Facts, moving: Sequence[ObjectFact], staying: Sequence[ObjectFact]) -> str:
    if moving:
        things = " and ".join(f"{_thing(thing)} moves {thing.direction}" for thing in moving)
    else:
        things = " and ".join(f"{_thing(thing)} {thing.place}" for thing in staying)
    colors = _named_colors(facts.background)
    if _is_plain(facts.background):
        setting = f"{with_article(colors[0])} background"
        return f"{things} over {setting}" if things else setting
    scene = f"{_light(facts.brightness.lightness)}scene"
    tones = f"mainly in {_listed(colors)}" if colors else "of mixed colors"
    return f"{things} in {with_article(scene)} {tones}" if things else f"a {scene} {tones}"


def _thing(thing: ObjectFact) -> str:
    return with_article(f"{thing.color} {thing.shape}")


def _is_plain(background: BackgroundFact) -> bool:
    is_wide = background.colors[0].share >= _PLAIN_SHARE
    return is_wide and background.border_share >= _PLAIN_BORDER


def _named_colors(background: BackgroundFact) -> list[str]:
    return [color.name for color in background.colors if color.share >= _NAMED_SHARE][:_MAX_NAMED]


def _light(lightness: float) -> str:
    return "dark " if lightness < 25 else "bright " if lightness > 75 else ""


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def with_article(noun: str) -> str:
    """Put `a` or `an` before a noun."""
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
