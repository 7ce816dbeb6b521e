"""Decoded frames to small upright pictures with square pixels, in the same way every time."""

from fractions import Fraction

from av.filter import Graph
from av.video.frame import VideoFrame

SHORT_SIDE_PX = 360
"""A third of the bytes of 720p, and what models that read clips are fed with; never upscaled."""

_SCALER_FLAGS = "area+accurate_rnd+bitexact"
"""Area averages all pixels of a shrunk picture, as bicubic does, at 0.4 times its cost (1080p to
360p). Without the other two, swscale's result depends on the processor's vector units."""
_TURNS = {
    0: (),
    90: (("transpose", "clock"),),
    180: (("hflip", None), ("vflip", None)),
    270: (("transpose", "cclock"),),
}


class PictureFilter:
    """Scales to a short side of at most 360 px, turns as the file asks, gives yuv420p.

    Args:
        sample_aspect_ratio: width of a pixel over its height, as stored.
    """

    def __init__(self, sample_aspect_ratio: Fraction) -> None:
        self._pixel_aspect = sample_aspect_ratio
        self._size: tuple[int, int] | None = None
        self._graph: Graph | None = None
        self._graph_takes: tuple[int, int, str] | None = None

    def apply(self, frame: VideoFrame) -> VideoFrame:
        """Return the picture of `frame`; all have the size of the first."""
        takes = frame.width, frame.height, frame.format.name
        if self._graph is None or takes != self._graph_takes:
            self._graph, self._graph_takes = self._build(frame), takes
        self._graph.vpush(frame)
        return self._graph.vpull()

    def _build(self, frame: VideoFrame) -> Graph:
        # PyAV counts counter-clockwise (`av_display_rotation_get`), players turn clockwise.
        turn = round(-frame.rotation / 90) * 90 % 360
        if self._size is None:
            self._size = fit(frame.width, frame.height, self._pixel_aspect)
        width, height = self._size
        graph = Graph()
        nodes = [
            graph.add_buffer(
                width=frame.width,
                height=frame.height,
                format=frame.format,
                time_base=frame.time_base or Fraction(1, 1000),
            ),
            graph.add("scale", f"{width}:{height}:flags={_SCALER_FLAGS}"),
            *(graph.add(name, arguments) for name, arguments in _TURNS[turn]),
            graph.add("format", "yuv420p"),
            graph.add("setsar", "1"),
            graph.add("buffersink"),
        ]
        graph.link_nodes(*nodes)
        graph.configure()
        return graph


def fit(width: int, height: int, pixel_aspect: Fraction) -> tuple[int, int]:
    """Return even width and height of the picture as stored, with square pixels.

    Args:
        width: as stored.
        height: as stored.
        pixel_aspect: width of a pixel over its height; the picture only ever shrinks.
    """
    wide, high = Fraction(width), Fraction(height)
    if pixel_aspect > 1:
        high /= pixel_aspect
    elif pixel_aspect > 0:
        wide *= pixel_aspect
    scale = min(Fraction(1), Fraction(SHORT_SIDE_PX) / min(wide, high))
    return tuple(max(2, round(side * scale / 2) * 2) for side in (wide, high))  # type: ignore[return-value]
