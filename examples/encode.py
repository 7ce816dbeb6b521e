"""Writes a video file that is the same to the byte each time: one thread, bit-exact flags."""

from collections.abc import Iterable
from pathlib import Path

import av
import cv2
import numpy as np

from .drawing import HEIGHT_PX, WIDTH_PX, Picture
from .narration import SAMPLE_RATE_HZ, Samples
from .timeline import FRAMES_PER_S

_AUDIO_FRAME = 1024
"""Samples in one AAC frame."""


def encode(path: Path, pictures: Iterable[Picture], samples: Samples) -> None:
    """Write H.264 and AAC into an MP4 whose index comes first, as web players want it.

    Args:
        path: the file to write.
        pictures: RGB, shape (HEIGHT_PX, WIDTH_PX, 3), at `FRAMES_PER_S`.
        samples: int16 mono at `SAMPLE_RATE_HZ`.
    """
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    with av.open(str(path), "w", options=options) as container:
        video = container.add_stream(
            "libx264",
            rate=FRAMES_PER_S,
            options={"preset": "medium", "crf": "21", "g": "50", "threads": "1"},
        )
        video.width, video.height, video.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        audio = container.add_stream("aac", rate=SAMPLE_RATE_HZ, layout="mono")
        audio.bit_rate = 64_000
        for stream in (video, audio):
            stream.codec_context.thread_count = 1
            stream.codec_context.flags |= av.codec.context.Flags.bitexact
        position = 0
        for number, picture in enumerate(pictures):
            end = (number + 1) * SAMPLE_RATE_HZ // FRAMES_PER_S
            container.mux(video.encode(_video_frame(picture, number)))
            # Sound follows picture by picture, so that the file needs no seeks to play.
            while position + _AUDIO_FRAME <= end:
                piece = samples[position : position + _AUDIO_FRAME]
                container.mux(audio.encode(_audio_frame(piece, position)))
                position += _AUDIO_FRAME
        container.mux(video.encode(None))
        if position < len(samples):
            container.mux(audio.encode(_audio_frame(samples[position:], position)))
        container.mux(audio.encode(None))


def _video_frame(picture: Picture, number: int) -> av.VideoFrame:
    # OpenCV's conversion is BT.601 in limited range, which players expect at this size.
    planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420), np.uint8)
    frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    frame.pts = number
    return frame


def _audio_frame(samples: Samples, position: int) -> av.AudioFrame:
    levels = (samples / np.float32(32768)).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(levels[None, :], format="fltp", layout="mono")
    frame.sample_rate = SAMPLE_RATE_HZ
    frame.pts = position
    return frame
