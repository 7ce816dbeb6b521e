"""When what happens in an example video: scenes as long as their narration, joined by transitions.

Time is counted in frames and samples here, and becomes microseconds in `VideoTruth`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..schemas.video import BoundaryKind
from .drawing import Picture, ScenePicture
from .narration import SAMPLE_RATE_HZ, Samples
from .story import Scene, Story, Transition
from .truth import SceneTruth, SentenceTruth, TransitionTruth

FRAMES_PER_S = 25
FRAME_US = 1_000_000 // FRAMES_PER_S
SAMPLES_PER_FRAME = SAMPLE_RATE_HZ // FRAMES_PER_S

_BEFORE_SPEECH = SAMPLE_RATE_HZ * 7 // 20
_BETWEEN_SENTENCES = SAMPLE_RATE_HZ * 3 // 10
_AFTER_SPEECH = SAMPLE_RATE_HZ * 5 // 10
_BLACK_SHARE = 0.15
"""Share of a fade that is wholly black."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What a story becomes in time."""

    scenes: tuple[SceneTruth, ...]
    transitions: tuple[TransitionTruth, ...]
    samples: Samples
    """The whole sound track, int16 mono at `narration.SAMPLE_RATE_HZ`."""


def lay_out(story: Story, speech: list[list[Samples]]) -> Timeline:
    """Place scenes, sentences and transitions in time.

    Args:
        story: what is told.
        speech: for each scene, the sound of each of its sentences.
    """
    none = Transition(kind=BoundaryKind.CUT, num_frames=0)
    joints = [none, *story.transitions, none]
    scenes, transitions, tracks = [], [], []
    start = 0
    for number, (scene, sounds) in enumerate(zip(story.scenes, speech, strict=True)):
        before, after = joints[number], joints[number + 1]
        track, spans = _sound_track(sounds, before, after)
        num_frames = len(track) // SAMPLES_PER_FRAME
        scenes.append(_scene_truth(scene, start, num_frames, spans))
        tracks.append(track)
        start += num_frames
        if number < len(story.transitions):
            transitions.append(_transition_truth(after, start))
    return Timeline(
        scenes=tuple(scenes), transitions=tuple(transitions), samples=np.concatenate(tracks)
    )


def draw(timeline: Timeline, pictures: list[ScenePicture]) -> Iterator[Picture]:
    """Draw each frame in turn; `pictures` has one for each scene."""
    for frame in range(timeline.scenes[-1].end_us // FRAME_US):
        time_us = frame * FRAME_US
        joint = next((t for t in timeline.transitions if t.start_us <= time_us < t.end_us), None)
        number = next(i for i, s in enumerate(timeline.scenes) if time_us < s.end_us)
        if joint is None:
            yield _moment(timeline, pictures, number, time_us)
            continue
        share = (time_us - joint.start_us + FRAME_US) / (joint.end_us - joint.start_us + FRAME_US)
        if joint.kind is BoundaryKind.FADE:
            level = max(0.0, (abs(2 * share - 1) - _BLACK_SHARE) / (1 - _BLACK_SHARE))
            yield _mix(_moment(timeline, pictures, number, time_us), level)
        else:
            first = timeline.transitions.index(joint)
            old = _moment(timeline, pictures, first, time_us)
            new = _moment(timeline, pictures, first + 1, time_us)
            yield _mix(old, 1 - share, new)


def _sound_track(
    sounds: list[Samples], before: Transition, after: Transition
) -> tuple[Samples, list[tuple[int, int]]]:
    """Return the sound of a scene, in whole frames, and the sample span of each sentence in it.

    Nobody speaks during a transition, so a scene's words are heard while it can be seen.
    """
    pieces: list[Samples] = []
    spans: list[tuple[int, int]] = []
    position = _BEFORE_SPEECH + before.num_frames * SAMPLES_PER_FRAME // 2
    for sound in sounds:
        spans.append((position, position + len(sound)))
        pieces.append(sound)
        position += len(sound) + _BETWEEN_SENTENCES
    end = spans[-1][1] + _AFTER_SPEECH + after.num_frames * SAMPLES_PER_FRAME // 2
    num_frames = -(-end // SAMPLES_PER_FRAME)
    track = np.zeros(num_frames * SAMPLES_PER_FRAME, np.int16)
    for (start, stop), sound in zip(spans, pieces, strict=True):
        track[start:stop] = sound
    return track, spans


def _scene_truth(
    scene: Scene, start: int, num_frames: int, spans: list[tuple[int, int]]
) -> SceneTruth:
    start_us = start * FRAME_US
    return SceneTruth(
        start_us=start_us,
        end_us=start_us + num_frames * FRAME_US,
        background=scene.background,
        camera=scene.camera,
        screen_text=scene.screen_text,
        objects=scene.objects,
        sentences=tuple(
            SentenceTruth(
                text=text,
                start_us=start_us + first * 1_000_000 // SAMPLE_RATE_HZ,
                end_us=start_us + last * 1_000_000 // SAMPLE_RATE_HZ,
            )
            for text, (first, last) in zip(scene.sentences, spans, strict=True)
        ),
    )


def _transition_truth(transition: Transition, middle: int) -> TransitionTruth:
    before = transition.num_frames // 2
    return TransitionTruth(
        kind=transition.kind,
        time_us=middle * FRAME_US,
        start_us=(middle - before) * FRAME_US,
        end_us=(middle - before + transition.num_frames) * FRAME_US,
    )


def _moment(timeline: Timeline, pictures: list[ScenePicture], number: int, time_us: int) -> Picture:
    """Draw one scene at a time; its motion goes on through the dissolves at its ends."""
    scene = timeline.scenes[number]
    start_us, end_us = scene.start_us, scene.end_us
    if number > 0:
        start_us = min(start_us, timeline.transitions[number - 1].start_us)
    if number < len(timeline.transitions):
        end_us = max(end_us, timeline.transitions[number].end_us)
    return pictures[number].frame((time_us - start_us) / (end_us - FRAME_US - start_us))


def _mix(picture: Picture, share: float, other: Picture | None = None) -> Picture:
    """Mix `share` of a picture with the rest of another, or of black."""
    mixed = picture * np.float32(share)
    if other is not None:
        mixed += other * np.float32(1 - share)
    return np.round(mixed).astype(np.uint8)
