"""Whether this machine can make, write and decode a video; runs in the child."""

import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

NUM_FRAMES = 3


def decode_tiny() -> dict[str, Any]:
    """Encode a few frames of 32 x 32 pixels and decode them again.

    Returns:
        `frames`: how many came back, `NUM_FRAMES` where all is well; `ffmpeg`: FFmpeg's version.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tiny.mp4"
        with av.open(path, "w") as made:
            stream = made.add_stream("libx264", rate=Fraction(10))
            stream.width = stream.height = 32
            for level in range(NUM_FRAMES):
                picture = np.full((32, 32, 3), 80 * level, np.uint8)
                made.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            made.mux(stream.encode())
        with av.open(path) as given:
            frames = sum(1 for _ in given.decode(video=0))
    return {"frames": frames, "ffmpeg": str(av.ffmpeg_version_info)}
