"""What went wrong, one line for each mistake: for people who improve the methods."""

import difflib
from collections.abc import Iterator, Sequence

from .observed import Claims, Observed
from .score import match_boundaries
from .score_captions import scene_of
from .truth import SceneTruth, VideoTruth
from .words import split_words


def list_mistakes(truth: VideoTruth, observed: Observed) -> Iterator[str]:
    """Yield a line for each missed or false boundary, wrong or missing fact, and misheard text."""
    name = truth.file
    matches = match_boundaries(truth, observed.boundaries)
    for transition, match in matches:
        at = f"{name} at {transition.time_us / 1e6:.2f} s"
        if match is None:
            yield f"{at}: {transition.kind} not found"
        elif match.kind is not transition.kind:
            yield f"{at}: {transition.kind} taken for a {match.kind}"
    matched = [match for _, match in matches]
    for boundary in observed.boundaries:
        if boundary not in matched:
            yield f"{name} at {boundary.time_us / 1e6:.2f} s: a {boundary.kind} that is not there"
    misheard = list(_misheard(split_words(truth.speech()), split_words(observed.speech)))
    if misheard:
        yield f"{name}: misheard {', '.join(misheard)}"
    for clip in observed.clips:
        yield from _wrong_claims(name, scene_of(truth.scenes, clip), clip)


def _misheard(said: Sequence[str], heard: Sequence[str]) -> Iterator[str]:
    """Yield what differs, as `"said" > "heard"`; empty for words left out or made up."""
    differences = difflib.SequenceMatcher(None, said, heard, autojunk=False).get_opcodes()
    for kind, start, end, other_start, other_end in differences:
        if kind != "equal":
            yield f'"{" ".join(said[start:end])}" > "{" ".join(heard[other_start:other_end])}"'


def _wrong_claims(name: str, scene: SceneTruth, clip: Claims) -> Iterator[str]:
    at = f"{name} from {clip.start_us / 1e6:.2f} to {clip.end_us / 1e6:.2f} s"
    for what in ("camera", "background", "screen_text"):
        true, claimed = getattr(scene, what), getattr(clip, what)
        if claimed != true:
            yield f"{at}: {what.replace('_', ' ')} is {true}, claimed {claimed or 'nothing'}"
    true_things = sorted(f"{t.color} {t.shape} ({t.motion})" for t in scene.objects)
    claimed_things = sorted(f"{t.color} {t.shape} ({t.motion})" for t in clip.things)
    if true_things != claimed_things:
        yield f"{at}: shows {_listed(true_things)}, claimed {_listed(claimed_things)}"


def _listed(things: Sequence[str]) -> str:
    return ", ".join(things) or "nothing"
