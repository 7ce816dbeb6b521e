"""How right the pipeline is on generated videos of which everything is known.

    python benchmarks/accuracy.py [--videos 40]

Makes videos with other seeds than the demo's (once; they are kept under `build/`), runs the
transforms on them without any engine, holds the results against the truth, and writes a report.
Needs the system's FFmpeg with flite, and the extras `interlink[embedded]`.
"""

# ruff: noqa: E402  (one BLAS thread, as in every worker, must be set before numpy loads)
from interlink.pipeline.machine.threads import use_one_thread

use_one_thread()

import argparse
import contextlib
import dataclasses
import hashlib
import resource
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
from report import interval, percent, table, write_report

from interlink import examples
from interlink.examples.make_videos import DEMO_SEEDS, make_video
from interlink.examples.mistakes import list_mistakes
from interlink.examples.narration import require_flite
from interlink.examples.observed import Observed, observe_records
from interlink.examples.score import Score, score_rows, score_video
from interlink.examples.truth import VideoTruth, read_truth
from interlink.pipeline.parts.workspace import PartWorkspace
from interlink.pipeline.storage.store import Store
from interlink.schemas.clip import Clip
from interlink.schemas.errors import InterlinkError
from interlink.schemas.ids import source_id, video_id
from interlink.schemas.source import Source
from interlink.schemas.video import Video
from interlink.transforms.base import Kept, Map, Transform
from interlink.transforms.captions.caption import CaptionClips
from interlink.transforms.clips import ChooseClips
from interlink.transforms.media.scan import ScanVideos
from interlink.transforms.scores.score import ScoreClips
from interlink.transforms.speech.transcribe import Transcribe

FIRST_SEED = 2000
CACHE = Path(__file__).parents[1] / "build" / "accuracy"
PACKAGES = ("av", "numpy", "opencv-python-headless", "faster-whisper", "ctranslate2", "rapidocr")
MAX_MISTAKES = 60


def main() -> int:
    """Run the benchmark; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=int, default=40, help="how many (default: %(default)s)")
    options = parser.parse_args()
    assert not set(DEMO_SEEDS) & set(range(FIRST_SEED, FIRST_SEED + options.videos))
    try:
        truths = list(prepare(options.videos))
        with Pipeline() as pipeline:
            results = [(truth, pipeline.run(path)) for truth, path in truths]
    except InterlinkError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    total = sum((score_video(truth, seen) for truth, seen in results), Score())
    path = write_report(
        "accuracy",
        title="Accuracy on generated videos",
        body=describe(total, pipeline.cpu_s, results),
        packages=PACKAGES,
    )
    print(f"wrote {path}")
    return 0


def prepare(count: int) -> Iterator[tuple[VideoTruth, Path]]:
    """Make the videos that are not there yet; yield each with its truth."""
    folder = CACHE / _maker_digest()
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        path = folder / f"video_{seed}.mp4"
        if not path.with_suffix(".json").exists():  # the truth is written last
            require_flite()
            print(f"making {path.name}", flush=True)
            make_video(seed, path)
        yield read_truth(path.with_suffix(".json")), path


class Pipeline:
    """The transforms of the steps, run one video after the other, and the CPU time of each."""

    def __init__(self) -> None:
        self.cpu_s: Counter[str] = Counter()
        self._stack = contextlib.ExitStack()
        self._scan, self._transcribe = ScanVideos(), Transcribe()
        self._choose, self._score, self._caption = ChooseClips(), ScoreClips(), CaptionClips()

    def __enter__(self) -> "Pipeline":
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        self._store = Store(str(self._folder / "run"))
        for transform in self._transforms():
            self._stack.callback(transform.teardown)
            with self._timed("loading models"):
                transform.setup()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def run(self, path: Path) -> Observed:
        """Take one video through all steps."""
        print(path.name, flush=True)
        attempt = f"steps/{path.stem}/a1"
        space = PartWorkspace(self._store, attempt, self._folder / "scratch")
        video = self._scanned(_video(path, space), space, attempt)
        space = PartWorkspace(self._store, f"steps/{path.stem}/a2", self._folder / "scratch")
        for transform in self._transforms():
            transform.open_part(space)
        with self._timed("transcribe"):
            video = _only(self._transcribe, [video])[0]
        with self._timed("cut (spans and scores)"):
            clips: list[Clip] = _only(self._score, list(self._choose.process(video)))
        with self._timed("caption"):
            clips = _only(self._caption, clips)
        space.close()
        assert video.scan is not None
        return observe_records(video.scan.boundaries, video.transcript, clips)

    def _scanned(self, video: Video, space: PartWorkspace, attempt: str) -> Video:
        self._scan.open_part(space)
        with self._timed("scan"):
            scanned: Video = _only(self._scan, [video])[0]
        media = space.finish_media()
        assert media is not None
        self._store.put_file(f"{attempt}/{media.name}", media)
        space.close()
        return scanned

    def _transforms(self) -> tuple[Transform[Any, Any], ...]:
        return self._scan, self._transcribe, self._choose, self._score, self._caption

    @contextlib.contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        before = _cpu_s()
        yield
        self.cpu_s[step] += _cpu_s() - before


def describe(
    score: Score, cpu_s: Counter[str], results: Sequence[tuple[VideoTruth, Observed]]
) -> str:
    """Write the body of the report."""
    minutes = score.duration_us / 60e6
    shares = [
        (row.measure, percent(row.share), row.share.n, interval(row.share))
        for row in score_rows(score)
    ]
    steps = [(step, f"{s:.1f}", f"{s / minutes:.2f}") for step, s in cpu_s.items()]
    mistakes = [line for truth, seen in results for line in list_mistakes(truth, seen)]
    shown = [f"- {line}" for line in mistakes[:MAX_MISTAKES]]
    if len(mistakes) > MAX_MISTAKES:
        shown.append(f"- and {len(mistakes) - MAX_MISTAKES} more")
    return f"""\
{score.num_videos} videos, {minutes:.1f} minutes, seeds from {FIRST_SEED}, all steps with their
defaults: scan, Whisper base, the clip policy, the measured-facts captioner with RapidOCR.

{table(("measure", "share", "n", "95 % Wilson interval"), shares)}

False boundaries: {score.false_boundaries_per_minute:.2f} per minute. The word error rate counts
errors per spoken word; its interval treats words as independent, which they are not quite.

## CPU time

{table(("step", "CPU s", "CPU s per minute of video"), steps)}

## What this is, and what it is not

The videos come from `examples/make_videos.py`: flat shapes in eight colours on six backgrounds that
change at every cut, read speech of three synthetic voices, no camera noise. The numbers show that
the methods do what they should on this family; they say nothing about real footage. No constant
was fitted to these seeds; one rule (cuts and dissolves between gray pictures) was mended after a
run on others, from 1000 on.

## Mistakes

{chr(10).join(shown) or "None."}
"""


def _only(transform: Map[Any, Any], records: Sequence[Any]) -> list[Any]:
    """Return what a transform made of records that it must keep, in their order."""
    results = transform.process_batch(records)
    for result in results:
        assert isinstance(result, Kept), result
    kept = {result.input_id: result.record for result in results if isinstance(result, Kept)}
    return [kept[getattr(r, dataclasses.fields(r)[0].name)] for r in records]


def _video(path: Path, space: PartWorkspace) -> Video:
    data = path.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    copy = space.scratch / path.name
    shutil.copyfile(path, copy)
    return Video(
        video_id=video_id(sha256),
        source=Source(source_id=source_id(path.name), uri=path.name),
        file=space.add_file(copy, sha256=sha256),
        num_bytes=len(data),
        final_uri=path.name,
    )


def _cpu_s() -> float:
    """CPU time of this process and its children, dead or alive."""
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        used = resource.getrusage(who)
        total += used.ru_utime + used.ru_stime
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = child.cpu_times()
            total += times.user + times.system
    return total


def _maker_digest() -> str:
    """Return what tells this maker of videos from another: its source code."""
    folder = Path(str(examples.__file__)).parent
    names = ("story", "drawing", "narration", "timeline", "encode")
    code = b"".join((folder / f"{name}.py").read_bytes() for name in names)
    return hashlib.sha256(code).hexdigest()[:12]


if __name__ == "__main__":
    sys.exit(main())
