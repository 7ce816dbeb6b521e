"""Pictures of videos of any shape, length and language: nothing leaves the canvas."""

import io
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from interlink.pipeline.commands.picture_rows import LEFT_PX, RIGHT_PX
from interlink.pipeline.commands.video_picture import (
    CLIP,
    DOUBTFUL,
    PAPER,
    SPEECH,
    TRANSITIONS,
    draw_video,
)
from interlink.schemas.clip import Clip, ClipBoundary
from interlink.schemas.reference import Reference
from interlink.schemas.source import Source
from interlink.schemas.text import Caption, Segment, TextKind, Transcript, Word
from interlink.schemas.video import (
    AudioStream,
    Boundary,
    BoundaryKind,
    Coverage,
    Frame,
    Scan,
    Shot,
    Video,
    VideoStream,
)

S = 1_000_000
GREEN = (20, 200, 40)
WHOLE = Reference(file="x", sha256="0" * 64)


def make_video(
    seconds: float,
    *,
    size: tuple[int, int] = (640, 360),
    cuts_s: tuple[float, ...] = (),
    words: tuple[Word, ...] = (),
    start_us: int = 0,
    has_audio: bool = True,
) -> Video:
    """Return a scanned video with one green frame each half second."""
    end_us = start_us + round(seconds * S)
    edges = [start_us, *(start_us + round(cut * S) for cut in cuts_s), end_us]
    kind = BoundaryKind.CUT
    shots = tuple(
        Shot(start_us=a, end_us=b, start_kind=kind, end_kind=kind, score=1.0)
        for a, b in pairwise(edges)
    )
    frames = tuple(
        Frame(
            time_us=time_us,
            reference=WHOLE,
            width_px=size[0],
            height_px=size[1],
            is_grid=True,
            brightness=0.0,
            contrast=0.0,
            sharpness=0.0,
            motion=0.0,
        )
        for time_us in range(start_us, end_us, S // 2)
    )
    scan = Scan(
        container="mov",
        start_us=start_us,
        end_us=end_us,
        video_stream=VideoStream(
            index=0,
            codec="h264",
            pixel_format="yuv420p",
            width_px=size[0],
            height_px=size[1],
            rotation_degrees=0,
            frames_per_s=25.0,
            is_variable_rate=False,
        ),
        audio_stream=AudioStream(index=1, codec="aac", sample_rate_hz=48_000, num_channels=2)
        if has_audio
        else None,
        num_streams=1 + has_audio,
        coverage=Coverage(
            num_packets=1,
            num_frames_declared=1,
            num_frames_decoded=1,
            num_frames_corrupt=0,
            num_keyframes=1,
            declared_duration_us=None,
            max_gap_us=0,
        ),
        shots=shots,
        boundaries=tuple(
            Boundary(kind=kind, time_us=at, start_us=at, end_us=at, score=1.0) for at in edges[1:-1]
        ),
        frames=frames,
        audio=(),
    )
    segment = Segment(start_us=start_us, end_us=end_us, text="", words=words, avg_logprob=0.0)
    transcript = Transcript(
        language="en", model="m", revision="r", segments=(segment,) if words else ()
    )
    return Video(
        video_id="0" * 32,
        source=Source(source_id="s", uri="a.mp4"),
        file=WHOLE,
        num_bytes=1,
        final_uri="/videos/a.mp4",
        scan=scan,
        transcript=transcript,
    )


def make_words(texts: list[str], *, every_s: float, start_s: float = 0.0) -> tuple[Word, ...]:
    """Return words at even distances, every third one doubtful."""
    return tuple(
        Word(
            text=text,
            start_us=round((start_s + n * every_s) * S),
            end_us=round((start_s + (n + 0.8) * every_s) * S),
            probability=0.3 if n % 3 == 0 else 0.9,
        )
        for n, text in enumerate(texts)
    )


def make_clip(video: Video, start_s: float, end_s: float, caption: str = "") -> Clip:
    start_us, end_us = round(start_s * S), round(end_s * S)
    kind = BoundaryKind.CUT
    texts = Caption(kind=TextKind.CAPTION, text=caption, start_us=start_us, end_us=end_us)
    return Clip(
        clip_id=f"c{start_us}",
        video_id=video.video_id,
        start_us=start_us,
        end_us=end_us,
        boundary=ClipBoundary(start_kind=kind, end_kind=kind, score=1.0),
        video=replace(video, scan=None, transcript=None),
        duration_us=video.scan.end_us,
        video_end_us=video.scan.end_us,
        frames=(),
        captions=(texts,) if caption else (),
    )


def paint(video: Video, clips: list[Clip] | None = None) -> np.ndarray:
    """Draw a video and return its pixels, uint8, shape (height, width, 3)."""
    width, height = video.scan.video_stream.width_px, video.scan.video_stream.height_px
    jpeg = io.BytesIO()
    Image.new("RGB", (max(width // 4, 1), max(height // 4, 1)), GREEN).save(jpeg, "JPEG")
    pixels = np.asarray(draw_video(video, clips or [], lambda frame: jpeg.getvalue()))
    assert_inside(pixels)
    return pixels


def assert_inside(pixels: np.ndarray) -> None:
    """Nothing but transitions' marks, 3 px wide, may stand in the margins."""
    assert (pixels[:, RIGHT_PX + 4 :] == PAPER).all()
    assert (pixels[:, :24] == PAPER).all()
    assert (pixels[-8:] == PAPER).all()


def has(pixels: np.ndarray, color: tuple[int, int, int], *, tolerance: int = 6) -> int:
    """Return how many pixels have a color, as JPEG keeps it."""
    far = np.abs(pixels.astype(int) - color).max(axis=2)
    return int((far <= tolerance).sum())


def test_frames_shots_clips_and_words_are_drawn():
    video = make_video(12, cuts_s=(4.0,), words=make_words(["one", "two", "three"], every_s=0.5))
    pixels = paint(video, [make_clip(video, 0, 4), make_clip(video, 4, 12)])
    for color in (GREEN, CLIP, DOUBTFUL, TRANSITIONS[BoundaryKind.CUT]):
        assert has(pixels, color) > 50


@pytest.mark.parametrize("seconds", [0.1, 2, 37, 250, 3600, 7200])
def test_videos_of_any_length_get_a_picture_of_some_size(seconds):
    words = make_words(["word"] * min(int(seconds * 2), 9000), every_s=0.5)
    pixels = paint(make_video(seconds, words=words))
    assert pixels.shape[1] == 1600
    assert pixels.shape[0] < 4500


def test_in_long_videos_bars_say_where_somebody_speaks():
    words = make_words(["word"] * 600, every_s=0.5)
    assert has(paint(make_video(7200, words=words)), SPEECH) > 100


@pytest.mark.parametrize("size", [(362, 640), (100, 1000), (1000, 100), (16, 16), (3840, 2160)])
def test_frames_of_any_shape_keep_it(size):
    pixels = paint(make_video(10, size=size))
    assert has(pixels, GREEN) > 20_000


def test_words_and_captions_at_the_right_edge_stay_inside():
    long_words = make_words(["incomprehensibilities"] * 60, every_s=0.33)
    video = make_video(20, words=long_words)
    sentence = "A very long caption that goes on and on, with things to see everywhere. " * 5
    clips = [make_clip(video, 0, 17.5, sentence), make_clip(video, 17.5, 20, sentence)]
    paint(video, clips)


def test_a_video_without_words_has_no_lane_for_them():
    silent = paint(make_video(10))
    spoken = paint(make_video(10, words=make_words(["hello"], every_s=1)))
    assert silent.shape[0] < spoken.shape[0]


def test_a_video_without_sound_transcript_or_clips_is_drawn():
    video = make_video(10, has_audio=False)
    paint(replace(video, transcript=None))


def test_a_video_that_starts_late_begins_at_its_first_frame():
    pixels = paint(make_video(10, start_us=3 * S))
    assert has(pixels[:, LEFT_PX : LEFT_PX + 20], GREEN) > 500


def test_a_scan_without_frames_is_drawn():
    video = make_video(10)
    paint(replace(video, scan=replace(video.scan, frames=())))


@pytest.mark.parametrize(
    "word", ["你好", "Привет", "مرحبا", "हिन्दी", "\U0001f600", "\U0010fffd", ""]
)
def test_words_of_any_script_are_drawn_or_marked(word):
    paint(make_video(10, words=make_words([word] * 20, every_s=0.5)))


def test_a_very_long_title_is_shortened():
    paint(replace(make_video(10), title="How to do it " * 40))


def test_a_video_that_was_not_scanned_is_refused():
    with pytest.raises(ValueError, match=r"video 0+ has no scan to draw"):
        draw_video(replace(make_video(10), scan=None), [], lambda frame: b"")
