"""Makes the example videos: narrated how-to videos of simple things, with their exact truth.

    python -m interlink.examples.make_videos --out DIR --seeds 1,2,3,4

Each seed gives a title card and four to six steps, 640x360 at 25 frames per second with sound, and
the truth beside it as JSON. The same seed gives the same bytes with the same versions of PyAV,
OpenCV, Pillow and FFmpeg. The four in `examples/videos` were made with the default seeds.
"""

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from ..schemas.errors import InterlinkError
from .drawing import ScenePicture
from .encode import encode
from .narration import require_flite, speak
from .story import tell_story
from .timeline import FRAME_US, draw, lay_out
from .truth import VideoTruth, write_truth

DEMO_SEEDS = (31, 15, 41, 36)
"""Chosen so that the four differ in title, colours, camera and voice."""


def make_video(seed: int, path: Path) -> VideoTruth:
    """Make the video of a seed, and its truth beside it with the suffix `.json`.

    Args:
        seed: any whole number.
        path: the `.mp4` file to write.

    Raises:
        EnvironmentFault: FFmpeg cannot speak on this machine.
    """
    cv2.setNumThreads(1)
    story = tell_story(seed)
    speech = [[speak(text, story.voice) for text in scene.sentences] for scene in story.scenes]
    timeline = lay_out(story, speech)
    rng = np.random.default_rng(seed)
    pictures = [ScenePicture(scene, rng) for scene in story.scenes]
    encode(path, draw(timeline, pictures), timeline.samples)
    truth = VideoTruth(
        file=path.name,
        title=story.title.capitalize(),
        seed=seed,
        voice=story.voice,
        duration_us=timeline.scenes[-1].end_us,
        frame_us=FRAME_US,
        transitions=timeline.transitions,
        scenes=timeline.scenes,
    )
    write_truth(truth, path.with_suffix(".json"))
    return truth


def make_videos(seeds: Sequence[int], out: Path) -> list[VideoTruth]:
    """Make the videos of several seeds, and `sources.csv`, a manifest that names them."""
    require_flite()
    out.mkdir(parents=True, exist_ok=True)
    names = file_names(seeds)
    truths = [make_video(seed, out / name) for seed, name in zip(seeds, names, strict=True)]
    _write_manifest(truths, out / "sources.csv")
    return truths


def file_names(seeds: Sequence[int]) -> list[str]:
    """Name files by title (`sort_the_parts.mp4`), and by seed too where a title comes again."""
    names: list[str] = []
    for seed in seeds:
        stem = tell_story(seed).title.removeprefix("how to ").replace(" ", "_")
        is_taken = f"{stem}.mp4" in names
        names.append(f"{stem}_{seed}.mp4" if is_taken else f"{stem}.mp4")
    return names


def _write_manifest(truths: list[VideoTruth], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["uri", "title", "license", "language", "group"])
        for truth in truths:
            # Each is its own group: the videos share nothing but their grammar.
            group = Path(truth.file).stem
            writer.writerow([truth.file, truth.title, "CC0-1.0", "en", group])


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(description="Make the narrated example videos.")
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")
    parser.add_argument(
        "--seeds",
        default=",".join(map(str, DEMO_SEEDS)),
        help="whole numbers, separated by commas (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    try:
        seeds = [int(seed) for seed in options.seeds.split(",")]
    except ValueError:
        parser.error(f"--seeds {options.seeds!r} must be whole numbers, such as 1,2,3")
    try:
        truths = make_videos(seeds, options.out)
    except InterlinkError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    for truth in truths:
        size = (options.out / truth.file).stat().st_size
        print(f"{options.out / truth.file}: {truth.duration_us / 1e6:.1f} s, {size / 1e3:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
