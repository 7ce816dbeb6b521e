"""Beginnings of the example videos, speech and all: short sources whose words are known."""

from pathlib import Path

import av

EXAMPLES = Path(__file__).parent.parent.parent / "examples" / "videos"


def make_excerpts(folder: Path, *, number: int, of_videos: int, shortest_s: float) -> None:
    """Write `0.mp4`, `1.mp4` and so on, of the first videos in turn, each a second longer."""
    names = sorted(EXAMPLES.glob("*.mp4"))[:of_videos]
    for n in range(number):
        _excerpt(names[n % of_videos], folder / f"{n}.mp4", shortest_s + n)


def _excerpt(source: Path, target: Path, seconds: float) -> None:
    with av.open(source) as given, av.open(target, "w") as made:
        streams = {s.index: made.add_stream_from_template(s) for s in given.streams}
        for packet in given.demux():
            if packet.dts is not None and packet.pts * packet.time_base < seconds:
                packet.stream = streams[packet.stream.index]
                made.mux(packet)
